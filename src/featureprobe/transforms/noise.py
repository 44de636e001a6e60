"""Noise: look at the image through noise."""

from dataclasses import dataclass
from typing import ClassVar

import tensorflow as tf

from featureprobe._arguments import NotNegative
from featureprobe.step import Step
from featureprobe.transforms.base import Transform
from featureprobe.types import Tensor


@dataclass(frozen=True)
class Noise(Transform):
    """Add normal noise to each image before the model sees it.

    Args:
        amount: Standard deviation in units of the input space's spread, at least 0.

    Example:
        >>> Noise(0.1)
        Noise(amount=0.1)
    """

    kind: ClassVar[str] = "noise"
    amount: NotNegative

    def view(self, images: Tensor, step: Step) -> Tensor:
        """Return noisy images, (N, *spatial, C)."""
        noise = tf.cast(step.normal(tuple(images.shape[1:])), images.dtype)
        return images + self.amount * step.space.spread * noise
