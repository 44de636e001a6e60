"""Drive a run: take an AscentState through compiled blocks of steps, chunk by chunk."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import tensorflow as tf

from featureprobe.ascent.compiling import Compiled, as_tensors, begin
from featureprobe.ascent.plan import WORKERS, Chunk, Group
from featureprobe.results.state import AscentState, Tree, put_rows, take_rows
from featureprobe.types import FloatArray


@dataclass(frozen=True, eq=False)
class Drive:
    """The groups of a run with their compiled calls.

    Attributes:
        groups: What runs together.
        calls: Their compiled calls.
        rows: Number of (target, start) rows.
        targets: Digest of the targets.
    """

    groups: tuple[Group, ...]
    calls: tuple[Compiled, ...]
    rows: int
    targets: str

    def start(self, seed: int, start_images: FloatArray) -> AscentState:
        """Return the state before the first step.

        Args:
            seed: The run's seed.
            start_images: (starts, H, W, C) model units.
        """
        carry: Tree = None
        for group, call in zip(self.groups, self.calls, strict=True):
            for chunk in group.chunks:
                part = begin(call.loop, chunk, start_images)
                carry = put_rows(carry, chunk.rows, part, self.rows)
        return AscentState(
            index=0,
            seed=seed,
            starts=len(start_images),
            targets=self.targets,
            start_images=start_images,
            params=carry["params"],
            slots=carry["slots"],
            best=carry["best"],
            traces={},
        )

    def advance(self, state: AscentState, count: int) -> AscentState:
        """Return the state ``count`` steps later; ``state`` stays as it is."""
        old = {"params": state.params, "slots": state.slots, "best": state.best}
        jobs = [
            (call, chunk, group.evaluation.network.dtype)
            for group, call in zip(self.groups, self.calls, strict=True)
            for chunk in group.chunks
        ]

        def run(job: tuple[Compiled, Chunk, str]) -> tuple[Chunk, Tree, Any]:
            call, chunk, dtype = job
            given = tf.nest.map_structure(tf.constant, take_rows(old, chunk.rows))
            numbers = (tf.constant(state.index), tf.constant(count))
            part, seen = call.advance(given, *numbers, as_tensors(chunk, dtype))
            return chunk, part, {name: values.numpy() for name, values in seen.items()}

        carry: Tree = None
        traces: dict[str, list[tuple[Any, Any]]] = {}
        with ThreadPoolExecutor(WORKERS) as pool:
            for chunk, part, seen in pool.map(run, jobs):
                carry = put_rows(carry, chunk.rows, part, self.rows)
                for name, values in seen.items():
                    traces.setdefault(name, []).append((chunk.rows, values))
        merged = {name: self._merged(parts) for name, parts in traces.items()}
        return replace(
            state,
            index=state.index + count,
            params=carry["params"],
            slots=carry["slots"],
            best=carry["best"],
            traces={
                name: np.concatenate([state.traces[name], new]) if state.traces else new
                for name, new in merged.items()
            },
        )

    def finish(self, state: AscentState) -> AscentState:
        """Return ``state`` with its last images judged too.

        The loop values the image that each step starts from; one more step does so for the last
        one, and what that step would have moved is dropped.
        """
        ahead = self.advance(state, 1)
        return replace(state, best=ahead.best, traces=ahead.traces)

    def _merged(self, parts: Sequence[tuple[Any, Any]]) -> FloatArray:
        """Return (k, rows, ...) from the traces of all chunks; missing terms are NaN."""
        count, tails = len(parts[0][1]), [values.shape[2:] for _, values in parts]
        tail = tuple(max(sizes) for sizes in zip(*tails, strict=True))
        merged = np.full((count, self.rows, *tail), np.nan, np.float32)
        for rows, values in parts:
            merged[(slice(None), rows, *(slice(s) for s in values.shape[2:]))] = values
        return merged
