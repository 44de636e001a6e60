"""Where the scores of an ascent stand among the answers to real images."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from featureprobe.evidence.layer_evidence import Answers, LayerEvidence
from featureprobe.objectives.shown_units import shown_units
from featureprobe.results.result import AscentResult
from featureprobe.types import UnitStatistic


def answers_of(
    layers: Mapping[str, LayerEvidence], shown: UnitStatistic | None
) -> tuple[Answers, int] | None:
    """Return the answers that a target's score can be compared with, and its unit.

    Args:
        layers: The evidence.
        shown: Which number of which unit the score is, None for no such thing.

    Returns:
        None for what real images were not scored by: scores of something else, nodes of maps, values
        before the activation, layers without evidence.
    """
    own = None if shown is None else layers.get(shown.layer)
    if shown is None or own is None or shown.pre:
        return None
    shown.check(own.shape)
    if len(own.shape) > 1 and shown.by == "node":
        return None
    return own.mean if shown.by == "mean" else own.peak, shown.unit


def percentiles(
    layers: Mapping[str, LayerEvidence], result: AscentResult
) -> npt.NDArray[np.float64]:
    """Return (targets, starts) percentiles; NaN where there is nothing to compare with."""
    found = np.full(result.scores.shape, np.nan)
    for target, shown in enumerate(shown_units(result.recipe)):
        compared = answers_of(layers, shown)
        if compared is not None:
            answers, unit = compared
            found[target] = answers.percentile(unit, result.scores[target])
    return found


def target_of(shown: Sequence[UnitStatistic | None], layer: str, unit: int) -> int | None:
    """Return the number of the target that shows a whole map or a dense node, or None."""
    for target, own in enumerate(shown):
        if own is not None and (own.layer, own.unit, own.place) == (layer, unit, ()):
            return target
    return None
