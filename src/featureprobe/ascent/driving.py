"""Drive a run: take an AscentState through compiled blocks of steps, chunk by chunk."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from featureprobe.ascent.compiling import Compiled, as_tensors, begin
from featureprobe.ascent.group import WORKERS, Chunk, Group
from featureprobe.ascent.placing import cut, placed
from featureprobe.ascent.problems import Problems
from featureprobe.ascent.starts import Starts
from featureprobe.ascent.stopping import CHECK_EVERY, Converged
from featureprobe.results.state import AscentState, Tree, put_rows, take_rows
from featureprobe.types import FloatArray

_CARRIED = ("params", "slots", "best", "course")
_ONES = ("score", "total", "gradient", "certificate")  # traces with one number a row


@dataclass(frozen=True, eq=False)
class Drive:
    """The groups of a run with their compiled calls.

    Attributes:
        groups: What runs together.
        calls: Their compiled calls.
        rows: Number of (target, start) rows.
        problems: What is solved for the targets.
        targets: Digest of the targets.
        stop: When images leave the batch; None for never.
    """

    groups: tuple[Group, ...]
    calls: tuple[Compiled, ...]
    rows: int
    problems: Problems
    targets: str
    stop: Converged | None

    def start(self, seed: int, starts: Starts) -> AscentState:
        """Return the state before the first step."""
        index = starts.index.ravel()
        carry: Tree = None
        for call, chunk in self._jobs(None):
            shape = call.loop.evaluation.network.image_shape
            images = cut(starts.images[index[chunk.rows]], chunk, shape)
            part = self._placed(begin(call.loop, chunk, images), call, chunk)
            carry = put_rows(carry, chunk.rows, part, self.rows)
        return AscentState(
            index=0,
            seed=seed,
            targets=self.targets,
            start_images=starts.images,
            start_index=starts.index,
            start_origins=starts.origins,
            ended=np.full(self.rows, -1),
            traces={},
            **{name: carry[name] for name in _CARRIED},
        )

    def advance(self, state: AscentState, count: int) -> AscentState:
        """Return the state ``count`` steps later; ``state`` stays as it is."""
        old = {name: getattr(state, name) for name in _CARRIED}
        carry = tf.nest.map_structure(np.copy, old)
        fresh = self._no_traces(count)

        def run(job: tuple[Compiled, Chunk]) -> tuple[Chunk, Tree, dict[str, Any]]:
            call, chunk = job
            network = call.loop.evaluation.network
            own = cut(take_rows(old, chunk.rows), chunk, network.image_shape)
            given = tf.nest.map_structure(tf.constant, own)
            numbers = (tf.constant(state.index), tf.constant(count))
            part, seen = call.advance(given, *numbers, as_tensors(chunk, network.dtype))
            return (
                chunk,
                self._placed(part, call, chunk),
                {name: values.numpy() for name, values in seen.items()},
            )

        with ThreadPoolExecutor(WORKERS) as pool:
            for chunk, part, seen in pool.map(run, self._jobs(state.ended < 0)):
                put_rows(carry, chunk.rows, part, self.rows)
                for name, values in seen.items():
                    if name == "terms":
                        fresh[name][:, chunk.rows, : values.shape[-1]] = values
                    else:
                        fresh[name][:, chunk.rows] = values
        traces = {
            name: np.concatenate([state.traces[name], new]) if state.traces else new
            for name, new in fresh.items()
        }
        return self._leave(replace(state, index=state.index + count, traces=traces, **carry))

    def finish(self, state: AscentState) -> AscentState:
        """Return ``state`` with its last images judged too.

        The loop values the image that each step starts from; one more step does so for the last
        one, and what that step would have moved is dropped.
        """
        ahead = self.advance(state, 1)
        return replace(state, best=ahead.best, traces=ahead.traces)

    def _leave(self, state: AscentState) -> AscentState:
        """Return ``state`` with those images ended that have arrived."""
        if self.stop is None or state.index % CHECK_EVERY:
            return state
        best, over = state.best, self.stop.over
        arrived = self.stop.arrived(state.traces["total"], best["certificate"], best["gradient"])
        if state.index >= over:  # what has no gradient, operators or not, cannot arrive anywhere
            arrived |= (state.traces["gradient"][-over:] == 0).all(axis=0)
        for group in self.groups:  # rows that must stay together leave together
            own = arrived[group.rows].reshape(-1, group.together)
            arrived[group.rows] = np.repeat(own.all(axis=1), group.together)
        leaving = arrived & (state.ended < 0)
        return replace(state, ended=np.where(leaving, state.index, state.ended))

    @staticmethod
    def _placed(part: Tree, call: Compiled, chunk: Chunk) -> Tree:
        arrays = tf.nest.map_structure(np.asarray, part)
        return placed(arrays, chunk, call.loop.constraint, call.loop.space)

    def _jobs(self, active: npt.NDArray[np.bool_] | None) -> Iterator[tuple[Compiled, Chunk]]:
        for group, call in zip(self.groups, self.calls, strict=True):
            yield from ((call, chunk) for chunk in group.chunks(active))

    def _no_traces(self, count: int) -> dict[str, FloatArray]:
        """Return traces (count, rows) of NaN, which stands for steps that a row did not do."""
        terms = max(len(group.evaluation.leaves) for group in self.groups)
        traces = {name: np.full((count, self.rows), np.nan, np.float32) for name in _ONES}
        return traces | {"terms": np.full((count, self.rows, terms), np.nan, np.float32)}
