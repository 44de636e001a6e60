"""Claims on what an objective says of its score."""

from typing import Any

import numpy as np
import numpy.typing as npt

from featureprobe.ascent.problem.targets import unit_shown_by
from featureprobe.objectives.base import Objective
from featureprobe.objectives.score_meaning import score_bounds_of
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.testing._claims import attempt, claim, claim_close
from featureprobe.types import Tensor


def claim_shown_unit(probe: ModelProbe, target: Objective, images: Tensor, scores: Tensor) -> None:
    """Raise unless the scores (N,) of images are the number that a target names, if it names one."""
    shown = attempt(
        lambda: unit_shown_by(probe, target),
        f"shown_unit(), score_bounds() or can_be_dead() of {target!r} cannot be used.",
    )
    if shown is not None:
        values = probe.network.run(images, ((shown.layer, shown.pre),))[0]
        claim_close(
            scores,
            shown.taken_from(values),
            f"The score of {target!r} is not {shown!r}. Name the number that value() returns, "
            "unscaled, or leave shown_unit() out.",
        )


def claim_bounds(target: Objective, scores: npt.NDArray[Any]) -> None:
    """Raise when scores (N,) lie outside the bounds that an objective states."""
    least, greatest = attempt(
        lambda: score_bounds_of(target), f"score_bounds() of {target!r} cannot be used."
    )
    slack = 1e-5 * np.abs(scores).max()
    outside = (scores < least - slack) | (scores > greatest + slack)
    claim(
        not outside.any(),
        f"{target!r} scores {scores.min():.6g} to {scores.max():.6g}, outside the bounds "
        f"{least:g} to {greatest:g} that score_bounds() states. Return None for an end that is not "
        "known.",
    )
