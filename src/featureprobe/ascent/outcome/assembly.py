"""From a finished state to the result that the user keeps."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from featureprobe.ascent.outcome.cut_gradients import with_cuts
from featureprobe.ascent.outcome.frame import Framing, framing, unframed
from featureprobe.ascent.outcome.progress import Glance
from featureprobe.ascent.outcome.recording import labels_of
from featureprobe.ascent.outcome.verdict import judge
from featureprobe.ascent.problem.cropping import describe_window
from featureprobe.ascent.problem.dead import dead_thresholds
from featureprobe.ascent.problem.problems import Problems
from featureprobe.ascent.settings.settings import Settings
from featureprobe.evidence.evidence import Evidence
from featureprobe.objectives.base import Objective
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.results.by_input import by_input
from featureprobe.results.recipe import Recipe
from featureprobe.results.result import AscentResult
from featureprobe.results.state import AscentState, StepInfo
from featureprobe.types import FloatArray

_TRACES = {
    "score_trace": "score",
    "total_trace": "total",
    "term_trace": "terms",
    "gradient_trace": "gradient",
    "certificate_trace": "certificate",
}


def assemble(
    probe: ModelProbe,
    targets: Sequence[Objective],
    problems: Problems,
    settings: Settings,
    state: AscentState,
    recipe: Recipe,
    *,
    resumable: AscentState | None = None,
    interrupted: bool = False,
    snapshots: Sequence[tuple[int, FloatArray]] = (),
    evidence: Evidence | None = None,
) -> AscentResult:
    """Return the result of a finished state.

    Args:
        probe: The probe.
        targets: The targets.
        problems: What was solved for them.
        settings: What ran.
        state: The state, finished.
        recipe: What is recorded of it.
        resumable: The state before it was finished, from which to go on.
        interrupted: Whether the user stopped the run.
        snapshots: (step, images (rows, *spatial, C) in model units) pairs.
        evidence: What real images cause: dead is measured by it.
    """
    best, index, grid = state.best, problems.index, (len(problems.solved), state.starts)
    thresholds = dead_thresholds(probe, problems.solved, state.start_images, evidence)
    verdicts = judge(state, thresholds, problems.solved, settings.stop, interrupted=interrupted)
    verdicts = with_cuts(verdicts, probe, problems.solved, state)

    def kept(name: str) -> FloatArray:
        values = np.where(np.isfinite(best["total"]), best[name], np.nan)
        return values.astype(np.float32).reshape(grid)[index]

    framed = framing(settings, probe, targets, state)

    def pictures(images: FloatArray) -> FloatArray:
        return _pictures(probe, problems, images, state.starts, framed)

    return AscentResult(
        images=by_input(probe.input_space, pictures(best["images"])),
        scores=kept("score"),
        totals=kept("total"),
        status=verdicts[index],
        certificates=kept("certificate"),
        gradient_norms=kept("gradient"),
        dead_thresholds=thresholds[index],
        **_traces(state, problems),
        **_shots(probe, snapshots, pictures, (len(targets), state.starts, *probe.image_shape)),
        origins=state.start_origins[index],
        steps_done=np.where(state.ended < 0, state.index, state.ended).reshape(grid)[index],
        crops=tuple(describe_window(window, probe) for window in problems.windows),
        labels=labels_of(targets),
        steps=state.index,
        recipe=recipe,
        state=resumable or state,
        extras={
            name: values.reshape(*grid, *values.shape[1:])[index]
            for name, values in state.extras.items()
        },
    )


def _shots(
    probe: ModelProbe,
    snapshots: Sequence[tuple[int, FloatArray]],
    pictures: Callable[[FloatArray], FloatArray],
    shape: tuple[int, ...],
) -> dict[str, Any]:
    """Return snapshots in pixel units, and their steps."""
    taken = np.empty((len(snapshots), *shape), np.float32)
    for number, (_, images) in enumerate(snapshots):
        taken[number] = pictures(images)
    shown = by_input(probe.input_space, taken)
    return {"snapshots": shown, "snapshot_steps": np.array([s for s, _ in snapshots], np.int64)}


def _traces(state: AscentState, problems: Problems) -> dict[str, Any]:
    """Return the traces of all targets, by their names in the result."""
    grid = (-1, len(problems.solved), state.starts)
    lines = {trace: state.traces[name] for trace, name in _TRACES.items()}
    return {
        trace: values.reshape(*grid, *values.shape[2:])[:, problems.index]
        for trace, values in lines.items()
    }


def glance(problems: Problems, state: AscentState) -> Glance:
    """Return the Glance of a state."""
    scores = np.where(np.isfinite(state.best["total"]), state.best["score"], np.nan)
    scores = scores.reshape(-1, state.starts)[problems.index]
    return Glance(state.index, scores.astype(np.float32))


def look(
    probe: ModelProbe, problems: Problems, state: AscentState, steps: int, images: FloatArray
) -> StepInfo:
    """Return the StepInfo of a state whose current images, in model units, are given."""
    return StepInfo(
        index=state.index,
        steps=steps,
        scores=glance(problems, state).scores,
        images=by_input(probe.input_space, _pictures(probe, problems, images, state.starts)),
    )


def _pictures(
    probe: ModelProbe,
    problems: Problems,
    images: FloatArray,
    starts: int,
    framed: Framing = unframed,
) -> FloatArray:
    """Return (targets, S, *spatial, C) in pixel units from the images of all rows in model units."""
    solved = images.reshape(-1, starts, *images.shape[1:])
    made = np.empty((len(problems.index), *solved.shape[1:]), np.float32)
    for number in range(len(made)):  # one by one: in between, images take twice as much
        shown = probe.input_space.to_pixels(problems.image(number, solved))
        made[number] = framed(number, shown)
    return made
