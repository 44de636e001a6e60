"""Which positions of a net's output change when a pixel of its image does, and what is claimed."""

from typing import Any

import keras
import numpy as np
import numpy.typing as npt

import featureprobe as fp

Seen = npt.NDArray[np.bool_]
"""(rows, columns, image rows, image columns): which position sees which pixel."""


def randomized(model: keras.Model, seed: int = 0) -> keras.Model:
    """Give all weights random values, variances positive ones."""
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        if "float" in str(weight.dtype):
            low = 0.5 if "variance" in weight.path else -0.5
            weight.assign(rng.uniform(low, low + 1.0, weight.shape))
    return model


def answered(model: keras.Model, seed: int = 0, *, alone: bool = False) -> Seen:
    """Return which positions change when a pixel is moved far up or down, in two images.

    ``alone``: the model takes one image at a time.
    """
    height, width, channels = shape = model.inputs[0].shape[1:]
    rng = np.random.default_rng(seed)
    seen: Any = False
    for far in (7.0, -7.0):
        base = rng.normal(size=shape).astype(np.float32)
        step = far * rng.uniform(0.7, 1.3, channels).astype(np.float32)
        lit = np.eye(height * width, dtype=np.float32).reshape(-1, height, width, 1) * step
        images = np.concatenate([base[None], base + lit])
        parts = np.split(images, len(images)) if alone else [images]
        made = np.concatenate([_values(model, part) for part in parts])
        finite = np.where(np.isfinite(made), made, 0)
        changed = np.abs(finite - finite[:1]) > 1e-6 * np.abs(finite).max()
        changed |= np.isfinite(made) != np.isfinite(made[:1])
        seen = seen | changed[1:]
    if seen.ndim != 4:  # without rows and columns there is one place, which sees what any sees
        seen = seen.reshape(len(seen), 1, 1, -1)
    places = seen.any(axis=-1).reshape(height, width, *seen.shape[1:3])
    return np.moveaxis(places, (0, 1), (2, 3))


def _values(model: keras.Model, images: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    made = np.asarray(model(images, training=False))
    return np.abs(made).astype(np.float64) if made.dtype.kind == "c" else made.astype(np.float64)


def claimed(model: keras.Model) -> Seen:
    """Return which position of the output sees which pixel, as the library says."""
    network = opened(model).network
    rows, cols = (axis.reach for axis in network.fields[network.graph.outputs[0]])
    return np.einsum("ip,jq->ijpq", rows, cols)


def opened(model: keras.Model) -> fp.ModelProbe:
    """Open a model, of whose images nothing is said."""
    return fp.ModelProbe(model, input_space=fp.InputSpace.identity())
