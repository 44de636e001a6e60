"""Where the scores of an ascent stand among the answers to real images."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from featureprobe.evidence.layer_evidence import Answers, LayerEvidence
from featureprobe.results.result import AscentResult


def answers_of(
    layers: Mapping[str, LayerEvidence], config: Mapping[str, Any]
) -> tuple[Answers, int] | None:
    """Return the answers that a target's score can be compared with, and its unit.

    Args:
        layers: The evidence.
        config: The target's config.

    Returns:
        None for what real images were not scored by: other objectives, nodes of maps, values
        before the activation, layers without evidence.
    """
    own = layers.get(config.get("layer", ""))
    if own is None or config.get("pre"):
        return None
    if config["kind"] == "map_mean" and len(own.shape) > 1:
        return own.mean, int(config["channel"])
    if config["kind"] == "node" and len(own.shape) == 1:
        return own.peak, int(config["index"])
    return None


def percentiles(
    layers: Mapping[str, LayerEvidence], result: AscentResult
) -> npt.NDArray[np.float64]:
    """Return (targets, starts) percentiles; NaN where there is nothing to compare with."""
    found = np.full(result.scores.shape, np.nan)
    for target, config in enumerate(result.recipe.objectives):
        compared = answers_of(layers, config)
        if compared is not None:
            answers, unit = compared
            found[target] = answers.percentile(unit, result.scores[target])
    return found


def target_of(result: AscentResult, layer: str, unit: int) -> int | None:
    """Return the number of the target that is this map or dense node, or None."""
    for target, config in enumerate(result.recipe.objectives):
        is_map = config["kind"] == "map_mean" and config.get("channel") == unit
        is_node = config["kind"] == "node" and config.get("index") == unit
        if config.get("layer") == layer and (is_map or is_node):
            return target
    return None
