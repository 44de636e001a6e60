"""Which tensor of a call goes to which input of a nested model: as Keras decides it."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops, tree


def inputs_of(function: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> list[Any] | None:
    """Return the tensor for each input of a nested model, in the order of its inputs.

    Keras matches a dict with a list by the names of the inputs, and everything else by its flat
    order, in which the entries of a dict are sorted.

    Args:
        function: The nested model's graph.
        args: Of the call, with symbolic tensors.
        kwargs: Of the call.

    Returns:
        Symbolic tensors; None when a call is given something else besides, such as a mask, a
        constant, or nothing for an optional input.
    """
    rest = dict(kwargs)
    given = args[0] if args else rest.pop("inputs", None)
    if isinstance(given, dict) and not isinstance(function._inputs_struct, dict):
        names = [tensor.name for tensor in function.inputs]
        flat = [given[name] for name in names] if set(names) <= set(given) else tree.flatten(given)
    else:
        flat = tree.flatten(given)
    others = tree.flatten((list(args[1:]), rest))
    plain = all(isinstance(t, keras.KerasTensor) for t in flat)
    if not plain or any(isinstance(t, keras.KerasTensor) for t in others):
        return None
    return flat if len(flat) == len(function.inputs) else None


def fitting(given: Any, wanted: Any) -> Any:
    """Return what fits a tensor to a model's input, as Keras does; None when it fits.

    Keras adds or takes off a last axis of length 1, and casts to the input's dtype.

    Args:
        given: The symbolic tensor of the call.
        wanted: The symbolic tensor of the input.
    """
    if len(given.shape) != len(wanted.shape):
        lengths = [-1 if length is None else length for length in wanted.shape[1:]]
        return keras.layers.Reshape(lengths, dtype=wanted.dtype)
    if given.dtype == wanted.dtype:
        return None
    cast = ops.cast(keras.KerasTensor(given.shape, given.dtype), wanted.dtype)
    return cast._keras_history.operation
