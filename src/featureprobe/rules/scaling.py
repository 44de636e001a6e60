"""Scaling by sizes that may be 0 or so small that their squares vanish."""

import tensorflow as tf

from featureprobe._spatial import inner_axes
from featureprobe.types import Tensor

# The smallest normal numbers, of which the inverse is finite; of float32 and bfloat16: 2**-126.
_LEAST = {"float16": 2.0**-14, "float64": 2.0**-1022}


def inverse(sizes: Tensor) -> Tensor:
    """Return 1 / sizes, sizes at least 0; 0 where that is 0, or too small for an inverse.

    To scale images by it takes a tenth of the time of ``tf.math.divide_no_nan`` on all pixels.
    """
    enough = sizes >= tf.constant(_LEAST.get(sizes.dtype.name, 2.0**-126), sizes.dtype)
    # Not 1 / sizes: that is rounded by where in a batch an image stands, eight at a time or alone.
    return tf.where(enough, tf.math.divide_no_nan(tf.ones_like(sizes), sizes), 0.0)


def unit_peak(gradient: Tensor) -> tuple[Tensor, Tensor]:
    """Return the gradient (N, *spatial, C) scaled to a largest value of 1, and that value (N,).

    Squares of small gradients would vanish in float32.
    """
    axes = inner_axes(len(gradient.shape))
    peak = tf.reduce_max(tf.abs(gradient), axis=axes, keepdims=True)
    return gradient * inverse(peak), tf.squeeze(peak, axes)
