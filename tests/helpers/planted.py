"""A net with hand-set weights whose maps answer to known classes, and its images."""

import keras
import numpy as np

import featureprobe as fp

SIZE, NULL = 8, 12  # image rows and columns; maps that answer to no class


def planted_net(classes: int, seed: int = 0) -> tuple[fp.ModelProbe, np.ndarray]:
    """Return a probe whose map k of ``conv`` fires for class k, and the templates (K, H, W, 1).

    The other maps look at directions that are orthogonal to all templates: noise is all they see.
    """
    rng = np.random.default_rng(seed)
    basis = np.linalg.qr(rng.normal(size=(SIZE * SIZE, classes + NULL)))[0].T.astype(np.float32)
    templates = basis[:classes]
    model = keras.Sequential(
        [
            keras.Input((SIZE, SIZE, 1)),
            keras.layers.Conv2D(classes + NULL, SIZE, activation="relu", name="conv"),
            keras.layers.Flatten(name="flat"),
            keras.layers.Dense(classes, activation="softmax", name="dense"),
        ],
        name="planted",
    )
    kernel = basis.T.reshape(SIZE, SIZE, 1, classes + NULL)
    bias = np.zeros(classes + NULL, np.float32)
    bias[:classes] = -4.0
    model.get_layer("conv").set_weights([kernel, bias])
    weights = np.zeros((classes + NULL, classes), np.float32)
    weights[:classes] = np.eye(classes)
    model.get_layer("dense").set_weights([weights, 0.1 * np.arange(classes, dtype=np.float32)])
    probe = fp.ModelProbe(model, input_space=fp.InputSpace.identity())
    return probe, templates.reshape(classes, SIZE, SIZE, 1)


def planted_images(
    templates: np.ndarray, each: int, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Return ``each`` images of every class, its template in noise, and their labels."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(templates)), each)
    images = 8.0 * templates[labels] + 0.8 * rng.normal(size=(len(labels), *templates.shape[1:]))
    order = rng.permutation(len(labels))
    return images[order].astype(np.float32), labels[order]
