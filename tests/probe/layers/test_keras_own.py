"""What counts as Keras' own: every layer of Keras does, and nothing that was changed."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from keras.src.applications import convnext, inception_resnet_v2

from featureprobe.probe.layers.keras_own import (
    is_keras_own,
    is_pointwise_function,
    is_valuewise_function,
)

# What to make a layer of Keras from, where no guess will do.
ARGUMENTS: dict[str, dict[str, Any]] = {
    "Activation": {"activation": "relu"},
    "CategoryEncoding": {"num_tokens": 3},
    "CenterCrop": {"height": 2, "width": 2},
    "Discretization": {"bin_boundaries": [0.5]},
    "EinsumDense": {"equation": "abcd,de->abce", "output_shape": (None, None, 4)},
    "Embedding": {"input_dim": 3, "output_dim": 2},
    "MaxNumBoundingBoxes": {"max_number": 2},
    "RandomPosterization": {"factor": 4},
    "RandomTranslation": {"height_factor": 0.1, "width_factor": 0.1},
    "RandomZoom": {"height_factor": 0.1},
    "HashedCrossing": {"num_bins": 3},
    "Hashing": {"num_bins": 3},
    "InputLayer": {"shape": (4,)},
    "Lambda": {"function": keras.ops.relu},
    "Permute": {"dims": (2, 1, 3)},
    "Pipeline": {"layers": []},
    "Reshape": {"target_shape": (-1,)},
    "ReversibleEmbedding": {"input_dim": 3, "output_dim": 2},
    "RandomCrop": {"height": 2, "width": 2},
    "RepeatVector": {"n": 2},
    "Resizing": {"height": 2, "width": 2},
    "StackedRNNCells": {"cells": []},
    "GroupNormalization": {"groups": 1},
}  # fmt: skip
GUESSES: dict[str, Any] = {
    "filters": 2, "kernel_size": 2, "units": 2, "rate": 0.1, "factor": 0.1, "scale": 2.0,
    "stddev": 0.1, "pool_size": 2, "output_size": 2, "axes": 1, "num_heads": 2, "key_dim": 2,
    "head_dim": 2, "num_query_heads": 2, "num_key_value_heads": 2, "dims": 1,
}  # fmt: skip
NEEDS_MORE = {"FeatureSpace", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer"}


def made(kind: type) -> Any:
    """Return a layer of a class."""
    if kind.__name__ in ARGUMENTS:
        return kind(**ARGUMENTS[kind.__name__])
    parameters = inspect.signature(kind.__init__).parameters.values()
    needed = [
        p.name for p in parameters if p.default is p.empty and p.kind == p.POSITIONAL_OR_KEYWORD
    ]
    inner = {"layer": layers.Dense(2), "cell": layers.LSTMCell(2)}
    if kind is layers.Bidirectional:
        inner["layer"] = layers.LSTM(2)
    if kind is layers.SpectralNormalization:
        inner["layer"] = layers.Conv2D(2, 2)
    return kind(**{name: (GUESSES | inner)[name] for name in needed if name != "self"})


KINDS = sorted(
    {kind for kind in vars(layers).values() if isinstance(kind, type) and issubclass(kind, layers.Layer)},
    key=lambda kind: kind.__name__,
)  # fmt: skip


@pytest.mark.parametrize(
    "kind", [k for k in KINDS if k.__name__ not in NEEDS_MORE], ids=lambda kind: kind.__name__
)
def test_each_layer_of_keras_is_its_own(kind: type) -> None:
    """A fresh layer is, one with another ``call`` is not."""
    layer = made(kind)
    assert is_keras_own(layer)
    layer.call = keras.ops.relu
    assert not is_keras_own(layer)


@pytest.mark.parametrize(
    "maker",
    [
        lambda: layers.Conv2D(2, 3, activation="relu"),
        lambda: layers.DepthwiseConv2D(3),
        lambda: layers.SeparableConv2D(2, 3),
        lambda: layers.Conv2DTranspose(2, 3),
        lambda: layers.Dense(2),
        layers.BatchNormalization,
        layers.LayerNormalization,
        lambda: layers.GroupNormalization(1),
        layers.Normalization,
        layers.PReLU,
        layers.RandomFlip,
        lambda: layers.SpectralNormalization(layers.Conv2D(2, 3)),
        lambda: layers.TimeDistributed(layers.Dense(2)),
    ],
)  # fmt: skip
def test_a_built_layer_is_still_its_own(maker: Callable[[], Any]) -> None:
    """What Keras itself sets on a layer takes no method's place."""
    layer = maker()
    layer(np.zeros((1, 5, 4, 3), np.float32))
    assert is_keras_own(layer)


def test_operations_are_their_own() -> None:
    """Operations of a functional graph count like layers."""
    image = keras.Input((5, 4, 3))
    value = keras.ops.relu(image)[:, 1:] * 2.0
    for layer in keras.Model(image, value).operations:
        assert is_keras_own(layer)


def test_layers_of_the_applications_are_their_own() -> None:
    """So do the helper layers of keras.applications."""
    for layer in (
        convnext.LayerScale(0.1, 3), convnext.StochasticDepth(0.1),
        inception_resnet_v2.CustomScaleLayer(0.1),
    ):  # fmt: skip
        assert is_keras_own(layer)


class Normalization(layers.Layer):
    """A layer of the user's own with the name of one of Keras'."""


class Claimed(layers.Conv2D):
    """A subclass that says that it lives in Keras."""

    __module__ = layers.Conv2D.__module__


Claimed.__qualname__ = "Conv2D"


class Inner(layers.Conv2D):
    """A subclass with another inner method."""

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        """Do the same."""
        return super().convolution_op(inputs, kernel)


@pytest.mark.parametrize("layer", [Normalization(), Claimed(2, 3), Inner(2, 3)])
def test_another_class_is_not(layer: Any) -> None:
    """Names, ancestors and claimed modules tell nothing."""
    assert not is_keras_own(layer)


@pytest.mark.parametrize("name", ["call", "convolution_op", "__call__", "_maybe_convert", "build"])
@pytest.mark.parametrize("function", [lambda *_: 0, keras.ops.relu], ids=["user", "keras"])
def test_a_method_set_on_an_instance_is_not(name: str, function: Any) -> None:
    """Whoever wrote the function."""
    layer = layers.Conv2D(2, 3)
    setattr(layer, name, function)
    assert is_keras_own(layer) == (name == "_maybe_convert")  # no method of that name


@pytest.mark.parametrize("owner", [layers.Conv2D, layers.Conv2D.__mro__[1], layers.Layer])
@pytest.mark.parametrize("name", ["call", "convolution_op", "__call__"])
def test_a_method_set_on_the_class_is_not(
    owner: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the class or on an ancestor, whatever it calls itself; and Keras' own again afterwards."""
    layer = layers.Conv2D(2, 3)
    assert is_keras_own(layer)
    original = getattr(layers.Conv2D, name)

    def another(self: Any, *inputs: Any) -> Any:
        return 2 * original(self, *inputs)

    replacements: list[Any] = [
        another,
        functools.wraps(original)(another),
        functools.partial(original, layer),
        layers.Dense.call,
    ]
    for replacement in replacements:
        monkeypatch.setattr(owner, name, replacement, raising=False)
        assert not is_keras_own(layer)
        monkeypatch.undo()
        assert is_keras_own(layer)


VALUES = np.random.default_rng(3).normal(size=(1, 4, 3, 6)).astype(np.float32)


def reach_of(function: Any) -> str:
    """Say what changes when one value of an image changes: it, its channels, or more."""
    before = np.asarray(function(VALUES))
    reached = "value"
    for step in (-3.0, -0.3, 0.3, 3.0):
        changed = VALUES.copy()
        changed[0, 2, 1, 4] += step
        after = np.argwhere(np.asarray(function(changed)) != before)
        if not all(tuple(place[1:3]) == (2, 1) for place in after):
            return "anywhere"
        if before.shape != VALUES.shape or not all(place[3] == 4 for place in after):
            reached = "channels"
    return reached


ACTIVATIONS = {
    name: value
    for name, value in vars(keras.activations).items()
    if inspect.isfunction(value) and name not in ("get", "serialize", "deserialize")
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_each_activation_of_keras_is_known_for_what_it_is(name: str) -> None:
    """What is claimed is what changes when one value changes."""
    function = ACTIVATIONS[name]
    arguments = (0.5, 0.0) if name == "threshold" else ()
    found = reach_of(lambda values: function(values, *arguments))
    assert is_pointwise_function(function)
    assert is_valuewise_function(function) == (found == "value")
    assert found in ("value", "channels")


def named(function: Any) -> str:
    """Return a name that is the same in each process."""
    own = getattr(function, "func", function)
    return str(getattr(own, "__name__", type(own).__name__))


OTHERS = [
    tf.nn.relu, tf.nn.relu6, tf.nn.leaky_relu, tf.nn.elu, tf.nn.selu, tf.nn.gelu, tf.nn.silu,
    tf.nn.swish, tf.nn.sigmoid, tf.nn.tanh, tf.nn.softplus, tf.nn.softsign, tf.identity,
    tf.math.sin, tf.math.exp, tf.math.square, tf.math.erf, tf.nn.softmax, tf.nn.log_softmax,
    tf.nn.crelu, tf.tanh, keras.ops.relu, keras.ops.softmax, keras.ops.square, keras.ops.sin,
    layers.ReLU(max_value=1.0), layers.LeakyReLU(), layers.ELU(), layers.PReLU(),
    layers.PReLU(shared_axes=[1, 2]), layers.Activation("tanh"), layers.Activation(tf.nn.softmax),
    layers.Softmax(), functools.partial(tf.nn.leaky_relu, alpha=0.3),
    functools.partial(keras.ops.softmax, axis=-1), functools.partial(keras.activations.relu, max_value=1.0),
]  # fmt: skip


@pytest.mark.parametrize("function", OTHERS, ids=named)
def test_other_known_functions(function: Any) -> None:
    """TensorFlow's functions, operations, layers and bound arguments."""
    found = reach_of(function)
    assert is_pointwise_function(function)
    assert is_valuewise_function(function) == (found == "value")
    assert found in ("value", "channels")


@pytest.mark.parametrize("function", [None, "linear"])
def test_nothing_acts_on_each_value(function: Any) -> None:
    """No activation is no obstacle."""
    assert is_pointwise_function(function)
    assert is_valuewise_function(function)


def relu(values: Any) -> Any:
    """A function of the user's own, with a name of Keras'."""
    return tf.nn.relu(values - tf.reduce_mean(values))


changed = layers.ReLU()
changed.call = relu
UNKNOWN = [
    relu, tf.nn.l2_normalize, tf.reduce_sum, lambda x: 2 * tf.nn.relu(x), changed,
    functools.wraps(keras.activations.relu)(relu), layers.Activation(relu), layers.Softmax(axis=1),
    layers.Activation(functools.partial(keras.ops.softmax, axis=1)),
    functools.partial(keras.ops.softmax, axis=1), functools.partial(tf.nn.softmax, axis=(1, 2)),
    functools.partial(tf.clip_by_value, clip_value_min=np.zeros((4, 3, 1)), clip_value_max=1),
    layers.Conv2D(6, 3), type("ReLU", (layers.ReLU,), {})(), "relu", 3,
]  # fmt: skip


@pytest.mark.parametrize("function", UNKNOWN, ids=named)
def test_everything_else_may_look_anywhere(function: Any) -> None:
    """The user's own functions, other axes, other callables."""
    assert not is_pointwise_function(function)
    assert not is_valuewise_function(function)
