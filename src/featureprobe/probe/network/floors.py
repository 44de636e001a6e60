"""Floors: the values below which what a layer gives cannot fall, and at which it is flat.

A ReLU gives nothing below 0, and at 0 no gradient passes. Pooling, sums and the like of such values
have floors of their own. Values without a floor, such as those of a linear layer or of tanh, say
nothing by being low. A floor is stated only where the layers prove it.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import tree

from featureprobe.probe.graph.call import Call
from featureprobe.probe.layers.keras_own import is_keras_own
from featureprobe.probe.network.network import Network
from featureprobe.types import FloatArray

# Never fall when an input rises, whatever their settings; layers and operations by the same name.
_RISING = frozenset({
    "MaxPooling1D", "MaxPooling2D", "MaxPooling3D", "AveragePooling1D", "AveragePooling2D",
    "AveragePooling3D", "GlobalMaxPooling1D", "GlobalMaxPooling2D", "GlobalMaxPooling3D",
    "GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalAveragePooling3D", "MaxPool",
    "AveragePool", "Flatten", "Reshape", "Permute", "Transpose", "RepeatVector", "Squeeze",
    "ExpandDims", "Cropping1D", "Cropping2D", "Cropping3D", "ZeroPadding1D", "ZeroPadding2D",
    "ZeroPadding3D", "Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D",
    "GaussianNoise", "GaussianDropout", "AlphaDropout", "Identity", "ActivityRegularization",
    "UpSampling1D", "UpSampling3D", "Add", "Average", "Maximum", "Minimum", "Concatenate", "Mean",
    "Max", "Min", "GetItem", "Clip",
})  # fmt: skip
# Compute kernel and bias, then the activation on all that they give.
_WEIGHTED = frozenset({
    "Dense", "EinsumDense", "Conv1D", "Conv2D", "Conv3D", "Conv1DTranspose", "Conv2DTranspose",
    "Conv3DTranspose", "DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D",
})  # fmt: skip
_WRAPPERS = frozenset({"TimeDistributed", "SpectralNormalization"})
# Flat at this value for all inputs that are low enough, and nowhere lower.
_FLAT = {"relu": 0.0, "relu6": 0.0, "hard_sigmoid": 0.0, "hard_tanh": -1.0, "sparse_plus": 0.0,
         "sparse_sigmoid": 0.0, "sparsemax": 0.0}  # fmt: skip
_FLAT_OPS = {"Relu": 0.0, "Relu6": 0.0, "HardSigmoid": 0.0, "HardTanh": -1.0, "SparsePlus": 0.0,
             "SparseSigmoid": 0.0, "Sparsemax": 0.0}  # fmt: skip
# Have no such value, but never fall when their input rises.
_STEADY = ("linear", "tanh", "sigmoid", "softplus", "softsign", "elu", "selu", "celu",
           "exponential", "leaky_relu", "log_sigmoid", "squareplus")  # fmt: skip
_STEADY_OPS = frozenset({"Tanh", "Sigmoid", "Softplus", "Softsign", "Elu", "Selu", "Celu", "Exp",
                         "LogSigmoid", "Squareplus"})  # fmt: skip

# For values without a floor; what depends on the choice has none either. Not -inf: maxima of no values
# are other numbers, and products with 0 are none.
_STAND_INS = (-1000.0, -2000.0)

Floors = dict[int, FloatArray]
"""What is known already, by value number."""


def floors_of(network: Network, layer: str, known: Floors | None = None) -> FloatArray:
    """Return the floor of each value of a layer's output, in its shape; -inf for none.

    Args:
        network: The net.
        layer: Path of the layer.
        known: Floors found before, from the same weights; new ones are added.
    """
    return _Reader(network, {} if known is None else known).of(network.graph.number_of(layer))


class _Reader:
    """Follows values back to the activations that bound them."""

    def __init__(self, network: Network, known: Floors) -> None:
        self._network, self._known = network, known
        self._calls = {n: call for call in network.graph.calls for n in call.results}

    def of(self, number: int) -> FloatArray:
        """Return the floors of one value."""
        if number not in self._known:
            shape = self._network.shapes[number]
            found = self._found(self._calls.get(number), shape)
            self._known[number] = np.where(np.isfinite(found), found, -np.inf)
        return self._known[number]

    def _found(self, call: Call | None, shape: tuple[int, ...]) -> FloatArray:
        nothing = np.full(shape, -np.inf, np.float32)
        if call is None or len(call.results) != 1 or not is_keras_own(call.layer):
            return nothing
        own = flat_floor(call.layer)
        bounded = nothing if own is None else np.full(shape, own, np.float32)
        made = self._made(call)
        if made is None:
            return bounded
        floors: FloatArray = np.maximum(made.reshape(shape), bounded)
        return floors

    def _made(self, call: Call) -> FloatArray | None:
        """Return what a call gives when all that it gets is at its floor; None where that is no floor."""
        # Only when asked for: what lies below may be the whole net.
        sources = functools.cache(lambda: [self.of(number) for number in call.sources])
        falling = _falling(call, sources)
        if falling is None:
            return None
        made, other = (self._run(call, sources(), low) for low in _STAND_INS)
        return np.asarray(np.where((made != other) | falling, -np.inf, made))

    def _run(self, call: Call, sources: Sequence[FloatArray], low: float) -> FloatArray:
        """Return what a call gives for these values, with another one for -inf."""
        rows, dtype = self._network.rows, self._network.dtype
        batch = 1 if rows is None else rows.size
        given = {
            number: tf.constant(np.stack([np.where(np.isneginf(s), low, s)] * batch), dtype)
            for number, s in zip(call.sources, sources, strict=True)
        }
        return _first(call.run(given)[0])


def _first(made: Any) -> FloatArray:
    values: FloatArray = np.asarray(made, np.float32)[0]
    return values


def flat_floor(layer: Any) -> float | None:
    """Return the value at which a layer's own activation is flat at its lower end; None for none."""
    name = type(layer).__name__
    if name in _WRAPPERS:
        return flat_floor(layer.layer) if is_keras_own(layer.layer) else None
    if name == "ReLU":
        return 0.0 if not layer.negative_slope and layer.threshold >= 0 else None
    if name in _FLAT_OPS:
        return _FLAT_OPS[name]
    if name not in _WEIGHTED and name != "Activation":
        return None
    function = layer.activation
    if isinstance(function, keras.layers.Layer):
        return flat_floor(function) if is_keras_own(function) else None
    return _flat_functions().get(id(function), (None, None))[1]


def _falling(call: Call, sources: Callable[[], Sequence[FloatArray]]) -> Any:
    """Return where a call's output has no floor though all its inputs are at theirs.

    Args:
        call: The call.
        sources: Gives the floors of its inputs.

    Returns:
        Booleans that broadcast to the output; None where the output may fall when an input rises.
    """
    layer, name = call.layer, type(call.layer).__name__
    if name in _RISING or (name == "Threshold" and layer.default_value <= layer.threshold):
        return False
    if name == "UpSampling2D" and layer.interpolation in ("nearest", "bilinear"):
        return False
    if name == "Rescaling":
        return np.asarray(layer.scale) < 0
    if name == "BatchNormalization" and layer.axis in (-1, len(sources()[0].shape)):
        return False if layer.gamma is None else np.asarray(layer.gamma) < 0
    if name == "Multiply" and len(tree.flatten(call.args)) == len(call.sources):
        # A product rises only with what is not below 0.
        return functools.reduce(np.logical_or, [source < 0 for source in sources()])
    return np.isneginf(sources()[0]) if _is_steady(layer) else None


def _is_steady(layer: Any) -> bool:
    """Whether a layer is a function of each value that never falls when it rises."""
    name = type(layer).__name__
    if name == "ReLU":
        return bool(layer.negative_slope >= 0 and layer.threshold >= 0)
    if name in ("LeakyReLU", "ELU"):
        return bool(getattr(layer, "negative_slope", getattr(layer, "alpha", 0.0)) >= 0)
    if name == "Activation":
        known: dict[int, Any] = _flat_functions() | _steady_functions()
        return id(layer.activation) in known and layer.activation is not keras.activations.sparsemax
    return name in _STEADY_OPS or (name in _FLAT_OPS and name != "Sparsemax")


@functools.cache
def _flat_functions() -> dict[int, tuple[Callable[..., Any], float]]:
    """Return by identity the activation functions of :data:`_FLAT`, and their floors."""
    homes = (keras.activations, keras.ops)
    named = [(getattr(h, name, None), low) for h in homes for name, low in _FLAT.items()]
    named += [(tf.nn.relu, 0.0), (tf.nn.relu6, 0.0)]
    return {id(function): (function, low) for function, low in named if function is not None}


@functools.cache
def _steady_functions() -> dict[int, Callable[..., Any]]:
    """Return by identity the activation functions of :data:`_STEADY`."""
    homes = (keras.activations, keras.ops)
    found = [getattr(home, name, None) for home in homes for name in _STEADY]
    found += [tf.nn.tanh, tf.nn.sigmoid, tf.nn.softplus, tf.nn.elu, tf.nn.selu, tf.identity]
    return {id(function): function for function in found if function is not None}
