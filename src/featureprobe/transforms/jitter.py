"""Jitter: look at a shifted image."""

from dataclasses import dataclass
from typing import ClassVar

import tensorflow as tf

from featureprobe import _checks
from featureprobe._spatial import axes_of
from featureprobe.step import Step
from featureprobe.transforms.base import Transform
from featureprobe.types import Tensor


@dataclass(frozen=True)
class Jitter(Transform):
    """Shift each image by a random whole number of pixels along each axis; its border is mirrored in.

    Args:
        pixels: Largest shift in each direction, at least 0; less than the image's size.

    Source: Mahendran and Vedaldi 2015; Olah et al. 2017.

    Example:
        >>> Jitter(2)
        Jitter(pixels=2)
    """

    kind: ClassVar[str] = "jitter"
    pixels: int

    def __post_init__(self) -> None:
        _checks.whole("pixels", self.pixels, least=0)

    def view(self, images: Tensor, step: Step) -> Tensor:
        """Return shifted images, (N, *spatial, C)."""
        axes = axes_of(len(images.shape) - 2)
        draw = step.uniform((len(axes),)) * (2 * self.pixels + 1)
        shifts = tf.minimum(tf.cast(draw, tf.int32), 2 * self.pixels) - self.pixels
        for axis in axes:
            length = images.shape[axis]
            at = tf.range(length)[None, :] + shifts[:, axis - 1, None]
            at = at % (2 * length)
            at = tf.where(at < length, at, 2 * length - 1 - at)
            images = tf.gather(images, at, axis=axis, batch_dims=1)
        return images
