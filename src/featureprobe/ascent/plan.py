"""The plan of a run: which targets go together, in what chunks, with what numbers."""

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

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

WORKERS = min(2, os.cpu_count() or 1)
"""Chunks that run at a time. Two fill the gaps that single operations leave on the cores; more do
not help, since TensorFlow shares its threads between them."""

_COPIES = 3  # forward values, their gradients, and what the convolutions need beside them
_ROWS_WORTH_SPLITTING = 64
_TWICE_BELOW = 8 * 2**20  # bytes of a row up to which running it twice costs next to nothing
_IMAGES = 16  # image-sized tensors that a step holds: params, best, views, gradient, masks, ...


@dataclass(frozen=True, eq=False)
class Chunk:
    """Rows of one group that run together.

    Attributes:
        rows: Row numbers of the run; row = target * starts + start.
        data: The numbers of these rows, by name, as the loop takes them.
    """

    rows: npt.NDArray[np.int64]
    data: dict[str, npt.NDArray[np.generic]]


@dataclass(frozen=True, eq=False)
class Group:
    """Targets of one structure: one trace.

    Attributes:
        evaluation: Their traced function.
        key: Equal for groups that can share a trace.
        chunks: Their rows.
    """

    evaluation: Evaluation
    key: tuple[object, ...]
    chunks: tuple[Chunk, ...]


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
    start_images: FloatArray,
) -> tuple[Group, ...]:
    """Return groups of targets in chunks that fit the memory budget.

    Args:
        probe: The probe.
        targets: All targets.
        starts: Starts per target.
        seed: The run's seed.
        memory: Budget of a chunk in bytes.
        start_images: (starts, H, W, C) model units.

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
        budget = memory // WORKERS  # so many chunks run at a time
        most = max(1, budget // (row_bytes(probe, evaluation) * starts))
        chunks = tuple(
            _chunk(probe, targets, part, starts, seed, start_images)
            for part in _split(members, most, starts)
        )
        if row_bytes(probe, evaluation) <= _TWICE_BELOW:
            chunks = tuple(map(_never_alone, chunks))
        groups.append(Group(evaluation, key, chunks))
    return tuple(groups)


def _split(members: Sequence[int], most: int, starts: int) -> list[Sequence[int]]:
    """Return the members in equal parts of at most ``most``, enough to keep all workers busy."""
    parts = -(-len(members) // most)
    if len(members) * starts >= _ROWS_WORTH_SPLITTING:
        parts = max(parts, min(WORKERS, len(members)))
    size = -(-len(members) // parts)
    return [members[i : i + size] for i in range(0, len(members), size)]


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


def _chunk(
    probe: ModelProbe,
    targets: Sequence[Objective],
    members: Sequence[int],
    starts: int,
    seed: int,
    start_images: FloatArray,
) -> Chunk:
    own = [targets[m] for m in members]
    terms = [terms_of(target) for target in own]
    masks = [masks_of(probe.network, target) for target in own]
    layer = masks[0][0][None, :, :, None]  # a group reads the same layers, so it shares this one
    live = layer.sum() * probe.image_shape[2]
    means = (start_images * layer).sum(axis=(1, 2, 3), keepdims=True) / max(live, 1)
    digests = [target.digest() for target in own]
    numbers = [[n for _, term in t for n in numbers_of(term)] for t in terms]
    data: dict[str, npt.NDArray[np.generic]] = {
        "weights": np.repeat(np.array([[w for w, _ in t] for t in terms], np.float32), starts, 0),
        "numbers": np.repeat(np.array(numbers, np.int32).reshape(len(own), -1), starts, 0),
        "keys": np.stack([run_key(seed, d, s) for d in digests for s in range(starts)]),
        "layer": layer,
        "field": stack_masks([m[1] for m in masks], starts),
        "count": np.full((1, 1, 1, 1), max(live, 1), np.float32),
        "fill": np.tile(means, (len(own), 1, 1, 1)).astype(np.float32),
        "starts": np.asarray(starts, np.int32),
    }
    rows = (np.array(members)[:, None] * starts + np.arange(starts)).ravel()
    return Chunk(rows, data)


def _never_alone(chunk: Chunk) -> Chunk:
    """Return a chunk of one row as two equal rows.

    TensorFlow rounds a batch of one differently from all larger ones, and at the kinks of a ReLU
    net such a difference grows. Twice is what makes an image the same alone and in a batch.
    """
    if len(chunk.rows) > 1:
        return chunk
    twice = {
        name: np.repeat(values, 2, axis=0) if len(np.shape(values)) and len(values) == 1 else values
        for name, values in chunk.data.items()
    }
    return Chunk(np.repeat(chunk.rows, 2), twice)
