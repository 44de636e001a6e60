"""At or below which score a target without a gradient counts as dead."""

from collections.abc import Sequence

import numpy as np

from featureprobe._spatial import is_place
from featureprobe.ascent.problem.resolved import Resolved, Term
from featureprobe.evidence.evidence import Evidence
from featureprobe.objectives.score_meaning import score_bounds_of
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.types import FloatArray

_PART = 64  # images at a time

DEAD_SHARE = 1e-6
"""A score that is above its floor by no more than this share of strong activations is at it."""


def dead_thresholds(
    probe: ModelProbe,
    targets: Sequence[Resolved],
    start_images: FloatArray,
    evidence: Evidence | None = None,
) -> FloatArray:
    """Return (targets,) the score at or below which a target without a gradient counts as dead.

    It lies above the score's floor, that is, the least value that its objective states, or else its
    value where all that it reads is at the lower end of an activation that is flat there, such as ReLU.
    It lies above that by 1e-6 of what is a strong score, times the term's weight: of the whole range, where
    the objective states both ends, else of the 99th percentile of the layer's activations over the
    evidence, where that holds the layer, else over the starts (of single units, over up to 64 of
    them). -inf for targets that a low score does not make dead: values that nothing bounds,
    objectives that say so, and targets that are to be made small.
    """
    cache, thresholds = _strong_in(evidence), []
    for target in targets:
        total = 0.0
        if not np.isneginf(target.floor):
            total = target.floor_rounding + sum(
                term.weight * _strong_score(probe, term, start_images, cache)
                for term in target.terms
                if term.leaf.is_score
            )
        thresholds.append(target.floor + DEAD_SHARE * total)
    return np.array(thresholds, dtype=np.float32)


def _strong_in(evidence: Evidence | None) -> dict[tuple[str, bool], float]:
    """Return by (layer, single units?) the strong activations that real images cause."""
    layers = {} if evidence is None else evidence.layers
    return {
        (path, single): max(0.0, own.measure("peak" if single else "mean").strong())
        for path, own in layers.items()
        for single in (False, True)
    }


def _strong_score(
    probe: ModelProbe, term: Term, images: FloatArray, cache: dict[tuple[str, bool], float]
) -> float:
    """Return how far above its floor a strong score of a term is."""
    least, greatest = score_bounds_of(term.objective)
    if np.isfinite(greatest - least):
        return greatest - least
    return max(
        _strong_activation(probe, layer, any(map(is_place, axes)), images, cache)
        for layer, axes, _ in term.leaf.reads
    )


def _strong_activation(
    probe: ModelProbe,
    layer: str,
    single: bool,
    images: FloatArray,
    cache: dict[tuple[str, bool], float],
) -> float:
    if (layer, single) not in cache:
        # Single units are many already in a few images; for all starts they would fill the memory.
        some = images[:: -(-len(images) // _PART)] if single else images
        parts = []
        for first in range(0, len(some), _PART):
            values = probe.network.run(some[first : first + _PART], ((layer, False),))[0]
            maps = not single and values.ndim > 2
            parts.append(values.mean(axis=tuple(range(1, values.ndim - 1))) if maps else values)
        found = np.concatenate(parts)
        found = found[np.isfinite(found)]  # what overflows in 16 bits is not typical
        cache[layer, single] = max(0.0, float(np.percentile(found, 99))) if found.size else 0.0
    return cache[layer, single]
