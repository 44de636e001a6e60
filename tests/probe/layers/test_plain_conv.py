"""Convolutions as matrix products: the same values and gradients as the layer's own."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from featureprobe.probe.layers.plain_conv import (
    at_few_positions,
    has_few_channels,
    has_few_positions,
    is_plain,
    own_maps,
    saves,
    some_maps,
    with_few_channels,
)


def layer_for(channels=3, filters=16, size=9, **config):
    """Return a built layer with random weights, and a batch of inputs for it."""
    keras.utils.set_random_seed(3)
    config = {"kernel_size": 3, "activation": "relu", **config}
    layer = keras.layers.Conv2D(filters, bias_initializer="random_normal", **config)
    layer.build((None, size, size, channels))
    return layer, tf.random.stateless_normal((5, size, size, channels), (1, 2))


def value_and_gradient(function, values, pull):
    """Return a function's output, and the gradient of its product with ``pull``."""
    with tf.GradientTape() as tape:
        tape.watch(values)
        made = function(values)
        total = tf.reduce_sum(made * pull)
    return made, tape.gradient(total, values)


def assert_same(got, wanted):
    """Value and gradient agree to float rounding."""
    for mine, own in zip(got, wanted, strict=True):
        assert mine.shape == own.shape
        np.testing.assert_allclose(mine, own, atol=1e-5 * float(tf.reduce_max(tf.abs(own))))


def dilated_gradients():
    """Whether TensorFlow can do them here; ``TF_ENABLE_ONEDNN_OPTS=1`` brings them to all processors."""
    layer, values = layer_for(dilation_rate=2)
    try:
        value_and_gradient(layer, values, 1.0)
    except tf.errors.InvalidArgumentError:
        return False
    return True


def pull_for(layer, values, channels=None):
    """Return a random upstream gradient."""
    shape = layer(values).shape
    return tf.random.stateless_normal((*shape[:3], channels or shape[3]), (5, 6))


KERNELS = [
    {},
    {"padding": "same"},
    {"kernel_size": 4, "padding": "same"},
    {"kernel_size": (5, 2), "padding": "same", "use_bias": False},
    {"kernel_size": (1, 3), "activation": None},
    {"activation": "sigmoid", "padding": "same"},
]


@pytest.mark.parametrize("config", KERNELS, ids=str)
@pytest.mark.parametrize("channels", [1, 3])
def test_few_channels(config, channels):
    """The gradient with respect to an image of few channels is that of the layer."""
    layer, values = layer_for(channels, **config)
    assert has_few_channels(layer, values)
    pull = pull_for(layer, values)
    mine = lambda x: with_few_channels(layer, x, layer.padding, linear=False)  # noqa: E731
    assert_same(value_and_gradient(mine, values, pull), value_and_gradient(layer, values, pull))


@pytest.mark.parametrize("config", [*KERNELS, {"strides": 2}, {"dilation_rate": 2}], ids=str)
def test_some_maps(config):
    """Each image's own maps, in its own order, are those of the whole layer."""
    layer, values = layer_for(**config)
    if "dilation_rate" in config and not dilated_gradients():
        pytest.skip("TensorFlow has no gradient of dilated convolutions on this processor")
    maps = np.array([[0, 5], [3, 3], [15, 2], [7, 1], [4, 8]], np.int32)
    pull = pull_for(layer, values, 2)

    def picked(x):
        return tf.gather(layer(x), maps, axis=3, batch_dims=1)

    def mine(x):
        return some_maps(layer, x, own_maps(layer, tf.constant(maps)), layer.padding, linear=False)

    assert_same(value_and_gradient(mine, values, pull), value_and_gradient(picked, values, pull))


@pytest.mark.parametrize(("size", "strides"), [(3, 1), (5, 1), (7, 2), (4, (2, 1))])
def test_few_positions(size, strides):
    """A few windows are the whole layer's output."""
    layer, values = layer_for(size=size, strides=strides)
    assert has_few_positions(layer, size, size)
    pull = pull_for(layer, values)
    mine = lambda x: at_few_positions(layer, x, linear=False)  # noqa: E731
    assert_same(value_and_gradient(mine, values, pull), value_and_gradient(layer, values, pull))


def test_linear_leaves_the_activation_out():
    """Before the activation there are values below 0, and after it none."""
    layer, values = layer_for(size=5)
    maps = tf.zeros((5, 1), tf.int32)
    for made in (
        with_few_channels(layer, values, "valid", linear=True),
        some_maps(layer, values, own_maps(layer, maps), "valid", linear=True),
        at_few_positions(layer, values, linear=True),
    ):
        assert float(tf.reduce_min(made)) < 0
    assert float(tf.reduce_min(at_few_positions(layer, values, linear=False))) == 0


class Doubled(keras.layers.Conv2D):
    """A convolution that is more than one."""

    def call(self, inputs):
        """Return twice the convolution."""
        return 2 * super().call(inputs)


@pytest.mark.parametrize(
    "layer",
    [
        Doubled(16, 3),
        keras.layers.DepthwiseConv2D(3),
        keras.layers.Conv2DTranspose(16, 3),
        keras.layers.Conv2D(16, 3, groups=2),
        keras.layers.Conv2D(16, 3, dtype="mixed_bfloat16"),
    ],
    ids=lambda layer: type(layer).__name__ + str(getattr(layer, "groups", "")),
)
def test_what_is_more_than_a_convolution_runs_as_it_is(layer):
    """Subclasses, groups and mixed precision are left to Keras."""
    layer.build((None, 9, 9, 2))
    assert not is_plain(layer)
    assert not saves(layer, 1)
    assert not has_few_positions(layer, 3, 3)


def test_what_does_not_pay_runs_as_it_is():
    """Strided or wide layers keep their gradient; half of the maps are no saving."""
    layer, values = layer_for(strides=2)
    assert not has_few_channels(layer, values)
    layer, values = layer_for(channels=8)
    assert not has_few_channels(layer, values)
    assert saves(layer, 2)
    assert not saves(layer, 8)
    assert not has_few_positions(layer, 9, 9)
