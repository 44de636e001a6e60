"""What of a layer is Keras' own code, so that what is known of its class holds for it.

A class's name and its ancestors tell nothing of what it computes: a subclass of ``Conv2D`` may have
another ``call``, a layer of the user's own may be called ``Normalization``, and a method may be set
on an instance or on Keras' class itself. What is known of a kind of layer is used only for Keras'
own code, whole; anything else is run as it is.
"""

import functools
import sys
from collections.abc import Iterator
from types import FunctionType
from typing import Any

import keras
import tensorflow as tf

_HOMES = ("keras", "tensorflow")  # a Keras layer has ancestors in both

# By the functional form of an activation: each value by itself.
_KERAS_VALUES = (
    "abs", "absolute", "celu", "elu", "exp", "expm1", "exponential", "gelu", "hard_shrink",
    "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh", "leaky_relu", "linear", "log1p",
    "log_sigmoid", "mish", "negative", "relu", "relu6", "selu", "sigmoid", "sign", "silu", "sin",
    "cos", "soft_shrink", "softplus", "softsign", "sparse_plus", "sparse_sigmoid", "sqrt", "square",
    "squareplus", "swish", "tanh", "tanh_shrink", "threshold", "clip", "erf", "arctan", "sinh",
    "cosh", "arcsinh", "rsqrt", "log", "reciprocal", "floor", "ceil", "round", "stop_gradient",
)  # fmt: skip
_KERAS_CHANNELS = ("softmax", "log_softmax", "sparsemax", "glu")
_TF_VALUES = (
    "nn.relu", "nn.relu6", "nn.leaky_relu", "nn.elu", "nn.selu", "nn.gelu", "nn.silu", "nn.swish",
    "nn.sigmoid", "nn.tanh", "nn.softplus", "nn.softsign", "identity", "stop_gradient", "abs",
    "exp", "sqrt", "square", "sign", "sigmoid", "tanh", "negative", "sin", "cos", "round", "floor",
    "clip_by_value", "math.abs", "math.acos", "math.acosh", "math.asin", "math.asinh", "math.atan",
    "math.atanh", "math.ceil", "math.cos", "math.cosh", "math.erf", "math.erfc", "math.exp",
    "math.expm1", "math.floor", "math.log", "math.log1p", "math.log_sigmoid", "math.negative",
    "math.reciprocal", "math.reciprocal_no_nan", "math.rint", "math.round", "math.rsqrt",
    "math.sigmoid", "math.sign", "math.sin", "math.sinh", "math.softplus", "math.softsign",
    "math.sqrt", "math.square", "math.tan", "math.tanh",
)  # fmt: skip
_TF_CHANNELS = ("nn.softmax", "nn.log_softmax", "math.softmax", "math.log_softmax", "nn.crelu")
# Layers that act value by value, and may be given as an activation.
_LAYERS = (keras.layers.ReLU, keras.layers.LeakyReLU, keras.layers.ELU, keras.layers.PReLU)
# Operations of keras.ops that stand in a functional graph like layers.
_OF_OPERATIONS = ("keras.src.ops.nn", "keras.src.ops.numpy")
_OPERATIONS = (
    "Celu", "Elu", "Gelu", "HardShrink", "HardSigmoid", "HardSilu", "HardTanh", "LeakyRelu",
    "LogSigmoid", "Relu", "Relu6", "Selu", "Sigmoid", "Silu", "SoftShrink", "Softplus", "Softsign",
    "SparsePlus", "SparseSigmoid", "Squareplus", "Tanh", "TanhShrink", "Threshold",
)  # fmt: skip
# What runs when a model is called, before and between its layers.
_ON_CALLING = ("__call__", "call", "_standardize_inputs", "_convert_inputs_to_tensors",
               "_adjust_input_rank", "_run_through_graph")  # fmt: skip
_SOUND: dict[type, dict[str, Any]] = {}  # attributes of classes that were looked through


def is_keras_own(layer: Any) -> bool:
    """Whether a layer or operation computes what Keras' class of that name computes.

    Its class, not only an ancestor, is Keras'; no method of that class or of its ancestors was
    replaced; and no attribute of the instance takes a method's place. What a user can hand in, an
    activation or a wrapped layer, is a part of its own: see :func:`is_pointwise_function`.
    """
    kind = type(layer)
    if not _is_found_at_home(kind) or not all(map(_is_untouched, kind.__mro__[:-1])):
        return False
    return all(_is_wrapped_by_keras(layer, name) for name in _shadowing(layer, kind))


def runs_its_graph(model: keras.Model) -> bool:
    """Whether a Sequential or functional model does what its graph says when it is called.

    Neither the instance nor its class has code of the user's own on the way: a subclass may change
    ``call``, but also ``__call__`` or how inputs are taken.
    """
    return not set(_ON_CALLING) & set(vars(model)) and all(
        home_of(getattr(type(model), name)) in _HOMES
        for name in _ON_CALLING
        if hasattr(type(model), name)
    )


def home_of(function: Any) -> str:
    """Return the package in which a function was written."""
    return str(getattr(function, "__globals__", {}).get("__name__", "")).split(".")[0]


def is_pointwise_function(function: Any) -> bool:
    """Whether an activation acts value by value, or over the channels of a position only.

    True for Keras' and TensorFlow's own functions of that kind, for Keras' activation layers, for
    None and for a ``functools.partial`` that leaves the axes alone; False for everything else, such
    as a function of the user's own, which may look at all positions.
    """
    if isinstance(function, keras.layers.Activation) and is_keras_own(function):
        return is_pointwise_function(function.activation)
    if isinstance(function, keras.layers.Softmax):
        return is_keras_own(function) and function.axis == -1
    return is_valuewise_function(function) or _is_one_of(function, _over_channels())


def is_valuewise_function(function: Any) -> bool:
    """Whether an activation acts on each value by itself; like :func:`is_pointwise_function`."""
    if function is None or (isinstance(function, str) and function == "linear"):
        return True
    if isinstance(function, keras.Operation):
        return _is_valuewise_layer(function)
    return _is_one_of(function, _value_by_value())


def _is_valuewise_layer(layer: Any) -> bool:
    if type(layer) is keras.layers.Activation:
        return is_keras_own(layer) and is_valuewise_function(layer.activation)
    kind = type(layer)
    known = kind in _LAYERS or (kind.__module__ in _OF_OPERATIONS and kind.__name__ in _OPERATIONS)
    return known and is_keras_own(layer)


def _is_one_of(function: Any, known: dict[int, Any]) -> bool:
    """Whether a function is in a table, by identity; maybe with scalar arguments bound to it."""
    while isinstance(function, functools.partial):
        if not _leaves_axes(function):
            return False
        function = function.func
    return id(innermost(function)) in known


def _leaves_axes(bound: "functools.partial[Any]") -> bool:
    """Whether the arguments bound to a function are numbers that choose no other axis."""
    plain = all(
        value is None or isinstance(value, bool | int | float)
        for value in (*bound.args, *bound.keywords.values())
    )
    axes = {bound.keywords.get(name, -1) for name in ("axis", "axes", "dim")} if plain else set()
    return plain and axes == {-1}


@functools.cache
def _value_by_value() -> dict[int, Any]:
    """The functions that act on each value by itself, by identity."""
    return _functions(_KERAS_VALUES, _TF_VALUES)


@functools.cache
def _over_channels() -> dict[int, Any]:
    """The functions that act over the last axis, unless told otherwise."""
    return _functions(_KERAS_CHANNELS, _TF_CHANNELS)


def _functions(of_keras: tuple[str, ...], of_tensorflow: tuple[str, ...]) -> dict[int, Any]:
    homes = (keras.activations, keras.ops)
    found = [getattr(home, name, None) for home in homes for name in of_keras]
    found += [functools.reduce(_attribute, path.split("."), tf) for path in of_tensorflow]
    return {id(innermost(function)): function for function in found if function is not None}


def _attribute(home: Any, name: str) -> Any:
    return getattr(home, name, None)


def _is_found_at_home(kind: type) -> bool:
    """Whether Keras' module of that name holds this very class."""
    home = kind.__module__
    if home.split(".")[0] != "keras":
        return False
    return getattr(sys.modules.get(home), kind.__qualname__, None) is kind


def _is_untouched(owner: type) -> bool:
    """Whether all methods of a class are those that its author wrote into it."""
    now = dict(vars(owner))
    if _SOUND.get(owner) == now:
        return True
    sound = owner.__module__.split(".")[0] in _HOMES and all(
        _is_written_there(owner, name, value) for name, value in now.items()
    )
    if sound:
        _SOUND[owner] = now
    return sound


def _is_written_there(owner: type, name: str, value: Any) -> bool:
    functions = list(_functions_of(value))
    if not functions:  # a plain attribute; no class of Keras holds other callables
        return not callable(value) or isinstance(value, type)
    return all(
        isinstance(function, FunctionType)
        and function.__globals__.get("__name__", "").split(".")[0] in _HOMES
        and function.__module__ == owner.__module__
        and function.__qualname__ == f"{owner.__qualname__}.{name}"
        for function in functions
    )


def _functions_of(value: Any) -> Iterator[Any]:
    """Yield the functions behind a class's attribute."""
    if isinstance(value, property):
        yield from (f for f in (value.fget, value.fset, value.fdel) if f is not None)
    elif isinstance(value, classmethod | staticmethod):
        yield value.__func__
    elif isinstance(value, FunctionType):
        yield value


def _shadowing(layer: Any, kind: type) -> Iterator[str]:
    """Yield the names of an instance's attributes that take the place of a method."""
    for name in vars(layer):
        if callable(getattr(kind, name, None)):
            yield name


def _is_wrapped_by_keras(layer: Any, name: str) -> bool:
    """Whether an attribute is the wrapper that Keras itself puts around a layer's own method."""
    value, inner = vars(layer)[name], getattr(vars(layer)[name], "__wrapped__", None)
    wrappers: tuple[Any, ...] = keras.Layer.__new__.__code__.co_consts
    return (
        isinstance(value, FunctionType)
        and value.__code__ in wrappers
        and getattr(inner, "__func__", None) is getattr(type(layer), name)
    )


def innermost(function: Any) -> Any:
    """Return the function that TensorFlow's decorators hold; itself without any."""
    while home_of(function) == "tensorflow" and hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    return function
