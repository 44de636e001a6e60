"""A spectrum of fixed magnitude, of which the phase is found."""

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

import numpy as np
import tensorflow as tf

import featureprobe as fp


@dataclass(frozen=True)
class PhaseOnly(fp.Parameterization):
    """The phases of an image whose magnitudes are those of natural images, f ** -decay.

    Source: Fel et al. 2023, MaCo.
    """

    kind: ClassVar[str] = "priors.phase_only"
    exact: ClassVar[bool] = False
    constants: ClassVar[tuple[str, ...]] = ("magnitude",)
    _: KW_ONLY
    decay: float = 1.0

    def fit(self, images, shape, space, keys):
        """Return the phases of images, (N, C, H, W), and the magnitudes that they keep."""
        planes = tf.transpose(images - space.center, (0, 3, 1, 2))
        whole = tf.complex128 if images.dtype == tf.float64 else tf.complex64
        phase = tf.math.angle(tf.signal.fft2d(tf.cast(planes, whole)))
        rows, cols, _ = shape
        waves = np.hypot(np.fft.fftfreq(rows)[:, None], np.fft.fftfreq(cols)[None, :])
        with np.errstate(divide="ignore"):
            magnitude = np.where(waves > 0, waves**-self.decay, 0.0)
        magnitude *= space.spread * rows * cols / np.sqrt((magnitude**2).sum())
        return {"phase": phase, "magnitude": tf.zeros_like(phase) + tf.cast(magnitude, phase.dtype)}

    def render(self, params, step):
        """Return the images; their mean is 0 in model units."""
        phase, magnitude = params["phase"], params["magnitude"]
        spectrum = tf.complex(magnitude * tf.cos(phase), magnitude * tf.sin(phase))
        return tf.transpose(tf.math.real(tf.signal.ifft2d(spectrum)), (0, 2, 3, 1))

    def spreads(self, shape, space):
        """Return that phases are measured in radians."""
        return {"phase": 1.0}
