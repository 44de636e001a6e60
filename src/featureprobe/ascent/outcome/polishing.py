"""Polishing: take the kept images the rest of the way to their maximum."""

from dataclasses import replace

import numpy as np
import tensorflow as tf

from featureprobe._interrupts import interrupted
from featureprobe.ascent.drive.block_size import BlockSizes
from featureprobe.ascent.drive.building import build_drive, build_plan
from featureprobe.ascent.drive.chunk_loop import Drive, Stopped
from featureprobe.ascent.problem.problems import Problems
from featureprobe.ascent.problem.starts import Starts
from featureprobe.ascent.settings.settings import Settings
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.results.state import AscentState
from featureprobe.rules.backtracking import Backtracking
from featureprobe.types import FloatArray


def polished(
    settings: Settings, probe: ModelProbe, problems: Problems, state: AscentState
) -> AscentState:
    """Return a finished state whose kept images were polished, with the longer traces.

    Each kept image is the start of a short ascent without operators and transforms, whose steps
    are taken back where the total falls. Images that gain nothing stay as they are.
    """
    if not settings.polish:
        return state
    climb = _recipe(settings)
    index = np.arange(len(state.ended)).reshape(-1, state.starts)
    starts = Starts(state.best["images"], index, state.start_origins, state.best.get("params"))
    groups = build_plan(climb, problems.solved, state.seed)
    drive = build_drive(climb, probe, groups, starts, state.targets)
    later = _settled(drive, drive.start(state.seed, starts), climb.steps)
    if not later.index:
        return state
    later = drive.finish(later, reuse=True)
    totals = [kept["total"].reshape(-1, state.starts) for kept in (later.best, state.best)]
    if settings.parameterization.shared:  # what shares numbers is kept together
        totals = [np.repeat(t.mean(axis=1, keepdims=True), state.starts, axis=1) for t in totals]
    better = (totals[0] > totals[1]).ravel()

    def either(new: FloatArray, old: FloatArray) -> FloatArray:
        return np.where(better.reshape(-1, *(1 for _ in old.shape[1:])), new, old)

    best = tf.nest.map_structure(either, later.best, state.best)
    traces = {n: np.concatenate([old, later.traces[n][1:]]) for n, old in state.traces.items()}
    ended = np.full_like(state.ended, -1)  # all did the last steps
    return replace(state, index=state.index + later.index, best=best, traces=traces, ended=ended)


def _settled(drive: Drive, state: AscentState, steps: int) -> AscentState:
    """Return the state after all steps, or after those until an interrupt."""
    blocks = BlockSizes(steps)
    try:
        while state.index < steps and not interrupted():
            state = drive.advance(state, blocks.next(state.index), reuse=True)
    except Stopped as stop:
        return stop.state
    except KeyboardInterrupt:
        return state
    return state


def _recipe(settings: Settings) -> Settings:
    """Return the ascent that polishes."""
    return replace(
        settings,
        steps=settings.polish,
        rule=Backtracking(),
        regularizers=(),
        transforms=(),
        stop=None,
        keep="best",
    )
