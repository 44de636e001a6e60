"""Fourier: climb the coefficients of the image's spectrum."""

import math
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from functools import reduce
from typing import ClassVar

import numpy as np
import tensorflow as tf

from featureprobe import _checks
from featureprobe._spatial import axes_of
from featureprobe.input_space import InputSpace
from featureprobe.parameterizations.base import Parameterization, Params
from featureprobe.step import Step
from featureprobe.types import ImageShape, Tensor

# By the number of spatial axes: TensorFlow has one transform for each.
_FORWARD = {1: tf.signal.fft, 2: tf.signal.fft2d, 3: tf.signal.fft3d}
_BACK = {1: tf.signal.ifft, 2: tf.signal.ifft2d, 3: tf.signal.ifft3d}


@dataclass(frozen=True)
class Fourier(Parameterization):
    """Spectral coefficients, scaled so that long waves move more easily than short ones.

    A coefficient of frequency f (cycles per longest image side, at least 1) counts f ** -decay. With
    ``decay=1`` steps of equal size have the spectrum of natural images, which preconditions the
    ascent.

    Args:
        decay: Exponent, at least 0; with 0 it is a mere change of basis.

    Source: Olah et al. 2017, Feature Visualization, section "Preconditioning".

    Example:
        >>> Fourier(decay=1.0).exact
        True
    """

    kind: ClassVar[str] = "fourier"
    _: KW_ONLY
    decay: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "decay", _checks.number("decay", self.decay, least=0.0))

    def fit(self, images: Tensor, shape: ImageShape, space: InputSpace, keys: Tensor) -> Params:
        """Return the scaled real and imaginary parts, (N, C, *spatial) each."""
        axes = axes_of(len(images.shape) - 2)
        planes = tf.transpose(images, (0, len(axes) + 1, *axes))
        complex_type = tf.complex128 if images.dtype == tf.float64 else tf.complex64
        spectrum = _FORWARD[len(axes)](tf.cast(planes, complex_type))
        scale = self._scale(images.shape[1:-1], images.dtype)
        return {"real": tf.math.real(spectrum) / scale, "imag": tf.math.imag(spectrum) / scale}

    def render(self, params: Params, step: Step | None) -> Tensor:
        """Return the images, (N, *spatial, C)."""
        real, imag = params["real"], params["imag"]
        axes = axes_of(len(real.shape) - 2)
        scale = self._scale(real.shape[2:], real.dtype)
        planes = tf.math.real(_BACK[len(axes)](tf.complex(real * scale, imag * scale)))
        return tf.transpose(planes, (0, *(axis + 1 for axis in axes), 1))

    def _scale(self, spatial: Sequence[int], dtype: tf.DType) -> Tensor:
        along = np.meshgrid(*map(np.fft.fftfreq, spatial), indexing="ij")
        frequency = np.maximum(reduce(np.hypot, along, 0.0) * max(spatial), 1.0)
        # The root makes coefficients of unit noise have unit size, as pixels do.
        return tf.constant(np.sqrt(math.prod(spatial)) * frequency**-self.decay, dtype)
