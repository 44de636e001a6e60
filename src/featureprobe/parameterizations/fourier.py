"""Fourier: climb the coefficients of the image's spectrum."""

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

import numpy as np
import tensorflow as tf

from featureprobe import _checks
from featureprobe.input_space import InputSpace
from featureprobe.parameterizations.base import Parameterization, Params
from featureprobe.step import Step
from featureprobe.types import ImageShape, Tensor


@dataclass(frozen=True)
class Fourier(Parameterization):
    """Spectral coefficients, scaled so that long waves move more easily than short ones.

    A coefficient of frequency f (cycles per image side, at least 1) counts f ** -decay. With
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
        """Return the scaled real and imaginary parts, (N, C, H, W) each."""
        planes = tf.transpose(images, (0, 3, 1, 2))
        complex_type = tf.complex128 if images.dtype == tf.float64 else tf.complex64
        spectrum = tf.signal.fft2d(tf.cast(planes, complex_type))
        scale = self._scale(images.shape[1], images.shape[2], images.dtype)
        return {"real": tf.math.real(spectrum) / scale, "imag": tf.math.imag(spectrum) / scale}

    def render(self, params: Params, step: Step | None) -> Tensor:
        """Return the images, (N, H, W, C)."""
        real, imag = params["real"], params["imag"]
        scale = self._scale(real.shape[2], real.shape[3], real.dtype)
        planes = tf.math.real(tf.signal.ifft2d(tf.complex(real * scale, imag * scale)))
        return tf.transpose(planes, (0, 2, 3, 1))

    def _scale(self, rows: int, cols: int, dtype: tf.DType) -> Tensor:
        side = max(rows, cols)
        row, col = np.fft.fftfreq(rows)[:, None], np.fft.fftfreq(cols)[None, :]
        frequency = np.maximum(np.hypot(row, col) * side, 1.0)
        # The root makes coefficients of unit noise have unit size, as pixels do.
        return tf.constant(np.sqrt(rows * cols) * frequency**-self.decay, dtype)
