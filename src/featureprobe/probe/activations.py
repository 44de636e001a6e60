"""The value before a layer's activation, without touching the layer."""

from typing import Any, Literal

import keras

from featureprobe.errors import ModelError
from featureprobe.probe.keras_own import is_keras_own
from featureprobe.types import Tensor

# Layers whose last act is their `activation`, on the whole output.
_FUSED = (
    keras.layers.Dense,
    keras.layers.EinsumDense,
    keras.layers.Conv1D,
    keras.layers.Conv2D,
    keras.layers.Conv1DTranspose,
    keras.layers.Conv2DTranspose,
    keras.layers.DepthwiseConv1D,
    keras.layers.DepthwiseConv2D,
    keras.layers.SeparableConv1D,
    keras.layers.SeparableConv2D,
)
_ALONE = (
    keras.layers.Activation,
    keras.layers.ReLU,
    keras.layers.LeakyReLU,
    keras.layers.PReLU,
    keras.layers.ELU,
    keras.layers.Softmax,
)
_ALONE_OPS = frozenset({"Relu", "Relu6", "LeakyRelu", "Elu", "Selu", "Gelu", "Silu", "Softmax",
                        "Sigmoid", "Softplus", "Tanh", "HardSigmoid", "HardSilu"})  # fmt: skip


def strip_activation(layer: Any, path: str) -> Literal["none", "input", "fused"]:
    """Say how to get the value before the activation of ``layer``.

    Returns:
        ``"none"``: it has no activation, its output is the value. ``"input"``: it is an activation,
        its input is the value. ``"fused"``: run :class:`Twin` with a linear activation.

    Raises:
        ModelError: When the layer has an activation of a kind that cannot be taken off.
    """
    kind, own = type(layer), is_keras_own(layer)
    if own and (kind in _ALONE or kind.__name__ in _ALONE_OPS):
        return "input"
    activation = getattr(layer, "activation", None)
    idle = activation is None or activation is keras.activations.linear
    if idle and not isinstance(layer, _ALONE):
        if isinstance(layer, keras.Model):
            raise ModelError(
                f"{path!r} is a subclassed model: what happens before its last activation cannot "
                "be seen. Read its output (pre=False), or probe a functional model."
            )
        return "none"
    if own and kind in _FUSED:
        return "fused"
    raise ModelError(
        f"The value before the activation of {path!r} ({kind.__name__}) cannot be read: only Keras' "
        "own Dense, convolution and activation layers, unchanged, let it be taken off. Read it with "
        "pre=False, or make the activation a layer of its own."
    )


class Twin:
    """A layer's computation with its weights, but with some of its config changed.

    The twin is made from the layer's config and borrows the weights at each call, so it follows
    them and the user's layer stays as it is.

    Args:
        layer: The layer.
        **changes: Entries of its config, such as ``activation="linear"``.
    """

    def __init__(self, layer: Any, **changes: Any) -> None:
        self._layer = layer
        self._twin = type(layer).from_config({**layer.get_config(), **changes})
        if layer.variables:
            shape = layer.get_build_config()["input_shape"]
            if "padding" in changes:  # such a twin gets inputs of any height and width
                shape = (shape[0], *(None for _ in shape[1:-1]), shape[-1])
            self._twin.build(shape)

    def call(self, values: Tensor) -> Tensor:
        """Return the changed layer's output."""
        borrowed = zip(self._twin.variables, self._layer.variables, strict=True)
        # Not stateless_call: that leaves out the casts of mixed precision.
        with keras.StatelessScope(state_mapping=[(own, lent.value) for own, lent in borrowed]):
            return self._twin(values)

    __call__ = call
