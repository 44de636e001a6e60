"""Diversity: the starts of one target shall show different things."""

from dataclasses import dataclass
from typing import ClassVar

import tensorflow as tf

from featureprobe._arguments import check_fields
from featureprobe.objectives.base import GroupObjective
from featureprobe.objectives.seen import Seen
from featureprobe.types import Read, Tensor

_TINY = 1e-12  # keeps the length of an all-zero Gram matrix away from 0 / 0


@dataclass(frozen=True)
class Diversity(GroupObjective):
    """Minus the mean cosine between the Gram matrices of a target's starts.

    0 is the most diverse, -1 means that all starts have the same correlations between maps. With
    one start it is 0.

    Args:
        layer: Path of a layer with maps, often the target's own.

    Source: Olah et al. 2017, Feature Visualization, section "Diversity".

    Example:
        >>> import featureprobe as fp
        >>> objective = fp.MapMean("Conv2D_3", channel=5) + 0.5 * Diversity("Conv2D_3")
    """

    kind: ClassVar[str] = "diversity"
    layer: str

    def __post_init__(self) -> None:
        check_fields(self)

    def reads(self) -> tuple[Read, ...]:
        """Return the whole layer."""
        return (Read(self.layer),)

    def value(self, seen: Seen) -> Tensor:
        """Return the diversity of each group, (N,), from -1 to 0 for layers after a ReLU."""
        shape = tf.shape(seen[0])
        targets, starts, channels = shape[0], shape[1], seen[0].shape[-1]
        flat = tf.reshape(seen[0], [targets, starts, -1, channels])
        gram = tf.reshape(tf.matmul(flat, flat, transpose_a=True), [targets, starts, channels**2])
        # Scaled before squaring: products of small activations would vanish in float32.
        gram /= tf.reduce_max(tf.abs(gram), axis=-1, keepdims=True) + _TINY
        gram *= tf.math.rsqrt(tf.reduce_sum(gram**2, axis=-1, keepdims=True) + _TINY)
        cosines = tf.matmul(gram, gram, transpose_b=True)
        pairs = tf.cast(tf.maximum(starts * (starts - 1), 1), cosines.dtype)
        others = tf.reduce_sum(cosines, axis=(1, 2)) - tf.linalg.trace(cosines)
        return -others / pairs
