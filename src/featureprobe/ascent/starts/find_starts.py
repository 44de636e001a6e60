"""Find starts from which targets answer: draw, search, revive the silent ones, try them out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from featureprobe._interrupts import stop_if_interrupted
from featureprobe.ascent.drive.building import build_drive, build_plan, build_scoring
from featureprobe.ascent.problem.dead import dead_thresholds
from featureprobe.ascent.problem.resolved import Resolved
from featureprobe.ascent.problem.starts import Images, Starts, draw_images
from featureprobe.ascent.settings.precursor import MIX, Precursor
from featureprobe.ascent.settings.remedies import Remedy
from featureprobe.ascent.settings.settings import Settings
from featureprobe.ascent.starts.fitting import Fitting
from featureprobe.ascent.starts.scoring import score_images
from featureprobe.ascent.starts.search import search_starts
from featureprobe.constraints.default import resolve
from featureprobe.initializers.base import InputInitializer
from featureprobe.initializers.multi_scale_noise import MultiScaleNoise
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.results.state import AscentState
from featureprobe.types import FloatArray

_SHARE = 32  # of the memory budget: tried images, of each of which several arrays are kept
_SCORES = 2**24  # of images for targets that are looked at together


def find_starts(
    settings: Settings, probe: ModelProbe, targets: Sequence[Resolved], seed: int
) -> Starts:
    """Return the starts of all targets."""
    finder = _Finder(settings, probe, seed)
    if settings.search is None or finder.always_draws_the_same:
        drawn = Starts.shared(finder.drawn(settings.starts), len(targets))
        return finder.revive(finder.fitting.tied(drawn), targets)
    width = max(settings.starts, settings.search.trials // finder.together * finder.together)
    found = finder.search(settings.search, targets, width)
    starts = finder.revive(finder.fitting.tied(found), targets)
    return finder.try_out(settings.search, starts, targets) if width > settings.starts else starts


@dataclass(frozen=True, eq=False)
class _Finder:
    settings: Settings
    probe: ModelProbe
    seed: int

    @property
    def sources(self) -> tuple[InputInitializer, ...]:
        """What draws the starts, in turn."""
        if self.settings.initializer is not None:
            return (self.settings.initializer,)
        if self.settings.search is None:
            return (MultiScaleNoise(),)
        return self.settings.search.initializers or MIX

    @cached_property
    def fitting(self) -> Fitting:
        """What the parameterization makes of candidates."""
        return Fitting(self.settings, self.probe, self.seed)

    @property
    def together(self) -> int:
        """How many starts share numbers: they are tried out as one."""
        return self.settings.starts if self.settings.parameterization.shared else 1

    def drawn(self, count: int) -> Images:
        """Return the first candidates."""
        numbers = range(count)
        images = draw_images(self.sources, self.probe, self.seed, numbers)
        return self.fitting.fitted(images, numbers)

    @cached_property
    def sample(self) -> Images:
        """A few of the candidates."""
        return self.drawn(2 * len(self.sources))

    @property
    def always_draws_the_same(self) -> bool:
        """Whether there is but one candidate, such as a given image without noise."""
        values = [self.sample.images, *(self.sample.params or {}).values()]
        return all(bool((array == array[0]).all()) for array in values)

    def search(self, search: Precursor, targets: Sequence[Resolved], width: int) -> Starts:
        """Return the ``width`` candidates that score best, for each target."""
        return search_starts(
            search,
            self.sources,
            self.probe,
            build_scoring(self.settings, targets),
            resolve(self.settings.constraint, self.probe.input_space),
            self.fitting,
            seed=self.seed,
            width=width,
            thresholds=dead_thresholds(self.probe, targets, self.sample.images),
        )

    def revive(self, starts: Starts, targets: Sequence[Resolved]) -> Starts:
        """Return starts with the remedies tried on those that leave their target dead."""
        for remedy in self.settings.remedies:
            dead = self._silent(starts, targets)
            if not dead.any():
                break
            starts = self._remedied(remedy, starts, targets, dead)
        return starts

    def try_out(self, search: Precursor, starts: Starts, targets: Sequence[Resolved]) -> Starts:
        """Return what the best starts have become after a few steps; the others are dropped."""
        width, kept = starts.index.shape[1], self.settings.starts
        tried = [
            self._tried(search, starts.of_targets(np.array(part)), [targets[m] for m in part])
            for part in self._parts(len(targets), width)
        ]
        pool = Images.joined([own for own, _ in tried])
        origins = np.concatenate([origins for _, origins in tried])
        index = np.arange(len(targets) * kept).reshape(-1, kept)
        note = f"; best of {width} after {search.trial_steps} steps"
        return Starts.of(pool, index, np.asarray(origins + note, dtype=object))

    def _tried(
        self, search: Precursor, starts: Starts, targets: Sequence[Resolved]
    ) -> tuple[Images, npt.NDArray[np.object_]]:
        """Return the best images of some targets, targets * kept, and their origins."""
        # The recipe itself, so that it shares its trace.
        climb = replace(self.settings, starts=starts.index.shape[1])
        best = self._climbed(climb, starts, targets, search.trial_steps).best
        totals = np.nan_to_num(best["total"].reshape(starts.index.shape), nan=-np.inf)
        order = _best_first(totals, self.together)[:, : self.settings.starts]
        rows = np.arange(len(targets))[:, None] * climb.starts + order
        kept = Images(best["images"], best.get("params")).take(rows.ravel())
        return kept, np.take_along_axis(starts.origins, order, axis=1)

    def _parts(self, targets: int, width: int) -> Iterator[range]:
        """Yield target numbers in parts whose images take a part of the memory budget."""
        image = 4 * int(np.prod(self.probe.image_shape))
        size = max(1, self.settings.memory // _SHARE // (image * width))
        for first in range(0, targets, size):
            yield range(first, min(first + size, targets))

    def _silent(self, starts: Starts, targets: Sequence[Resolved]) -> npt.NDArray[np.bool_]:
        """Return (targets, starts): which starts leave their target dead."""
        # Targets with images of their own, thousands of them: not each image for all targets.
        size = max(1, _SCORES // len(starts.images))
        if size < len(targets):
            halves = np.array_split(np.arange(len(targets)), 2)
            return np.concatenate(
                [self._silent(starts.of_targets(h), [targets[m] for m in h]) for h in halves]
            )
        thresholds = dead_thresholds(self.probe, targets, starts.images)
        groups = build_scoring(self.settings, targets)
        constraint = resolve(self.settings.constraint, self.probe.input_space)
        images, extras = self.fitting.shown(starts.pool)
        scores = score_images(groups, images, constraint, len(targets), extras=extras)
        own = np.take_along_axis(scores, starts.index, axis=1)
        flat = (scores == scores[:, :1]).all(axis=1) & (scores.shape[1] > 1)
        flat &= np.isneginf(thresholds)  # what answers the same to all, by an unknown activation
        return np.asarray(~(own > thresholds[:, None]) | flat[:, None])

    def _remedied(
        self,
        remedy: Remedy,
        starts: Starts,
        targets: Sequence[Resolved],
        dead: npt.NDArray[np.bool_],
    ) -> Starts:
        """Return starts with those replaced that the remedy brought to life."""
        members = np.flatnonzero(dead.any(axis=1))
        some, own = [targets[int(m)] for m in members], starts.of_targets(members)
        climb = replace(
            self.settings,
            starts=starts.index.shape[1],
            regularizers=(),
            transforms=(),
            keep="last",
        )
        best = self._climbed(climb, own, some, remedy.steps, remedy).best
        pool = Images(best["images"], best.get("params"))
        index = np.arange(len(pool)).reshape(own.index.shape)
        alive = ~self._silent(Starts.of(pool, index, own.origins), some)
        revived = np.argwhere(self._gained(alive, ~dead[members]))
        places = np.column_stack([members[revived[:, 0]], revived[:, 1]])
        return starts.replaced(places, pool.take(index[tuple(revived.T)]), f"; {remedy.name}")

    def _gained(
        self, after: npt.NDArray[np.bool_], before: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.bool_]:
        """Return (targets, starts): what is replaced by what a remedy made of it."""
        if self.together == 1:
            return after & ~before
        # Starts that share numbers have one past: all of them are taken, or none.
        grouped = (len(after), -1, self.together)
        more = after.reshape(grouped).sum(axis=2) > before.reshape(grouped).sum(axis=2)
        return np.repeat(more, self.together, axis=1)

    def _climbed(
        self,
        climb: Settings,
        starts: Starts,
        targets: Sequence[Resolved],
        steps: int,
        remedy: Remedy | None = None,
    ) -> AscentState:
        stop_if_interrupted()
        if self.together > 1:  # as many problems as there are groups of starts
            targets = [target for target in targets for _ in range(climb.starts // self.together)]
            starts, climb = starts.grouped(self.together), replace(climb, starts=self.together)
        groups = build_plan(climb, targets, self.seed)
        climb = replace(climb, stop=None)
        drive = build_drive(climb, self.probe, groups, starts, "", remedy=remedy)
        return drive.advance(drive.start(self.seed, starts), steps)


def _best_first(totals: FloatArray, together: int) -> npt.NDArray[np.int64]:
    """Return (targets, starts) the numbers of starts, best first; groups of them stay whole."""
    grouped = totals.reshape(len(totals), -1, together)
    order = np.argsort(-grouped.mean(axis=2), axis=1, kind="stable")
    numbers = order[:, :, None] * together + np.arange(together)
    return np.asarray(numbers.reshape(totals.shape))
