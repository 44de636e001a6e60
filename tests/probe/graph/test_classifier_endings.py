"""How trained classifiers end: the logits behind each ending, or a refusal that says why not.

True logits are computed by Keras' own layers, up to the layer that makes them, and brought into the
output's shape by NumPy.
"""

import functools
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

import featureprobe as fp

RAW = fp.InputSpace.identity(low=0, high=1)
CLASSES = 5
Make = Callable[[Any], Any]


class OwnSoftmax(layers.Layer):
    """A softmax that nobody but its author knows."""

    def call(self, values: Any) -> Any:
        """Return probabilities."""
        return ops.softmax(values)


class Doubled(layers.Dense):
    """A Dense layer with a call of its own that ends in its activation."""

    def call(self, values: Any, training: bool = False) -> Any:
        """Return what a Dense layer makes of twice the values."""
        return super().call(2.0 * values)


class Late(layers.Dense):
    """A Dense layer that makes probabilities after its activation."""

    def call(self, values: Any, training: bool = False) -> Any:
        """Return probabilities."""
        return ops.softmax(super().call(values))


def own_function(values: Any) -> Any:
    """Return probabilities, by hand."""
    return ops.exp(values) / ops.sum(ops.exp(values), axis=-1, keepdims=True)


def dense(activation: Any = None, name: str = "logits", **more: Any) -> layers.Dense:
    """Return a head with biases that count."""
    return layers.Dense(
        CLASSES, activation=activation, name=name, bias_initializer="random_normal", **more
    )


def same(values: np.ndarray) -> np.ndarray:
    """Return the logits in the shape of the output."""
    return values


# Everything here has its logits in the layer called "logits", before that layer's activation.
SOFT = functools.partial(dense, "softmax")


def alone(make: Callable[[], Any]) -> Make:
    """Return an ending of one layer, made anew for each net."""
    return lambda x: make()(x)  # noqa: PLW0108 - a new layer each time


def two_heads(x: Any) -> Any:
    """Return the probabilities twice."""
    probabilities = SOFT()(x)
    return layers.Concatenate()([probabilities, probabilities])


def by_hand(x: Any) -> Any:
    """Return a softmax made of exponentials."""
    raised = ops.exp(dense()(x))
    return raised / ops.sum(raised, axis=-1, keepdims=True)


def shares_of(values: Any) -> Any:
    """Return values as shares of their sum."""
    return values / ops.sum(values, axis=-1, keepdims=True)


def over_the_length(x: Any) -> Any:
    """Return logits over the length of the features that they are made of: cosines but for a factor."""
    return layers.Rescaling(1.0, name="logits")(
        dense(name="z")(x) / ops.norm(x, axis=-1, keepdims=True)
    )


def yes_or_no(x: Any) -> Any:
    """Return the probabilities of no and of yes."""
    yes = layers.Dense(1, activation="sigmoid")(x)
    return layers.Concatenate()([1.0 - yes, yes])


def nested(*more: Any) -> Any:
    """Return the head as a model of its own."""
    return keras.Sequential([keras.Input((6,)), SOFT(), *more], name="head")


CLEAR: dict[str, tuple[Make, Callable[[np.ndarray], np.ndarray]]] = {
    "no activation": (alone(dense), same),
    "softmax": (alone(SOFT), same),
    "sigmoid": (alone(lambda: dense("sigmoid")), same),
    "log_softmax": (alone(lambda: dense("log_softmax")), same),
    "sparsemax": (alone(lambda: dense("sparsemax")), same),
    "tf.nn.softmax": (alone(lambda: dense(tf.nn.softmax)), same),
    "partial": (alone(lambda: dense(functools.partial(tf.nn.softmax, axis=-1))), same),
    "own function": (alone(lambda: dense(own_function)), same),
    "an activation layer as activation": (alone(lambda: dense(layers.Softmax())), same),
    "Softmax": (lambda x: layers.Softmax()(dense()(x)), same),
    "Activation": (lambda x: layers.Activation("softmax")(dense()(x)), same),
    "ops.softmax": (lambda x: ops.softmax(dense()(x)), same),
    "ops.sigmoid": (lambda x: ops.sigmoid(dense()(x)), same),
    "ops.log_softmax": (lambda x: ops.log_softmax(dense()(x)), same),
    "temperature": (
        lambda x: layers.Softmax()(layers.Rescaling(0.5)(dense()(x))),
        lambda v: 0.5 * v,
    ),
    "linear": (lambda x: layers.Activation("linear")(SOFT()(x)), same),
    "linear in float64": (lambda x: layers.Activation("linear", dtype="float64")(SOFT()(x)), same),
    "linear in float32": (lambda x: layers.Activation("linear", dtype="float32")(SOFT()(x)), same),
    "Identity": (lambda x: layers.Identity()(SOFT()(x)), same),
    "Dropout": (lambda x: layers.Dropout(0.5)(SOFT()(x)), same),
    "noise": (lambda x: layers.GaussianNoise(0.5)(SOFT()(x)), same),
    "ActivityRegularization": (lambda x: layers.ActivityRegularization(0.1)(SOFT()(x)), same),
    "Rescaling by 1": (lambda x: layers.Rescaling(1.0)(SOFT()(x)), same),
    "cast": (lambda x: ops.cast(SOFT()(x), "float16"), same),
    "Reshape": (lambda x: layers.Reshape((CLASSES,))(SOFT()(x)), same),
    "Reshape, Flatten": (
        lambda x: layers.Flatten()(layers.Reshape((1, 1, CLASSES))(SOFT()(x))),
        same,
    ),
    "rows": (lambda x: layers.Reshape((1, CLASSES))(SOFT()(x)), lambda v: v[:, None]),
    "Permute": (
        lambda x: layers.Permute((2, 1))(layers.Reshape((1, CLASSES))(SOFT()(x))),
        lambda v: v[:, :, None],
    ),
    "some of them": (lambda x: SOFT()(x)[:, 1:4], lambda v: v[:, 1:4]),
    "one of them": (lambda x: ops.split(SOFT()(x), CLASSES, axis=-1)[2], lambda v: v[:, 2:3]),
    "reversed": (lambda x: ops.flip(SOFT()(x), axis=-1), lambda v: v[:, ::-1]),
    "squeezed": (lambda x: ops.squeeze(layers.Reshape((1, CLASSES))(SOFT()(x)), axis=1), same),
    "RepeatVector": (lambda x: layers.RepeatVector(2)(SOFT()(x)), lambda v: np.stack([v, v], 1)),
    "Concatenate of one": (lambda x: layers.Concatenate()([SOFT()(x)]), same),
    "Average of one": (lambda x: layers.Average()([SOFT()(x)]), same),
    "two heads": (
        two_heads,
        lambda v: np.concatenate([v, v], axis=1),
    ),
    "softmax twice": (  # the second one's logits are what it is given, whatever made them
        lambda x: layers.Softmax()(layers.Dense(3, activation="softmax", name="logits")(x)),
        None,
    ),
    "nested": (alone(lambda: nested(layers.Dropout(0.1))), same),
    "by a number": (lambda x: dense()(x) / 4.0, lambda v: v / 4),
    "softsign by hand": (
        lambda x: (z := dense()(x)) / (1.0 + ops.abs(z)),
        lambda v: v / (1 + np.abs(v)),
    ),
    "by a learned number": (
        lambda x: (
            dense()(x) / (1.0 + layers.Dense(1, activation="relu", kernel_initializer="zeros")(x))
        ),
        same,
    ),
    "over the length of the features": (over_the_length, None),
    "nested, then linear": (lambda x: layers.Activation("linear")(nested()(x)), same),
    "SpectralNormalization": (
        alone(lambda: layers.SpectralNormalization(SOFT(), name="wrapped")),
        same,
    ),
    "a call of its own": (
        alone(lambda: Doubled(CLASSES, activation="softmax", name="logits")),
        same,
    ),
    "probabilities in front of the head": (
        lambda x: dense(name="logits")(layers.Dense(4, activation="softmax")(x)),
        same,
    ),
}
UNCLEAR: dict[str, Make] = {
    "Lambda": lambda x: layers.Lambda(ops.softmax)(dense()(x)),
    "Lambda, then Reshape": lambda x: layers.Reshape((CLASSES,))(
        layers.Lambda(ops.softmax)(dense()(x))
    ),
    "own layer": lambda x: OwnSoftmax()(dense()(x)),
    "a subclass with a softmax at its end": alone(lambda: Late(CLASSES)),
    "Average": lambda x: layers.Average()([SOFT(name="a")(x), SOFT(name="b")(x)]),
    "Average of sigmoids": lambda x: layers.Average()(
        [dense("sigmoid", name="a")(x), dense("sigmoid", name="b")(x)]
    ),
    "Maximum": lambda x: layers.Maximum()([SOFT(name="a")(x), SOFT(name="b")(x)]),
    "mean by operations": lambda x: (SOFT(name="a")(x) + SOFT(name="b")(x)) / 2.0,
    "Average, then linear": lambda x: layers.Activation("linear")(
        layers.Average()([SOFT(name="a")(x), SOFT(name="b")(x)])
    ),
    "softmax times something": lambda x: layers.Multiply()([SOFT()(x), dense(name="b")(x)]),
    "softmax times a number": lambda x: SOFT()(x) * 100.0,
    "Rescaling": lambda x: layers.Rescaling(100.0)(SOFT()(x)),
    "clipped": lambda x: ops.clip(SOFT()(x), 1e-6, 1.0),
    "logarithm": lambda x: ops.log(SOFT()(x)),
    "softmax by hand": by_hand,
    "shares of what is above 0": lambda x: shares_of(ops.relu(dense()(x))),
    "shares, for no division by 0": lambda x: (
        (r := ops.relu(dense()(x))) / (ops.sum(r, axis=-1, keepdims=True) + 1e-7)
    ),
    "shares, multiplied": lambda x: (
        (r := ops.softplus(dense()(x))) * ops.reciprocal(ops.sum(r, axis=-1, keepdims=True))
    ),
    "shares by another sum": lambda x: (
        (z := dense()(x)) / layers.Reshape((1,))(layers.Dot(1)([z, z]))
    ),
    "squares": lambda x: shares_of(ops.square(dense()(x))),
    "by the largest": lambda x: (z := dense()(x)) / ops.max(ops.abs(z), axis=-1, keepdims=True),
    "shares times a number": lambda x: 10.0 * shares_of(ops.relu(dense()(x))),
    "logarithm of shares": lambda x: ops.log(shares_of(ops.softplus(dense()(x)))),
    "shares, then Reshape": lambda x: layers.Reshape((CLASSES, 1))(shares_of(ops.relu(dense()(x)))),
    "of length 1": lambda x: layers.UnitNormalization()(dense()(x)),
    "normalized": lambda x: ops.normalize(dense()(x), order=1),
    "one minus": yes_or_no,
    "relu of probabilities": lambda x: layers.ReLU()(SOFT()(x)),
    "relu in ops": lambda x: ops.relu(SOFT()(x)),
    "BatchNormalization": lambda x: layers.BatchNormalization()(SOFT()(x)),
    "pooled probabilities": lambda x: layers.GlobalAveragePooling1D()(
        SOFT()(layers.Reshape((2, 3))(x))
    ),
    "sigmoid, then pooled": lambda x: layers.GlobalMaxPooling1D()(
        dense("sigmoid")(layers.Reshape((2, 3))(x))
    ),
    "pooled Lambda": lambda x: layers.GlobalAveragePooling1D()(
        layers.Lambda(ops.softmax)(dense()(layers.Reshape((2, 3))(x)))
    ),
    "recurrent": lambda x: layers.LSTM(CLASSES)(layers.Reshape((2, 3))(x)),
    "recurrent cell": lambda x: layers.RNN(layers.SimpleRNNCell(CLASSES))(
        layers.Reshape((2, 3))(x)
    ),
    "Bidirectional": lambda x: layers.Bidirectional(layers.GRU(3))(layers.Reshape((2, 3))(x)),
    "glu": lambda x: layers.Activation("glu")(layers.Dense(2 * CLASSES)(x)),
    "glu, fused": alone(lambda: layers.Dense(2 * CLASSES, activation="glu")),
    "own function that leaves some out": alone(lambda: dense(lambda t: ops.softmax(t)[:, :3])),
}


def probe_of(end: Make) -> fp.ModelProbe:
    """Return a small net with this ending."""
    keras.utils.set_random_seed(3)
    image = keras.Input((7, 6, 2))
    features = layers.Conv2D(6, 3, activation="relu", name="conv")(image)
    pooled = layers.GlobalAveragePooling2D(name="pooled")(features)
    return fp.ModelProbe(keras.Model(image, end(pooled)), input_space=RAW)


def images() -> np.ndarray:
    """Return three images."""
    return np.random.default_rng(4).random((3, 7, 6, 2), dtype=np.float32)


def logits_by_keras(probe: fp.ModelProbe) -> np.ndarray:
    """Return what the layer called ``logits`` makes before its activation, from its own weights."""
    path = next(p for p in probe.layers if p.split("/")[-1] in ("logits", "wrapped"))
    layer = probe.network.graph.call_of(path).layer
    kernel, bias = getattr(layer, "layer", layer).get_weights()
    call = probe.network.graph.call_of(path)
    source = next(
        name
        for c in probe.network.graph.calls
        for name in c.names
        if set(c.results) & set(call.sources)
    )
    features = probe.activations(images(), source)
    return (2 if isinstance(layer, Doubled) else 1) * features @ kernel + bias


@pytest.mark.parametrize("name", CLEAR)
def test_logits_are_looked_for_behind_what_changes_nothing(name: str) -> None:
    """``pre=True`` of the output are the true logits, in the output's own shape."""
    end, arrange = CLEAR[name]
    probe = probe_of(end)
    found = probe.activations(images(), fp.OUTPUT, pre=True)
    assert found.shape == probe.predict(images()).shape
    if arrange is None:
        wanted = probe.activations(images(), "logits")
    else:
        wanted = arrange(logits_by_keras(probe))
    np.testing.assert_allclose(
        found, wanted, rtol=2e-3 if name == "cast" else 1e-4, atol=1e-3 if name == "cast" else 1e-5
    )


@pytest.mark.parametrize("name", ["softmax", "linear in float32", "Reshape", "a call of its own"])
def test_a_logit_is_climbed_behind_what_changes_nothing(name: str) -> None:
    """The score of an ascent is the true logit of the image that it returns."""
    probe = probe_of(CLEAR[name][0])
    ascent = fp.Ascent(steps=3, starts=2, search=None, regularizers=())
    result = ascent.run(probe, fp.Logit(3), rng=7, progress=False)
    wanted = probe.activations(result.images[0], fp.OUTPUT, pre=True)[:, 3]
    np.testing.assert_allclose(result.scores[0], wanted, rtol=1e-4, atol=1e-5)
    assert np.abs(wanted - probe.predict(result.images[0])[:, 3]).min() > 1e-2


@pytest.mark.parametrize("name", UNCLEAR)
def test_what_cannot_be_turned_into_logits_is_refused(name: str) -> None:
    """No probability is taken for a logit; the output itself can be read."""
    probe = probe_of(UNCLEAR[name])
    with pytest.raises(fp.ModelError, match=r"before the activation of .*pre=False"):
        probe.activations(images(), fp.OUTPUT, pre=True)
    with pytest.raises(fp.ModelError, match="before the activation of"):
        probe.network.prepare([(read.layer, read.pre) for read in fp.Logit(1).reads()])
    assert probe.activations(images(), fp.OUTPUT).shape[0] == 3
