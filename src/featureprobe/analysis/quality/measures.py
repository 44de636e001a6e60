"""All measures of a profile, each as the fields that it fills."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from featureprobe.analysis.quality.explaining import predicted
from featureprobe.analysis.quality.likeness import Sight
from featureprobe.analysis.quality.natural import Natural
from featureprobe.analysis.quality.other_net import transfer
from featureprobe.analysis.quality.paths import (
    PIXELS,
    activation_likeness,
    shared_sources,
)
from featureprobe.analysis.quality.robustness import NATURAL, changes_of, kept_shares
from featureprobe.analysis.quality.stationarity import certificates
from featureprobe.analysis.quality.units import UnitScore
from featureprobe.analysis.quality.upstream import layers_before, own_layers
from featureprobe.analysis.stats.similarity import shift_similarity
from featureprobe.analysis.stats.spectrum import high_frequency_share
from featureprobe.constraints.base import Constraint
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.results.result import AscentResult
from featureprobe.types import FloatArray

_GOOD = 0.9  # share of the best score from which a start counts as another maximum
_RANDOM, _FEW = (
    64,
    16,
)  # random natural images that activations, and contributions, are compared with
_GRAIN = 1000  # natural images whose grain is taken

Fields = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Case:
    """Pictures to be assessed, and what they are held against.

    Attributes:
        probe: The net.
        shown: (K, *spatial, C) the pictures, pixel units.
        known: Natural images.
        score: How images are scored.
        units: (K,) the unit of each picture.
        seed: Of random images and noise.
    """

    probe: ModelProbe
    shown: FloatArray
    known: Natural
    score: UnitScore
    units: npt.NDArray[np.int64]
    seed: int


def of_result(
    pictures: AscentResult | npt.ArrayLike, case: Case, constraint: Constraint | None
) -> Fields:
    """Return certificates, and how unlike the good starts of an ascent are."""
    count = len(case.units)
    certificate, diversity = np.full(count, np.nan), np.full(count, np.nan)
    if isinstance(pictures, AscentResult):
        row, starts = np.arange(count), pictures.best_starts()
        certificate = pictures.certificates[row, starts].astype(np.float64)
        for k in row:
            own = np.nan_to_num(pictures.scores[k], nan=-np.inf)
            alive = own > max(pictures.dead_thresholds[k], -np.finfo(np.float32).max)
            near = own >= own.max() - (1 - _GOOD) * abs(own.max())  # the best may lie below 0
            good = pictures.images[k][near & alive]
            if len(good) > 1:
                pairs = shift_similarity(good, good)[np.triu_indices(len(good), 1)]
                diversity[k] = 1 - pairs.mean()
    if constraint is not None:
        certificate = certificates(case.probe, case.shown, case.score, case.units, constraint)
    return {"certificate": certificate, "diversity": diversity}


def answers(case: Case) -> Fields:
    """Return scores beside those of natural images, and the unit's place among all units."""
    values, units = case.score.of(case.probe, case.shown), case.units
    row, natural = np.arange(len(units)), case.known.values[:, units]
    z = case.known.z(values).astype(np.float64)
    own, others = z[row, units], z.copy()
    others[row, units] = -np.inf
    alone = z.shape[1] == 1
    return {
        "score": values[row, units].astype(np.float64),
        "top_natural": natural.max(axis=0).astype(np.float64),
        "natural_share": _natural_share(case),
        "reach": _reach(case),
        "percentile": case.known.percentiles(values[row, units], units),
        "z": own,
        "rank": 1 + (others > own[:, None]).sum(axis=1),
        "margin": np.full(len(units), np.nan) if alone else own - others.max(axis=1),
    }


def _natural_share(case: Case) -> npt.NDArray[np.float64]:
    """Return the best natural answers, as shares of that of a usual unit of the layer."""
    best = case.known.values.max(axis=0).astype(np.float64)
    usual = np.median(best[best > 0]) if (best > 0).any() else np.nan
    shares = best[case.units] / usual
    return np.asarray(
        np.where(shares < 0, np.nan, shares)
    )  # of what varies below 0 there is no share


def _reach(case: Case) -> npt.NDArray[np.float64]:
    """Return how far the strongest nodes go: 0 as for the median natural image, 1 as for the best."""
    row, known = np.arange(len(case.units)), case.known
    own = case.score.strongest(case.probe, case.shown)[row, case.units].astype(np.float64)
    natural = case.score.strongest(case.probe, known.images)[:, case.units].astype(np.float64)
    usual, best = np.median(natural, axis=0), natural.max(axis=0)
    return np.asarray((own - usual) / np.where(best > usual, best - usual, np.nan))


def robustness(case: Case) -> Fields:
    """Return what small changes leave of the scores."""
    kept, natural = kept_shares(
        case.probe, case.shown, case.score, case.units, case.known, case.seed
    )
    changes = changes_of(case.shown.ndim - 2)
    return {"changes": changes, "kept": kept, "kept_natural": natural}


def paths(case: Case, layers: Sequence[str] | None, top: int) -> Fields:
    """Return likeness of activations and of contributions to those of the top natural images."""
    probe, score, known = case.probe, case.score, case.known
    before = layers_before(probe, score.layer, layers)
    own = own_layers(probe, score.layer)
    earlier = tuple(layer for layer in before if layer not in own)
    tops = known.top(case.units, top)
    draw = np.random.default_rng(case.seed)
    others = draw.choice(known.known, min(_RANDOM, len(known.known)), replace=False)
    path_layers = (PIXELS, *before, score.layer)
    path = activation_likeness(probe, case.shown, known, tops, others, path_layers, case.seed)
    sources = np.zeros((len(case.units), 0))
    if earlier:
        sources = shared_sources(
            probe, case.shown, known, tops, others[:_FEW], earlier, score, case.units
        )
    return {"path_layers": path_layers, "path": path.normalized,
            "source_layers": earlier, "sources": sources}  # fmt: skip


def power(case: Case, shift: int) -> Fields:
    """Return how well likeness to pictures predicts answers to unseen images."""
    known, sight = case.known, Sight(case.probe, case.score, shift)
    examples = known.top(case.units, min(NATURAL, len(known.known)))
    unseen = known.images[known.unseen]
    by_picture, by_top, by_others = predicted(
        lambda shown, units: sight.likeness(shown, units, unseen),
        case.shown,
        known.images[examples],
        case.units,
        known.values[known.unseen][:, case.units],
    )
    return {"explains": by_picture, "explains_top": by_top, "explains_others": by_others}


def grain(case: Case) -> Fields:
    """Return the shares of fine grain, of pictures and among natural images."""
    some = np.asarray(case.known.images[case.known.known[:_GRAIN]], np.float32)
    natural = np.quantile(high_frequency_share(some), [0.05, 0.5, 0.95])
    return {"fine": high_frequency_share(case.shown), "fine_natural": natural}


def in_another_net(case: Case, other: ModelProbe | None) -> Fields:
    """Return what the matching units of another net answer; empty without one."""
    if other is not None:
        rng = np.random.default_rng(case.seed)
        return transfer(other, case.shown, case.known, case.score, case.units, rng)
    whole, empty = np.zeros(0, np.int64), np.zeros(0)
    return {"transfer_unit": whole, "transfer_rank": whole,
            "transfer_percentile": empty, "transfer_null": empty,
            "untrained_rank": np.zeros((0, len(case.units)), np.int64)}  # fmt: skip
