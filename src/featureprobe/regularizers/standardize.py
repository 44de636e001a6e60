"""Standardize: one mean and one deviation for every image."""

from dataclasses import dataclass
from typing import ClassVar

import tensorflow as tf

from featureprobe._spatial import inner_axes
from featureprobe.regularizers.base import Regularizer
from featureprobe.step import Step
from featureprobe.types import Tensor

_FLAT = 1e-6  # a deviation below this share of the spread is rounding noise, not a picture


@dataclass(frozen=True)
class Standardize(Regularizer):
    """Give each image the mean and deviation of typical data of its input space.

    The constraint ``Sphere()`` does this for live pixels at every step; this operator is for other
    constraints. A constant image becomes the middle of the space.

    Source: article VII of the MNIST series, step 7.

    Example:
        >>> Standardize()
        Standardize()
    """

    kind: ClassVar[str] = "standardize"

    def apply(self, images: Tensor, step: Step) -> Tensor:
        """Return images with mean ``center`` and deviation ``spread``, (N, *spatial, C)."""
        spread = step.space.spread
        axes = inner_axes(len(images.shape))
        centred = images - tf.reduce_mean(images, axis=axes, keepdims=True)
        deviation = tf.sqrt(tf.reduce_mean(centred**2, axis=axes, keepdims=True))
        flat = deviation <= _FLAT * spread
        scaled = centred * (spread / tf.where(flat, tf.ones_like(deviation), deviation))
        return step.space.center + tf.where(flat, tf.zeros_like(scaled), scaled)
