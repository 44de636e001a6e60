"""Drive a run: take an AscentState through compiled blocks of steps, chunk by chunk."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from featureprobe._interrupts import NOTHING_YET
from featureprobe.ascent.drive.compiled import Compiled, as_tensors, begin
from featureprobe.ascent.drive.keeping_anew import anew
from featureprobe.ascent.drive.ordered_pool import each_in_turn
from featureprobe.ascent.plan.crop_paste import cut, placed
from featureprobe.ascent.plan.group import Chunk, Group
from featureprobe.ascent.problem.starts import Starts
from featureprobe.ascent.settings.converged import CHECK_EVERY, Converged
from featureprobe.results.state import AscentState, Tree, put_rows, take_rows
from featureprobe.types import FloatArray

_CARRIED = ("params", "slots", "best", "course")
_ONES = ("score", "total", "gradient", "certificate")  # traces with one number a row


class Stopped(KeyboardInterrupt):
    """An interrupt of steps that wrote over the state before them; ``state`` is the one after."""

    def __init__(self, state: AscentState) -> None:
        super().__init__()
        self.state = state


@dataclass(frozen=True, eq=False)
class Drive:
    """The groups of a run with their compiled calls.

    Attributes:
        groups: What runs together.
        calls: Their compiled calls.
        rows: Number of (target, start) rows.
        targets: Digest of the targets.
        stop: When images leave the batch; None for never.
    """

    groups: tuple[Group, ...]
    calls: tuple[Compiled, ...]
    rows: int
    targets: str
    stop: Converged | None

    def start(self, seed: int, starts: Starts) -> AscentState:
        """Return the state before the first step."""
        index = starts.index.ravel()
        carry: Tree = None
        for call, chunk in self._jobs(None):
            own = starts.pool.take(index[chunk.rows])
            images = cut(own.images, chunk)
            part = self._placed(begin(call.loop, chunk, images, own.params), call, chunk)
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

    def images(self, state: AscentState) -> FloatArray:
        """Return the current images of a state, projected: (rows, *spatial, C) in model units."""
        if all(call.loop.parameters.are_pixels for call in self.calls):
            return np.asarray(state.params["pixels"], np.float32)
        made = np.zeros(state.course.shape, np.float32)
        for call, chunk in self._jobs(None):
            own = tf.nest.map_structure(tf.constant, take_rows(state.params, chunk.rows))
            dtype = call.loop.evaluation.network.dtype
            made[chunk.rows] = call.loop.current(own, as_tensors(chunk, dtype))
        return made

    def advance(self, state: AscentState, count: int, *, reuse: bool = False) -> AscentState:
        """Return the state ``count`` steps later; ``state`` stays as it is.

        Args:
            state: The state.
            count: Steps to do.
            reuse: Write into the arrays of ``state``, which nobody needs any more. An interrupt
                then waits for these steps to end and comes as :class:`Stopped`.
        """
        carry = {name: getattr(state, name) for name in _CARRIED}
        if not reuse:
            carry = tf.nest.map_structure(np.copy, carry)
        traces, stopped = self._climb(state, count, carry, hasty=not reuse)
        later = self._leave(replace(state, index=state.index + count, traces=traces, **carry))
        if stopped and reuse:
            raise Stopped(later)
        if stopped:
            raise KeyboardInterrupt(NOTHING_YET)
        return later

    def finish(self, state: AscentState, *, reuse: bool = False) -> AscentState:
        """Return ``state`` with its last images judged too; arguments as for :meth:`advance`.

        The loop values the image that each step starts from; one more step does so for the last
        one, and what that step would have moved is dropped. With ``reuse`` an interrupt waits for it
        to end, and is over then: the run has ended anyway.
        """
        best = state.best if reuse else tf.nest.map_structure(np.copy, state.best)
        traces, stopped = self._climb(state, 1, {"best": best}, hasty=not reuse)
        if stopped and not reuse:
            raise KeyboardInterrupt
        return replace(state, best=best, traces=traces)

    def _climb(
        self, state: AscentState, count: int, carry: dict[str, Tree], *, hasty: bool
    ) -> tuple[dict[str, FloatArray], bool]:
        """Do steps; return all traces, and whether an interrupt came meanwhile.

        Args:
            state: The state to start from.
            count: Steps to do.
            carry: What of the outcome is wanted, by name: arrays to write to.
            hasty: At an interrupt, leave out what has not begun; the outcome is of no use then.
        """
        fresh = self._no_traces(count)
        regularizers = self.calls[0].loop.regularizers
        starts_anew = tf.constant(anew(regularizers, state.index, count), tf.bool)

        def run(job: tuple[Compiled, Chunk]) -> tuple[Chunk, Tree, dict[str, Any]]:
            call, chunk = job
            network = call.loop.evaluation.network
            own = take_rows({name: getattr(state, name) for name in _CARRIED}, chunk.rows)
            given = tf.nest.map_structure(tf.constant, cut(own, chunk))
            data = as_tensors(chunk, network.dtype)
            part, seen = call.advance(given, tf.constant(state.index), starts_anew, data)
            arrays = {name: values.numpy() for name, values in seen.items()}
            return chunk, self._placed(part, call, chunk), arrays

        def write(chunk: Chunk, part: Tree, seen: dict[str, Any]) -> None:
            put_rows(carry, chunk.rows, {name: part[name] for name in carry}, self.rows)
            for name, values in seen.items():
                places = fresh[name][:, chunk.rows]
                places[..., : values.shape[-1]] = values
                fresh[name][:, chunk.rows] = places

        stopped = each_in_turn(run, self._jobs(state.ended < 0), write, hasty=hasty)
        return {
            name: np.concatenate([state.traces[name], new]) if state.traces else new
            for name, new in fresh.items()
        }, stopped

    def _leave(self, state: AscentState) -> AscentState:
        """Return ``state`` with those images ended that have arrived."""
        if self.stop is None or state.index % CHECK_EVERY:
            return state
        best, over = state.best, self.stop.over
        totals = state.traces["total"]
        arrived = self.stop.arrived(totals, best["certificate"], best["gradient"])
        arrived &= np.isfinite(totals[-1])
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
