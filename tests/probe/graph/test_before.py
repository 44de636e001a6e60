"""Values before the activation: fused, alone, or none; they follow the user's weights."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, ops

import featureprobe as fp

RAW = fp.InputSpace.identity(low=0, high=1)


def randomize(model: keras.Model) -> keras.Model:
    """Give every weight a random value."""
    rng = np.random.default_rng(1)
    for weight in model.weights:
        low = 0.5 if "variance" in weight.path else -0.5
        weight.assign(rng.uniform(low, low + 1.0, weight.shape))
    return model


def probe_of(*stack: layers.Layer, shape: tuple[int, ...] = (6, 6, 2)) -> fp.ModelProbe:
    """Open a stack of layers with random weights."""
    return fp.ModelProbe(randomize(keras.Sequential([keras.Input(shape), *stack])), input_space=RAW)


def images_for(probe: fp.ModelProbe, count: int = 3) -> np.ndarray:
    """Return random images in 0..1."""
    return np.random.default_rng(4).random((count, *probe.image_shape), dtype=np.float32)


FUSED = {
    "Conv2D": layers.Conv2D(4, 3, name="it", activation="tanh"),
    "strided": layers.Conv2D(4, 3, strides=2, padding="same", name="it", activation="tanh"),
    "no bias": layers.Conv2D(4, 3, use_bias=False, name="it", activation="tanh"),
    "Depthwise": layers.DepthwiseConv2D(3, depth_multiplier=2, name="it", activation="tanh"),
    "Separable": layers.SeparableConv2D(4, 3, name="it", activation="tanh"),
    "Transpose": layers.Conv2DTranspose(3, 3, strides=2, name="it", activation="tanh"),
    "Dense": layers.Dense(5, name="it", activation="tanh"),
    "Einsum": layers.EinsumDense("abcd,de->abce", (6, 6, 3), name="it", activation="tanh"),
    "Activation": layers.Activation("tanh", name="it"),
    "softplus": layers.Conv2D(4, 3, name="it", activation="softplus"),
}
INVERSE: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "tanh": np.arctanh,
    "softplus": lambda y: y + np.log(-np.expm1(-y)),
}


@pytest.mark.parametrize("name", FUSED)
def test_pre_is_what_the_activation_was_given(name: str) -> None:
    """The inverse of the activation, applied to the output, gives the value before it."""
    probe = probe_of(layers.Rescaling(0.3, name="first"), FUSED[name])
    images = images_for(probe)
    output = probe.activations(images, "it").astype(np.float64)
    before = probe.activations(images, "it", pre=True)
    assert before.shape == output.shape
    expected = INVERSE["softplus" if name == "softplus" else "tanh"](output)
    np.testing.assert_allclose(before, expected, rtol=1e-3, atol=1e-5)
    assert np.abs(before - output).max() > 1e-4


@pytest.mark.parametrize(
    ("layer", "activation"),
    [
        (layers.Conv2D(4, 3, activation="relu", name="it"), keras.activations.relu),
        (layers.ReLU(name="it"), keras.activations.relu),
        (layers.ReLU(max_value=0.6, negative_slope=0.2, name="it"), None),
        (layers.LeakyReLU(negative_slope=0.2, name="it"), None),
        (layers.ELU(name="it"), keras.activations.elu),
        (layers.PReLU(name="it"), None),
        (layers.Softmax(name="it"), keras.activations.softmax),
        (layers.Activation("softmax", name="it"), keras.activations.softmax),
        (layers.Dense(4, activation="softmax", name="it"), keras.activations.softmax),
        (layers.Activation(lambda x: x**2, name="it"), lambda x: x**2),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, layers.Layer) else "",
)
def test_the_activation_of_pre_is_the_output(
    layer: layers.Layer, activation: Callable[[Any], Any] | None
) -> None:
    """Fused or alone, with or without parameters: activation(pre) == output, and pre differs."""
    probe = probe_of(layers.Dense(3, name="first"), layer)
    images = images_for(probe)
    before, after = (probe.activations(images, "it", pre=pre) for pre in (True, False))
    applied = np.asarray((activation or layer)(before))
    np.testing.assert_allclose(applied, after, rtol=1e-5, atol=1e-6)
    assert np.abs(before - after).max() > 1e-2
    if type(layer).__name__ in ("ReLU", "LeakyReLU", "ELU", "PReLU", "Softmax", "Activation"):
        np.testing.assert_array_equal(before, probe.activations(images, "first"))


def test_pre_of_operations() -> None:
    """An activation from keras.ops gives its input; other operations have none."""
    image = keras.Input((6, 6, 2))
    x = layers.Conv2D(3, 3, name="conv")(image)
    left, right = ops.split(ops.sigmoid(x) * 2.0, [1], axis=-1)
    model = randomize(keras.Model(image, ops.concatenate([left, right], axis=-1)))
    probe = fp.ModelProbe(model, input_space=RAW)
    images = images_for(probe)
    kinds = {row.path: row.kind for row in probe.summary()}
    sigmoid = next(path for path, kind in kinds.items() if kind == "Sigmoid")
    np.testing.assert_array_equal(
        probe.activations(images, sigmoid, pre=True), probe.activations(images, "conv")
    )
    for path in (p for p, kind in kinds.items() if kind in ("Split", "Multiply", "Concatenate")):
        after = probe.activations(images, path)
        np.testing.assert_array_equal(probe.activations(images, path, pre=True), after)


@pytest.mark.parametrize(
    "layer",
    [
        layers.Conv2D(3, 3, name="it"),
        layers.MaxPooling2D(2, name="it"),
        layers.BatchNormalization(name="it"),
        layers.Flatten(name="it"),
    ],
)
def test_without_activation_pre_is_the_output(layer: layers.Layer) -> None:
    """A layer that has no activation gives the same with and without pre."""
    probe = probe_of(layer)
    images = images_for(probe)
    np.testing.assert_array_equal(
        probe.activations(images, "it", pre=True), probe.activations(images, "it")
    )


class Sealed(layers.Layer):
    """A layer whose activation nobody can take off."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation = keras.activations.tanh

    def call(self, inputs: Any) -> Any:
        """Apply the activation somewhere in the middle."""
        return 2.0 * self.activation(inputs)


@pytest.mark.parametrize(
    ("stack", "path"),
    [
        ((Sealed(name="it"),), "it"),
        ((layers.Reshape((6, 12)), layers.LSTM(3, name="it")), "it"),
        ((layers.ConvLSTM1D(2, 3, name="it"),), "it"),
    ],
    ids=["own layer", "LSTM", "ConvLSTM"],
)
def test_pre_of_other_kinds_is_refused(stack: tuple[layers.Layer, ...], path: str) -> None:
    """Where the activation cannot be taken off, that is said; the output can be read."""
    probe = probe_of(*stack)
    images = images_for(probe)
    with pytest.raises(fp.ModelError, match=r"'it'.*cannot be read.*pre=False"):
        probe.activations(images, path, pre=True)
    assert probe.activations(images, path).shape[0] == 3


def test_pre_through_a_nested_model_and_the_output() -> None:
    """``pre`` works by nested path, by the nested model's own path, and for OUTPUT."""
    inner = keras.Input((6, 6, 2))
    nested = keras.Model(
        inner, layers.Conv2D(3, 3, activation="relu", name="conv")(inner), name="box"
    )
    image = keras.Input((6, 6, 2))
    dense = layers.Dense(4, activation="softmax", name="dense")
    model = randomize(keras.Model(image, dense(layers.Flatten(name="flat")(nested(image)))))
    probe = fp.ModelProbe(model, input_space=RAW)
    images = images_for(probe)
    before = probe.activations(images, "box/conv", pre=True)
    assert before.min() < 0
    np.testing.assert_array_equal(np.maximum(before, 0), probe.activations(images, "box/conv"))
    np.testing.assert_array_equal(probe.activations(images, "box", pre=True), before)
    logits = probe.activations(images, fp.OUTPUT, pre=True)
    by_hand = probe.activations(images, "flat") @ np.asarray(dense.kernel) + np.asarray(dense.bias)
    np.testing.assert_allclose(logits, by_hand, rtol=1e-4, atol=1e-5)


def test_weights_are_followed() -> None:
    """New weights in the user's model show at once, before and after the activation."""
    probe = probe_of(layers.Conv2D(3, 3, activation="relu", name="conv"))
    images = images_for(probe)
    old = [probe.activations(images, "conv", pre=pre) for pre in (True, False)]
    old_print = probe.fingerprint
    kernel, bias = probe.model.get_weights()
    probe.model.set_weights([2 * kernel, 2 * bias])
    for values, pre in zip(old, (True, False), strict=True):
        np.testing.assert_allclose(
            probe.activations(images, "conv", pre=pre), 2 * values, rtol=1e-5
        )
    assert probe.fingerprint != old_print, "a recipe would claim the weights of before"
