"""The floor of a score: its least value, as the objective says it or as the layers prove it."""

import hashlib
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from featureprobe._spatial import axis_of
from featureprobe.ascent.problem.trying_out import value_of
from featureprobe.objectives.base import Objective, reads_of
from featureprobe.objectives.score_meaning import can_be_dead, score_bounds_of
from featureprobe.objectives.structure import Array, Leaf, arrays_of, leaf_of, numbers_of
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.probe.network.floors import Floors, floors_of
from featureprobe.types import FloatArray, Floats, Read, Tensor

_Loose = tuple[Sequence[int], Sequence[Array]]
"""The ``Index`` fields and the arrays of a term."""

_SCALES = (1e-2, 1e-1, 1.0, 10.0)  # how far above their floors values are tried
_SHARES = (1.0, 0.3, 0.02)  # and how many of them


class ScoreFloors:
    """The floors of the terms of a run's targets; made anew for each run, as nets may be trained on.

    What was tried is remembered with the floors that it was tried at.

    Args:
        probe: The probe.
    """

    def __init__(self, probe: ModelProbe) -> None:
        self._probe = probe
        self._known: Floors = {}
        self._drawn: dict[str, list[Tensor]] = {}

    def of(self, term: Objective) -> float:
        """Return the score below which a term cannot fall, and at which it may be dead; or -inf.

        It is what the objective says. Where it says nothing, it is the score when all that the term
        reads is at its own floor, if that is the least.
        """
        if not can_be_dead(term):
            return -np.inf
        least = score_bounds_of(term)[0]
        return self._proven(term) if np.isneginf(least) else least

    def _proven(self, term: Objective) -> float:
        reads = reads_of(term)
        if any(read.pre for read in reads):
            return -np.inf
        floors = [self._floor_of(read) for read in reads]
        if any(np.isneginf(floor).any() for floor in floors):
            return -np.inf
        leaf = leaf_of(term)
        loose = numbers_of(term)[: leaf.n_fields], arrays_of(term)
        # Where a term cannot fall may follow from its arrays, such as the signs of a direction.
        own = term.digest() if leaf.n_arrays else ""
        structure = (leaf.key, own, _mark(floors))
        remembered, space = self._probe.network.remembered, self._probe.input_space
        if not remembered(
            ("bounded", structure, space), lambda: self._is_bounded(leaf, floors, loose)
        ):
            return -np.inf
        lowest = [floor[None] for floor in floors]
        return remembered(
            ("least", structure, loose[0], space),
            lambda: float(self._values(leaf, lowest, loose)[0]),
        )

    def _floor_of(self, read: Read) -> FloatArray:
        """Return the floors of what a read reads, in its shape."""
        floors = floors_of(self._probe.network, read.layer, self._known)
        chosen = {
            axis_of(axis, floors.ndim): index
            for axis, index in zip(read.axes, read.indices, strict=True)
        }
        return np.asarray(floors[tuple(chosen.get(n, slice(None)) for n in range(floors.ndim))])

    def _is_bounded(self, leaf: Leaf, floors: Sequence[FloatArray], loose: _Loose) -> bool:
        """Whether a term is never less than at the floors: tried, as it may be any function.

        It is tried on many values, and where its gradient says that it falls.
        """
        try:
            tried = self._tried(floors)
            made = value_of(leaf, tried, *loose, self._probe.input_space)
            first = np.asarray(made, np.float64)
            if not _least_first(first):
                return False  # most that have no floor show it here, without a gradient
            with tf.GradientTape() as tape:
                tape.watch(tried)
                made = value_of(leaf, tried, *loose, self._probe.input_space)
        except Exception:  # noqa: BLE001  (a user's function: what cannot be tried has no known floor)
            return False
        down = tape.gradient(made, tried, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        further = [
            np.asarray(values) + np.max(_SCALES) * np.maximum(-np.sign(np.asarray(slope)), 0.0)
            for values, slope in zip(tried, down, strict=True)
        ]
        return _least_first(np.concatenate([first, self._values(leaf, further, loose)]))

    def _tried(self, floors: Sequence[FloatArray]) -> list[Tensor]:
        """Return what each read is tried on, its floor first; the same for all terms of a run."""
        mark = _mark(floors)
        if mark not in self._drawn:
            rng = np.random.default_rng(0)
            stacked = [np.stack([floor, *_above(floor, rng)]) for floor in floors]
            self._drawn[mark] = [tf.constant(v, self._probe.network.dtype) for v in stacked]
        return self._drawn[mark]

    def _values(self, leaf: Leaf, values: Sequence[FloatArray], loose: _Loose) -> FloatArray:
        given = [tf.constant(v, self._probe.network.dtype) for v in values]
        made = value_of(leaf, given, *loose, self._probe.input_space)
        return np.asarray(made, np.float64)


def _mark(floors: Sequence[FloatArray]) -> str:
    """Return what tells floors apart; as keys they themselves would fill the memory."""
    return hashlib.sha256(b"".join(floor.tobytes() for floor in floors)).hexdigest()


def _least_first(values: Floats) -> bool:
    """Whether all values are finite, and none is below the first."""
    slack = 1e-6 * np.abs(values[0])
    return bool(np.isfinite(values).all() and values.min() >= values[0] - slack)


def _above(floor: FloatArray, rng: np.random.Generator) -> list[FloatArray]:
    """Return values at or above the floor, of many sizes, many and few of them off it."""
    made = []
    for share in _SHARES:
        for scale in _SCALES:
            off = rng.random(floor.shape) < share
            above = scale * off * rng.exponential(size=floor.shape)
            made.append((floor + above).astype(np.float32))
    return made
