"""The box: the range of pixel values."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import tensorflow as tf

from featureprobe.constraints.base import Constraint, Masks, dot
from featureprobe.constraints.live_pixels import LivePixels
from featureprobe.errors import ConfigError
from featureprobe.input_space import InputSpace
from featureprobe.rules.scaling import unit_peak
from featureprobe.types import FloatArray, Tensor


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
        """Return images within the range, (N, *spatial, C)."""
        low, high = self._ends(space, images.dtype)
        dead = 1.0 - live.field - live.outside
        filled = images * live.field + live.fill * live.outside + space.center * dead
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

    def pull_back(
        self, gradient: Tensor, images: Tensor, live: LivePixels, space: InputSpace
    ) -> Tensor:
        """Return the gradient without what pushes pixels out; clipping would hold them there."""
        return self.feasible(gradient * live.field, images, live, space)

    def certificate(
        self, gradient: Tensor, images: Tensor, live: LivePixels, space: InputSpace
    ) -> Tensor:
        """Return the share of the gradient's norm that the range holds back, (N,)."""
        g, peak = unit_peak(gradient)
        free = self.feasible(g, images, live, space)
        ratio = tf.sqrt(tf.math.divide_no_nan(dot(free, free), dot(g, g)))
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
