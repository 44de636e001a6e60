"""Read the layer graph off a finished Keras model, nested models unrolled."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import keras
from keras import tree

from featureprobe.errors import ModelError
from featureprobe.probe.graph.call import Call, Slot
from featureprobe.probe.graph.layer_graph import LayerGraph
from featureprobe.probe.graph.nested_inputs import fitting, inputs_of
from featureprobe.probe.graph.outputs import output_names
from featureprobe.probe.layers.keras_own import runs_its_graph
from featureprobe.types import OUTPUT


def read_graph(model: keras.Model) -> LayerGraph:
    """Return the layer graph of a built model.

    A subclassed model without a symbolic graph becomes one opaque call: only its output can be
    reached.

    Raises:
        ModelError: When the model was never built.
    """
    function = _function_of(model)
    if function is None:
        return _opaque(model)
    reader = _Reader()
    inputs = tuple(reader.new() for _ in function.inputs)
    outputs = reader.unroll(function, inputs, "")
    names = output_names(function._outputs_struct, reader.paths, outputs)
    return LayerGraph(inputs, outputs, tuple(reader.calls), reader.paths, tuple(names))


class _Reader:
    """Walks nested graphs and collects calls."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.paths: dict[str, int] = {}
        self._owners = {OUTPUT: "the model's output, whose path it is,"}
        self._count = 0

    def new(self) -> int:
        self._count += 1
        return self._count - 1

    def unroll(self, function: Any, inputs: Sequence[int], prefix: str) -> tuple[int, ...]:
        numbers = {id(t): n for t, n in zip(function.inputs, inputs, strict=True)}
        nodes = [n for n in _nodes(function) if not n.is_input]
        total = Counter(n.operation.name for n in nodes)
        turns = _turns(nodes)
        for node in nodes:
            name = node.operation.name
            path, owner = prefix + name, f"the layer {prefix + name!r}"
            if total[name] > 1:
                path, owner = f"{path}@{turns[id(node)]}", f"call {turns[id(node)]} of {owner}"
            self._add(node, path, owner, numbers)
        return tuple(numbers[id(t)] for t in function.outputs)

    def _add(self, node: Any, path: str, owner: str, numbers: dict[int, int]) -> None:
        inner, given = _function_of(node.operation), node.arguments
        tensors = None if inner is None else inputs_of(inner, given.args, given.kwargs)
        if inner is not None and tensors is not None:
            sources = [
                self._fitted(fitting(tensor, wanted), wanted, numbers[id(tensor)], path)
                for tensor, wanted in zip(tensors, inner.inputs, strict=True)
            ]
            results = self.unroll(inner, sources, f"{path}/")
        else:
            to_slot = lambda a: Slot(numbers[id(a)]) if _is_symbolic(a) else a  # noqa: E731
            args, kwargs = tree.map_structure(to_slot, (given.args, given.kwargs))
            sources = [numbers[id(t)] for t in given.keras_tensors]
            call = partial(Call, path, node.operation, args, kwargs)
            results = self._note(call, sources, node.outputs)
        numbers.update({id(t): n for t, n in zip(node.outputs, results, strict=True)})
        if len(results) == 1:
            self._name(path, results[0], owner)
        for i, number in enumerate(results if len(results) > 1 else ()):
            self._name(f"{path}:{i}", number, f"output {i} of {owner}")

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


def _nodes(function: Any) -> Iterator[Any]:
    """Yield the nodes of a Keras function from inputs to outputs."""
    by_depth = function._nodes_by_depth
    for depth in sorted(by_depth, reverse=True):
        yield from by_depth[depth]


def _turns(nodes: Sequence[Any]) -> dict[int, int]:
    """Return by id of each node which call of its layer it is, from 1, in the order they were made.

    Of calls side by side, such as the two of a siamese net, Keras may list the second one first.
    """
    made = {id(n): n.operation._inbound_nodes.index(n) for n in nodes}
    seen: Counter[str] = Counter()
    turns = {}
    for node in sorted(nodes, key=lambda n: made[id(n)]):
        seen[node.operation.name] += 1
        turns[id(node)] = seen[node.operation.name]
    return turns


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


def _opaque(model: keras.Model) -> LayerGraph:
    if not model.built:
        raise ModelError(
            f"The model {model.name!r} was never built. Call it on one batch before probing it."
        )
    if len(getattr(model, "inputs", None) or [None]) > 1:
        raise ModelError(
            f"The model {model.name!r} has its own call() and several inputs; only one image tensor "
            "will do. Probe its functional part, or rebuild it with keras.Model(inputs, outputs)."
        )
    call = Call(model.name, model, (Slot(0),), {}, (0,), (1,), ((),))
    return LayerGraph((0,), (1,), (call,), {model.name: 1}, (model.name,))


def _is_symbolic(value: object) -> bool:
    return isinstance(value, keras.KerasTensor)
