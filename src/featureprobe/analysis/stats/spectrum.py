"""How much of a picture is fine grain: the share of its energy at high frequencies."""

import numpy as np

from featureprobe._spatial import axes_of
from featureprobe.types import FloatArray

_FINE = 0.25  # cycles per pixel


def high_frequency_share(images: FloatArray) -> FloatArray:
    """Return (N,) the share of energy above 0.25 cycles per pixel, the mean left out, 0..1.

    The border is faded out by a Hann window. 0 for constant images.

    Args:
        images: (N, *spatial, C), any units.
    """
    spatial = images.shape[1:-1]
    axes = axes_of(len(spatial))
    window, radius = np.ones(()), np.zeros(())
    for size in spatial:
        window = np.multiply.outer(window, np.hanning(size + 2)[1:-1])
        radius = np.hypot.outer(radius, np.fft.fftfreq(size))
    weight = (window / window.sum())[..., None]
    values = images.astype(np.float64)
    mean = (values * weight).sum(axis=axes, keepdims=True)
    energy = np.abs(np.fft.fftn((values - mean) * window[..., None], axes=axes)) ** 2
    energy = energy.sum(axis=-1)
    total = energy.sum(axis=axes)
    fine = (energy * (radius > _FINE)).sum(axis=axes)
    return np.asarray(fine / np.where(total > 0, total, 1))
