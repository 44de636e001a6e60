"""From a finished state to the result that the user keeps."""

import platform
from collections.abc import Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from featureprobe._component import Arrays, Component
from featureprobe.ascent.cropping import crop_of, describe_crop
from featureprobe.ascent.stopping import Converged
from featureprobe.ascent.verdict import dead_thresholds, judge
from featureprobe.objectives.base import Objective
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.results.recipe import Recipe
from featureprobe.results.result import AscentResult
from featureprobe.results.state import AscentState, StepInfo
from featureprobe.types import FloatArray

if TYPE_CHECKING:
    from featureprobe.ascent.runner import Ascent

_PACKAGES = ("featureprobe", "tensorflow", "keras", "numpy")

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
    ascent: "Ascent",
    state: AscentState,
    *,
    interrupted: bool = False,
    snapshots: Sequence[tuple[int, FloatArray]] = (),
) -> AscentResult:
    """Return the result of a finished state.

    Args:
        probe: The probe.
        targets: The targets.
        ascent: The Ascent that ran.
        state: The state, finished.
        interrupted: Whether the user stopped the run.
        snapshots: (step, images (rows, H, W, C) in model units) pairs.
    """
    grid = (len(targets), state.starts)
    thresholds = dead_thresholds(probe, targets, state.start_images)
    best = state.best
    kept = np.isfinite(best["total"])

    def shaped(values: FloatArray) -> FloatArray:
        return values.reshape(*grid, *values.shape[1:])

    def lines(name: str) -> FloatArray:
        values = state.traces[name]
        return values.reshape(-1, *grid, *values.shape[2:])

    pixels = probe.input_space.to_pixels
    return AscentResult(
        images=shaped(pixels(best["images"])),
        scores=shaped(np.where(kept, best["score"], np.nan).astype(np.float32)),
        totals=shaped(np.where(kept, best["total"], np.nan).astype(np.float32)),
        status=judge(state, thresholds, ascent.stop or Converged(), interrupted=interrupted),
        certificates=shaped(best["certificate"].astype(np.float32)),
        gradient_norms=shaped(best["gradient"].astype(np.float32)),
        dead_thresholds=thresholds,
        **{trace: lines(name) for trace, name in _TRACES.items()},
        snapshots=np.stack([shaped(pixels(i)) for _, i in snapshots])
        if snapshots
        else np.zeros((0, *grid, *probe.image_shape), np.float32),
        snapshot_steps=np.array([s for s, _ in snapshots], np.int64),
        origins=state.start_origins,
        crops=tuple(describe_crop(crop_of(ascent, probe, t), probe) for t in targets),
        steps_done=np.where(state.ended < 0, state.index, state.ended).reshape(grid),
        labels=tuple(target.label for target in targets),
        steps=state.index,
        recipe=_recipe(probe, targets, ascent, state.seed),
        state=state,
    )


def look(probe: ModelProbe, state: AscentState, steps: int, images: FloatArray) -> StepInfo:
    """Return the StepInfo of a state whose current images, in model units, are given."""
    grid = (-1, state.starts)
    scores = np.where(np.isfinite(state.best["total"]), state.best["score"], np.nan)
    current = probe.input_space.to_pixels(images)
    return StepInfo(
        index=state.index,
        steps=steps,
        scores=scores.reshape(grid).astype(np.float32),
        images=current.reshape(*grid, *current.shape[1:]),
    )


def _recipe(
    probe: ModelProbe, targets: Sequence[Objective], ascent: Component, seed: int
) -> Recipe:
    arrays: Arrays = {}
    model: dict[str, Any] = {
        "name": probe.name,
        "fingerprint": probe.fingerprint,
        "image_shape": list(probe.image_shape),
    }
    return Recipe(
        ascent=ascent.to_config(arrays),
        objectives=tuple(target.to_config(arrays) for target in targets),
        seed=seed,
        input_space=probe.input_space.to_config(arrays),
        model=model,
        versions={"python": platform.python_version(), **{p: version(p) for p in _PACKAGES}},
        arrays=arrays,
    )
