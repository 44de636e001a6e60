"""Read the layer graph off a finished Keras model, nested models unrolled."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import keras
from keras import tree

from featureprobe.errors import ModelError
from featureprobe.probe.graph.call import Call, Slot, names_of
from featureprobe.probe.graph.heard_calls import HeardBlock
from featureprobe.probe.graph.layer_graph import LayerGraph
from featureprobe.probe.graph.nested_inputs import fitting, inputs_of
from featureprobe.probe.graph.outputs import output_names
from featureprobe.probe.graph.own_code import Follow, OwnCode
from featureprobe.probe.graph.own_inputs import own_inputs
from featureprobe.probe.graph.symbolic_call import Arguments, Traced, TracedNode
from featureprobe.probe.layers.keras_own import runs_its_graph
from featureprobe.types import OUTPUT


def read_graph(model: keras.Model, *, follow: Follow = "symbols") -> LayerGraph:
    """Return the layer graph of a built model.

    The user's own models and blocks are followed through their ``call``. One that cannot be followed
    is listened to; one that cannot be traced at all is one opaque call: only its output can be reached,
    and the graph says what stopped it.

    Args:
        model: The model.
        follow: How calls of the user's own are seen.

    Raises:
        ModelError: When the model was never built.
    """
    reader, function = _Reader(follow), _function_of(model)
    if function is None:
        given, symbols = own_inputs(model)
        inputs = tuple(reader.new() for _ in symbols)
        outputs, struct = reader.read(model, Arguments((given,), {}), inputs)
    else:
        inputs = tuple(reader.new() for _ in function.inputs)
        outputs, struct = reader.unroll(function, inputs, ""), function._outputs_struct
    return LayerGraph(
        inputs,
        outputs,
        tuple(reader.calls),
        reader.paths,
        tuple(output_names(struct, reader.paths, outputs)),
        stopped=reader.own.stopped,
        own_code=reader.own.seen,
    )


class _Reader:
    """Walks nested graphs and collects calls."""

    def __init__(self, follow: Follow) -> None:
        self.calls: list[Call] = []
        self.paths: dict[str, int] = {}
        self.own = OwnCode(follow)
        self._owners = {OUTPUT: "the model's output, whose path it is,"}
        self._count = 0

    def new(self) -> int:
        self._count += 1
        return self._count - 1

    def unroll(self, function: Any, inputs: Sequence[int], prefix: str) -> tuple[int, ...]:
        numbers = {id(t): n for t, n in zip(function.inputs, inputs, strict=True)}
        nodes = [n for n in _nodes(function) if not n.is_input]
        total = Counter(map(_name_of, nodes))
        turns = _turns(nodes)
        for node in nodes:
            name = _name_of(node)
            path, owner = prefix + name, f"the layer {prefix + name!r}"
            if total[name] > 1:
                path, owner = f"{path}@{turns[id(node)]}", f"call {turns[id(node)]} of {owner}"
            self._add(node, path, owner, numbers)
        return tuple(numbers[id(t)] for t in function.outputs)

    def _add(self, node: Any, path: str, owner: str, numbers: dict[int, int]) -> None:
        inner, given = _function_of(node.operation), node.arguments
        if inner is None:
            inner = self.own.followed(node.operation, given)
            tensors = None if inner is None else given.keras_tensors
        else:
            tensors = inputs_of(inner, given.args, given.kwargs)
        if inner is not None and tensors is not None:
            sources = [
                self._fitted(fitting(tensor, wanted), wanted, numbers[id(tensor)], path)
                for tensor, wanted in zip(tensors, inner.inputs, strict=True)
            ]
            results = self.unroll(inner, sources, f"{path}/")
        elif (block := self.own.heard(node.operation, given, path)) is not None:
            results = self._note_block(block, path, f"{path}/", given, numbers)
        else:
            args, kwargs = _with_slots(given, numbers)
            sources = [numbers[id(t)] for t in given.keras_tensors]
            call = partial(Call, path, node.operation, args, kwargs)
            results = self._note(call, sources, node.outputs)
        numbers.update({id(t): n for t, n in zip(node.outputs, results, strict=True)})
        if len(results) == 1:
            self._name(path, results[0], owner)
        for i, number in enumerate(results if len(results) > 1 else ()):
            self._name(f"{path}:{i}", number, f"output {i} of {owner}")

    def read(
        self, model: Any, given: Arguments, inputs: Sequence[int]
    ) -> tuple[tuple[int, ...], Any]:
        """Read a model that is called with symbols; return the numbers of its outputs, and their nest."""
        function = self.own.followed(model, given)
        if function is not None:
            results = self.unroll(function, inputs, "")
            for name, number in zip(names_of(model.name, results), results, strict=True):
                self.paths.setdefault(name, number)
            return results, function.struct
        numbers = {id(t): n for t, n in zip(given.keras_tensors, inputs, strict=True)}
        block = self.own.heard(model, given, model.name)
        if block is None:
            result, (args, kwargs) = self.new(), _with_slots(given, numbers)
            call = Call(model.name, model, args, kwargs, tuple(inputs), (result,), ((),))
            self.calls.append(call)
            results = (result,)
        else:
            results = self._note_block(block, model.name, "", given, numbers)
        for path, number in zip(names_of(model.name, results), results, strict=True):
            self._name(path, number, "the model's own output")
        return results, results[0] if block is None else block.struct

    def _note_block(
        self, block: HeardBlock, path: str, prefix: str, given: Any, numbers: dict[int, int]
    ) -> tuple[int, ...]:
        """Note a block that is listened to; return the numbers of its own outputs."""
        args, kwargs = _with_slots(given, numbers)
        inner = tuple(prefix + name for name in block.paths)
        call = partial(
            Call,
            path,
            block.layer,
            args,
            kwargs,
            own_names=(*inner, *names_of(path, block.outputs)),
            parts=(*block.parts, *(block.layer for _ in block.outputs)),
        )
        sources = [numbers[id(t)] for t in given.keras_tensors]
        results = self._note(call, sources, (*block.values, *block.outputs))
        for name, number in zip(inner, results, strict=False):
            self._name(name, number, f"the layer {name!r}")
        return results[len(inner) :]

    def _note(
        self, call: Callable[..., Call], sources: Sequence[int], outputs: Sequence[Any]
    ) -> tuple[int, ...]:
        """Note a call of a layer; return the numbers of what it makes."""
        results = tuple(self.new() for _ in outputs)
        shapes = tuple(tuple(t.shape[1:]) for t in outputs)
        dtypes = tuple(str(t.dtype) for t in outputs)
        self.calls.append(call(tuple(sources), results, shapes, dtypes))
        return results

    def _fitted(self, layer: Any, wanted: Any, number: int, path: str) -> int:
        """Return the value that a nested model's input gets: ``number``, or what a layer makes of it."""
        if layer is None:
            return number
        path = f"{path}/{wanted.name}"
        results = self._note(partial(Call, path, layer, (Slot(number),), {}), [number], [wanted])
        self._name(path, results[0], f"the input {path!r}")
        return results[0]

    def _name(self, path: str, number: int, owner: str) -> None:
        """Note the path of a value.

        Raises:
            ModelError: When another value has it.
        """
        if path in self._owners:
            raise ModelError(
                f"The path {path!r} would stand for two values: {self._owners[path]} and {owner}. "
                "Give one of the layers another name: layer.name = 'another_name'."
            )
        self.paths[path], self._owners[path] = number, owner


def _name_of(node: Any) -> str:
    return str(node.name if isinstance(node, TracedNode) else node.operation.name)


def _nodes(function: Any) -> Iterator[Any]:
    """Yield the nodes of a Keras function from inputs to outputs."""
    if isinstance(function, Traced):
        yield from function.nodes
        return
    by_depth = function._nodes_by_depth
    for depth in sorted(by_depth, reverse=True):
        yield from by_depth[depth]


def _turns(nodes: Sequence[Any]) -> dict[int, int]:
    """Return by id of each node which call of its layer it is, from 1, in the order they were made.

    Of calls side by side, such as the two of a siamese net, Keras may list the second one first.
    """
    made = {id(n): _turn(n, place) for place, n in enumerate(nodes)}
    seen: Counter[str] = Counter()
    turns = {}
    for node in sorted(nodes, key=lambda n: made[id(n)]):
        seen[_name_of(node)] += 1
        turns[id(node)] = seen[_name_of(node)]
    return turns


def _turn(node: Any, place: int) -> int:
    """Return when a node was made: those of a call that was followed are listed in that order."""
    own = isinstance(node, TracedNode)
    return place if own else int(node.operation._inbound_nodes.index(node))


def _function_of(layer: Any) -> Any:
    """Return the Keras Function behind a Sequential or functional model, else None."""
    if isinstance(layer, keras.Sequential):
        function = getattr(layer, "_functional", None)
        if function is None:
            raise ModelError(
                f"The model {layer.name!r} was never built, so its layers have no shapes. "
                "Add keras.Input(shape) as its first layer, or call it on one batch."
            )
        return function if runs_its_graph(layer) else None
    functional = isinstance(layer, keras.Model) and hasattr(layer, "_nodes_by_depth")
    return layer if functional and runs_its_graph(layer) else None


def _with_slots(given: Any, numbers: Mapping[int, int]) -> tuple[Any, Any]:
    """Return the arguments of a call with slots for symbolic tensors."""
    to_slot = lambda a: Slot(numbers[id(a)]) if _is_symbolic(a) else a  # noqa: E731
    args, kwargs = tree.map_structure(to_slot, (given.args, given.kwargs))
    return args, kwargs


def _is_symbolic(value: object) -> bool:
    return isinstance(value, keras.KerasTensor)
