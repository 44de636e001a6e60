"""Rank correlations."""

from typing import Any

import numpy as np
import numpy.typing as npt

from featureprobe._extras import need
from featureprobe.types import Floats


def rank_correlations(first: npt.NDArray[Any], second: npt.NDArray[Any], *, what: str) -> Floats:
    """Return (A, B) Spearman's correlations of the rows of (A, N) and (B, N); 0 without spread.

    Args:
        first: (A, N).
        second: (B, N).
        what: Who asks, for the message that names a missing package.
    """
    rank = need("scipy.stats", what=what, extra="analysis").rankdata
    units = []
    for values in (first, second):
        ranks = rank(values, axis=1)
        ranks -= ranks.mean(axis=1, keepdims=True)
        norm = np.linalg.norm(ranks, axis=1, keepdims=True)
        units.append(ranks / np.where(norm > 0, norm, 1))
    return np.asarray(units[0] @ units[1].T, np.float64)
