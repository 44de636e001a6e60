"""Score images for all targets at once, forward only."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from featureprobe._interrupts import stop_if_interrupted
from featureprobe._spatial import part_of, spatial_of
from featureprobe.ascent.plan.group import Group
from featureprobe.ascent.step.target_arrays import array_bytes, stack_of
from featureprobe.constraints.base import Constraint
from featureprobe.constraints.live_pixels import LivePixels
from featureprobe.objectives.structure import array_tensor
from featureprobe.types import FloatArray, Tensor

_BATCH_BYTES = 128 * 2**20


def score_images(
    groups: Sequence[Group],
    images: FloatArray,
    constraint: Constraint,
    targets: int,
    *,
    wanted: npt.NDArray[np.int64] | None = None,
    extras: Mapping[str, npt.NDArray[Any]] | None = None,
) -> FloatArray:
    """Return (targets, N): the score of every image for every target.

    Args:
        groups: All targets, one row each.
        images: (N, *spatial, C) model units; they are projected first.
        constraint: The set to project on.
        targets: Number of targets.
        wanted: Numbers of the targets to score, None for all; others get -inf.
        extras: What is rendered beside the images, (N, ...) by name.
    """
    scores = np.full((targets, len(images)), -np.inf, np.float32)
    for group in groups:
        mine = np.arange(len(group.rows))
        if wanted is not None:
            mine = np.flatnonzero(np.isin(group.rows, wanted))
        if len(mine):
            scores[group.rows[mine]] = _score_group(group, images, constraint, mine, extras or {})
    return scores


def _score_group(
    group: Group,
    images: FloatArray,
    constraint: Constraint,
    rows: npt.NDArray[np.int64],
    extras: Mapping[str, npt.NDArray[Any]],
) -> FloatArray:
    """Return (rows, N) scores; for targets on crops, these are cut out of the full images."""
    evaluation = group.evaluation
    arrays = array_bytes(group.arrays[0], evaluation.network.dtype)  # of one target
    cost = evaluation.network.bytes_per_image(evaluation.wanted) + arrays
    size, targets = max(2, _BATCH_BYTES // cost), max(1, _BATCH_BYTES // max(1, arrays))
    parts = []
    for first in range(0, len(images), size):
        stop_if_interrupted()
        batch = _projected(group, images[first : first + size], constraint)
        some = [rows[i : i + targets] for i in range(0, len(rows), targets)]
        beside = {n: tf.constant(values[first : first + size]) for n, values in extras.items()}
        made = [_score_batch(group, batch, own, beside) for own in some]
        parts.append(np.concatenate(made))
    return np.concatenate(parts, axis=1)


def _projected(group: Group, images: FloatArray, constraint: Constraint) -> Tensor:
    """Return full images on the constraint set, with all that reaches the layer in the field."""
    dtype = group.evaluation.network.dtype
    layer = tf.constant(group.layer, dtype)
    count = tf.maximum(tf.reduce_sum(layer, keepdims=True) * images.shape[-1], 1.0)
    nothing = tf.zeros_like(count)
    live = LivePixels(layer, layer, count, nothing, nothing, whole=True)
    return constraint.project(tf.constant(images, dtype), live, group.evaluation.space)


def _score_batch(
    group: Group, images: Tensor, rows: npt.NDArray[np.int64], extras: dict[str, Tensor]
) -> FloatArray:
    """Return (rows, N) scores of projected full images."""
    call, network = _compiled(group, extras), group.evaluation.network
    size = spatial_of(network.image_shape)
    places = np.zeros((len(rows), len(size)), int) if group.places is None else group.places[rows]
    scores = np.zeros((len(rows), len(images)), np.float32)
    for place in np.unique(places, axis=0):
        here = np.flatnonzero((places == place).all(axis=1))
        scores[here] = call(
            images[:, *part_of(place.tolist(), size)],
            tf.constant(group.data["weights"][rows[here]], network.dtype),
            tf.constant(group.data["numbers"][rows[here]], tf.int32),
            extras,
            *_arrays(group, rows[here]),
        ).numpy()
    return scores


def _arrays(group: Group, rows: npt.NDArray[np.int64]) -> list[Tensor]:
    """Return (rows, ...) each: the arrays of some targets; a target has one row here."""
    numbers, dtype = range(len(group.arrays[0])), group.evaluation.network.dtype
    return [array_tensor(stack_of(group.arrays, rows, number), dtype) for number in numbers]


def _compiled(group: Group, extras: dict[str, Tensor]) -> Any:
    """Return the traced scoring of a structure on its net."""
    evaluation = group.evaluation
    network = evaluation.network
    beside = {n: tf.TensorSpec((None, *v.shape[1:]), v.dtype) for n, v in extras.items()}

    def make() -> Any:
        specs = [
            tf.TensorSpec((None, *network.image_shape), network.dtype),
            tf.TensorSpec((None, len(evaluation.leaves)), network.dtype),
            tf.TensorSpec((None, group.data["numbers"].shape[1]), tf.int32),
            beside,
            *(tf.TensorSpec((None, *a.shape[1:]), a.dtype) for a in _arrays(group, np.array([0]))),
        ]
        run = tf.function(evaluation.score_all, input_signature=specs, autograph=False)
        return run.get_concrete_function()  # plain calls warn of retracing at the fifth structure

    return network.compiled(("scoring", group.key, evaluation.space, *beside.items()), make)
