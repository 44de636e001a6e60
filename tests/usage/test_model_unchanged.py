"""The user's model is never changed: weights, flags, wiring, activations."""

import json
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

import featureprobe as fp

RAW = fp.InputSpace.identity(low=0, high=1)


def randomize(model: keras.Model) -> keras.Model:
    """Give every weight a random value."""
    rng = np.random.default_rng(1)
    for weight in model.weights:
        low = 0.5 if "variance" in weight.path else -0.5
        weight.assign(rng.uniform(low, low + 1.0, weight.shape))
    return model


def images_for(probe: fp.ModelProbe, count: int = 3) -> np.ndarray:
    """Return random images in 0..1."""
    return np.random.default_rng(4).random((count, *probe.image_shape), dtype=np.float32)


def rich_model() -> keras.Model:
    """A model with everything that could be changed by accident."""
    inner = keras.Input((8, 8, 2))
    x = layers.Conv2D(4, 3, activation="relu", name="conv")(inner)
    x = layers.Dropout(0.5, name="drop")(layers.BatchNormalization(name="norm")(x), training=True)
    backbone = keras.Model(inner, x, name="backbone")
    image = keras.Input((8, 8, 2), name="image")
    twice = layers.Conv2D(4, 3, padding="same", activation="tanh", name="twice")
    x = layers.ReLU(name="relu")(twice(twice(backbone(image))) + 1.0)
    x = layers.Flatten(name="flat")(x)
    model = randomize(keras.Model(image, layers.Dense(3, activation="softmax", name="out")(x)))
    model.get_layer("backbone").get_layer("norm").trainable = False
    model.compile(optimizer="sgd", loss="mse")
    return model


def snapshot(model: keras.Model) -> dict[str, Any]:
    """Return everything of a model that no call may change."""
    parts = list(model._flatten_layers())
    return {
        "variables": [(v.path, v.numpy().tobytes()) for v in model.variables],
        "optimizer": [(v.path, v.numpy().tobytes()) for v in model.optimizer.variables],
        "trainable": [(layer.name, layer.trainable) for layer in parts],
        "weights": [(v.path, v.trainable) for v in model.weights],
        "config": json.dumps(model.get_config(), sort_keys=True, default=str),
        "nodes": [(p.name, len(p._inbound_nodes), len(p._outbound_nodes)) for p in parts],
        "activations": [id(getattr(layer, "activation", None)) for layer in parts],
        "attributes": [(layer.name, sorted(vars(layer))) for layer in parts],
        "losses": len(model.losses),
    }


def climb(probe: fp.ModelProbe, images: np.ndarray) -> None:
    """Run a short ascent over reads of all kinds."""
    targets = [
        fp.MapMean("backbone/conv", channel=1),
        fp.MapMean("twice@2", channel=1, pre=True) - 0.1 * fp.TotalVariation(),
        fp.Node("relu", row=1, col=1, channel=0),
        fp.Logit(2),
    ]
    fp.Ascent(steps=2, starts=1).run(probe, targets, rng=0, progress=False)


def refuse(probe: fp.ModelProbe, images: np.ndarray) -> None:
    """Ask for a layer that is not there."""
    with pytest.raises(fp.UnknownLayerError):
        probe.activations(images, "nope")


USES: dict[str, Callable[[fp.ModelProbe, np.ndarray], object]] = {
    "summary": lambda p, x: (str(p.summary()), p.summary()._repr_html_(), repr(p)),
    "activations": lambda p, x: p.activations(x, p.layers),
    "pre": lambda p, x: p.activations(x, ["backbone/conv", "twice@1", "relu", "out"], pre=True),
    "predict": lambda p, x: p.predict(x),
    "grid": lambda p, x: p.grid(x[0], "relu").image_grid(),
    "fingerprint": lambda p, x: p.fingerprint,
    "refused": refuse,
    "ascent": climb,
}


@pytest.mark.parametrize("use", USES)
def test_the_users_model_is_never_changed(use: str) -> None:
    """Weights to the bit, flags, config, wiring, activations and attributes stay as they were."""
    model = rich_model()
    before = snapshot(model)
    probe = fp.ModelProbe(model, input_space=RAW)
    assert snapshot(model) == before, "opening changes the model"
    USES[use](probe, images_for(probe))
    after = snapshot(model)
    for part, value in before.items():
        assert after[part] == value, f"{part} changed"
    assert probe.model is model


def test_the_snapshot_would_notice() -> None:
    """The comparison above sees a weight, a flag, a node and an activation that change."""
    changes = {
        "variables": lambda m: m.get_layer("out").bias.assign_add([1e-7, 0, 0]),
        "trainable": lambda m: setattr(m.get_layer("out"), "trainable", False),
        "nodes": lambda m: m.get_layer("relu")(keras.Input((2, 2, 1))),
        "activations": lambda m: setattr(
            m.get_layer("out"), "activation", keras.activations.linear
        ),
    }
    for part, change in changes.items():
        model = rich_model()
        before = snapshot(model)
        change(model)
        assert snapshot(model)[part] != before[part], part
