"""Surrogates: textures with the radial spectrum of an image, and no structure beyond it."""

import numpy as np

from featureprobe.types import Floats

_ITERATIONS = 8  # more follow the chance peaks of one patch


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
    """Return power by distance from frequency 0, laid out for ``rfft2`` of ``size``.

    A patch is a cut-out, which blurs its spectrum; cutting the texture blurs it again. So the power is
    the one whose cut-outs have the patch's radial spectrum on average: found by Richardson and Lucy's
    iteration, with the exact mean spectrum of cut-outs. Below the first frequency of the patch nothing
    is known, and the power is the first one's.
    """
    shape, step = patch.shape, 1 / max(patch.shape)
    place = np.rint(_radii(shape) / step).astype(int).ravel()
    counts = np.bincount(place)
    known = np.flatnonzero(counts)[1:]  # the mean was taken off: nothing is known of frequency 0

    def profile(power: Floats) -> Floats:
        return (np.bincount(place, power.ravel()) / np.maximum(counts, 1))[known]

    lags = [np.minimum(np.arange(n), n - np.arange(n)) / (n // 2) for n in size]
    overlap = np.outer(*(np.maximum(1 - lag, 0) for lag in lags))
    wanted = profile(np.abs(np.fft.fft2(patch)) ** 2) / patch.size
    radii, power = _radii(size) / step, wanted
    for _ in range(_ITERATIONS):
        covariance = np.fft.ifft2(np.interp(radii, known, power)).real
        cut = profile(np.fft.fft2(covariance * overlap).real[::2, ::2])
        power = power * wanted / np.maximum(cut, 1e-12 * max(cut.max(), 1e-300))
    return np.asarray(np.interp(radii, known, power)[:, : size[1] // 2 + 1])


def _radii(size: tuple[int, ...]) -> Floats:
    """Return the distance from frequency 0 in cycles a pixel, laid out for ``fft2``."""
    return np.asarray(np.hypot(np.fft.fftfreq(size[0])[:, None], np.fft.fftfreq(size[1])[None]))


def overlap_correlation(first: Floats, second: Floats, max_lags: tuple[int, int]) -> Floats:
    """Return (N, 2 a + 1, 2 b + 1): the cosine of two images where they overlap, by lag.

    Entry (i, j) compares ``first`` at a pixel with ``second`` at the pixel ``i - a`` rows further down
    and ``j - b`` columns further right; -1..1, and 0 where one has nothing in the overlap.

    Args:
        first: (N, H, W, C), mean 0.
        second: Likewise.
        max_lags: (a, b) largest lags, below H and W.
    """
    size = tuple(n + m for n, m in zip(first.shape[1:3], max_lags, strict=True))
    pick = np.ix_(*(np.arange(-m, m + 1) % n for m, n in zip(max_lags, size, strict=True)))

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
