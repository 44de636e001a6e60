"""Assess: hold pictures of units against natural images, on all measures at once."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from featureprobe import _checks
from featureprobe._arguments import Count, checked
from featureprobe._names import distinct
from featureprobe._randomness import Rng, seed_from
from featureprobe.analysis.quality import measures
from featureprobe.analysis.quality.measures import Case
from featureprobe.analysis.quality.natural import Natural
from featureprobe.analysis.quality.quality_profile import QualityProfile
from featureprobe.analysis.quality.units import units_of
from featureprobe.ascent.problem.targets import Targets, as_targets
from featureprobe.ascent.settings.validation import check_kinds, check_probe
from featureprobe.constraints.base import Constraint
from featureprobe.errors import ConfigError, ShapeError
from featureprobe.objectives.score_meaning import shown_unit_of
from featureprobe.objectives.shown_units import shown_units
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.results.result import AscentResult
from featureprobe.types import FloatArray, UnitStatistic

Floats = npt.NDArray[np.floating[Any]]
Numbers = tuple[UnitStatistic | None, ...]


@checked
def assess(
    probe: ModelProbe,
    pictures: AscentResult | npt.ArrayLike,
    natural: npt.ArrayLike,
    *,
    targets: Targets | None = None,
    other: ModelProbe | None = None,
    best_known: npt.ArrayLike | None = None,
    constraint: Constraint | None = None,
    layers: Sequence[str] | None = None,
    top: Count = 16,
    shift: int = 4,
    rng: Rng = 0,
) -> QualityProfile:
    """Say what pictures of units are worth, whoever made them.

    Natural images are dealt out to two halves: examples and spreads come from one, explanatory power
    is tested on the other.

    Args:
        probe: The opened model.
        pictures: An AscentResult (the best start of each target), or images (K, *spatial, C) in pixel
            units, such as another tool's.
        natural: (N, *spatial, C) natural images, pixel units, at least 40; thousands tell more.
        targets: The target of each picture, all of one layer, nodes of maps at one place: ``MapMean``,
            ``Node``, ``Logit``, and objectives of your own that say which unit they show
            (:meth:`featureprobe.Objective.shown_unit`); needed for images. With a result they stand
            for its own.
        other: Another training of the net: whether its matching units answer to the pictures too.
        best_known: (K,) the best scores known, in the same constraint set.
        constraint: The set that the pictures were made in, ``fp.Box()`` or ``fp.Sphere()``. A short
            climb from each gives its certificate: 1 where it gets nowhere, so that pictures of any
            origin compare. None: those that an AscentResult holds, which are of its gradients.
        layers: Where paths are followed; None: the layers with weights up to the targets'.
        top: Top natural images of each unit that paths are compared with, at least 2.
        shift: Shift tolerance of likeness in pixels along each axis, at least 0. Of a node, the pixels that it sees are
            compared as they are. Where the nodes of a map see less than
            half of an image along every side, as in large photographs, the part of a picture that the
            strongest node sees is moved over the whole image instead.
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
    check_probe(probe)
    shown, numbers, labels = _given(probe, pictures, targets)
    score, units = units_of(probe, numbers, labels)
    _checks.whole("top", top, least=2)
    _checks.whole("shift", shift, least=0)
    if constraint is not None:
        check_kinds("constraint", (constraint,), Constraint)
        constraint.check(probe.input_space)
    seed = seed_from(rng)
    known = Natural.of(probe, natural, score, seed)
    case = Case(probe, shown, known, score, units, seed)
    return QualityProfile(
        score.layer,
        labels=labels,
        units=units,
        images=shown,
        best_known=_best_known(best_known, len(units)),
        **measures.of_result(pictures, case, constraint),
        **measures.answers(case),
        **measures.robustness(case),
        **measures.paths(case, layers, top),
        **measures.power(case, shift),
        **measures.grain(case),
        **measures.in_another_net(case, other),
    )


def _given(
    probe: ModelProbe,
    pictures: AscentResult | npt.ArrayLike,
    targets: Targets | None,
) -> tuple[FloatArray, Numbers, tuple[str, ...]]:
    """Return pictures (K, *spatial, C), which number of which unit each target's score is, and its label."""
    listed = None if targets is None else as_targets(targets)
    if isinstance(pictures, AscentResult):
        shown, labels = pictures.best(), pictures.labels
        numbers = shown_units(pictures.recipe)
    else:
        if listed is None:
            raise ConfigError(
                "Images alone do not say what they show. Pass targets=[...], one for each image, "
                "such as fp.MapMean.each(probe, layer)."
            )
        shown = _checks.images(pictures, probe.image_shape, what="pictures")
    if listed is not None:
        labels = distinct([target.label for target in listed])
        numbers = tuple(shown_unit_of(target) for target in listed)
    if len(numbers) != len(shown):
        raise ShapeError(
            f"Each picture has one target. Received {len(shown)} pictures and {len(numbers)} targets."
        )
    return np.asarray(shown, np.float32), numbers, labels


def _best_known(given: npt.ArrayLike | None, count: int) -> Floats:
    if given is None:
        return np.full(count, np.nan)
    best = _checks.numbers(given, "best_known").astype(np.float64)
    if best.shape != (count,):
        raise ShapeError(
            f"best_known holds one score for each of the {count} pictures. Received {best.shape}."
        )
    return best
