"""Redirected gradients: forward nothing changes, backward a flat activation lets its gradient out."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

import featureprobe as fp
from featureprobe.probe.layers.redirection import activation_of, redirect

SHAPE = (7, 6, 2)
ACTIVATIONS = {  # name: (activation, bias at which it is flat, what the gradient there should ask)
    "relu": ("relu", -50.0, +1.0),
    "relu6 closed": ("relu6", -50.0, +1.0),
    "relu6 full": ("relu6", 50.0, -1.0),
    "leaky": (layers.LeakyReLU(negative_slope=0.01), -50.0, +1.0),
    "leaky function": ("leaky_relu", None, None),
    "sigmoid": ("sigmoid", -50.0, +1.0),
    "sigmoid full": ("sigmoid", 50.0, -1.0),
    "tanh": ("tanh", -50.0, +1.0),
    "elu": ("elu", -50.0, +1.0),
}


def net(activation: Any, *, alone: bool, nested: bool = False) -> fp.ModelProbe:
    """Return a net of two convolutions and a dense layer that use an activation, fused or alone."""
    keras.utils.set_random_seed(4)
    image = inner = keras.Input(SHAPE)

    def activated(kind: Any, name: str, value: Any, *args: int) -> Any:
        if not alone and isinstance(activation, str):
            return kind(*args, activation=activation, name=name)(value)
        value = kind(*args, name=f"{name}_off")(value)
        if isinstance(activation, str):
            return layers.Activation(activation, name=name)(value)
        return type(activation).from_config(activation.get_config() | {"name": name})(value)

    value = activated(layers.Conv2D, "one", inner, 5, 3)
    value = activated(layers.Conv2D, "two", value, 4, 2)
    if nested:
        value = keras.Model(inner, value, name="backbone")(image)
    value = activated(layers.Dense, "three", layers.Flatten()(value), 6)
    return fp.ModelProbe(keras.Model(image, value), input_space=fp.InputSpace.identity())


def value_and_gradient(probe: fp.ModelProbe, path: str, *, redirected: bool) -> tuple[Any, Any]:
    """Return a layer's output for fixed images, and the images' gradient of its sum."""
    network = probe.network
    network.prepare([(path, False)], redirected=redirected)
    images = tf.random.stateless_normal((3, *SHAPE), (1, 2))

    @tf.function(autograph=False)
    def traced(images: Any) -> tuple[Any, Any]:
        with tf.GradientTape() as tape:
            tape.watch(images)
            value = network.forward(images, [(path, False)], redirected=redirected)[0]
        return value, tape.gradient(value, images)

    return traced(images)


def set_bias(probe: fp.ModelProbe, bias: float) -> None:
    """Set all biases of the last convolution, wherever it is."""
    models = [probe.model, *(x for x in probe.model.layers if isinstance(x, keras.Model))]
    found = [x for m in models for x in m.layers if x.name in ("two_off", "two")]
    found[0].bias.assign(np.full(4, bias))


@pytest.mark.parametrize("where", ["fused", "alone", "nested"])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_forward_stays_what_it_is(name: str, where: str) -> None:
    """Values are those of the net, whatever activates it; fused kernels round their own way."""
    probe = net(ACTIVATIONS[name][0], alone=where == "alone", nested=where == "nested")
    plain, _ = value_and_gradient(probe, "three", redirected=False)
    redirected, _ = value_and_gradient(probe, "three", redirected=True)
    np.testing.assert_allclose(redirected, plain, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("where", ["fused", "alone", "nested"])
@pytest.mark.parametrize("name", [n for n, case in ACTIVATIONS.items() if case[1] is not None])
def test_a_flat_layer_lets_gradients_out_only_where_they_lead_back(name: str, where: str) -> None:
    """More is asked of all units: a closed one gets a gradient, a full one keeps none."""
    activation, bias, asked = ACTIVATIONS[name]
    probe = net(activation, alone=where == "alone", nested=where == "nested")
    set_bias(probe, bias)
    path = "backbone/two" if where == "nested" else "two"
    _, plain = value_and_gradient(probe, path, redirected=False)
    _, helped = value_and_gradient(probe, path, redirected=True)
    assert np.abs(plain).max() < 0.05, "the layer is flat"
    if asked > 0:
        assert np.abs(helped).max() > 0.2
    else:
        np.testing.assert_array_equal(helped, plain)


@pytest.mark.parametrize(
    ("activation", "values", "upstream", "wanted"),
    [
        ("relu", [-2.0, -2.0, 2.0, 2.0], [1.0, -1.0, 1.0, -1.0], [1.0, 0.0, 1.0, -1.0]),
        ("relu6", [-2.0, 9.0, 9.0, 3.0], [1.0, 1.0, -1.0, 1.0], [1.0, 0.0, -1.0, 1.0]),
        ("leaky_relu", [-2.0, -2.0], [1.0, -1.0], [0.2, -0.2]),  # a slope of 0.2 is not flat
        ("tanh", [-9.0, 9.0, 0.0], [1.0, -1.0, 1.0], [1.0, -1.0, 1.0]),
    ],
)
def test_the_rule(activation: str, values: Any, upstream: Any, wanted: Any) -> None:
    """Flat and asked back: the gradient passes as it is; else it is the activation's own."""
    function = keras.activations.get(activation)
    values = tf.constant(values)
    with tf.GradientTape() as tape:
        tape.watch(values)
        made = redirect(function, values)
    np.testing.assert_array_equal(made, function(values))
    gradient = tape.gradient(made, values, output_gradients=tf.constant(upstream))
    np.testing.assert_allclose(gradient, wanted, atol=1e-6)


def test_what_has_no_slope_for_each_value_is_left_alone() -> None:
    """A softmax, a function of the user's own, a layer without activation."""

    def own(x: Any) -> Any:
        return ops.relu(x) / ops.max(x)

    assert activation_of(layers.Dense(3, activation="softmax"), "a") is None
    assert activation_of(layers.Softmax(), "a") is None
    assert activation_of(layers.Dense(3, activation=own), "a") is None
    assert activation_of(layers.Conv2D(3, 3), "a") is None
    assert activation_of(layers.Conv2D(3, 3, activation="relu"), "a") is keras.activations.relu
    alone = layers.ReLU(max_value=6.0)
    assert activation_of(alone, "a") is alone


def test_the_model_is_not_touched() -> None:
    """Weights, configuration and activations are those from before."""
    probe = net("relu", alone=False)
    config = probe.model.get_config()
    weights = [np.copy(w) for w in probe.model.get_weights()]
    functions = [getattr(layer, "activation", None) for layer in probe.model.layers]
    value_and_gradient(probe, "three", redirected=True)
    assert probe.model.get_config() == config
    assert [getattr(layer, "activation", None) for layer in probe.model.layers] == functions
    for old, new in zip(weights, probe.model.get_weights(), strict=True):
        np.testing.assert_array_equal(new, old)
