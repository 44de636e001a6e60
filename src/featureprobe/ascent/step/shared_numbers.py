"""Numbers that the starts of a target share: each row has a copy, and the copies are kept equal."""

from typing import Any

import tensorflow as tf

from featureprobe.types import Tensor


def summed(values: Tensor, starts: Tensor) -> Tensor:
    """Return (N, ...) with each row replaced by the sum over the rows of its target."""
    return tf.repeat(tf.reduce_sum(_by_target(values, starts), axis=1), starts, axis=0)


def averaged(values: Tensor, starts: Tensor) -> Tensor:
    """Return (N, ...) with each row replaced by the mean over the rows of its target."""
    return tf.repeat(tf.reduce_mean(_by_target(values, starts), axis=1), starts, axis=0)


def tied(tree: Any, starts: Tensor) -> Any:
    """Return nested tensors (N, ...) with each row replaced by that of its target's first start."""
    return tf.nest.map_structure(
        lambda values: tf.ensure_shape(
            tf.repeat(_by_target(values, starts)[:, 0], starts, axis=0), (None, *values.shape[1:])
        ),
        tree,
    )


def _by_target(values: Tensor, starts: Tensor) -> Tensor:
    """Return (N, ...) as (targets, starts, ...)."""
    grouped = tf.reshape(values, tf.concat([[-1, starts], tf.shape(values)[1:]], axis=0))
    return tf.ensure_shape(grouped, (None, None, *values.shape[1:]))
