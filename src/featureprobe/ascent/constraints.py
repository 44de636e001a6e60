"""The constraint sets: where an image may be. Without one a maximum does not exist.

A ReLU net is piecewise affine, so its answers grow without bound along most rays. On a compact set
a maximum exists, and there is a certificate for having reached a stationary point.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import tensorflow as tf

from featureprobe._component import Component
from featureprobe.ascent.live import LivePixels
from featureprobe.ascent.scaling import unit_peak
from featureprobe.errors import ConfigError
from featureprobe.input_space import InputSpace
from featureprobe.types import FloatArray, Tensor

Masks = Mapping[str, Any]

_TINY = 1e-30


class Constraint(Component, ABC):
    """A set of images; a closed choice of :class:`Sphere` and :class:`Box`."""

    @abstractmethod
    def project(self, images: Tensor, live: LivePixels, space: InputSpace) -> Tensor:
        """Return the images (N, H, W, C) of the set that stand for the given ones."""

    @abstractmethod
    def tangent(self, gradient: Tensor, live: LivePixels) -> Tensor:
        """Return the gradient (N, H, W, C) without what the set's equations take back at once."""

    @abstractmethod
    def feasible(
        self, direction: Tensor, images: Tensor, live: LivePixels, space: InputSpace
    ) -> Tensor:
        """Return the part of a tangent direction (N, H, W, C) along which images can go."""

    @abstractmethod
    def certificate(
        self, gradient: Tensor, images: Tensor, live: LivePixels, space: InputSpace
    ) -> Tensor:
        """Return (N,): 1 at a stationary point of the set; 0 where the gradient is 0."""

    @abstractmethod
    def beyond(self, images: FloatArray, data: Masks, space: InputSpace) -> FloatArray:
        """Return (N, 1, 1, 1): the constant outside the field, for projected crops (N, h, w, C).

        Args:
            images: Model units, arrays.
            data: ``field``, ``beyond`` and ``fill`` of :class:`LivePixels`, as arrays.
            space: The input space.
        """

    def check(self, space: InputSpace) -> None:
        """Raise ConfigError when the space lacks what the set needs."""


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
        """Return standardized images, (N, H, W, C)."""
        z = _standard(images, space) * live.field
        total = tf.reduce_sum(z, axis=(1, 2, 3), keepdims=True)
        if live.whole:
            z -= total / live.count * live.layer
        else:
            # With a constant outside, that constant makes the mean 0; else every pixel gives way.
            some = live.beyond > 0
            z = (z - tf.where(some, tf.zeros_like(total), total / live.count)) * live.field
        norm = tf.reshape(_dot(z, z) + _beyond(z, z, live), [-1, 1, 1, 1])
        if not live.whole:
            z += tf.math.divide_no_nan(-total, live.beyond) * live.outside
        scale = space.typical_spread * tf.sqrt(live.count / tf.maximum(norm, _TINY))
        return _add(z * scale, space.typical_center)

    def tangent(self, gradient: Tensor, live: LivePixels) -> Tensor:
        """Return the gradient inside the field with mean 0 over live pixels.

        Its constant outside follows from that.
        """
        inside = gradient * live.field
        mean = tf.reduce_sum(inside, axis=(1, 2, 3), keepdims=True) / live.count
        return inside - mean * live.field

    def feasible(
        self, direction: Tensor, images: Tensor, live: LivePixels, space: InputSpace
    ) -> Tensor:
        """Return the direction without its part along the centred image, which is radial."""
        z = _centred(images, live, space)
        along = _dot(direction, z) + _beyond(direction, z, live)
        share = tf.math.divide_no_nan(along, _dot(z, z) + _beyond(z, z, live))
        return direction - tf.reshape(share, [-1, 1, 1, 1]) * z

    def certificate(
        self, gradient: Tensor, images: Tensor, live: LivePixels, space: InputSpace
    ) -> Tensor:
        """Return the cosine of tangent gradient and centred image, (N,)."""
        z = _centred(images, live, space)
        g, _ = unit_peak(gradient)
        along, of_g, of_z = (_dot(a, b) + _beyond(a, b, live) for a, b in ((g, z), (g, g), (z, z)))
        return tf.math.divide_no_nan(along, tf.sqrt(of_g * of_z))

    def beyond(self, images: FloatArray, data: Masks, space: InputSpace) -> FloatArray:
        """Return the constant that makes the mean 0."""
        z = (images - space.typical_center) * data["field"]
        total, count = z.sum(axis=(1, 2, 3), keepdims=True), data["beyond"]
        made = np.divide(-total, count, out=np.zeros_like(total), where=count > 0)
        return np.asarray(made + space.typical_center)


@dataclass(frozen=True)
class Box(Constraint):
    """The range of the input space, ``low..high``, for every pixel.

    Its certificate is ``1 - |free gradient| / |gradient|``, where the free gradient leaves out
    pixels at an end of the range that are pushed further out.

    Raises:
        ConfigError: On use, when the input space has an open range.

    Example:
        >>> Box()
        Box()
    """

    kind: ClassVar[str] = "box"

    def check(self, space: InputSpace) -> None:
        """Raise ConfigError when the range is open."""
        if space.bounds is None:
            raise ConfigError(
                "fp.Box() needs the range of pixel values, which this InputSpace leaves open. "
                "Give it low= and high=, or use constraint=fp.Sphere()."
            )

    def project(self, images: Tensor, live: LivePixels, space: InputSpace) -> Tensor:
        """Return images within the range, (N, H, W, C)."""
        low, high = self._ends(space, images.dtype)
        dead = 1.0 - live.field - live.outside
        filled = images * live.field + live.fill * live.outside + space.typical_center * dead
        return tf.clip_by_value(filled, low, high)

    def tangent(self, gradient: Tensor, live: LivePixels) -> Tensor:
        """Return the gradient inside the receptive field."""
        return gradient * live.field

    def feasible(
        self, direction: Tensor, images: Tensor, live: LivePixels, space: InputSpace
    ) -> Tensor:
        """Return the direction with 0 where it pushes a pixel at an end of the range further out."""
        low, high = self._ends(space, images.dtype)
        slack = 1e-6 * (high - low)
        held = ((images >= high - slack) & (direction > 0)) | (
            (images <= low + slack) & (direction < 0)
        )
        return tf.where(held, tf.zeros_like(direction), direction)

    def certificate(
        self, gradient: Tensor, images: Tensor, live: LivePixels, space: InputSpace
    ) -> Tensor:
        """Return the share of the gradient's norm that the range holds back, (N,)."""
        g, peak = unit_peak(gradient)
        free = self.feasible(g, images, live, space)
        ratio = tf.sqrt(tf.math.divide_no_nan(_dot(free, free), _dot(g, g)))
        return tf.where(peak > 0, 1.0 - ratio, tf.zeros_like(ratio))

    def beyond(self, images: FloatArray, data: Masks, space: InputSpace) -> FloatArray:
        """Return the start's mean, brought into the range."""
        low, high = space.bounds or (-np.inf, np.inf)
        return np.asarray(np.clip(data["fill"], np.max(low), np.min(high)), np.float32)

    @staticmethod
    def _ends(space: InputSpace, dtype: tf.DType) -> tuple[Tensor, Tensor]:
        ends = space.bounds
        if ends is None:
            raise ConfigError("fp.Box() needs an InputSpace with low= and high=.")
        return tf.constant(ends[0], dtype), tf.constant(ends[1], dtype)


def resolve(constraint: Constraint | None, space: InputSpace) -> Constraint:
    """Return the given constraint, or the default one of a space, checked against it."""
    if constraint is None:
        return Box() if space.bounds is not None else Sphere()
    constraint.check(space)
    return constraint


def _dot(a: Tensor, b: Tensor) -> Tensor:
    """Return (N,) inner products of images; as a matrix product it would take ten times longer."""
    return tf.reduce_sum(a * b, axis=(1, 2, 3))


def _centred(images: Tensor, live: LivePixels, space: InputSpace) -> Tensor:
    """Return images less the space's centre, 0 outside the field."""
    z = _add(images, -space.typical_center)  # 0 where pixels are dead
    return z if live.whole else z * live.field


def _beyond(a: Tensor, b: Tensor, live: LivePixels) -> Tensor:
    """Return (N,) what the constants beyond the field add to an inner product, or 0.

    ``a`` and ``b`` (N, H, W, C) are 0 outside the field; the constants make their means 0.
    """
    if live.whole:
        return 0.0
    sums = [tf.reduce_sum(values, axis=(1, 2, 3), keepdims=True) for values in (a, b)]
    return tf.math.divide_no_nan(sums[0] * sums[1], live.beyond)[:, 0, 0, 0]


def _standard(images: Tensor, space: InputSpace) -> Tensor:
    """Return images in spreads from the space's centre."""
    centred = _add(images, -space.typical_center)
    return centred if space.typical_spread == 1 else centred / space.typical_spread


def _add(images: Tensor, value: float) -> Tensor:
    """Return images plus a constant; adding 0 is no work."""
    return images if value == 0 else images + value
