"""Listen to the ``call`` of a block that cannot be followed on symbols: which layers it calls, and what they make.

The block runs as it is, on twins of its layers that keep what they make. So each layer that it calls can be
read, whatever happens between them; but of that nothing is known, and all of it is computed.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

import keras
from keras import tree

from featureprobe.probe.graph.symbolic_call import NotFollowedError, stopped_by
from featureprobe.probe.layers.composites import UnbuiltError, is_composite, not_built, with_parts
from featureprobe.probe.layers.twin import twin_of

_ROWS = 3  # images of the trial: what has as many rows is one for each image


@dataclass(eq=False)
class _Heard:
    """One call of a layer: what it made, and the calls that it made itself."""

    layer: Any
    made: list[Any] = field(default_factory=list)
    calls: list["_Heard"] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class HeardBlock:
    """A block as a layer of many outputs: those of the layers that it calls, then its own.

    Attributes:
        layer: A twin of the block.
        paths: The path of each layer's output, within the block.
        parts: The layer that makes it.
        values: Symbolic tensors of it.
        outputs: Symbolic tensors of the block's own outputs.
        struct: What it returns, as it returns it.
    """

    layer: Any
    paths: tuple[str, ...]
    parts: tuple[Any, ...]
    values: tuple[Any, ...]
    outputs: tuple[Any, ...]
    struct: Any


def heard(block: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> HeardBlock:
    """Return a block whose layers are outputs, too.

    Args:
        block: The block; it is not changed.
        args: Positional arguments of its call, with symbolic tensors.
        kwargs: Keyword arguments, likewise.

    Raises:
        NotFollowedError: Saying what stopped it.
    """
    some = lambda a: keras.KerasTensor((_ROWS, *a.shape[1:]), a.dtype) if _is_symbol(a) else a  # noqa: E731
    given = tree.map_structure(some, (args, {k: v for k, v in kwargs.items() if k != "training"}))
    known: list[tuple[str, Any, int]] = []
    structs: list[Any] = []

    def first(*args: Any, **kwargs: Any) -> list[Any]:
        try:
            outputs, calls = _listen(block, args, kwargs)
        except UnbuiltError:
            raise
        except Exception as cause:  # whatever a user's code raises
            raise NotFollowedError(stopped_by(cause)) from cause
        found = list(_values_of(calls, ""))
        kept = [n for n, (_, _, value) in enumerate(found) if _is_for_each(value)]
        structs.append(outputs)
        known.extend((found[n][0], found[n][1], n) for n in kept)
        return [*(found[n][2] for n in kept), *tree.flatten(outputs)]

    def again(*args: Any, **kwargs: Any) -> list[Any]:
        outputs, calls = _listen(block, args, kwargs)
        found = list(_values_of(calls, ""))
        return [*(found[n][2] for _, _, n in known), *tree.flatten(outputs)]

    twin = twin_of(block, call=first, **_as_it_is())
    # Traced, whatever shape the block says of its own output alone.
    vars(twin)["compute_output_spec"] = partial(keras.Operation.compute_output_spec, twin)
    specs = twin(*given[0], **given[1], training=False)
    free = [keras.KerasTensor((None, *t.shape[1:]), t.dtype) for t in specs]
    return HeardBlock(
        twin_of(block, call=again, **_as_it_is()),
        tuple(path for path, _, _ in known),
        tuple(layer for _, layer, _ in known),
        tuple(free[: len(known)]),
        tuple(free[len(known) :]),
        structs[0],
    )


def _as_it_is() -> dict[str, Any]:
    own: dict[str, Any] = {"_inbound_nodes": [], "_outbound_nodes": [], "_supports_masking": False}
    return own


def _listen(block: Any, args: Any, kwargs: Any) -> tuple[Any, list[_Heard]]:
    """Call a block; return what it makes, and what it calls."""
    root = _Heard(block)
    stack = [root]
    twins: dict[int, Any] = {}

    def part(inner: Any) -> Any:
        if id(inner) not in twins:
            twins[id(inner)] = _listener(_opened(inner, part), inner, stack)
        return twins[id(inner)]

    outputs = type(block).call(_opened(block, part), *args, **kwargs)
    return outputs, root.calls


def _opened(layer: Any, part: Any) -> Any:
    """Return a twin of a layer, with ``part`` of each layer that it calls where these are others'."""
    if hasattr(layer, "_nodes_by_depth"):
        run = type(layer)._run_through_graph

        def through(inputs: Any, operation_fn: Any, call_fn: Any = None) -> Any:
            own = lambda o: operation_fn(part(o) if isinstance(o, keras.Layer) else o)  # noqa: E731
            return run(layer, inputs, own, call_fn)

        return twin_of(layer, _run_through_graph=through)
    if is_composite(layer) or isinstance(layer, keras.Sequential):
        return with_parts(layer, part)
    return twin_of(layer)


def _listener(twin: Any, layer: Any, stack: list[_Heard]) -> Any:
    """Return a twin that notes each of its calls."""
    kind: Any = type(layer)
    listener: Any = object.__new__(_listening_class(kind))
    own = {"_heard_as": layer, "_heard_in": stack, **not_built(layer)}
    vars(listener).update(vars(twin) | own)
    return listener


@cache
def _listening_class(kind: Any) -> type:
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        stack = self._heard_in
        own = _Heard(self._heard_as)
        stack[-1].calls.append(own)
        stack.append(own)
        try:
            outputs = kind.__call__(self, *args, **kwargs)
        finally:
            stack.pop()
        own.made = tree.flatten(outputs)
        return outputs

    return type(kind.__name__, (kind,), {"__call__": call, "__module__": kind.__module__})


def _values_of(calls: list[_Heard], prefix: str) -> Iterator[tuple[str, Any, Any]]:
    """Yield path, layer and value of each output of each call, from inputs to outputs."""
    total = Counter(call.layer.name for call in calls)
    seen: Counter[str] = Counter()
    for call in calls:
        name = call.layer.name
        seen[name] += 1
        path = f"{prefix}{name}@{seen[name]}" if total[name] > 1 else prefix + name
        yield from _values_of(call.calls, f"{path}/")
        for i, value in enumerate(call.made):
            yield (path if len(call.made) == 1 else f"{path}:{i}"), call.layer, value


def _is_for_each(value: Any) -> bool:
    """Whether a value has as many rows as there are images."""
    shape = getattr(value, "shape", None)
    return shape is not None and len(shape) > 0 and shape[0] == _ROWS and None not in shape[1:]


def _is_symbol(value: object) -> bool:
    return isinstance(value, keras.KerasTensor)
