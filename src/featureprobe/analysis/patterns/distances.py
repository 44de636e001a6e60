"""How far images are from the mean patterns of classes, and from each other."""

import numpy as np

from featureprobe import _checks
from featureprobe.analysis.patterns.patterns import Patterns
from featureprobe.analysis.stats.frequency import at_least
from featureprobe.types import FloatArray, Floats, Whole


def _unit(values: FloatArray) -> FloatArray:
    norm = np.linalg.norm(values, axis=-1, keepdims=True)
    return np.asarray(values / np.where(norm > 0, norm, 1), np.float32)


def nearest_images(patterns: Patterns, places: Whole, count: int) -> Whole:
    """Return (n, count) places of the nearest other images by cosine."""
    count = min(_checks.whole("neighbours", count, least=1), len(patterns) - 1)
    unit = _unit(patterns.nodes)
    alike = unit[places] @ unit.T
    alike[np.arange(len(places)), places] = -np.inf
    return np.argsort(-alike, axis=1, kind="stable")[:, :count]


def distances(
    patterns: Patterns, places: Whole, label: int, against: int, threshold: float
) -> dict[str, Floats]:
    """Return what is measured at one layer, (n,) each."""
    own, other = patterns.where(label), patterns.where(against)
    nodes = patterns.nodes
    total = nodes[own].sum(axis=0, dtype=np.float64)
    # Without the image itself: it would pull the mean of its class towards it.
    alone = (total - nodes[own]) / max(1, len(own) - 1)
    mean = nodes[other].mean(axis=0)
    to_own = 1 - (_unit(nodes[own]) * _unit(alone)).sum(axis=1)
    to_other = 1 - _unit(nodes[own]) @ _unit(mean)
    relative = to_own - to_other
    at = np.searchsorted(own, places)
    active = nodes > threshold
    usual = [active[group].mean(axis=0) > 0.5 for group in (own, other)]
    hits = active[own].sum(axis=0)
    common = hits >= at_least(len(own), 0.9, 0.95)
    on = active[places][:, common]
    return {
        "to_own": to_own[at],
        "to_other": to_other[at],
        "ranks": np.array([(relative >= relative[k]).mean() for k in at]),
        "differing_own": (active[places] != usual[0]).mean(axis=1),
        "differing_other": (active[places] != usual[1]).mean(axis=1),
        "typical_on": on.mean(axis=1) if common.any() else np.full(len(places), np.nan),
    }
