"""Layers that a user's own models and blocks call: read, by hand, and left as they were."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops
from own_code_nets import (
    SHAPE,
    Block,
    Counts,
    Functions,
    Loop,
    Numbers,
    Two,
    images_of,
    made,
    nested,
)

import featureprobe as fp

RAW = fp.InputSpace.identity(low=0, high=1)


def opened(model: keras.Model) -> fp.ModelProbe:
    """Open a model that takes 0..1."""
    return fp.ModelProbe(model, input_space=RAW)


def of_block(block: Block, value: Any, prefix: str) -> dict[str, Any]:
    """Compute a block by hand."""
    found = {"conv": block.conv(value), "skip": block.skip(value)}
    found["norm"] = block.norm(found["conv"], training=False)
    found["relu@1"] = found["drop"] = ops.relu(found["norm"])
    found["add"] = found["drop"] + found["skip"]
    found["relu@2"] = ops.relu(found["add"])
    return {prefix + name: value for name, value in found.items()}


def of_loop(model: Loop, value: Any, prefix: str = "") -> dict[str, Any]:
    """Compute the loop by hand."""
    found: dict[str, Any] = {}
    for block in model.blocks:
        found |= of_block(block, value, f"{prefix}{block.name}/")
        value = found[f"{prefix}{block.name}/relu@2"]
    found[f"{prefix}mix@1"] = model.mix(value)
    found[f"{prefix}mix@2"] = model.mix(found[f"{prefix}mix@1"] + value)
    values = ops.max(found[f"{prefix}mix@2"], axis=(1, 2))
    return found | {f"{prefix}classes": model.heads["classes"](values)}


def of_functions(model: Functions, value: Any) -> dict[str, Any]:
    """Compute the functions by hand."""
    found = {"conv": model.conv(value)}
    found["relu"] = tf.nn.relu(found["conv"])
    scaled = found["relu"] * model.scale.value
    found["next"] = model.next(scaled)
    found["leaky_relu"] = tf.nn.leaky_relu(found["next"] * model.scale.value, alpha=0.1)
    return found | {"head": model(value)}


def of_counts(model: Counts, value: Any) -> dict[str, Any]:
    """Compute the counting model by hand."""
    found = {"backbone/deep": model.backbone(value)}
    found["backbone"] = found["backbone/deep"]
    found["tail/inner"] = found["tail"] = model.tail(found["backbone"])
    return found | {"head": model(value)}


def of_two(model: Two, value: Any) -> dict[str, Any]:
    """Compute the detector by hand."""
    return {"conv": model.conv(value), **model(value)}


def of_nested(model: keras.Model, value: Any) -> dict[str, Any]:
    """Compute the nested model by hand."""
    block, loop = model.get_layer("block"), model.get_layer("loop")
    found = of_block(block, value, "block@1/")
    found |= of_block(block, found["block@1/relu@2"], "block@2/")
    return found | of_loop(loop, found["block@2/relu@2"], "loop/")


ZOO: dict[str, tuple[Callable[[], keras.Model], Callable[..., dict[str, Any]]]] = {
    "loop": (Loop, of_loop),
    "functions": (Functions, of_functions),
    "counts": (Counts, of_counts),
    "two": (Two, of_two),
    "nested": (nested, of_nested),
}


def state_of(model: keras.Model) -> list[Any]:
    """Return what a probe must leave as it is."""
    return [
        (layer.name, layer.built, layer.trainable, len(layer._inbound_nodes),
         len(layer._outbound_nodes), sorted(vars(layer)), len(layer.losses))
        for layer in model._flatten_layers()
    ]  # fmt: skip


@pytest.mark.parametrize("name", ZOO)
def test_every_layer_is_read_and_nothing_is_changed(name: str) -> None:
    """Activations are those of the layers called by hand, alone and in a batch."""
    make, by_hand = ZOO[name]
    model, images = made(make()), images_of()
    weights, state = model.get_weights(), state_of(model)
    expected = {path: np.asarray(v) for path, v in by_hand(model, images).items()}
    probe = opened(model)
    found = probe.activations(images, list(expected))
    alone = probe.activations(images[1], list(expected))
    for path, value in expected.items():
        most = 1e-5 * np.abs(value).max()
        assert found[path].shape == value.shape
        assert most > 0
        assert np.abs(found[path] - value).max() <= most, path
        assert np.abs(alone[path] - value[1:2]).max() <= most, path
    assert all(np.array_equal(a, b) for a, b in zip(weights, model.get_weights(), strict=True))
    assert state_of(model) == state


def test_outputs_go_by_their_keys() -> None:
    """What a subclassed model returns as a dict is predicted as one."""
    model, images = made(Two()), images_of()
    found: Any = opened(model).predict(images)
    assert {name: value.shape for name, value in found.items()} == {
        name: tuple(value.shape) for name, value in model(images).items()
    }


CLIMBED = [
    ("functions", fp.MapMean("next", channel=2)),
    ("counts", fp.MapMean("backbone/deep", channel=2)),
    *(
        pytest.param(name, target, marks=pytest.mark.long)
        for name, target in (
            ("loop", fp.MapMean("first/conv", channel=1)),
            ("loop", fp.Node("mix@1", row=4, col=5, channel=2)),
            ("nested", fp.Node("loop/second/norm", row=2, col=3, channel=1)),
        )
    ),
]


@pytest.mark.parametrize(("name", "target"), CLIMBED)
def test_an_inner_layer_is_climbed(name: str, target: Any) -> None:
    """The score is what the layer, called by hand, answers to the image; it has risen."""
    make, by_hand = ZOO[name]
    model = made(make())
    result = fp.Ascent(steps=8, starts=1, search=None, regularizers=()).run(
        opened(model), target, rng=1, progress=False
    )
    value = np.asarray(by_hand(model, result.images[0])[target.layer])[0, ..., target.channel]
    true = value.mean() if isinstance(target, fp.MapMean) else value[target.row, target.col]
    assert result.scores[0, 0] == pytest.approx(true, rel=1e-3, abs=1e-5)
    assert result.scores[0, 0] > result.score_trace[0, 0, 0]


@pytest.mark.parametrize(
    ("name", "path"),
    [("loop", "first/relu@2"), ("loop", "mix@2"), ("functions", "leaky_relu")],
)
def test_receptive_fields_hold_what_pixels_change(name: str, path: str) -> None:
    """Pixels outside of the field change nothing; the field is no more than the image."""
    model = made(ZOO[name][0]())
    probe, images = opened(model), images_of(2)
    row = next(row for row in probe.summary() if row.path == path)
    rows, cols = row.receptive_field
    assert rows < SHAPE[0]
    assert cols < SHAPE[1]
    place = tuple(size // 2 for size in row.shape[:2])
    live = probe.network.live_box(fp.Read(path, row=place[0], col=place[1])).astype(bool)
    assert not live.all()
    other = np.where(live[..., None], images[0], images[1])
    same, changed = (probe.activations(image, path)[0][place] for image in (images[0], other))
    np.testing.assert_allclose(changed, same, atol=1e-6)


def test_logits_of_a_subclassed_classifier() -> None:
    """A softmax that ends a subclassed model is taken off."""
    model, images = made(Loop()), images_of()
    head = model.heads["classes"]
    values = ops.max(of_loop(model, images)["mix@2"], axis=(1, 2))
    logits = np.asarray(values @ head.kernel + head.bias)
    found = opened(model).activations(images, fp.OUTPUT, pre=True)
    np.testing.assert_allclose(found, logits, atol=1e-5)


def test_weights_trained_on_are_seen() -> None:
    """A weight that call uses by itself is the model's own, not a copy."""
    model, images = made(Functions()), images_of()
    probe = opened(model)
    before = probe.predict(images)
    model.scale.assign(model.scale * -2.0)
    after = probe.predict(images)
    assert np.abs(after - before).max() > 1e-3
    np.testing.assert_allclose(after, model(images), atol=1e-5)


def test_saved_and_loaded(tmp_path: Path) -> None:
    """A file of registered classes opens with the same layers and answers."""
    model, images = made(nested()), images_of()
    model.save(tmp_path / "own.keras")
    probe, loaded = opened(model), fp.ModelProbe.load(tmp_path / "own.keras", input_space=RAW)
    assert loaded.layers == probe.layers
    path = next(path for path in probe.layers if path.endswith("skip"))
    np.testing.assert_allclose(
        loaded.activations(images, path), probe.activations(images, path), atol=1e-6
    )


def test_what_stopped_it_is_said() -> None:
    """A model that turns tensors into numbers opens its output; the error names the line."""
    model, images = made(Numbers()), images_of()
    expected = np.concatenate([np.asarray(model(images[i : i + 1])) for i in range(3)])
    probe = opened(model)
    np.testing.assert_allclose(probe.predict(images), expected, atol=1e-5)
    assert "float(ops.mean(value))" in str(probe.summary())
    with pytest.raises(fp.UnknownLayerError, match=r"float\(ops\.mean\(value\)\)"):
        probe.activations(images, "conv")


class Drawing(keras.Model):
    """Draws in Python: a trace keeps what was drawn."""

    def __init__(self) -> None:
        super().__init__(name="drawing")
        self.conv = layers.Conv2D(2, 3, name="conv")
        self._rng = np.random.default_rng(0)

    def call(self, images: Any) -> Any:
        """Add noise."""
        return self.conv(images) + self._rng.normal(size=2).astype("float32")


def test_noise_of_python_is_no_constant() -> None:
    """What a symbolic call would freeze is found out, since the model answers otherwise."""
    model = Drawing()
    model(images_of())
    with pytest.raises(fp.ModelError, match="other values when it is run again"):
        opened(model)


def test_a_layer_that_was_never_built_is_not_given_weights() -> None:
    """Nothing is built by opening."""

    class Half(keras.Model):
        def __init__(self) -> None:
            super().__init__(name="half")
            self.conv = layers.Conv2D(2, 3, name="conv")

        def build(self, shape: Any) -> None:
            self.built = True

        def call(self, images: Any) -> Any:
            return self.conv(images)

    model = Half()
    model.build((None, *SHAPE))
    with pytest.raises(fp.ModelError, match="layer 'conv', which the model calls, was never built"):
        opened(model)
    assert not model.conv.built
    assert not model.weights
