"""Score images for all targets at once, forward only."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from featureprobe.ascent.constraints import Constraint
from featureprobe.ascent.live import LivePixels
from featureprobe.ascent.plan import Group
from featureprobe.types import FloatArray, Tensor

_BATCH_BYTES = 128 * 2**20


def score_images(
    groups: Sequence[Group],
    images: FloatArray,
    constraint: Constraint,
    targets: int,
    *,
    wanted: npt.NDArray[np.int64] | None = None,
) -> FloatArray:
    """Return (targets, N): the score of every image for every target.

    Args:
        groups: All targets, one row each.
        images: (N, H, W, C) model units; they are projected first.
        constraint: The set to project on.
        targets: Number of targets.
        wanted: Numbers of the targets to score, None for all; others get -inf.
    """
    scores = np.full((targets, len(images)), -np.inf, np.float32)
    for group in groups:
        mine = np.arange(len(group.rows))
        if wanted is not None:
            mine = np.flatnonzero(np.isin(group.rows, wanted))
        if len(mine):
            scores[group.rows[mine]] = _score_group(group, images, constraint, mine)
    return scores


def _score_group(
    group: Group, images: FloatArray, constraint: Constraint, rows: npt.NDArray[np.int64]
) -> FloatArray:
    """Return (rows, N) scores, in memory-bounded batches."""
    network = group.evaluation.network
    call = _compiled(group, constraint)
    fixed = (
        tf.constant(group.data["layer"], network.dtype),
        tf.constant(group.data["weights"][rows], network.dtype),
        tf.constant(group.data["numbers"][rows], tf.int32),
    )
    size = max(2, _BATCH_BYTES // network.bytes_per_image(group.evaluation.wanted))
    batches = [images[i : i + size] for i in range(0, len(images), size)]
    parts = [call(tf.constant(batch, network.dtype), *fixed).numpy() for batch in batches]
    return np.concatenate(parts, axis=1).astype(np.float32)


def _compiled(group: Group, constraint: Constraint) -> Any:
    """Return the traced scoring of a structure on its net."""
    evaluation = group.evaluation
    network, space = evaluation.network, evaluation.space
    rows, cols, channels = network.image_shape

    def score(images: Tensor, layer: Tensor, weights: Tensor, numbers: Tensor) -> Tensor:
        count = tf.maximum(tf.reduce_sum(layer, keepdims=True) * channels, 1.0)
        live = LivePixels(layer, layer, count, tf.zeros_like(count), whole=True)
        return evaluation.score_all(constraint.project(images, live, space), weights, numbers)

    def make() -> Any:
        specs = [
            tf.TensorSpec((None, rows, cols, channels), network.dtype),
            tf.TensorSpec((1, rows, cols, 1), network.dtype),
            tf.TensorSpec((None, len(evaluation.leaves)), network.dtype),
            tf.TensorSpec((None, group.data["numbers"].shape[1]), tf.int32),
        ]
        return tf.function(score, input_signature=specs, autograph=False)

    return network.compiled(("scoring", group.key, constraint, space), make)
