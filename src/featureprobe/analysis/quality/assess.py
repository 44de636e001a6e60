"""Assess: hold pictures of units against natural images, on all measures at once."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from featureprobe import _checks
from featureprobe._randomness import Rng, seed_from
from featureprobe.analysis.patterns.similarity import shift_similarity
from featureprobe.analysis.quality.earlier import layers_before, own_layers
from featureprobe.analysis.quality.explaining import predicted
from featureprobe.analysis.quality.paths import (
    PIXELS,
    activation_likeness,
    contribution_likeness,
)
from featureprobe.analysis.quality.profile import QualityProfile
from featureprobe.analysis.quality.robustness import CHANGES, NATURAL, kept_shares
from featureprobe.analysis.quality.spectrum import high_frequency_share
from featureprobe.analysis.quality.standard import Natural
from featureprobe.analysis.quality.targets import UnitScore, units_of
from featureprobe.analysis.quality.transfer import transfer
from featureprobe.errors import ConfigError, ShapeError
from featureprobe.objectives.base import Objective
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.results.result import AscentResult
from featureprobe.types import FloatArray

Floats = npt.NDArray[np.floating[Any]]
Configs = Sequence[Objective | Mapping[str, Any]]
_GOOD = 0.9  # share of the best score from which a start counts as another maximum
_RANDOM = 64  # random natural images that paths are compared with


def assess(
    probe: ModelProbe,
    pictures: AscentResult | npt.ArrayLike,
    natural: npt.ArrayLike,
    *,
    targets: Sequence[Objective] | None = None,
    other: ModelProbe | None = None,
    best_known: npt.ArrayLike | None = None,
    layers: Sequence[str] | None = None,
    top: int = 16,
    shift: int = 4,
    rng: Rng = 0,
) -> QualityProfile:
    """Say what pictures of units are worth, whoever made them.

    Natural images are dealt out to two halves: examples and spreads come from one, explanatory power
    is tested on the other.

    Args:
        probe: The opened model.
        pictures: An AscentResult (the best start of each target), or images (K, H, W, C) in pixel
            units, such as another tool's.
        natural: (N, H, W, C) natural images, pixel units, at least 40; thousands tell more.
        targets: The ``MapMean``, ``Node`` or ``Logit`` target of each picture, all of one layer;
            needed for images.
        other: Another training of the net: whether its matching units answer to the pictures too.
        best_known: (K,) the best scores known, in the same constraint set.
        layers: Where paths are followed; None: the layers with weights up to the targets'.
        top: Top natural images of each unit that paths are compared with, at least 2.
        shift: Shift tolerance of likeness in pixels, at least 0.
        rng: Seed of halves, random images and noise.

    Returns:
        The profile.

    Raises:
        ConfigError, ShapeError, RangeError: When pictures, targets and net do not fit.
        MissingExtraError: Without scipy, which ``featureprobe[analysis]`` brings.

    Example:
        >>> import featureprobe as fp
        >>> probe, (images, _) = fp.samples.mnist_probe(), fp.samples.mnist_digits()
        >>> targets = fp.MapMean.each(probe, "Conv2D_3")[:3]
        >>> best_digits = fp.Evidence.collect(probe, images, "Conv2D_3", top=1)
        >>> pictures = [best_digits.top("Conv2D_3", k, by="mean").images[0] for k in range(3)]
        >>> profile = fp.analysis.assess(probe, pictures, images[:300], targets=targets)
        >>> bool((profile.ratio >= 1).all())  # the best of all are at least as good as those of 300
        True
    """
    shown, configs, labels = _given(probe, pictures, targets)
    score, units = units_of(probe, configs)
    _checks.whole("top", top, least=2)
    _checks.whole("shift", shift, least=0)
    seed = seed_from(rng)
    known = Natural.of(probe, natural, score, seed)
    values = score.of(probe, shown)
    row = np.arange(len(units))
    own = values[row, units]
    kept, kept_natural = kept_shares(probe, shown, score, units, known, seed)
    examples = known.top(units, min(NATURAL, len(known.known)))
    by_picture, by_top, by_others = predicted(
        shown, known.images[examples], known.images[known.unseen],
        known.values[known.unseen][:, units], most=shift,
    )  # fmt: skip
    return QualityProfile(
        score.layer,
        labels=labels,
        units=units,
        score=own.astype(np.float64),
        best_known=_best_known(best_known, len(units)),
        top_natural=known.values[:, units].max(axis=0).astype(np.float64),
        percentile=known.percentiles(own, units),
        **_of_result(pictures, len(units)),
        **_selectivity(known.z(values), units),
        changes=CHANGES,
        kept=kept,
        kept_natural=kept_natural,
        **_paths(probe, shown, known, score, units, layers, top, seed),
        explains=by_picture,
        explains_top=by_top,
        explains_others=by_others,
        fine=high_frequency_share(shown),
        fine_natural=np.quantile(
            high_frequency_share(np.asarray(known.images[known.known[:1000]], np.float32)),
            [0.05, 0.5, 0.95],
        ),
        **_of_other(other, shown, known, score, units, seed),
        images=shown,
    )


def _given(
    probe: ModelProbe,
    pictures: AscentResult | npt.ArrayLike,
    targets: Sequence[Objective] | None,
) -> tuple[FloatArray, Configs, tuple[str, ...]]:
    """Return pictures (K, H, W, C), the config of each target, and its label."""
    if isinstance(pictures, AscentResult):
        configs: Configs = pictures.recipe.objectives if targets is None else targets
        shown, labels = pictures.best(), pictures.labels
    else:
        if targets is None:
            raise ConfigError(
                "Images alone do not say what they show. Pass targets=[...], one for each image, "
                "such as fp.MapMean.each(probe, layer)."
            )
        configs, labels = targets, tuple(t.label for t in targets)
        shown = _checks.images(pictures, probe.image_shape, what="pictures")
    if len(configs) != len(shown):
        raise ShapeError(
            f"Each picture has one target. Received {len(shown)} pictures and {len(configs)} targets."
        )
    return np.asarray(shown, np.float32), configs, labels


def _best_known(given: npt.ArrayLike | None, count: int) -> Floats:
    if given is None:
        return np.full(count, np.nan)
    best = np.asarray(given, np.float64)
    if best.shape != (count,):
        raise ShapeError(
            f"best_known holds one score for each of the {count} pictures. Received {best.shape}."
        )
    return best


def _of_result(pictures: AscentResult | npt.ArrayLike, count: int) -> dict[str, Any]:
    """Return what only an ascent can tell: certificates, and how unlike its good starts are."""
    unknown = np.full(count, np.nan)
    if not isinstance(pictures, AscentResult):
        return {"certificate": unknown, "diversity": unknown.copy()}
    row, starts = np.arange(count), pictures.best_starts()
    diversity = unknown.copy()
    for k in row:
        own = np.nan_to_num(pictures.scores[k], nan=-np.inf)
        good = pictures.images[k][(own >= _GOOD * own.max()) & (own > 0)]
        if len(good) > 1:
            pairs = shift_similarity(good, good)[np.triu_indices(len(good), 1)]
            diversity[k] = 1 - pairs.mean()
    certificates = pictures.certificates[row, starts].astype(np.float64)
    return {"certificate": certificates, "diversity": diversity}


def _selectivity(z: FloatArray, units: npt.NDArray[np.int64]) -> dict[str, Any]:
    row = np.arange(len(units))
    own = z[row, units].astype(np.float64)
    others = z.astype(np.float64).copy()
    others[row, units] = -np.inf
    return {
        "z": own,
        "rank": 1 + (others > own[:, None]).sum(axis=1),
        "margin": own - others.max(axis=1) if z.shape[1] > 1 else np.full(len(units), np.nan),
    }


def _paths(
    probe: ModelProbe,
    shown: FloatArray,
    known: Natural,
    score: UnitScore,
    units: npt.NDArray[np.int64],
    layers: Sequence[str] | None,
    top: int,
    seed: int,
) -> dict[str, Any]:
    """Return likeness of activations and of contributions to those of the top natural images."""
    before = layers_before(probe, score.layer, layers)
    own = own_layers(probe, score.layer)
    earlier = [layer for layer in before if layer not in own]
    tops = known.top(units, top)
    draw = np.random.default_rng(seed)
    others = draw.choice(known.known, min(_RANDOM, len(known.known)), replace=False)
    path_layers = (PIXELS, *before, score.layer)
    path = activation_likeness(probe, shown, known, tops, others, path_layers, seed)
    sources = np.zeros((len(units), 0))
    if earlier:
        few = others[: min(16, len(others))]
        found = contribution_likeness(probe, shown, known, tops, few, earlier, score, units)
        sources = found.normalized
    return {"path_layers": path_layers, "path": path.normalized,
            "source_layers": tuple(earlier), "sources": sources}  # fmt: skip


def _of_other(
    other: ModelProbe | None,
    shown: FloatArray,
    known: Natural,
    score: UnitScore,
    units: npt.NDArray[np.int64],
    seed: int,
) -> dict[str, Any]:
    if other is not None:
        return transfer(other, shown, known, score, units, np.random.default_rng(seed))
    whole, empty = np.zeros(0, np.int64), np.zeros(0)
    return {"transfer_unit": whole, "transfer_rank": whole,
            "transfer_percentile": empty, "transfer_null": empty}  # fmt: skip
