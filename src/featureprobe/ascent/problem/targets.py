"""The targets of a run: checked, and known by a digest."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Annotated, TypeAlias

import numpy as np

from featureprobe._digests import text_of
from featureprobe._kinds import OWN
from featureprobe.errors import ConfigError, ShapeError
from featureprobe.objectives.base import Objective, reads_of
from featureprobe.objectives.score_meaning import check_score
from featureprobe.objectives.structure import leaf_of, terms_of
from featureprobe.probe.graph.reads import check_read
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.types import UnitStatistic

Targets: TypeAlias = Annotated[Objective | Sequence[Objective], OWN]


def as_targets(objective: Targets) -> tuple[Objective, ...]:
    """Return the targets of a run.

    Raises:
        ConfigError: When there are none, or something is no objective.
    """
    listed = np.iterable(objective) and not isinstance(objective, str)
    targets: tuple[Objective, ...] = tuple(objective) if listed else (objective,)  # type: ignore[assignment, arg-type]
    if not targets:
        raise ConfigError(
            "There is nothing to climb: the list of targets is empty. "
            "Pass an objective, or fp.MapMean.each(probe, layer)."
        )
    for target in targets:
        if not isinstance(target, Objective):
            raise ConfigError(
                f"A target is an Objective. Received: {target!r}. "
                "Write fp.MapMean(layer, channel=...), or lift a function with fp.objective_from."
            )
        _check_hashed(target)
    return targets


def _check_hashed(target: Objective) -> None:
    """Raise ConfigError when a target is no value: equal targets are found by their hashes."""
    try:
        hash(target)
    except TypeError as cause:
        raise ConfigError(
            f"The fields of an objective are values that can be hashed. Received a "
            f"{type(target).__name__} of which one cannot: {cause}. Give a tuple for a list, and "
            "fp.ArrayValue(array) for an array."
        ) from cause


def digest_of(targets: Sequence[Objective]) -> str:
    """Return the sha256 over the configs of all targets, in order."""
    return sha256("".join(t.digest() for t in targets).encode()).hexdigest()


def are_those_of(recorded: str, targets: Sequence[Objective]) -> bool:
    """Whether a digest that a state recorded is that of these targets.

    States of 0.1 recorded all fields of plug-ins, which are left out by now where they are at their
    defaults.
    """
    if recorded == digest_of(targets):
        return True
    every = (sha256(text_of(t.to_config()).encode()).hexdigest() for t in targets)
    return recorded == sha256("".join(every).encode()).hexdigest()


def check_reads(probe: ModelProbe, target: Objective) -> None:
    """Raise a FeatureProbeError when what a target reads, or says of its score, does not fit."""
    unit_shown_by(probe, target)


def unit_shown_by(probe: ModelProbe, target: Objective) -> UnitStatistic | None:
    """Return which number of which unit a target's score is, once the target is found to fit.

    Raises:
        FeatureProbeError: When what it reads, or says of its score, does not fit the model.
    """
    for read in reads_of(target):
        check_read(read, probe.shape_of(read.layer))
    if not any(leaf_of(term).is_score for _, term in terms_of(target)):
        raise ShapeError(
            f"{target!r} reads no layer, so there is no score to climb. "
            "Add an objective such as fp.MapMean to the penalty."
        )
    shown = check_score(target)
    if shown is not None:
        shown.check(probe.shape_of(shown.layer))
    return shown
