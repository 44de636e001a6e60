"""From a first state to a result: all steps, the judging of the last image, polishing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from featureprobe._interrupts import interrupted
from featureprobe.ascent.drive.block_size import BlockSizes
from featureprobe.ascent.drive.chunk_loop import Drive, Stopped
from featureprobe.ascent.outcome.assembly import assemble, glance
from featureprobe.ascent.outcome.polishing import polished
from featureprobe.ascent.outcome.progress import Progress
from featureprobe.ascent.problem.problems import Problems
from featureprobe.ascent.settings.converged import CHECK_EVERY
from featureprobe.ascent.settings.settings import Settings
from featureprobe.evidence.evidence import Evidence
from featureprobe.objectives.base import Objective
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.results.recipe import Recipe
from featureprobe.results.result import AscentResult
from featureprobe.results.state import AscentState
from featureprobe.types import FloatArray


@dataclass(frozen=True, eq=False)
class Way:
    """The steps that were done.

    Attributes:
        state: The state after them.
        snapshots: (step, images (rows, *spatial, C) in model units) pairs.
        stopped: Whether the user stopped them.
        kept: Whether somebody else has the state, so that its arrays must stay as they are.
    """

    state: AscentState
    snapshots: tuple[tuple[int, FloatArray], ...] = ()
    stopped: bool = False
    kept: bool = False


def blocks_of_steps(
    settings: Settings, drive: Drive, state: AscentState, *, reuse: bool = False
) -> Iterator[AscentState]:
    """Yield the state after each block of steps, to the last; ``reuse`` as for Drive.advance."""
    every = (settings.record_every, CHECK_EVERY if settings.stop else None)
    blocks = BlockSizes(settings.steps, tuple(n for n in every if n))
    while _goes_on(settings, state):
        state = drive.advance(state, blocks.next(state.index), reuse=reuse)
        yield state


def climbed(
    settings: Settings,
    problems: Problems,
    drive: Drive,
    state: AscentState,
    progress: bool | None,
) -> Way:
    """Do all steps, or those until the user interrupts."""
    snapshots: list[tuple[int, FloatArray]] = []
    later, stopped = state, False
    with Progress(settings.steps, drive.rows, progress) as bar:
        try:
            for later in blocks_of_steps(settings, drive, state, reuse=True):
                bar.at(glance(problems, later))
                if settings.record_every and later.index % settings.record_every == 0:
                    snapshots.append((later.index, np.copy(drive.images(later))))
                if interrupted():
                    break
        except Stopped as stop:
            later, stopped = stop.state, True
        except KeyboardInterrupt:
            stopped = True
    return Way(later, tuple(snapshots), stopped or (interrupted() and _goes_on(settings, later)))


def concluded(
    settings: Settings,
    probe: ModelProbe,
    targets: Sequence[Objective],
    problems: Problems,
    drive: Drive,
    way: Way,
    record: Recipe,
    evidence: Evidence | None = None,
) -> AscentResult:
    """Return the result; its recipe repeats what was done, not what was meant."""
    finished = drive.finish(way.state, reuse=not way.kept)
    polish = 0 if way.stopped else settings.polish
    meant = replace(settings, steps=max(1, finished.index), polish=polish)
    fine = polished(meant, probe, problems, finished)
    done = replace(meant, polish=fine.index - finished.index)
    return assemble(
        probe,
        targets,
        problems,
        done,
        fine,
        replace(record, ascent=done.to_config()),
        resumable=way.state,
        interrupted=way.stopped or done.polish < polish,
        snapshots=way.snapshots,
        evidence=evidence,
    )


def _goes_on(settings: Settings, state: AscentState) -> bool:
    return state.index < settings.steps and bool((state.ended < 0).any())
