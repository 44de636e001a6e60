"""Medians with intervals, for repetitions that come in processes."""

from collections.abc import Sequence

import numpy as np


def clustered_interval(
    groups: Sequence[Sequence[float]], *, level: float = 0.95, draws: int = 10_000, seed: int = 0
) -> dict[str, float]:
    """Return the median of all values and its percentile interval, bootstrapped in two stages.

    Repetitions of one process resemble each other, so whole processes are drawn with replacement
    first, then repetitions within each.

    Args:
        groups: The values of each process.
        level: Coverage of the interval.
        draws: Bootstrap samples.
        seed: Of the bootstrap.
    """
    rng = np.random.default_rng(seed)
    arrays = [np.asarray(group, float) for group in groups]
    medians = np.empty(draws)
    for k in range(draws):
        chosen = [arrays[i] for i in rng.integers(len(arrays), size=len(arrays))]
        medians[k] = np.median(np.concatenate([rng.choice(a, len(a)) for a in chosen]))
    low, high = np.quantile(medians, [(1 - level) / 2, (1 + level) / 2])
    middle = float(np.median(np.concatenate(arrays)))
    return {"median": middle, "low": float(low), "high": float(high), "level": level}
