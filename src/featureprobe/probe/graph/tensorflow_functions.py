"""Functions of TensorFlow on symbolic tensors, which Keras refuses: each becomes an operation.

Where Keras has a layer or an operation that computes the same, it becomes that one, of which more is
known; any other is run as it is.
"""

import inspect
import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from typing import Any

import keras
import tensorflow as tf
from keras import ops, tree

from featureprobe.probe.layers.keras_own import innermost, is_pointwise_function

_ACTIVE = threading.local()


class TensorFlowFunction(keras.Operation):  # type: ignore[misc]
    """A function of TensorFlow as an operation of a graph.

    Attributes:
        function_name: Its name.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self._function = function
        self.function_name = str(getattr(function, "__name__", "function"))

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function."""
        return self._function(*args, **kwargs)


@contextmanager
def tensorflow_on_symbols() -> Iterator[None]:
    """Return a scope in which functions of TensorFlow take symbolic tensors; of this thread only."""
    before = getattr(_ACTIVE, "on", False)
    _ACTIVE.on = True
    try:
        yield
    finally:
        _ACTIVE.on = before


class _Dispatcher(tf.__internal__.dispatch.GlobalOpDispatcher):  # type: ignore[misc]
    """What TensorFlow asks when it cannot take an argument."""

    def handle(self, op: Any, args: Any, kwargs: Any) -> Any:
        """Return what a function makes of symbolic tensors."""
        if not getattr(_ACTIVE, "on", False):
            return self.NOT_SUPPORTED
        if not any(isinstance(a, keras.KerasTensor) for a in tree.flatten((args, kwargs))):
            return self.NOT_SUPPORTED
        if not getattr(innermost(op), "_tf_api_names", ()):
            return (
                self.NOT_SUPPORTED
            )  # an inner function: the one that the user called is asked next
        made = _as_keras(op, args, kwargs)
        return TensorFlowFunction(op)(*args, **kwargs) if made is None else made


_Dispatcher().register()


def _named(function: Any, args: Any, kwargs: Any) -> dict[str, Any] | None:
    """Return the arguments of a call by name; None where they have no names."""
    try:
        bound = inspect.signature(innermost(function)).bind(*args, **kwargs)
    except (TypeError, ValueError):
        return None
    return {k: v for k, v in bound.arguments.items() if k != "name" and v is not None}


def _as_keras(function: Any, args: Any, kwargs: Any) -> Any:
    """Return what Keras makes of a call; None where it has nothing that is surely the same."""
    given = _named(function, args, kwargs)
    if given is None:
        return None
    symbols = [name for name, value in given.items() if isinstance(value, keras.KerasTensor)]
    first = next(iter(given))
    if is_pointwise_function(function) and symbols == [first]:
        rest = {k: v for k, v in given.items() if k != first}
        layer = keras.layers.Activation(partial(function, **rest) if rest else function)
        layer.name = str(innermost(function).__name__)
        return layer(given[first])
    make = _table().get(innermost(function))
    return None if make is None else make(**given)


@cache
def _table() -> dict[Any, Callable[..., Any]]:
    """Return what takes the arguments of a function, by the function."""
    binary = ("add", "subtract", "multiply", "divide", "maximum", "minimum")
    found: dict[Any, Callable[..., Any]] = {
        getattr(tf, name): partial(_of_two, getattr(ops, name)) for name in binary
    }
    for name in ("mean", "sum", "max", "min"):
        found[getattr(tf, f"reduce_{name}")] = partial(_reduced, getattr(ops, name))
    found |= {
        tf.convert_to_tensor: _converted,
        tf.identity: lambda **given: given["input"],
        tf.rank: lambda **given: len(given["input"].shape),
        tf.shape: lambda **given: tuple(given["input"].shape),
        tf.cast: lambda x, dtype: ops.cast(x, keras.backend.standardize_dtype(dtype)),
        tf.concat: lambda values, axis: ops.concatenate(list(values), axis=axis),
        tf.reshape: _reshaped,
        tf.transpose: lambda a, perm=None: ops.transpose(a, perm),
        tf.expand_dims: lambda axis, **given: ops.expand_dims(given["input"], axis),
        tf.squeeze: lambda axis=None, **given: ops.squeeze(given["input"], axis),
    }
    return {innermost(function): make for function, make in found.items()}


def _converted(value: Any, dtype: Any = None, dtype_hint: Any = None) -> Any:
    del dtype_hint  # a wish, which a tensor need not grant
    if not isinstance(value, keras.KerasTensor):
        return ops.stack(value)
    wanted = value.dtype if dtype is None else keras.backend.standardize_dtype(dtype)
    return value if wanted == value.dtype else ops.cast(value, wanted)


def _of_two(make: Any, x: Any, y: Any) -> Any:
    return make(x, y)


def _reduced(make: Any, input_tensor: Any, axis: Any = None, keepdims: Any = False) -> Any:
    axes = tuple(axis) if isinstance(axis, list) else axis
    return make(input_tensor, axis=axes, keepdims=bool(keepdims))


def _reshaped(tensor: Any, shape: Any) -> Any:
    """Return a reshaped tensor; the batch axis, which has no length yet, is what remains."""
    sizes = [-1 if size is None else size for size in shape]
    inner = math.prod(size or 1 for size in tensor.shape[1:])
    if sizes[0] == -1 and sizes.count(-1) == 2 and None not in tensor.shape[1:]:
        sizes[sizes.index(-1, 1)] = inner // math.prod(s for s in sizes if s != -1)
    return ops.reshape(tensor, sizes)
