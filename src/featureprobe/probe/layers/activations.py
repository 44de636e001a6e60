"""How the activation of a layer is taken off, without touching the layer."""

import inspect
from typing import Any, Literal, NamedTuple
from weakref import WeakKeyDictionary, ref

import keras
import tensorflow as tf
from keras import tree

from featureprobe.errors import ModelError
from featureprobe.probe.layers.keras_own import is_valuewise_function
from featureprobe.probe.layers.twin import Overheard, with_activation, wrapped
from featureprobe.probe.layers.value_flow import APPLYING, is_known, kind_of_function

# Keras' own layers whose last act is their `activation`, on the whole output.
_FUSED = (
    "Dense", "EinsumDense", "Conv1D", "Conv2D", "Conv3D", "Conv1DTranspose", "Conv2DTranspose",
    "Conv3DTranspose", "DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D",
)  # fmt: skip
_ALONE = (
    "ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax",
    # Operations of keras.ops.
    "Relu", "Relu6", "LeakyRelu", "Elu", "Selu", "Celu", "Gelu", "Glu", "Silu", "Sigmoid",
    "LogSigmoid", "SparseSigmoid", "Softplus", "SparsePlus", "Squareplus", "Softsign", "SoftShrink",
    "Tanh", "TanhShrink", "HardSigmoid", "HardSilu", "HardTanh", "HardShrink", "Threshold",
    "LogSoftmax", "Sparsemax",
)  # fmt: skip

Way = Literal["none", "input", "fused"]


class Ending(NamedTuple):
    """How a layer ends.

    Attributes:
        way: ``"none"``: with no activation, its output is the value. ``"input"``: it is an
            activation, its input is the value. ``"fused"``: with one that a twin does without.
        function: The activation, or the activation layer itself; None without one.
    """

    way: Way
    function: Any


def strip_activation(layer: Any, path: str) -> Way:
    """Say how to get the value before the activation of ``layer``; see :attr:`Ending.way`.

    Raises:
        ModelError: When the layer has an activation of a kind that cannot be taken off, or it
            cannot be known whether it has one.
    """
    return ending_of(layer, path).way


def ending_of(layer: Any, path: str) -> Ending:
    """Say how a layer ends; see :func:`strip_activation`."""
    if isinstance(layer, keras.Model):
        raise ModelError(
            f"{path!r} is a subclassed model: what happens before its last activation cannot "
            "be seen. Read its output (pre=False), or probe a functional model."
        )
    found = _of_keras(layer, path) if is_known(layer) else _of_users(layer)
    if found is None:
        raise ModelError(
            f"The value before the activation of {path!r} ({type(layer).__name__}) cannot be "
            f"read: {_reason(layer)}. Read its output as it is (pre=False, such as fp.Node(layer, "
            "index=...)), or read an earlier layer."
        )
    return found


def _reason(layer: Any) -> str:
    if not is_known(layer) and not callable(getattr(layer, "activation", None)):
        return "it is no layer of Keras' own, unchanged, so that it may end in any activation"
    if not is_known(layer):
        return (
            "it is no layer of Keras' own, unchanged, and its activation is not seen to be the last "
            "thing that it does"
        )
    return "its activation is not the last thing that it does, or makes another number of values"


def _of_keras(layer: Any, path: str) -> Ending | None:
    """Return how a layer of Keras' own ends; None when its activation cannot be taken off."""
    name, activation = type(layer).__name__, getattr(layer, "activation", None)
    if name in APPLYING:
        if isinstance(layer.layer, keras.Model):
            return None
        inner = ending_of(layer.layer, path)
        return Ending(inner.way, layer.layer) if inner.way == "input" else inner
    if activation is keras.activations.linear:
        return Ending("none", None)
    if name in _ALONE:
        return Ending("input", layer) if _keeps_its_shape(layer) else None
    if activation is None:
        return Ending("none", None)
    if name not in _FUSED and name != "Activation":
        return None
    known = is_valuewise_function(activation) or kind_of_function(activation) == "probability"
    if not known and not _overheard(layer, activation):
        return None
    return Ending("input", layer) if name == "Activation" else Ending("fused", activation)


def _keeps_its_shape(layer: Any) -> bool:
    """Whether an activation makes as many values as it is given, where its calls are known."""
    nodes = getattr(layer, "_inbound_nodes", ())
    return all(n.input_tensors[0].shape == n.outputs[0].shape for n in nodes)


def _of_users(layer: Any) -> Ending | None:
    """Return how a layer of the user's own ends, by running it; None when that does not tell."""
    inner = layer
    while wrapped(inner) is not None:
        inner = wrapped(inner)
    activation = getattr(inner, "activation", None)
    if not callable(activation) or not _overheard(layer, activation):
        return None
    return (
        Ending("none", None)
        if activation is keras.activations.linear
        else Ending("fused", activation)
    )


_HEARD: WeakKeyDictionary[Any, tuple[ref[Any], bool]] = WeakKeyDictionary()


def _overheard(layer: Any, activation: Any) -> bool:
    """Whether a layer's activation runs once and last, and makes as many values as it is given."""
    known, last = _HEARD.get(layer, (None, False))
    if known is None or known() is not activation:
        nodes = getattr(layer, "_inbound_nodes", ())
        last = bool(nodes) and all(_ends(layer, node, activation) for node in nodes)
        _HEARD[layer] = ref(activation), last
    return last


def _ends(layer: Any, node: Any, activation: Any) -> bool:
    """Run a layer as it was called, on no numbers, and look at what its activation gets."""
    given = (node.arguments.args, node.arguments.kwargs)
    tensors = node.arguments.keras_tensors
    heard, made = Overheard(activation), []

    def run(*values: Any) -> None:
        filled = {id(t): v for t, v in zip(tensors, values, strict=True)}
        args, kwargs = tree.map_structure(lambda a: filled.get(id(a), a), given)
        if takes_training(layer):
            kwargs = {**kwargs, "training": False}
        with keras.StatelessScope(initialize_variables=False):
            made.append(with_activation(layer, heard)(*args, **kwargs))

    with tf.init_scope():
        specs = [tf.TensorSpec(t.shape, t.dtype) for t in tensors]
        tf.function(run, autograph=False).get_concrete_function(*specs)
    if len(heard.made) != 1 or made[0] is not heard.made[0]:
        return False
    return bool(heard.given[0].shape.as_list() == heard.made[0].shape.as_list())


def takes_training(layer: Any) -> bool:
    """Whether a layer or operation can be told that nothing is trained.

    Keras' layers all can: one whose own ``call`` does not take it tells the layers in it.
    """
    return isinstance(layer, keras.Layer) or "training" in inspect.signature(layer.call).parameters
