"""Follow the ``call`` of a user's own block or model: called on symbols, it tells which layers it calls.

The block is never called itself. A twin of it is, which holds twins of its layers, so that what Keras notes
on layers that it calls symbolically is noted on twins. Weights that ``call`` uses by itself are symbols,
too, which stand for the variables.
"""

import inspect
import linecache
import re
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import keras
from keras import tree

from featureprobe.probe.graph.tensorflow_functions import tensorflow_on_symbols
from featureprobe.probe.layers.composites import UnbuiltError, not_built, with_parts
from featureprobe.probe.layers.twin import twin_of

_TOOLS = ("keras", "tensorflow", "featureprobe")  # whose lines say nothing to the user


class NotFollowedError(Exception):
    """A call cannot be followed; the message says what stopped it."""

    _keras_call_info_injected = True  # Keras leaves such a message as it is


@dataclass(frozen=True, eq=False)
class Arguments:
    """What a call is given.

    Attributes:
        args: Positional arguments, with symbolic tensors.
        kwargs: Keyword arguments, likewise.
    """

    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    @property
    def keras_tensors(self) -> list[Any]:
        """The symbolic tensors among them."""
        return [a for a in tree.flatten((self.args, self.kwargs)) if _is_symbol(a)]


@dataclass(frozen=True, eq=False)
class TracedNode:
    """One call of a layer or operation, as a node of a Keras graph says it."""

    operation: Any
    name: str
    arguments: Arguments
    outputs: Sequence[Any]
    is_input: bool = False


@dataclass(frozen=True, eq=False)
class Traced:
    """What a block's call does: the calls between its inputs and its outputs.

    Attributes:
        inputs: Symbolic tensors, one for each symbolic tensor that it was given.
        outputs: Those that it returns.
        nodes: The calls, in the order in which they were made.
        struct: The outputs as they are returned: one, or lists and dicts of them.
    """

    inputs: Sequence[Any]
    outputs: Sequence[Any]
    nodes: Sequence[TracedNode]
    struct: Any


def traced(layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Traced:
    """Return what a block does when it is called on such arguments.

    Args:
        layer: The block; it is not changed.
        args: Positional arguments, with symbolic tensors where tensors are given.
        kwargs: Keyword arguments, likewise.

    Raises:
        NotFollowedError: Saying what stopped it.
    """
    given: list[Any] = []

    def fresh(value: Any) -> Any:
        if not _is_symbol(value):
            return value
        if getattr(value, "_keras_mask", None) is not None:
            raise NotFollowedError("it is given a tensor with a mask")
        given.append(keras.Input(batch_shape=value.shape, dtype=value.dtype, name="given"))
        return given[-1]

    args, kwargs = tree.map_structure(fresh, (args, kwargs))
    takes = inspect.signature(layer.call).parameters
    kwargs = {k: v for k, v in kwargs.items() if k != "training" or k in takes}
    if "training" in takes:
        kwargs["training"] = False
    parts: dict[int, Any] = {}
    weights = [(v, keras.Input(batch_shape=v.shape, dtype=v.dtype)) for v in layer.variables]
    twin, made = _listening(layer, parts)
    try:
        with _in_place(weights), tensorflow_on_symbols():
            twin(*args, **kwargs)
        if not made or not all(map(_is_symbol, tree.flatten(made[0]))):
            raise NotFollowedError("it returns something that is no tensor made of its input")
        nodes = [
            node
            for node in _nodes_of([*given, *(symbol for _, symbol in weights)])
            if node.operation is not twin  # its own call, which Keras notes, too
        ]
        return _read(given, made[0], nodes, parts, weights)
    finally:
        _forget([*given, *(symbol for _, symbol in weights)], parts)


def _listening(layer: Any, parts: dict[int, Any]) -> tuple[Any, list[Any]]:
    """Return a twin of a block that keeps what it makes; the twins of its layers come into ``parts``."""
    twins: dict[int, Any] = {}

    def part(inner: Any) -> Any:
        if id(inner) not in twins:
            own: dict[str, Any] = {"_inbound_nodes": [], "_outbound_nodes": [], "_losses": []}
            twins[id(inner)] = twin_of(inner, **own, **not_built(inner))
            parts[id(twins[id(inner)])] = inner
        return twins[id(inner)]

    twin, made = with_parts(layer, part), list[Any]()

    def kept(*args: Any, **kwargs: Any) -> Any:
        try:
            outputs = type(layer).call(twin, *args, **kwargs)
        except (NotFollowedError, UnbuiltError):
            raise
        except Exception as cause:  # whatever a user's code raises
            raise NotFollowedError(stopped_by(cause)) from cause
        made.append(outputs)
        return tree.map_structure(
            lambda t: keras.KerasTensor(t.shape, t.dtype) if _is_symbol(t) else t, outputs
        )

    vars(twin).update({"compute_output_spec": kept, "_inbound_nodes": [], "_outbound_nodes": []})
    vars(twin).update(not_built(layer))
    return twin, made


class _in_place:  # noqa: N801 - a scope
    """A scope in which variables are read as symbols, and keep their values."""

    def __init__(self, weights: Sequence[tuple[Any, Any]]) -> None:
        self._scope = keras.StatelessScope(initialize_variables=False)
        self._scope.state_mapping.update({id(v): symbol for v, symbol in weights})

    def __enter__(self) -> None:
        self._scope.__enter__()

    def __exit__(self, *raised: Any) -> None:
        self._scope.__exit__(*raised)


def _read(
    given: Sequence[Any],
    struct: Any,
    nodes: Sequence[Any],
    parts: dict[int, Any],
    weights: Sequence[tuple[Any, Any]],
) -> Traced:
    variables = {id(symbol): variable for variable, symbol in weights}
    original = lambda a: variables.get(id(a), a)  # noqa: E731
    found, known = [], {id(t) for t in given}
    for node in nodes:
        operation = parts.get(id(node.operation), node.operation)
        args, kwargs = tree.map_structure(original, (node.arguments.args, node.arguments.kwargs))
        arguments = Arguments(tuple(args), dict(kwargs))
        if not arguments.keras_tensors:  # made of weights alone
            raise NotFollowedError(f"it computes {_name_of(operation)!r} of weights alone")
        for tensor in node.outputs:
            _check_rows(tensor, _name_of(operation), given)
        found.append(TracedNode(operation, _name_of(operation), arguments, node.outputs))
        known |= {id(t) for t in node.outputs}
    outputs = tree.flatten(struct)
    if not outputs or any(id(t) not in known for t in outputs):
        raise NotFollowedError("it returns something that is no tensor made of its input")
    return Traced(list(given), outputs, found, struct)


def _check_rows(tensor: Any, name: str, given: Sequence[Any]) -> None:
    """Raise where a value is not one for each image, or its shape is not known."""
    shape = tensor.shape
    rows = {t.shape[0] for t in given if t.shape}
    if not shape or shape[0] not in rows:
        raise NotFollowedError(
            f"{name!r} makes values of the shape {tuple(shape)}, not one for each image"
        )
    if None in shape[1:] and not any(None in t.shape[1:] for t in given):
        raise NotFollowedError(f"the shape of what {name!r} makes is not known before it runs")


def _name_of(operation: Any) -> str:
    """Return a layer's name, or an operation's kind: Keras counts operations over all models."""
    if isinstance(operation, keras.Layer):
        return str(operation.name)
    name = getattr(operation, "function_name", type(operation).__name__)
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _nodes_of(inputs: Sequence[Any]) -> Iterator[Any]:
    """Yield all calls that are made of some symbols, in the order in which they were made."""
    found: dict[int, Any] = {}
    waiting = [t._keras_history.operation for t in inputs]
    while waiting:
        for node in waiting.pop()._outbound_nodes:
            if id(node) not in found:
                found[id(node)] = node
                waiting.append(node.operation)
    done = {id(t) for t in inputs}
    left = sorted(found.values(), key=_age)
    while left:
        ready = [n for n in left if all(id(t) in done for t in n.arguments.keras_tensors)]
        if not ready:  # calls of a layer of which others were made elsewhere
            return
        yield ready[0]
        left.remove(ready[0])
        done |= {id(t) for t in ready[0].outputs}


def _age(node: Any) -> int:
    """Return the number of the first tensor that a call made; Keras counts them."""
    number = re.search(r"_(\d+)$", node.outputs[0].name)
    return int(number[1]) if number else 0


def _forget(inputs: Sequence[Any], parts: dict[int, Any]) -> None:
    """Take calls back that were noted on layers themselves, which a twin does not hold."""
    own = list(_nodes_of(inputs))
    for node in own:
        if id(node.operation) not in parts and node in node.operation._inbound_nodes:
            node.operation._inbound_nodes.remove(node)
        for tensor in node.arguments.keras_tensors:
            before = tensor._keras_history.operation._outbound_nodes
            if node in before:
                before.remove(node)


def stopped_by(cause: BaseException) -> str:
    """Say at which line of the user's a call stopped, and why."""
    first, *rest = str(cause).strip().split("\n")[0].split(". ")
    said = f"{type(cause).__name__}: {'. '.join([first, *rest[-1:]])}"
    for frame, number in reversed(list(traceback.walk_tb(cause.__traceback__))):
        if str(frame.f_globals.get("__name__", "")).split(".")[0] not in _TOOLS:
            line = linecache.getline(frame.f_code.co_filename, number).strip()
            return f"its {frame.f_code.co_name}() stopped at {line!r} ({said})"
    return f"its call() stopped ({said})"


def _is_symbol(value: object) -> bool:
    return isinstance(value, keras.KerasTensor)
