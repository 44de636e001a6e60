"""The plan of a run: which targets go together, in what chunks, with what numbers."""

import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from featureprobe._randomness import run_key
from featureprobe.ascent.evaluation import Evaluation
from featureprobe.ascent.live import masks_of, stack_masks
from featureprobe.errors import ConfigError, ShapeError
from featureprobe.objectives.base import Objective
from featureprobe.objectives.structure import leaf_of, numbers_of, terms_of
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.probe.reads import check_read
from featureprobe.types import FloatArray

Rows = npt.NDArray[np.int64]

WORKERS = min(2, os.cpu_count() or 1)
"""Chunks that run at a time. Two fill the gaps that single operations leave on the cores; more do
not help, since TensorFlow shares its threads between them."""

PER_ROW = ("weights", "numbers", "keys", "field", "fill")
"""Data with one entry for each row; of ``field`` there may be one for all."""

_COPIES = 3  # forward values, their gradients, and what the convolutions need beside them
_ROWS_WORTH_SPLITTING = 64
_TWICE_BELOW = 8 * 2**20  # bytes of a row up to which running it twice costs next to nothing
_IMAGES = 16  # image-sized tensors that a step holds: params, best, views, gradient, masks, ...


@dataclass(frozen=True, eq=False)
class Group:
    """Targets of one structure: one trace.

    Attributes:
        evaluation: Their traced function.
        key: Equal for groups that can share a trace.
        rows: Row numbers of the run; row = target * starts + start.
        data: Numbers of these rows by name; arrays with one entry are shared by all rows.
        most: Rows that fit the memory budget at a time.
        together: Rows that must not be parted: the starts of a target with a group term, else 1.
    """

    evaluation: Evaluation
    key: tuple[object, ...]
    rows: Rows
    data: dict[str, npt.NDArray[np.generic]]
    most: int
    together: int

    def starting(self, means: FloatArray) -> Self:
        """Return the group with the means (rows,) of its start images, in model units."""
        return replace(self, data=self.data | {"fill": means.reshape(-1, 1, 1, 1)})

    def aimed(self, aim: Callable[[Evaluation], Evaluation]) -> Self:
        """Return the group with something else to climb."""
        evaluation = aim(self.evaluation)
        reads = tuple(leaf.reads for leaf in evaluation.leaves)
        return replace(self, evaluation=evaluation, key=(self.key, evaluation.redirected, reads))

    def chunks(self, active: npt.NDArray[np.bool_] | None = None) -> list["Chunk"]:
        """Return the rows that are active, in chunks that fit the memory budget.

        Args:
            active: (all rows of the run,); None for all. Chunks depend on nothing else, so that
                a resumed run is cut in the same way.
        """
        going = np.ones(len(self.rows), bool) if active is None else active[self.rows]
        units = np.flatnonzero(going.reshape(-1, self.together).any(axis=1))
        parts = -(-len(units) * self.together // self.most)
        if len(units) * self.together >= _ROWS_WORTH_SPLITTING:
            parts = max(parts, min(WORKERS, len(units)))
        size = -(-len(units) // max(1, parts))
        return [self._chunk(units[i : i + size]) for i in range(0, len(units), size or 1)]

    def _chunk(self, units: Rows) -> "Chunk":
        own = (units[:, None] * self.together + np.arange(self.together)).ravel()
        if len(own) == 1 and self.most > 1:
            # TensorFlow rounds a batch of one differently from all larger ones, and at the kinks
            # of a ReLU net such a difference grows. Twice makes it the same alone and in a batch.
            own = np.repeat(own, 2)
        data = {
            name: values[own] if name in PER_ROW and len(values) == len(self.rows) else values
            for name, values in self.data.items()
        }
        return Chunk(self.rows[own], data | {"field": data["field"].astype(np.float32)})


@dataclass(frozen=True, eq=False)
class Chunk:
    """Rows of one group that run together.

    Attributes:
        rows: Row numbers of the run.
        data: The numbers of these rows, by name, as the loop takes them.
    """

    rows: Rows
    data: dict[str, npt.NDArray[np.generic]]


def as_targets(objective: Objective | Sequence[Objective]) -> tuple[Objective, ...]:
    """Return the targets of a run.

    Raises:
        ConfigError: When there are none, or something is no objective.
    """
    listed = isinstance(objective, Iterable) and not isinstance(objective, str)
    targets: tuple[Objective, ...] = tuple(objective) if listed else (objective,)  # type: ignore[assignment, arg-type]
    if not targets:
        raise ConfigError(
            "There is nothing to climb: the list of targets is empty. "
            "Pass an objective, or fp.MapMean.each(probe, layer)."
        )
    for target in targets:
        if not isinstance(target, Objective):
            raise ConfigError(
                f"A target is an Objective. Received: {target!r}. "
                "Write fp.MapMean(layer, channel=...), or lift a function with fp.objective_from."
            )
    return targets


def digest_of(targets: Sequence[Objective]) -> str:
    """Return the sha256 over the configs of all targets, in order."""
    return hashlib.sha256("".join(t.digest() for t in targets).encode()).hexdigest()


def make_plan(
    probe: ModelProbe,
    targets: Sequence[Objective],
    *,
    starts: int,
    seed: int,
    memory: int,
) -> tuple[Group, ...]:
    """Return the targets in groups of one structure each.

    Args:
        probe: The probe.
        targets: All targets.
        starts: Starts per target.
        seed: The run's seed.
        memory: Budget in bytes of what runs at a time.

    Raises:
        FeatureProbeError: When a read does not fit the model.
    """
    for target in targets:
        _check_reads(probe, target)
    grouped: dict[tuple[object, ...], list[int]] = {}
    for number, target in enumerate(targets):
        key = tuple(leaf_of(term).key for _, term in terms_of(target))
        grouped.setdefault(key, []).append(number)
    groups = []
    for key, members in grouped.items():
        leaves = tuple(leaf_of(term) for _, term in terms_of(targets[members[0]]))
        evaluation = Evaluation(probe.network, probe.input_space, leaves)
        probe.network.graph.prepare(evaluation.wanted)
        rows = (np.array(members)[:, None] * starts + np.arange(starts)).ravel()
        together = starts if any(leaf.is_group for leaf in leaves) else 1
        cost = row_bytes(probe, evaluation)
        fitting = max(1, memory // WORKERS // (cost * together)) * together
        # Small images run twice rather than alone, so that a batch of one never happens.
        most = max(2, fitting) if cost <= _TWICE_BELOW else fitting
        data = _numbers([targets[m] for m in members], probe, starts, seed)
        groups.append(Group(evaluation, key, rows, data, most, together))
    return tuple(groups)


def _check_reads(probe: ModelProbe, target: Objective) -> None:
    reads = target.reads()
    for read in reads:
        check_read(read, probe.shape_of(read.layer))
    if not any(leaf_of(term).is_score for _, term in terms_of(target)):
        raise ShapeError(
            f"{target!r} reads no layer, so there is no score to climb. "
            "Add an objective such as fp.MapMean to the penalty."
        )


def row_bytes(probe: ModelProbe, evaluation: Evaluation) -> int:
    """Return the memory that one image of a chunk takes, in bytes."""
    image = 4 * int(np.prod(probe.image_shape))
    return _COPIES * probe.network.bytes_per_image(evaluation.wanted) + _IMAGES * image


def _numbers(
    own: Sequence[Objective], probe: ModelProbe, starts: int, seed: int
) -> dict[str, npt.NDArray[np.generic]]:
    """Return the numbers of a group's rows."""
    terms = [terms_of(target) for target in own]
    masks = [masks_of(probe.network, target) for target in own]
    layer = masks[0][0][None, :, :, None]  # a group reads the same layers, so it shares this one
    live = layer.sum() * probe.image_shape[2]
    digests = [target.digest() for target in own]
    numbers = [[n for _, term in t for n in numbers_of(term)] for t in terms]
    return {
        "weights": np.repeat(np.array([[w for w, _ in t] for t in terms], np.float32), starts, 0),
        "numbers": np.repeat(np.array(numbers, np.int32).reshape(len(own), -1), starts, 0),
        "keys": np.stack([run_key(seed, d, s) for d in digests for s in range(starts)]),
        "layer": layer,
        "field": stack_masks([m[1] for m in masks], starts),
        "count": np.full((1, 1, 1, 1), max(live, 1), np.float32),
        "starts": np.asarray(starts, np.int32),
    }
