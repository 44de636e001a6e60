"""What is known of a class of layers is used for Keras' own ones only."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

import featureprobe as fp
from featureprobe.probe.layers.activations import strip_activation
from featureprobe.probe.layers.plain_conv import is_plain, saves
from featureprobe.probe.layers.redirection import activation_of
from featureprobe.probe.network.tail import tail_of

SPACE = fp.InputSpace.identity(low=0, high=1)


def changed(kind: type) -> type:
    """Return a subclass that turns the image over; with the name of its class."""
    call = lambda self, x: keras.ops.roll(kind.call(self, x), 1, axis=1)  # type: ignore[attr-defined]  # noqa: E731
    return type(kind.__name__, (kind,), {"call": call})


@pytest.mark.parametrize(
    "layer",
    [
        changed(layers.Dense)(2, activation="relu"),
        changed(layers.Conv2D)(2, 3, activation="relu"),
        changed(layers.ReLU)(),
        changed(layers.Softmax)(),
        changed(layers.Activation)("linear"),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_the_activation_of_another_class_is_not_taken_off(layer: Any) -> None:
    """What it does besides is not known."""
    with pytest.raises(fp.errors.ModelError, match="unchanged"):
        strip_activation(layer, "layer")
    assert activation_of(layer, "layer") is None


def test_a_method_set_on_the_instance_counts_too() -> None:
    """Such a layer is no plain convolution, and its activation stays on."""
    layer = layers.Conv2D(16, 3, activation="relu")
    assert is_plain(layer)
    assert saves(layer, 1)
    layer.convolution_op = lambda inputs, kernel: 2 * inputs
    assert not is_plain(layer)
    assert activation_of(layer, "layer") is None


@pytest.mark.parametrize(
    "function", [tf.nn.relu, keras.ops.relu, layers.ReLU()], ids=["tf", "keras", "layer"]
)
def test_a_relu_is_a_relu_whoever_wrote_it(function: Any) -> None:
    """Flat activations of TensorFlow let gradients out, too."""
    layer = layers.Conv2D(16, 3, activation=function)
    assert activation_of(layer, "layer") is function
    assert saves(layer, 1)


@pytest.mark.parametrize("function", ["softmax", lambda x: x - tf.reduce_mean(x), layers.PReLU()])
def test_maps_that_depend_on_others_are_not_left_out(function: Any) -> None:
    """One map of a softmax needs them all; a PReLU has weights for all."""
    layer = layers.Conv2D(16, 3, activation=function)
    if isinstance(function, layers.Layer):
        function.build((None, 5, 5, 16))
    assert not saves(layer, 1)


def relu(values: Any) -> Any:
    """Square, under a name of Keras'."""
    return keras.ops.square(values)


@pytest.mark.parametrize(
    ("inner", "reason"),
    [
        (lambda: changed(layers.MaxPooling2D)(2), "Keras' own"),
        (lambda: layers.Conv2D(2, 3, activation=relu), "relu"),
        (lambda: layers.Activation(relu), "relu"),
        (lambda: lambda value: value + 3.0, "constant"),
        (lambda: layers.Conv2D(2, 3, activation=tf.nn.relu), None),
        (lambda: layers.Conv2D(2, 3, activation=layers.ReLU()), None),
        (lambda: layers.Conv2D(2, 3, activation=layers.ReLU(max_value=1.0)), "saturates"),
    ],
)
def test_only_what_is_known_counts_as_piecewise_linear(inner: Any, reason: str | None) -> None:
    """Shares are called exact where the layers after the one in question are known."""
    image = keras.Input((9, 9, 1))
    value = inner()(layers.Conv2D(2, 3, name="conv")(image))
    model = keras.Model(image, layers.Dense(2)(layers.Flatten()(value)))
    obstacle = tail_of(fp.ModelProbe(model, input_space=SPACE).network, "conv").obstacle
    assert obstacle is None if reason is None else reason in str(obstacle)


def test_the_range_is_not_read_off_a_layer_of_another_class() -> None:
    """A subclass of Rescaling may map anything to anything."""
    image = keras.Input((5, 5, 1))
    for kind in (layers.Rescaling, layers.Normalization):
        made = changed(kind)(*((1 / 255,) if kind is layers.Rescaling else ()))
        with pytest.raises(fp.errors.ConfigError, match="cannot be guessed"):
            fp.ModelProbe(keras.Model(image, made(image)))


def test_a_model_with_a_call_of_its_own_is_not_unrolled() -> None:
    """Its graph does not say what it does."""
    image = keras.Input((5, 5, 1))
    model = keras.Model(image, layers.Conv2D(1, 3, name="conv")(image))
    model.call = lambda inputs, training=None, mask=None: 7 * inputs
    probe = fp.ModelProbe(model, input_space=SPACE)
    assert probe.predict(np.ones((1, 5, 5, 1), np.float32))[0, 0, 0, 0] == 7
