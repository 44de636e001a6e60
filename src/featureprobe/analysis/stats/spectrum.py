"""How much of a picture is fine grain: the share of its energy at high frequencies."""

import numpy as np

from featureprobe.types import FloatArray


def high_frequency_share(images: FloatArray) -> FloatArray:
    """Return (N,) the share of energy above 0.25 cycles per pixel, the mean left out, 0..1.

    The border is faded out by a Hann window. 0 for constant images.

    Args:
        images: (N, H, W, C), any units.
    """
    rows, cols = images.shape[1:3]
    window = np.outer(np.hanning(rows + 2)[1:-1], np.hanning(cols + 2)[1:-1])
    weight = window / window.sum()
    values = images.astype(np.float64)
    mean = (values * weight[None, :, :, None]).sum(axis=(1, 2), keepdims=True)
    energy = np.abs(np.fft.fft2((values - mean) * window[None, :, :, None], axes=(1, 2))) ** 2
    energy = energy.sum(axis=3)
    radius = np.hypot(np.fft.fftfreq(rows)[:, None], np.fft.fftfreq(cols)[None])
    total = energy.sum(axis=(1, 2))
    return np.asarray((energy * (radius > 0.25)).sum(axis=(1, 2)) / np.where(total > 0, total, 1))
