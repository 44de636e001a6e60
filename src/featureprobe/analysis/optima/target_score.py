"""The score of images for one map or node, and where its values come from."""

import numpy as np
import numpy.typing as npt

from featureprobe.ascent.problem.targets import unit_shown_by
from featureprobe.errors import ConfigError
from featureprobe.objectives.base import Objective
from featureprobe.objectives.score_meaning import shown_unit_of
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.types import FloatArray, UnitStatistic


def checked_unit(probe: ModelProbe, target: object) -> tuple[Objective, UnitStatistic]:
    """Return a target, and the map whose mean or the node whose value its score is.

    Raises:
        ConfigError: For a target whose score is something else.
    """
    shown = shown_unit_of(target) if isinstance(target, Objective) else None
    whole = shown is not None and (shown.by == "mean" or len(probe.shape_of(shown.layer)) == 1)
    if not isinstance(target, Objective) or shown is None or not (whole or shown.by == "node"):
        raise ConfigError(
            "The target is an fp.MapMean or an fp.Node, or an objective that says which map's mean or "
            f"which node it is (shown_unit). Received: {target!r}. Give the objective that the image "
            "was made for."
        )
    unit_shown_by(probe, target)  # and it fits the model
    return target, shown


def shares_of_nodes(shown: UnitStatistic, shape: tuple[int, ...]) -> FloatArray:
    """Return what a score takes of each value of its layer's output, in its shape."""
    weights = np.zeros(shape, np.float32)
    if shown.by == "node":
        weights[(*shown.place, shown.unit)] = 1.0
    else:
        weights[..., shown.unit] = 1 / np.prod(shape[:-1])
    return weights


def scores_of(
    probe: ModelProbe, shown: UnitStatistic, images: FloatArray
) -> npt.NDArray[np.float64]:
    """Return (N,) scores of images (N, H, W, C) in pixel units."""
    values = probe.activations(images, shown.layer, pre=shown.pre)
    weights = shares_of_nodes(shown, values.shape[1:]).astype(np.float64)
    flat = values.reshape(len(values), -1).astype(np.float64)
    return np.asarray(flat @ weights.ravel())
