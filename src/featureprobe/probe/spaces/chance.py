"""What chance does to figures of few images: intervals of shares, and whether two figures differ."""

import itertools

import numpy as np

from featureprobe.types import Floats

LEVEL = 0.05  # of a difference that counts
ROUNDS = 1000
_EXACT = 12  # images up to which all signs are tried
_Z = 1.959964  # 95 %


def interval_of_share(share: float, count: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share of ``count`` images."""
    middle = (share + _Z**2 / (2 * count)) / (1 + _Z**2 / count)
    half = _Z / (1 + _Z**2 / count)
    half *= float(np.sqrt(share * (1 - share) / count + _Z**2 / (4 * count**2)))
    return max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half))


def interval_of_mean(values: Floats) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of a mean over images (N,)."""
    means = weights(len(values)) @ values
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)


def differ(first: Floats, second: Floats) -> bool:
    """Whether figures of the same images (N,) differ by more than a change of signs would give.

    The test of paired differences whose signs are exchanged: all of them for up to 12 images that differ,
    else 1000 draws. Of figures that are 0 or 1 it is McNemar's exact test.
    """
    apart = first - second
    apart = apart[apart != 0]
    if not len(apart):
        return False
    if len(apart) <= _EXACT:
        signs = np.array(list(itertools.product((1.0, -1.0), repeat=len(apart))))
        extreme = np.abs(signs @ apart) >= abs(apart.sum()) * (1 - 1e-9)
        return bool(extreme.mean() < LEVEL)
    signs = np.random.default_rng(0).choice((1.0, -1.0), (ROUNDS, len(apart)))
    extreme = np.abs(signs @ apart) >= abs(apart.sum()) * (1 - 1e-9)
    return bool((1 + extreme.sum()) / (1 + ROUNDS) < LEVEL)


def weights(count: int, rounds: int = ROUNDS) -> Floats:
    """Return (rounds, count) how much each image weighs in a bootstrap; rows add up to 1."""
    drawn = np.random.default_rng(0).multinomial(count, np.full(count, 1 / count), rounds)
    return np.asarray(drawn / count, np.float64)
