"""TotalVariation: how rough an image is."""

from dataclasses import dataclass
from typing import ClassVar

import tensorflow as tf

from featureprobe._spatial import inner_axes
from featureprobe.objectives.base import Objective
from featureprobe.objectives.seen import Seen
from featureprobe.types import Read, Tensor


@dataclass(frozen=True)
class TotalVariation(Objective):
    """Mean absolute difference of neighbouring pixels, in units of the input space's spread.

    A penalty: subtract it, ``objective - 0.1 * fp.TotalVariation()``. 0 for a constant image;
    about 1.1 for each spatial axis for pixel noise of one spread, so 2.3 for pictures.

    Source: anisotropic total variation (Mahendran and Vedaldi 2015, beta = 1).

    Example:
        >>> TotalVariation().reads()
        ()
    """

    kind: ClassVar[str] = "total_variation"

    def reads(self) -> tuple[Read, ...]:
        """Return nothing: only images count."""
        return ()

    def value(self, seen: Seen) -> Tensor:
        """Return the roughness, (N,), at least 0."""
        images = seen.images / seen.space.spread
        axes = inner_axes(len(images.shape))
        total = tf.zeros_like(images[(slice(None), *(0 for _ in axes))])
        for axis in axes[:-1]:
            if images.shape[axis] != 1:
                steps = tf.experimental.numpy.diff(images, axis=axis)
                total += tf.reduce_mean(tf.abs(steps), axis=axes)
        return total
