"""How often nodes are active for the images of a class, with intervals."""

from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from featureprobe import _checks
from featureprobe.types import FloatArray, Floats, Mask


def wilson(
    hits: npt.ArrayLike, count: npt.ArrayLike, confidence: float = 0.95
) -> tuple[Floats, Floats]:
    """Return Wilson's score interval of a frequency.

    Source: Wilson, "Probable inference, the law of succession, and statistical inference", 1927.

    Args:
        hits: How often something happened; any shape.
        count: Out of how many.
        confidence: Of the two-sided interval, between 0 and 1.

    Returns:
        Lower and upper ends, 0..1.
    """
    k, n = np.asarray(hits, np.float64), np.asarray(count, np.float64)
    z = NormalDist().inv_cdf(0.5 + 0.5 * _checks.number("confidence", confidence, above=0, below=1))
    share = k / n
    middle = share + z * z / (2 * n)
    half = z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    low, high = (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)
    return np.where(k == 0, 0.0, low), np.where(k == n, 1.0, high)


def active_above(values: FloatArray, threshold: float) -> Mask:
    """Return where nodes are active: above a number, activations."""
    return np.asarray(values > _checks.number("threshold", threshold))


def at_least(count: int, share: float, confidence: float) -> int:
    """Return the fewest hits of ``count`` whose interval lies at or above ``share``.

    ``count + 1`` where no number of hits is enough.
    """
    low, _ = wilson(np.arange(count + 1), count, confidence)
    enough = np.flatnonzero(low >= share)
    return int(enough[0]) if len(enough) else count + 1


def at_most(count: int, share: float, confidence: float) -> int:
    """Return the most hits of ``count`` whose interval lies at or below ``share``; -1 for none."""
    _, high = wilson(np.arange(count + 1), count, confidence)
    few = np.flatnonzero(high <= share)
    return int(few[-1]) if len(few) else -1
