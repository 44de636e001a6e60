"""A Keras model as a flat list of layer calls that can be run up to any layer.

Why not ``keras.Model(inputs, layer.output)``: it fails inside nested models, and calling layers on
symbolic tensors would add nodes to the user's layers. The list is read off the finished graph once
and changes nothing.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import tensorflow as tf

from featureprobe.errors import UnknownLayerError, nearest
from featureprobe.probe.graph.before import (
    Steps,
    steps_before,
    value_before,
    without_its_activation,
)
from featureprobe.probe.graph.call import Call
from featureprobe.probe.graph.outputs import number_of_output
from featureprobe.probe.layers.boundary import at_rest, passed_on
from featureprobe.probe.layers.plain_conv import Kernels
from featureprobe.probe.layers.redirection import activation_of, redirect
from featureprobe.types import OUTPUT, Tensor, output_path

Wanted = tuple[str, bool]
"""A layer path, and whether the value before its activation is meant."""


@dataclass(frozen=True, eq=False)
class LayerGraph:
    """All calls of a model in an order in which they can run.

    Attributes:
        inputs: Numbers of the model's inputs.
        outputs: Numbers of its outputs.
        calls: Every call; nested models are unrolled.
        paths: Value number of each address, nested models included.
        output_names: A name for each output.
        kernels: How plain convolutions are computed.
        stopped: What kept the user's own models and blocks from being followed, by their paths.
        own_code: Whether calls of the user's own models and blocks were followed.
    """

    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    calls: tuple[Call, ...]
    paths: dict[str, int]
    output_names: tuple[str, ...]
    kernels: Kernels = field(default_factory=Kernels)
    stopped: Mapping[str, str] = field(default_factory=dict)
    own_code: bool = False

    def call_of(self, path: str) -> Call:
        """Return the call that makes the value at ``path``.

        Raises:
            UnknownLayerError: When there is no such layer, with the nearest names.
            ModelError: When ``path`` is OUTPUT and the model has several outputs.
        """
        number = self.number_of(path)
        call = next((c for c in self.calls if number in c.results), None)
        if call is None:
            raise UnknownLayerError(
                f"{path!r} is an input of the model, not the output of a layer. "
                f"{nearest(path, [name for c in self.calls for name in c.names])}"
            )
        return call

    def number_of(self, path: str) -> int:
        """Return the value number of a path; see :meth:`call_of` for errors."""
        if isinstance(path, str) and (path == OUTPUT or path.startswith(output_path(""))):
            return number_of_output(path, self.output_names, self.outputs, self.paths)
        if not isinstance(path, str):
            raise UnknownLayerError(
                f"A layer is named by its path, a text. Received: {path!r}. "
                f"{nearest(str(path), self.paths)}"
            )
        if path in self.paths:
            return self.paths[path]
        several = [p for p in self.paths if _without_counts(p) == path]
        if several:
            raise UnknownLayerError(
                f"The layer {path!r} is called {len(several)} times. "
                f"Name the call: {', '.join(map(repr, several))}."
            )
        results = [p for p in self.paths if p.rpartition(":")[0] == path]
        if results:
            raise UnknownLayerError(
                f"The layer {path!r} gives {len(results)} results. "
                f"Name one: {', '.join(map(repr, results))}."
            )
        if self.stopped:
            raise UnknownLayerError(
                f"No layer {path!r} can be reached. {nearest(path, self.paths)} {self.hidden}"
            )
        raise UnknownLayerError(
            f"The model has no layer {path!r}. {nearest(path, self.paths)} "
            "print(probe.summary()) lists all paths; a layer in a nested model is 'outer/inner'."
        )

    @property
    def hidden(self) -> str:
        """Which blocks hide their layers, and why; nothing where none does."""
        if not self.stopped:
            return ""
        parts = [f"{path!r}, since {why}" for path, why in self.stopped.items()]
        return (
            f"Only the output can be reached of {'; of '.join(parts)}. Write that part with keras.ops "
            "and layers, so that it can be called on a keras.Input."
        )

    def needed(self, wanted: Sequence[Wanted]) -> tuple[Call, ...]:
        """Return the calls that ``wanted`` depends on, in order."""
        open_values = {self.number_of(path) for path, _ in wanted}
        found = []
        for call in reversed(self.calls):
            if open_values & set(call.results):
                open_values |= set(call.sources)
                found.append(call)
        return tuple(reversed(found))

    def run(
        self,
        inputs: Sequence[Tensor],
        wanted: Sequence[Wanted],
        *,
        dtype: str,
        redirected: bool = False,
    ) -> list[Tensor]:
        """Compute the wanted values, and nothing that they do not need.

        Args:
            inputs: One tensor for each of :attr:`inputs`, with a leading batch axis.
            wanted: (path, pre) pairs; inside a trace, prepared before it.
            dtype: Of what is returned; layers compute in their own.
            redirected: Let gradients out of flat activations; see :mod:`redirection`.

        Returns:
            One tensor for each pair, with k maps where :attr:`kernels` says so.
        """
        values: dict[int, Tensor] = dict(zip(self.inputs, inputs, strict=True))
        before: dict[int, Tensor] = {}
        steps, read = self.steps_before(wanted), {self.number_of(path) for path, _ in wanted}
        with at_rest():
            for call in self.needed(wanted):
                run = partial(self.results, call, values)
                function = activation_of(call.layer, call.path) if redirected else None
                if function is None:
                    made = run(linear=False)
                else:
                    made = [redirect(function, value) for value in run(linear=True)]
                values.update(zip(call.results, made, strict=True))
                step = steps.get(call.results[0])
                if step is not None:
                    if step == "off":
                        off = run(linear=True)
                    else:
                        off = value_before(call, step, values, before)
                    before.update(zip(call.results, off, strict=True))
                for number in read & set(call.results):
                    # What follows is made of what is handed out, so that it has a slope by it.
                    values[number] = passed_on(values[number], dtype)
        return [
            tf.cast((before if pre else values)[self.number_of(path)], dtype)
            for path, pre in wanted
        ]

    def steps_before(self, wanted: Sequence[Wanted]) -> Steps:
        """Return what leads to the wanted values before an activation; see :mod:`before`.

        Raises:
            ModelError: When such a value cannot be had.
        """
        for path, _ in wanted:
            self.call_of(path)
        return steps_before(self.calls, [self.number_of(path) for path, pre in wanted if pre])

    def run_between(self, calls: Sequence[Call], values: dict[int, Tensor], path: str) -> Tensor:
        """Return the value of ``path`` before its activation, from what leads to it.

        Args:
            calls: The calls that lead to it, in order.
            values: What they start from, by number; what they make is added.
            path: The path.
        """
        steps, before = self.steps_before([(path, True)]), dict[int, Tensor]()
        with at_rest():
            for call in calls:
                values.update(zip(call.results, call.run(values), strict=True))
                if call.results[0] in steps:
                    step = steps[call.results[0]]
                    off = value_before(call, step, values, before)
                    before.update(zip(call.results, off, strict=True))
        return before[self.number_of(path)]

    def prepare(self, wanted: Sequence[Wanted], *, redirected: bool = False) -> None:
        """Find out, before a trace, whether all can be had.

        Args:
            wanted: As for :meth:`run`.
            redirected: As for :meth:`run`.

        Raises:
            ModelError: When the activation of a wanted layer cannot be taken off.
        """
        self.steps_before(wanted)
        for call in self.needed(wanted) if redirected else ():
            activation_of(call.layer, call.path)

    def results(self, call: Call, values: Mapping[int, Tensor], *, linear: bool) -> list[Tensor]:
        """Return a call's results, maybe before its activation, maybe of some maps."""
        if len(call.sources) == 1:
            source = values[call.sources[0]]
            made = self.kernels.on_full(call.path, call.layer, source, linear=linear)
            if made is not None:
                return [made]
        return without_its_activation(call, values) if linear else call.run(values)


def _without_counts(path: str) -> str:
    return "/".join(re.sub(r"@\d+$", "", part) for part in path.split("/"))
