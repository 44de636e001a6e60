"""How well a node tells two classes apart: effect sizes, p-values, false discoveries, stability."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from featureprobe._extras import need
from featureprobe.types import FloatArray, Floats

_NODES = 128  # ranked at a time


@dataclass(frozen=True, eq=False)
class Effects:
    """For J nodes: how far the answers to two classes differ.

    Attributes:
        auroc: (J,) the chance that a node answers more to an image of the first class than to one of
            the second, ties counted half.
        delta: (J,) Cliff's delta, ``2 auroc - 1``.
        p: (J,) two-sided p-value of the Mann-Whitney test (normal approximation, ties corrected); 1
            for nodes that answer the same to every image.
    """

    auroc: Floats
    delta: Floats
    p: Floats


def effects_of(first: FloatArray, second: FloatArray) -> Effects:
    """Compare two samples of each node.

    Args:
        first: (n, J) the nodes for images of one class.
        second: (m, J) for images of the other.
    """
    parts = [
        _some_effects(first[:, k : k + _NODES], second[:, k : k + _NODES])
        for k in range(0, first.shape[1], _NODES)
    ]
    auroc = np.concatenate([auroc for auroc, _ in parts])
    return Effects(auroc=auroc, delta=2 * auroc - 1, p=np.concatenate([p for _, p in parts]))


def _some_effects(first: FloatArray, second: FloatArray) -> tuple[Floats, Floats]:
    """Return AUROC and p-value of a few nodes; ranks take several times what values do."""
    stats = need("scipy.stats", what="The comparison of two classes", extra="analysis")
    n, m = len(first), len(second)
    ranks = stats.rankdata(np.concatenate([first, second]), axis=0)
    wins = ranks[:n].sum(axis=0) - n * (n + 1) / 2
    auroc = wins / (n * m)
    varies = np.ptp(np.concatenate([first, second]), axis=0) > 0
    p = np.ones(first.shape[1])
    if varies.any():
        test = stats.mannwhitneyu(first[:, varies], second[:, varies], axis=0, method="asymptotic")
        p[varies] = test.pvalue
    return auroc, p


def false_discovery_rates(p: Floats) -> Floats:
    """Return Benjamini and Hochberg's adjusted p-values (1995), for J tests.

    Nodes with a value of at most q are found at a false discovery rate of q.
    """
    stats = need("scipy.stats", what="The false discovery rate", extra="analysis")
    return np.asarray(stats.false_discovery_control(p, method="bh"))


def halves(count: int, rng: np.random.Generator) -> tuple[npt.NDArray[np.int64], ...]:
    """Return two random halves of the numbers below ``count``."""
    order = rng.permutation(count)
    return order[: count // 2], order[count // 2 :]


def split_half(
    first: FloatArray, second: FloatArray, level: float, rng: np.random.Generator
) -> tuple[float, float]:
    """Say how far two halves of the images agree on the nodes.

    Args:
        first: (n, J), n at least 4.
        second: (m, J), m at least 4.
        level: False discovery rate at which nodes count as found.
        rng: Chooses the halves.

    Returns:
        The correlation of Cliff's delta between the halves (NaN where a half has no spread), and
        Jaccard's index of the nodes found in each (NaN where none is found).
    """
    own, other = halves(len(first), rng), halves(len(second), rng)
    found = [effects_of(first[a], second[b]) for a, b in zip(own, other, strict=True)]
    deltas = np.stack([half.delta for half in found])
    chosen = [false_discovery_rates(half.p) <= level for half in found]
    spread = deltas.std(axis=1).min() > 0
    correlation = float(np.asarray(np.corrcoef(deltas))[0, 1]) if spread else float("nan")
    union = int((chosen[0] | chosen[1]).sum())
    return correlation, float((chosen[0] & chosen[1]).sum() / union) if union else float("nan")
