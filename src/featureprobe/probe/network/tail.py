"""Tail: what a net makes of the output of one of its layers."""

from functools import cached_property
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from featureprobe.errors import ModelError
from featureprobe.probe.graph.call import Call
from featureprobe.probe.layers.keras_own import is_keras_own
from featureprobe.probe.layers.value_flow import keeps_values
from featureprobe.probe.network.network import Network
from featureprobe.probe.network.rows import parts_of
from featureprobe.types import OUTPUT, FloatArray, Tensor

_BATCH = 512
# Linear in (input, biases) for a given pattern of open units and chosen maxima.
_LINEAR = (
    "Dense", "Conv1D", "Conv2D", "DepthwiseConv2D", "SeparableConv2D", "Conv2DTranspose",
    "BatchNormalization", "MaxPooling1D", "MaxPooling2D", "AveragePooling1D", "AveragePooling2D",
    "GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalMaxPooling1D", "GlobalMaxPooling2D",
    "Flatten", "Reshape", "Permute", "ZeroPadding2D", "Cropping2D", "UpSampling2D", "Add",
    "Subtract", "Average", "Maximum", "Minimum", "Concatenate", "Dropout", "SpatialDropout2D",
    "GaussianNoise", "GaussianDropout", "Identity", "ActivityRegularization", "PReLU", "LeakyReLU",
    "Negative",
)  # fmt: skip
_OPEN_OR_CLOSED = (
    keras.activations.linear, keras.activations.relu, keras.activations.leaky_relu,
    keras.ops.relu, keras.ops.leaky_relu, tf.identity, tf.nn.relu, tf.nn.leaky_relu,
)  # fmt: skip
_OF_SEVERAL = ("Add", "Subtract", "Maximum", "Minimum")
_BIASES = ("bias", "beta", "moving_mean")


def tail_of(network: Network, layer: str) -> "Tail":
    """Return the rest of a net after a layer, made and traced once; see :class:`Tail`."""
    return network.compiled(("tail", layer), lambda: Tail(network, layer))


class Tail:
    """The rest of a net after a layer, as a function of that layer's output.

    Args:
        network: The net.
        layer: Path of the layer.

    Raises:
        UnknownLayerError: When there is no such layer.
        ModelError: When the image reaches the output past the layer, so that the layer's output
            alone does not tell the rest; or when the output's last activation cannot be taken off.
    """

    def __init__(self, network: Network, layer: str) -> None:
        self._network, self.layer = network, layer
        self._number = network.graph.number_of(layer)
        self.calls = self._calls()
        if network.graph.steps_before(((OUTPUT, True),)).get(self._number, "same") != "same":
            raise ModelError(
                f"The output before its activation is not made from the output of {layer!r}, but "
                "from what comes before its activation. Choose an earlier layer."
            )

    def _calls(self) -> tuple[Call, ...]:
        graph = self._network.graph
        wanted, found = {graph.number_of(OUTPUT)}, []
        for call in reversed(graph.calls):
            if self._number not in call.results and wanted & set(call.results):
                wanted |= set(call.sources)
                found.append(call)
        images = set(self._network.image_inputs)
        if images & wanted and self._number not in images:
            raise ModelError(
                f"The image reaches the output of this model past {self.layer!r}, by a branch or a "
                "skip connection. Choose a layer that all paths go through."
            )
        if self._number not in wanted or not found:
            raise ModelError(
                f"Nothing follows {self.layer!r} on the way to the output. Choose an earlier layer."
            )
        return tuple(reversed(found))

    def run(self, values: Tensor) -> Tensor:
        """Return the output before its activation, (N, K), for outputs (N, ...) of the layer."""
        given = tf.cast(values, self._network.dtype_inside(self.layer))
        known: dict[int, Tensor] = {self._number: given} | self._network.constants(values)
        found = self._network.graph.run_between(self.calls, known, OUTPUT)
        return tf.cast(found, self._network.dtype)

    def logits(self, values: FloatArray) -> FloatArray:
        """Return the output before its activation for arrays, in batches."""
        return self._batched(self._compiled, values)[0]

    def slopes(self, values: FloatArray, weights: FloatArray) -> FloatArray:
        """Return (N, ...): how a weighted sum of outputs grows with each node; as for :meth:`split`."""
        return self._batched(self._slope, values, weights)[0]

    def split(self, values: FloatArray, weights: FloatArray) -> tuple[FloatArray, ...]:
        """Return output, share of each node and share of the biases, for a weighted sum of outputs.

        Where the tail is piecewise linear, the shares of nodes and biases add up to the sum: each
        node's is its value times the sum's slope along it; that of the biases is the slope along
        all of them at once, times them (Srinivas and Fleuret, "Full-gradient representation", 2019).

        Args:
            values: (N, ...) outputs of the layer.
            weights: (K,) of the outputs, such as 1 and -1 for a margin.

        Returns:
            (N,), (N, ...) and (N,), in the dtype of activations.
        """
        return self._batched(self._split, values, weights)

    def _batched(
        self, call: Any, values: FloatArray, *others: FloatArray
    ) -> tuple[FloatArray, ...]:
        """Return what a compiled call gives for arrays (N, ...), in batches that the net takes."""
        dtype, made = self._network.dtype, []
        constants = [tf.constant(other, dtype) for other in others]
        for part, count in parts_of(self._network.rows, values, _BATCH):
            found = tf.nest.flatten(call(tf.constant(part, dtype), *constants))
            made.append([np.asarray(v)[:count] for v in found])
        return tuple(np.concatenate(parts) for parts in zip(*made, strict=True))

    @cached_property
    def _compiled(self) -> Any:
        return tf.function(self.run, autograph=False).get_concrete_function(self._spec)

    @cached_property
    def _split(self) -> Any:
        def both(values: Tensor, weights: Tensor) -> tuple[Tensor, Tensor, Tensor]:
            biases = self.biases
            with tf.autodiff.ForwardAccumulator(biases, [tf.identity(b) for b in biases]) as ahead:
                with tf.GradientTape(watch_accessed_variables=False) as tape:
                    tape.watch(values)
                    total = tf.linalg.matvec(self.run(values), weights)
                share = ahead.jvp(total, tf.UnconnectedGradients.ZERO)
            return total, values * tape.gradient(total, values), share

        classes = tf.TensorSpec((None,), self._network.dtype)
        # Concrete: many nets in one process would make plain calls warn of retracing.
        return tf.function(both, autograph=False).get_concrete_function(self._spec, classes)

    @cached_property
    def _slope(self) -> Any:
        def slope(values: Tensor, weights: Tensor) -> Tensor:
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(values)
                total = tf.linalg.matvec(self.run(values), weights)
            return tape.gradient(total, values)

        classes = tf.TensorSpec((None,), self._network.dtype)
        return tf.function(slope, autograph=False).get_concrete_function(self._spec, classes)

    @property
    def _spec(self) -> Any:
        size = None if self._network.rows is None else self._network.rows.size
        return tf.TensorSpec((size, *self._network.shape_of(self.layer)), self._network.dtype)

    @property
    def biases(self) -> list[Any]:
        """The variables that are added: biases, offsets and means of normalizations."""
        layers = {id(call.layer): call.layer for call in self.calls}
        found = [getattr(layer, name, None) for layer in layers.values() for name in _BIASES]
        return [variable.value for variable in found if variable is not None]

    @property
    def obstacle(self) -> str | None:
        """Why the tail is not piecewise linear in its input and biases; None when it is."""
        steps = self._network.graph.steps_before(((OUTPUT, True),))
        for call in self.calls:
            if keeps_values(call.layer, len(call.sources)):
                continue
            if reason := _obstacle(call, off=steps.get(call.results[0]) == "off"):
                return f"{call.path!r} {reason}"
        return None


def _obstacle(call: Call, *, off: bool) -> str | None:
    """Say why a layer is not piecewise linear, ``off``: without its activation."""
    layer, name = call.layer, type(call.layer).__name__
    if not is_keras_own(layer):
        return f"({name}) is no layer of Keras' own, so that nothing is known of what it computes"
    if off and name in ("Softmax", "Activation"):
        return None  # it is taken off
    if name in ("ReLU", "Relu", "LeakyRelu", "Activation"):
        return _of_relu(layer)
    if name not in _LINEAR:
        return f"({name}) is no piecewise linear layer"
    if name in _OF_SEVERAL and len(call.sources) < 2:
        return f"({name}) takes a constant, which is nobody's share"
    activation = getattr(layer, "activation", None)
    if activation is None or off or name == "LeakyReLU":
        return None
    return _of_activation(activation)


def _of_relu(layer: Any) -> str | None:
    if getattr(layer, "max_value", None) is not None or getattr(layer, "threshold", None):
        return "saturates, which adds a constant that is nobody's share"
    activation = getattr(layer, "activation", None)
    return None if activation is None else _of_activation(activation)


def _of_activation(activation: Any) -> str | None:
    if any(activation is known for known in _OPEN_OR_CLOSED):
        return None
    if is_keras_own(activation) and type(activation) in (keras.layers.ReLU, keras.layers.LeakyReLU):
        return _of_relu(activation)
    name = getattr(activation, "__name__", type(activation).__name__)
    return f"has the activation {name}, which is not piecewise linear"
