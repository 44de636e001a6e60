"""From an Ascent and its targets to a Drive: plan, compile, put together."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from featureprobe.ascent.compiling import anew, compiled
from featureprobe.ascent.constraints import resolve
from featureprobe.ascent.cropping import crop_of
from featureprobe.ascent.driving import Drive
from featureprobe.ascent.evaluation import Evaluation
from featureprobe.ascent.group import Group
from featureprobe.ascent.loop import Loop
from featureprobe.ascent.plan import make_plan
from featureprobe.ascent.problems import Problems, as_problems
from featureprobe.ascent.starts import Starts
from featureprobe.ascent.targets import check_reads
from featureprobe.objectives.base import Objective
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.types import FloatArray

if TYPE_CHECKING:
    from featureprobe.ascent.runner import Ascent


def build_problems(ascent: "Ascent", probe: ModelProbe, targets: Sequence[Objective]) -> Problems:
    """Return what must be solved for the targets of a run.

    Raises:
        FeatureProbeError: When a target does not fit the model or the recipe.
    """
    for target in targets:
        check_reads(probe, target)
    return as_problems(ascent, probe, targets)


def build_plan(
    ascent: "Ascent", probe: ModelProbe, targets: Sequence[Objective], seed: int
) -> tuple[Group, ...]:
    """Return targets in groups."""
    crops = [crop_of(ascent, probe, target) for target in targets]
    return make_plan(
        probe, targets, starts=ascent.starts, seed=seed, memory=ascent.memory, crops=crops
    )


def build_drive(
    ascent: "Ascent",
    probe: ModelProbe,
    problems: Problems,
    groups: Sequence[Group],
    starts: Starts,
    digest: str,
    *,
    aim: Callable[[Evaluation], Evaluation] | None = None,
) -> Drive:
    """Return what drives a run.

    Args:
        ascent: The recipe.
        probe: The probe.
        problems: What is solved.
        groups: The problems' targets in groups, from :func:`build_plan`.
        starts: Their starts.
        digest: Digest of the targets of the run.
        aim: Takes each group's evaluation to what is climbed instead; see :class:`Remedy`.
    """
    space = probe.input_space
    constraint = resolve(ascent.constraint, space)
    fixed = (
        ascent.rule,
        ascent.regularizers,
        ascent.transforms,
        ascent.parameterization,
        constraint,
        ascent.keep,
        space,
    )

    def loop(group: Group) -> Loop:
        return Loop(
            evaluation=group.evaluation,
            space=space,
            constraint=constraint,
            rule=ascent.rule,
            parameterization=ascent.parameterization,
            regularizers=ascent.regularizers,
            transforms=ascent.transforms,
            anew=anew(ascent.regularizers),
            keep_best=ascent.keep == "best",
        )

    ready = tuple(group.starting(_means(group, starts)) for group in groups)
    if aim is not None:
        ready = tuple(group.aimed(aim) for group in ready)
    calls = tuple(compiled(group, fixed, loop) for group in ready)
    return Drive(ready, calls, starts.index.size, problems, digest, ascent.stop)


def _means(group: Group, starts: Starts) -> FloatArray:
    """Return (rows of the group,) means of the start images over live pixels, model units."""
    layer = group.layer.astype(np.float64)[0, :, :, 0]
    live = max(layer.sum() * starts.images.shape[-1], 1)
    means = np.einsum("phwc,hw->p", starts.images, layer, optimize=True) / live
    return np.asarray(means[starts.index.ravel()[group.rows]], np.float32)
