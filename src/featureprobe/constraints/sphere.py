"""The sphere: images of one mean and one standard deviation."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import tensorflow as tf

from featureprobe._spatial import inner_axes
from featureprobe.constraints.base import Constraint, Masks, dot
from featureprobe.constraints.live_pixels import LivePixels
from featureprobe.input_space import InputSpace
from featureprobe.rules.base import per_image
from featureprobe.rules.scaling import unit_peak
from featureprobe.types import FloatArray, Tensor

_TINY = 1e-30


@dataclass(frozen=True)
class Sphere(Constraint):
    """Mean 0 and standard deviation 1 in units of the input space's spread, over live pixels.

    This is the articles' per-image standardization, seen as the constraint that it is: centred
    images of one norm (Erhan et al. 2009). Pixels that cannot reach the layer hold the space's
    centre and do not count; outside a node's receptive field there is one constant.

    Its certificate is the cosine of the centred gradient and the image: 1 at a stationary point.

    Example:
        >>> Sphere()
        Sphere()
    """

    kind: ClassVar[str] = "sphere"

    def project(self, images: Tensor, live: LivePixels, space: InputSpace) -> Tensor:
        """Return standardized images, (N, *spatial, C)."""
        z = _standard(images, space) * live.field
        total = tf.reduce_sum(z, axis=inner_axes(len(z.shape)), keepdims=True)
        if live.whole:
            z -= total / live.count * live.layer
        else:
            # With a constant outside, that constant makes the mean 0; else every pixel gives way.
            some = live.beyond > 0
            z = (z - tf.where(some, tf.zeros_like(total), total / live.count)) * live.field
        norm = per_image(dot(z, z) + _beyond(z, z, live), z)
        if not live.whole:
            z += tf.math.divide_no_nan(-total, live.beyond) * live.outside
        scale = space.spread * tf.sqrt(live.count / tf.maximum(norm, _TINY))
        return _add(z * scale, space.center)

    def tangent(self, gradient: Tensor, live: LivePixels) -> Tensor:
        """Return the gradient inside the field with mean 0 over live pixels.

        Its constant outside follows from that.
        """
        inside = gradient * live.field
        mean = tf.reduce_sum(inside, axis=inner_axes(len(inside.shape)), keepdims=True) / live.count
        return inside - mean * live.field

    def feasible(
        self, direction: Tensor, images: Tensor, live: LivePixels, space: InputSpace
    ) -> Tensor:
        """Return the direction without its part along the centred image, which is radial."""
        z = _centred(images, live, space)
        along = dot(direction, z) + _beyond(direction, z, live)
        share = tf.math.divide_no_nan(along, dot(z, z) + _beyond(z, z, live))
        return direction - per_image(share, z) * z

    def certificate(
        self, gradient: Tensor, images: Tensor, live: LivePixels, space: InputSpace
    ) -> Tensor:
        """Return the cosine of tangent gradient and centred image, (N,)."""
        z = _centred(images, live, space)
        g, _ = unit_peak(gradient)
        along, of_g, of_z = (dot(a, b) + _beyond(a, b, live) for a, b in ((g, z), (g, g), (z, z)))
        return tf.math.divide_no_nan(along, tf.sqrt(of_g * of_z))

    def beyond(self, images: FloatArray, data: Masks, space: InputSpace) -> FloatArray:
        """Return the constant that makes the mean 0."""
        z = (images - space.center) * data["field"]
        total, count = z.sum(axis=inner_axes(z.ndim), keepdims=True), data["beyond"]
        made = np.divide(-total, count, out=np.zeros_like(total), where=count > 0)
        return np.asarray(made + space.center)


def _centred(images: Tensor, live: LivePixels, space: InputSpace) -> Tensor:
    """Return images less the space's centre, 0 outside the field."""
    z = _add(images, -space.center)  # 0 where pixels are dead
    return z if live.whole else z * live.field


def _beyond(a: Tensor, b: Tensor, live: LivePixels) -> Tensor:
    """Return (N,) what the constants beyond the field add to an inner product, or 0.

    ``a`` and ``b`` (N, *spatial, C) are 0 outside the field; the constants make their means 0.
    """
    if live.whole:
        return 0.0
    axes = inner_axes(len(a.shape))
    sums = [tf.reduce_sum(values, axis=axes, keepdims=True) for values in (a, b)]
    return tf.squeeze(tf.math.divide_no_nan(sums[0] * sums[1], live.beyond), axes)


def _standard(images: Tensor, space: InputSpace) -> Tensor:
    """Return images in spreads from the space's centre."""
    centred = _add(images, -space.center)
    return centred if space.spread == 1 else centred / space.spread


def _add(images: Tensor, value: float) -> Tensor:
    """Return images plus a constant; adding 0 is no work."""
    return images if value == 0 else images + value
