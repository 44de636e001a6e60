"""Surrogates: textures with the radial spectrum of an image, and no structure beyond it."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def radial_surrogates(patch: Floats, count: int, rng: np.random.Generator) -> Floats:
    """Return (count, H, W, C): Gaussian textures with the radial power spectrum of a patch.

    Why not phases drawn at random: they keep the whole two-dimensional spectrum, and with it the
    periodic autocorrelation, so that no repetition could ever stand out. Here the power at each
    distance from frequency 0 is kept (how fine and how smooth the patch is), its direction and its
    concentration on single frequencies are not. Textures are cut out of a torus of twice the size, so
    that they do not repeat at their own border. Channels are first turned to be uncorrelated.

    Args:
        patch: (H, W, C), mean 0 in each channel.
        count: How many.
        rng: Their generator.

    Source: after Theiler et al., "Testing for nonlinearity in time series", 1992, with the radial
    instead of the full spectrum.
    """
    height, width, channels = patch.shape
    axes = np.linalg.svd(patch.reshape(-1, channels), full_matrices=False)[2]
    turned = patch @ axes.T
    size = (2 * height, 2 * width)
    made = np.empty((count, height, width, channels))
    for c in range(channels):
        amplitude = np.sqrt(_radial_power(turned[..., c], size))
        noise = np.fft.rfft2(rng.normal(size=(count, *size)), axes=(1, 2))
        field = np.fft.irfft2(noise * amplitude, s=size, axes=(1, 2))
        made[..., c] = field[:, :height, :width]
    made -= made.mean(axis=(1, 2), keepdims=True)
    made /= np.maximum(made.std(axis=(1, 2, 3), keepdims=True), 1e-12)
    return np.asarray(made @ axes)


def _radial_power(patch: Floats, size: tuple[int, int]) -> Floats:
    """Return the mean power by distance from frequency 0, laid out for ``rfft2`` of ``size``."""
    height, width = patch.shape
    window = np.outer(_hann(height), _hann(width))
    power = np.abs(np.fft.fft2(patch * window)) ** 2
    radius = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None])
    step = 1 / max(height, width)
    place = np.rint(radius / step).astype(int).ravel()
    counts = np.bincount(place)
    mean = np.bincount(place, power.ravel()) / np.maximum(counts, 1)
    known = np.flatnonzero(counts)
    wanted = np.hypot(np.fft.fftfreq(size[0])[:, None], np.fft.rfftfreq(size[1])[None])
    return np.asarray(np.interp(wanted / step, known, mean[known]))


def _hann(size: int) -> Floats:
    """Return a window without zeros at its ends; it keeps the border's step out of the spectrum."""
    return np.asarray(np.sin(np.pi * (np.arange(size) + 0.5) / size) ** 2)


def overlap_correlation(first: Floats, second: Floats, most: tuple[int, int]) -> Floats:
    """Return (N, 2 a + 1, 2 b + 1): the cosine of two images where they overlap, by lag.

    Entry (i, j) compares ``first`` at a pixel with ``second`` at the pixel ``i - a`` rows further down
    and ``j - b`` columns further right; -1..1, and 0 where one has nothing in the overlap.

    Args:
        first: (N, H, W, C), mean 0.
        second: Likewise.
        most: (a, b) largest lags, below H and W.
    """
    size = tuple(n + m for n, m in zip(first.shape[1:3], most, strict=True))
    pick = np.ix_(*(np.arange(-m, m + 1) % n for m, n in zip(most, size, strict=True)))

    def correlate(a: Floats, b: Floats) -> Floats:
        spectra = [np.fft.rfft2(values, s=size, axes=(1, 2)) for values in (a, b)]
        summed = (spectra[0].conj() * spectra[1]).sum(axis=3)
        return np.asarray(np.fft.irfft2(summed, s=size, axes=(1, 2))[:, *pick])

    cross = correlate(first, second)
    whole = np.ones((1, *first.shape[1:3], 1))
    powers = [(values**2).sum(axis=3, keepdims=True) for values in (first, second)]
    energy = correlate(powers[0], whole) * correlate(whole, powers[1])
    least = 1e-12 * np.maximum(
        powers[0].sum(axis=(1, 2, 3)) * powers[1].sum(axis=(1, 2, 3)), 1e-300
    )
    fine = energy > least[:, None, None]
    return np.divide(cross, np.sqrt(np.maximum(energy, 0)), out=np.zeros_like(cross), where=fine)
