"""Search candidate starts for all targets at once, running the net forward only."""

from collections.abc import Sequence

import numpy as np

from featureprobe._interrupts import stop_if_interrupted
from featureprobe.ascent.plan.group import Group
from featureprobe.ascent.problem.starts import Images, Starts, draw_images
from featureprobe.ascent.settings.precursor import Precursor
from featureprobe.ascent.starts.fitting import Fitting
from featureprobe.ascent.starts.scoring import score_images
from featureprobe.constraints.base import Constraint
from featureprobe.initializers.base import InputInitializer
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.types import FloatArray

_BATCH_BYTES = 128 * 2**20
_SCORE_BYTES = 24  # a score while it is put in order: itself, its negative, its place


def search_starts(
    search: Precursor,
    initializers: Sequence[InputInitializer],
    probe: ModelProbe,
    groups: Sequence[Group],
    constraint: Constraint,
    fitting: Fitting,
    *,
    seed: int,
    width: int,
    thresholds: FloatArray,
) -> Starts:
    """Return the best candidates of each target.

    Args:
        search: How long to search.
        initializers: What draws the candidates, in turn.
        probe: The probe.
        groups: All targets, one row each.
        constraint: Candidates are scored after the projection on it.
        fitting: What parameters make of them: that is what is scored.
        seed: The run's seed.
        width: How many candidates to return for each target.
        thresholds: (targets,) scores at or below which a target counts as silent.
    """
    targets = len(thresholds)
    best = np.full((targets, width), -np.inf, np.float32)
    worst = np.full(targets, np.inf, np.float32)
    found = Starts(
        np.zeros((0, *probe.image_shape), np.float32),
        np.zeros((targets, width), np.int64),
        np.full((targets, width), "", dtype=object),
    )
    wanted, first, count = np.arange(targets), 0, max(search.candidates, width)
    for number in range(search.rounds):
        numbers = range(first, first + count)
        for part in _parts(numbers, probe, targets):
            stop_if_interrupted()
            pool = fitting.fitted(draw_images(initializers, probe, seed, part), part)
            images, extras = fitting.shown(pool)
            scores = score_images(groups, images, constraint, targets, wanted=wanted, extras=extras)
            names = [_name(initializers, n, number) for n in part]
            own = np.where(np.isfinite(scores[wanted]), scores[wanted], np.inf)
            worst[wanted] = np.minimum(worst[wanted], own.min(axis=1))
            found = _merge(found, best, scores, pool, names)
        first, count = first + count, 2 * count
        # What has no known floor, but answers the same to all, is silent too.
        flat = np.isneginf(thresholds) & (best[:, 0] <= worst) & (first > 1)
        wanted = np.flatnonzero((best[:, 0] <= thresholds) | flat)
        if not len(wanted):
            break
    return found


def _parts(numbers: range, probe: ModelProbe, targets: int) -> list[range]:
    """Return candidate numbers in parts whose images, and their scores in order, fit a batch."""
    size = max(1, _BATCH_BYTES // (4 * int(np.prod(probe.image_shape)) + _SCORE_BYTES * targets))
    return [numbers[i : i + size] for i in range(0, len(numbers), size)]


def _name(initializers: Sequence[InputInitializer], number: int, round_: int) -> str:
    initializer = initializers[number % len(initializers)]
    where = "search" if round_ == 0 else f"search, round {round_ + 1}"
    return f"{where}: {type(initializer).__name__} {number}"


def _merge(
    found: Starts,
    best: FloatArray,
    scores: FloatArray,
    images: Images,
    names: Sequence[str],
) -> Starts:
    """Return the best of old and new starts; ``best`` (targets, starts) is written to.

    Equal scores keep the order of the candidates, so that a target that nothing excites gets the
    first ones.
    """
    starts, old = best.shape[1], len(found.images)
    every = np.concatenate([best, np.where(np.isfinite(scores), scores, -np.inf)], axis=1)
    order = np.argsort(-every, axis=1, kind="stable")[:, :starts]
    best[:] = np.take_along_axis(every, order, axis=1)
    # Numbers and names of all candidates for all targets would take gigabytes.
    kept, number = np.minimum(order, starts - 1), np.maximum(order - starts, 0)
    earlier, new = order < starts, np.array(names, dtype=object)
    return Starts.of(
        Images.joined([found.pool, images]),
        np.where(earlier, np.take_along_axis(found.index, kept, axis=1), old + number),
        np.where(earlier, np.take_along_axis(found.origins, kept, axis=1), new[number]),
    )
