"""Run the regularizers of a step, each where it is due."""

from collections.abc import Sequence
from dataclasses import replace

import tensorflow as tf

from featureprobe.ascent.step.image_step import ImageStep
from featureprobe.regularizers.base import Regularizer
from featureprobe.types import Tensor


def regularized(
    regularizers: Sequence[Regularizer], images: Tensor, step: ImageStep, salt: int
) -> Tensor:
    """Return images (N, *spatial, C) after all operators, in order.

    Args:
        regularizers: The operators.
        images: Model units.
        step: The step.
        salt: Number of the first operator, which tells its draws from those of others.
    """
    for number, regularizer in enumerate(regularizers):
        images = _applied(regularizer, images, replace(step, salt=salt + number))
    return images


def _applied(regularizer: Regularizer, images: Tensor, step: ImageStep) -> Tensor:
    if type(regularizer).due is Regularizer.due:
        return regularizer.apply(images, step)
    due = tf.cast(regularizer.due(step.index), tf.bool)
    return tf.cond(due, lambda: regularizer.apply(images, step), lambda: images)
