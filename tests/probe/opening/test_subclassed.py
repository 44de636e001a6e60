"""Subclassed models, and models with a call of their own: what can and cannot be reached."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

import featureprobe as fp

RAW = fp.InputSpace.identity(low=0, high=1)


def assert_close(found: np.ndarray, expected: Any, path: str) -> None:
    """Demand a difference of at most 1e-5 of the layer's largest absolute value."""
    expected = np.asarray(expected)
    assert found.shape == expected.shape, path
    scale = np.abs(expected).max()
    assert scale > 0, f"{path} is all zero: the comparison would prove nothing"
    assert np.abs(found - expected).max() <= 1e-5 * scale, path


def randomize(model: keras.Model, seed: int = 0) -> keras.Model:
    """Give every weight a random value, so that biases and statistics count."""
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        low = 0.5 if "variance" in weight.path else -0.5
        weight.assign(rng.uniform(low, low + 1.0, weight.shape))
    return model


def images_for(shape: tuple[int, ...], count: int = 3) -> np.ndarray:
    """Return random images in 0..1."""
    return np.random.default_rng(4).random((count, *shape), dtype=np.float32)


class Subclassed(keras.Model):
    """A model without a symbolic graph."""

    def __init__(self, outputs: int = 1) -> None:
        super().__init__(name="custom")
        self.conv = layers.Conv2D(2, 3, name="conv")
        self.drop = layers.Dropout(0.5, name="dropout")
        self.outputs_wanted = outputs

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Give one output or several."""
        value = self.drop(self.conv(inputs), training=training)
        return value if self.outputs_wanted == 1 else (value,) * self.outputs_wanted


def test_a_subclassed_model_shows_its_layers() -> None:
    """Layers and output are right, and so is what the summary says of them."""
    model, images = Subclassed(), images_for((6, 6, 1))
    expected = model(images).numpy()
    probe = fp.ModelProbe(model, input_space=RAW)
    assert_close(probe.predict(images), expected, "output")
    assert_close(probe.activations(images, "custom"), expected, "custom")
    assert probe.shape_of(fp.OUTPUT) == (4, 4, 2)
    assert probe.grid(images[0], fp.OUTPUT).n_maps == 2
    assert probe.layers == ("conv", "dropout")
    assert probe.summary().rows[0].receptive_field == (3, 3)
    assert_close(probe.activations(images, "conv"), model.conv(images), "conv")
    assert_close(probe.activations(images, fp.OUTPUT, pre=True), expected, "output")
    with pytest.raises(fp.UnknownLayerError, match="Nearest: 'conv'"):
        probe.activations(images, "cnov")


def test_a_subclassed_model_inside_a_functional_one() -> None:
    """Its layers can be reached, and it itself; what comes before and after, too."""
    image = keras.Input((8, 8, 1))
    first, custom = layers.Conv2D(2, 3, name="first"), Subclassed()
    model = randomize(keras.Model(image, layers.ReLU(name="last")(custom(first(image)))))
    probe, images = fp.ModelProbe(model, input_space=RAW), images_for((8, 8, 1))
    x = first(images).numpy()
    y = custom(x, training=False).numpy()
    assert probe.layers == ("first", "custom/conv", "custom/dropout", "last")
    for path, expected in (("first", x), ("custom", y), ("last", np.maximum(y, 0))):
        assert_close(probe.activations(images, path), expected, path)


def test_a_subclassed_model_with_several_outputs() -> None:
    """Each output has the path of its layer, and of its place in what the model returns."""
    model, images = Subclassed(outputs=2), images_for((6, 6, 1))
    expected = model(images)
    probe = fp.ModelProbe(model, input_space=RAW)
    for path, value in zip(("custom:0", "custom:1"), expected, strict=True):
        assert_close(probe.activations(images, path), value, path)
    with pytest.raises(fp.ModelError, match=r"fp\.OUTPUT is the only output, but this model has 2"):
        probe.activations(images, fp.OUTPUT)


class Doubled(keras.Model):
    """A functional model with a call of its own."""

    def call(self, inputs: Any, training: bool = False, mask: Any = None) -> Any:
        """Give twice what the graph says."""
        return 2.0 * super().call(inputs, training=training)


class DoubledSequential(keras.Sequential):
    """A Sequential with a call of its own."""

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Give twice what the layers say."""
        return 2.0 * super().call(inputs, training=training)


def doubled_functional() -> keras.Model:
    """Return a functional model whose graph tells half the truth."""
    image = keras.Input((6, 6, 1))
    return Doubled(image, layers.Conv2D(2, 3)(image))


class CalledInPairs:
    """Gives twice what the model says, around whatever its call does."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the model."""
        return 2.0 * super().__call__(*args, **kwargs)  # type: ignore[misc]


class PairedFunctional(CalledInPairs, keras.Model):
    """A functional model with a ``__call__`` of its own."""


class PairedSequential(CalledInPairs, keras.Sequential):
    """A Sequential with a ``__call__`` of its own."""


class Negated(keras.Model):
    """A functional model that takes its inputs in a way of its own."""

    def _standardize_inputs(self, inputs: Any) -> Any:
        return [-value for value in super()._standardize_inputs(inputs)]


def functional(kind: type[keras.Model], *, nested: bool = False) -> keras.Model:
    """Return a model of a class, maybe within another one."""
    image = keras.Input((6, 6, 1))
    model = kind(image, layers.Conv2D(2, 3)(image))
    return keras.Model(image, layers.ReLU()(model(image))) if nested else model


OWN_CALLS: dict[str, Callable[[], keras.Model]] = {
    "functional": doubled_functional,
    "sequential": lambda: DoubledSequential([keras.Input((6, 6, 1)), layers.Conv2D(2, 3)]),
    "functional __call__": lambda: functional(PairedFunctional),
    "sequential __call__": lambda: PairedSequential([keras.Input((6, 6, 1)), layers.Conv2D(2, 3)]),
    "inputs": lambda: functional(Negated),
    "nested call": lambda: functional(Doubled, nested=True),
    "nested __call__": lambda: functional(PairedFunctional, nested=True),
    "nested inputs": lambda: functional(Negated, nested=True),
}


@pytest.mark.parametrize("name", OWN_CALLS)
def test_an_own_call_goes_before_the_graph(name: str) -> None:
    """Where a class has code of its own on the way, the graph is not believed."""
    model, images = randomize(OWN_CALLS[name]()), images_for((6, 6, 1))
    assert_close(fp.ModelProbe(model, input_space=RAW).predict(images), model(images), "output")


def test_a_class_without_code_of_its_own_shows_its_layers() -> None:
    """A name, a train_step or a property change nothing of what a call makes."""

    class Trained(keras.Model):
        def train_step(self, data: Any) -> Any:
            return {}

    model = functional(Trained)
    assert len(fp.ModelProbe(model, input_space=RAW).layers) == 1
    assert not fp.ModelProbe(model, input_space=RAW).network.graph.stopped


def test_an_own_call_with_several_inputs() -> None:
    """Without a graph the model is one call of all its inputs."""
    image, other = keras.Input((6, 6, 1), name="image"), keras.Input((3,), name="other")
    joined = layers.Concatenate()([layers.Flatten()(image), other])
    model, images = Doubled([image, other], joined), images_for((6, 6, 1))
    probe = fp.ModelProbe(model, input_space=RAW, other_inputs={"other": [1, 2, 3]})
    assert_close(probe.predict(images), model([images, np.float32([[1, 2, 3]] * 3)]), "output")
    with pytest.raises(fp.UnknownLayerError, match="its class changes more than call"):
        probe.activations(images, "flatten")


@pytest.mark.parametrize("make", [Subclassed, lambda: keras.Sequential([layers.Conv2D(2, 3)])])
def test_an_unbuilt_model_is_told_what_to_do(make: Callable[[], keras.Model]) -> None:
    """A model without shapes is refused, and told how to get them; then it works."""
    model = make()
    with pytest.raises(fp.ModelError, match=r"never built.*[Cc]all it on one batch"):
        fp.ModelProbe(model, input_space=RAW)
    model(images_for((6, 6, 1)))
    assert fp.ModelProbe(model, input_space=RAW).shape_of(fp.OUTPUT) == (4, 4, 2)
