"""The verdict on each ascent: converged, rising, saturated, dead, diverged."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from featureprobe.objectives.base import Objective
from featureprobe.objectives.structure import leaf_of, terms_of
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.results.state import AscentState
from featureprobe.results.status import Status
from featureprobe.types import FloatArray

DEAD_SHARE = 1e-6
"""A score at or below this share of the layer's typical strong activation is dead."""

PLATEAU_STEPS = 16
"""Steps over which a settled score may not gain."""

PLATEAU_GAIN = 0.01
"""Largest gain over that time, as a share of the score."""

CERTIFICATE = 0.95
"""Least certificate of a converged image. Kinks of ReLU nets and operators such as blur keep it
from 1."""


def dead_thresholds(
    probe: ModelProbe, targets: Sequence[Objective], start_images: FloatArray
) -> FloatArray:
    """Return (targets,) the score at or below which a target counts as dead.

    It is 1e-6 of the 99th percentile of the layer's unit activations over the starts, times the
    term's weight. -inf for targets that a low score does not make dead: values before the
    activation, and targets that are to be made small.
    """
    cache: dict[tuple[str, bool], float] = {}
    thresholds = []
    for target in targets:
        total = 0.0
        for weight, term in terms_of(target):
            leaf = leaf_of(term)
            if not leaf.is_score:
                continue
            if weight <= 0 or any(pre for _, _, pre in leaf.reads):
                total = -np.inf
                break
            total += weight * max(
                _strong_activation(probe, layer, "row" in axes, start_images, cache)
                for layer, axes, _ in leaf.reads
            )
        thresholds.append(DEAD_SHARE * total)
    return np.array(thresholds, dtype=np.float32)


def _strong_activation(
    probe: ModelProbe,
    layer: str,
    single: bool,
    images: FloatArray,
    cache: dict[tuple[str, bool], float],
) -> float:
    if (layer, single) not in cache:
        values = probe.network.run(images, ((layer, False),))[0]
        if not single and values.ndim > 2:
            values = values.mean(axis=tuple(range(1, values.ndim - 1)))
        cache[layer, single] = max(0.0, float(np.percentile(values, 99)))
    return cache[layer, single]


def judge(
    state: AscentState, thresholds: FloatArray, *, interrupted: bool
) -> npt.NDArray[np.object_]:
    """Return (targets, starts) of :class:`Status`.

    Args:
        state: The finished state, its last trace taken at the last image.
        thresholds: (targets,) dead thresholds.
        interrupted: Whether the user stopped the run.
    """
    best, totals = state.best, state.traces["total"]
    limits = np.repeat(thresholds, state.starts)
    diverged = ~np.isfinite(totals[-1]) | ~np.isfinite(best["total"])
    dead = best["score"] <= limits
    saturated = best["gradient"] == 0
    converged = _has_settled(totals) & (best["certificate"] >= CERTIFICATE)
    verdicts = []
    for row in range(len(dead)):
        if diverged[row]:
            verdicts.append(Status.DIVERGED)
        elif dead[row]:
            verdicts.append(Status.DEAD)
        elif saturated[row]:
            verdicts.append(Status.SATURATED)
        elif converged[row]:
            verdicts.append(Status.CONVERGED)
        else:
            verdicts.append(Status.INTERRUPTED if interrupted else Status.RISING)
    return np.array(verdicts, dtype=object).reshape(-1, state.starts)


def _has_settled(totals: FloatArray) -> npt.NDArray[np.bool_]:
    """Return (rows,): the best total of the last steps gains next to nothing on all before."""
    if len(totals) <= PLATEAU_STEPS:
        return np.zeros(totals.shape[1], dtype=bool)
    finite = np.where(np.isfinite(totals), totals, -np.inf)
    before, lately = finite[:-PLATEAU_STEPS].max(axis=0), finite[-PLATEAU_STEPS:].max(axis=0)
    with np.errstate(invalid="ignore"):
        return np.asarray(lately - before <= PLATEAU_GAIN * np.abs(lately))
