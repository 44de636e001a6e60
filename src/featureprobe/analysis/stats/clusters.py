"""How many different maxima there are: clusters of images, and what was not seen of them."""

import numpy as np
import numpy.typing as npt

from featureprobe._extras import need
from featureprobe.types import Whole


def average_linkage(similarity: npt.ArrayLike, least: float) -> Whole:
    """Return (n,) the cluster of each item, numbered from the largest cluster down.

    The two clusters with the highest mean similarity of their pairs are joined, as long as that is
    at least ``least``. Among clusters of one size, that of the first item comes first.

    Args:
        similarity: (n, n), symmetric.
        least: Mean similarity from which clusters are one.

    Source: Sokal and Michener, "A statistical method for evaluating systematic relationships", 1958.
    """
    near = np.asarray(similarity, np.float64)
    if len(near) < 2:
        return np.zeros(len(near), np.int64)
    hierarchy = need("scipy.cluster.hierarchy", what="definedness", extra="analysis")
    # Equal images may be rounded to a similarity above 1.
    far = np.maximum(0, 1 - near[np.triu_indices(len(near), 1)])
    labels = hierarchy.fcluster(hierarchy.linkage(far, "average"), 1 - least, "distance")
    return _by_size(labels)


def _by_size(labels: Whole) -> Whole:
    """Return labels renumbered 0, 1, ... from the largest cluster down."""
    names, first, counts = np.unique(labels, return_index=True, return_counts=True)
    order = np.lexsort((first, -counts))
    rank = np.empty(len(names), np.int64)
    rank[order] = np.arange(len(names))
    return np.asarray(rank[np.searchsorted(names, labels)])


def effective_number(counts: npt.ArrayLike) -> float:
    """Return the exponential of the entropy of the shares; NaN for nothing.

    It is K for K equal clusters, and near 1 where one cluster holds nearly all.

    Source: Hill, "Diversity and evenness", 1973 (order 1).
    """
    found = np.asarray(counts, np.float64)
    if not found.sum():
        return float("nan")
    shares = found[found > 0] / found.sum()
    return float(np.exp(-(shares * np.log(shares)).sum()))


def unseen_mass(counts: npt.ArrayLike) -> float:
    """Return the chance that one more draw shows a new kind: kinds seen once over draws; or NaN.

    Source: Good, "The population frequencies of species", 1953 (the Good-Turing estimate).
    """
    found = np.asarray(counts)
    return float((found == 1).sum() / found.sum()) if found.sum() else float("nan")


def chao1(counts: npt.ArrayLike) -> float:
    """Return a lower estimate of how many kinds there are, unseen ones included; or NaN.

    ``K + f1 ** 2 / (2 * f2)`` for K kinds seen, of them f1 once and f2 twice; where none was seen
    twice, the bias-corrected ``K + f1 * (f1 - 1) / 2``.

    Source: Chao, "Nonparametric estimation of the number of classes in a population", 1984.
    """
    found = np.asarray(counts)
    if not found.sum():
        return float("nan")
    once, twice = int((found == 1).sum()), int((found == 2).sum())
    more = once**2 / (2 * twice) if twice else once * (once - 1) / 2
    return float((found > 0).sum() + more)
