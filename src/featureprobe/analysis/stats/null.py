"""What chance alone gives: counts of nodes when the labels mean nothing."""

import numpy as np
import numpy.typing as npt

from featureprobe import _checks
from featureprobe.types import Mask, Whole

_CHUNK = 64 * 2**20  # bytes of drawn labels at a time


def permuted_hits(
    active: Mask, sizes: tuple[int, ...], rounds: int, rng: np.random.Generator
) -> list[Whole]:
    """Deal the images out to groups at random, again and again, and count active images.

    Args:
        active: (N, J) where a node is active.
        sizes: Images of each group; N in all, or fewer: the rest is left out.
        rounds: How often.
        rng: Deals.

    Returns:
        For each group (rounds, J): for how many of its images a node is active.
    """
    _checks.whole("rounds", rounds, least=1)
    count, used = len(active), sum(sizes)
    weights = active.astype(np.float32)  # exact for counts below 2^24, and quick
    group = np.full(count, len(sizes), np.int8)
    group[:used] = np.repeat(np.arange(len(sizes)), sizes)
    step = max(1, _CHUNK // (4 * count))
    parts: list[list[npt.NDArray[np.float32]]] = [[] for _ in sizes]
    for first in range(0, rounds, step):
        dealt = rng.permuted(np.tile(group, (min(step, rounds - first), 1)), axis=1)
        for number, part in enumerate(parts):
            part.append((dealt == number).astype(np.float32) @ weights)
    return [np.concatenate(part).round().astype(np.int64) for part in parts]


def band(counts: Whole, share: float = 0.95) -> tuple[int, int]:
    """Return the smallest and largest count in the middle ``share`` of all.

    Counts are whole, so the band holds at least that share.
    """
    tail = (1 - share) / 2
    low = np.quantile(counts, tail, method="inverted_cdf")
    high = np.quantile(counts, 1 - tail, method="inverted_cdf")
    return int(low), int(high)
