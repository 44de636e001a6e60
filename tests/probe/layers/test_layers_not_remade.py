"""Layers that Keras cannot remake from their config, and wrappers: read before their activation.

Each is read as it is, before its activation, climbed, and cropped; the layer stays what it was.
"""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

import featureprobe as fp

RAW = fp.InputSpace.identity(low=0, high=1)


def penalty(weights: Any) -> Any:
    """Return a plain function's penalty, which no config can hold."""
    return 0.01 * ops.sum(weights * weights)


class Scaled(layers.Conv2D):
    """A convolution with an argument that its config does not tell."""

    def __init__(self, gain: float, **more: Any) -> None:
        super().__init__(**more)
        self.gain = gain

    def call(self, values: Any) -> Any:
        """Return the convolution of scaled values."""
        return super().call(values * self.gain)


class Fixed(layers.Dense):
    """A Dense layer whose constructor takes nothing."""

    def __init__(self) -> None:
        super().__init__(6, activation="tanh")

    def get_config(self) -> Any:
        """Refuse."""
        raise NotImplementedError


class Wrapped(layers.Wrapper):
    """A wrapper of the user's own that ends as its layer ends."""

    def call(self, values: Any) -> Any:
        """Return what the layer makes of half the values."""
        return self.layer(0.5 * values)


class Squared(layers.Wrapper):
    """A wrapper that does something after its layer."""

    def call(self, values: Any) -> Any:
        """Return squares."""
        return ops.square(self.layer(values))


def conv(**more: Any) -> layers.Conv2D:
    """Return a convolution with tanh, whose inverse is known."""
    return layers.Conv2D(6, 3, activation="tanh", bias_initializer="random_normal", **more)


def quantized() -> layers.Dense:
    """Return a Dense layer in float8."""
    layer = layers.Dense(6, activation="tanh")
    layer.build((None, 10, 9, 2))
    layer.quantize("float8")
    return layer


def lora() -> layers.Dense:
    """Return a Dense layer with adapters."""
    layer = layers.Dense(6, activation="tanh")
    layer.build((None, 10, 9, 2))
    layer.enable_lora(2)
    return layer


OPEN: dict[str, Callable[[], Any]] = {
    "function as regularizer": lambda: conv(kernel_regularizer=penalty),
    "function as constraint": lambda: conv(kernel_constraint=lambda w: w),
    "function as initializer": lambda: conv(
        kernel_initializer=lambda shape, dtype: 0.03 * ops.ones(shape)
    ),
    "activity regularizer": lambda: conv(activity_regularizer=penalty),
    "argument without config": lambda: Scaled(2.0, filters=6, kernel_size=3, activation="tanh"),
    "no get_config": Fixed,
    "padded": lambda: conv(padding="same", kernel_regularizer=penalty),
    "separable": lambda: layers.SeparableConv2D(
        6, 3, activation="tanh", depthwise_regularizer=penalty
    ),
    "float8": quantized,
    "adapters": lora,
    "SpectralNormalization": lambda: layers.SpectralNormalization(conv()),
    "TimeDistributed": lambda: layers.TimeDistributed(layers.Dense(6, activation="tanh")),
    "TimeDistributed convolution": lambda: layers.TimeDistributed(
        layers.Conv1D(6, 3, activation="tanh")
    ),
    "wrapper in a wrapper": lambda: Wrapped(Wrapped(conv())),
    "own wrapper": lambda: Wrapped(conv()),
}
CLOSED: dict[str, Callable[[], Any]] = {
    "wrapper that goes on": lambda: Squared(conv()),
    "TimeDistributed LSTM": lambda: layers.TimeDistributed(layers.LSTM(6, return_sequences=True)),
    "TimeDistributed model": lambda: layers.TimeDistributed(
        keras.Sequential([keras.Input((9, 2)), layers.Dense(6, activation="tanh")])
    ),
    "TimeDistributed Lambda": lambda: layers.TimeDistributed(layers.Lambda(ops.tanh)),
    "ConvLSTM": lambda: layers.ConvLSTM1D(6, 3),
}


def probe_of(make: Callable[[], Any]) -> fp.ModelProbe:
    """Return a net of this layer, ``it``, and a classifier."""
    keras.utils.set_random_seed(3)
    image = keras.Input((10, 9, 2))
    layer = make()
    layer.name = "it"
    value = layer(image)
    pooled = layers.Flatten(name="flat")(value)
    out = layers.Dense(3, activation="softmax", kernel_regularizer=penalty, name="out")(pooled)
    return fp.ModelProbe(keras.Model(image, out), input_space=RAW)


def images() -> np.ndarray:
    """Return three images."""
    return np.random.default_rng(4).random((3, 10, 9, 2), dtype=np.float32)


@pytest.mark.parametrize("name", OPEN)
def test_values_truly_before_the_activation(name: str) -> None:
    """The inverse of tanh gives them back, weights are followed, and the layer is left alone."""
    probe = probe_of(OPEN[name])
    layer = probe.model.get_layer("it")
    attributes = {k: id(v) for k, v in vars(layer).items()}
    output = probe.activations(images(), "it").astype(np.float64)
    before = probe.activations(images(), "it", pre=True)
    assert np.abs(before - output).max() > 1e-3
    np.testing.assert_allclose(before, np.arctanh(output), rtol=2e-3, atol=2e-4)
    logits = probe.activations(images(), fp.OUTPUT, pre=True)
    kernel, bias = probe.model.get_layer("out").get_weights()
    np.testing.assert_allclose(
        logits, probe.activations(images(), "flat") @ kernel + bias, rtol=1e-3, atol=1e-4
    )
    assert {k: id(v) for k, v in vars(layer).items()} == attributes
    for weight in layer.weights:
        if "kernel" in weight.path:
            weight.assign(weight / 2)
    halved = probe.activations(images(), "it", pre=True)
    assert np.abs(halved - before).max() > 1e-3, "it follows the weights"


@pytest.mark.parametrize(
    "name",
    [
        "argument without config",
        pytest.param("function as regularizer", marks=pytest.mark.long),
        pytest.param("TimeDistributed", marks=pytest.mark.long),
    ],
)
def test_they_are_climbed(name: str) -> None:
    """Logit, Node and MapMean before the activation; the scores are the values."""
    probe = probe_of(OPEN[name])
    targets = [
        fp.Logit(1),
        fp.Node("it", row=3, col=2, channel=1, pre=True),
        fp.MapMean("it", channel=2, pre=True),
    ]
    ascent = fp.Ascent(steps=2, starts=1, search=None, regularizers=())
    result = ascent.run(probe, targets, rng=1, progress=False)
    shown = [result.images[i] for i in range(3)]
    wanted = [
        probe.activations(shown[0], fp.OUTPUT, pre=True)[:, 1],
        probe.activations(shown[1], "it", pre=True)[:, 3, 2, 1],
        probe.activations(shown[2], "it", pre=True)[..., 2].mean(axis=(1, 2)),
    ]
    np.testing.assert_allclose(result.scores, wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", CLOSED)
def test_other_wrappers_are_refused(name: str) -> None:
    """No value after an activation is given for one before it."""
    probe = probe_of(CLOSED[name])
    with pytest.raises(fp.ModelError, match=r"before the activation of 'it'.*pre=False"):
        probe.activations(images(), "it", pre=True)
    assert probe.activations(images(), "it").shape[0] == 3


def test_a_padded_crop_of_a_layer_that_is_not_remade() -> None:
    """The crop's values are those of the full image."""
    keras.utils.set_random_seed(3)
    image = keras.Input((20, 20, 2))
    first = conv(padding="same", name="one", kernel_regularizer=penalty)(image)
    pooled = layers.MaxPooling2D(2, padding="same", name="pool")(first)
    last = conv(padding="same", name="two", kernel_constraint=lambda w: w)(pooled)
    probe = fp.ModelProbe(keras.Model(image, last), input_space=RAW)
    node = fp.Node("two", row=0, col=3, channel=1, pre=True)
    ascents = [
        fp.Ascent(steps=3, starts=1, search=None, regularizers=(), crop=crop)
        for crop in (True, False)
    ]
    cropped, full = (ascent.run(probe, node, rng=1, progress=False) for ascent in ascents)
    np.testing.assert_allclose(cropped.scores, full.scores, rtol=1e-4)


@pytest.mark.parametrize(
    ("alone", "channels"),
    [(True, 2), (False, 2), pytest.param(False, 6, marks=pytest.mark.long)],
)
def test_an_activation_with_weights(alone: bool, channels: int) -> None:
    """A PReLU as a layer and as an activation: values, values before it, and remedies."""
    keras.utils.set_random_seed(3)
    image = keras.Input((9, 9, channels))
    prelu = layers.PReLU(shared_axes=[1, 2], name="prelu", alpha_initializer="random_uniform")
    bias = keras.initializers.Constant(-3.0)
    if alone:
        value = prelu(layers.Conv2D(4, 3, bias_initializer=bias, name="below")(image))
    else:
        value = layers.Conv2D(4, 3, bias_initializer=bias, activation=prelu, name="prelu")(image)
    last = layers.Conv2D(3, 3, activation="relu", bias_initializer=bias, name="last")(value)
    model = keras.Model(image, last)
    shown = np.random.default_rng(4).random((2, 9, 9, channels), dtype=np.float32)
    model.predict_on_batch(shown)  # as a trained model: the activation has its weights
    probe = fp.ModelProbe(model, input_space=RAW)
    before = probe.activations(shown, "prelu", pre=True)
    np.testing.assert_allclose(
        prelu(before), probe.activations(shown, "prelu"), rtol=1e-5, atol=1e-6
    )
    np.testing.assert_allclose(probe.predict(shown), model.predict_on_batch(shown), atol=1e-5)
    for remedy in (fp.RedirectedGradients(steps=3), fp.PreActivation(steps=3)):
        ascent = fp.Ascent(steps=2, starts=1, search=None, remedies=(remedy,))
        ascent.run(probe, fp.MapMean("last", channel=0), rng=1, progress=False)
    network = probe.network
    network.prepare([("last", False)], redirected=True)
    with tf.GradientTape() as tape:
        given = tf.constant(shown)
        tape.watch(given)
        made = network.forward(given, [("last", False)], redirected=True)[0]
    assert np.abs(tape.gradient(made, given)).max() > 0
    np.testing.assert_allclose(made, probe.predict(shown), atol=1e-5)
