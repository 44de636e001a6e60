"""Ascent: from starts to the images that targets answer to most strongly."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Annotated, ClassVar, Self

import numpy.typing as npt

from featureprobe._arguments import checked_methods
from featureprobe._interrupts import HeldInterrupts, stop_if_interrupted
from featureprobe._kinds import OWN
from featureprobe._randomness import Rng, seed_from
from featureprobe.ascent.drive.building import build_drive, build_plan
from featureprobe.ascent.drive.chunk_loop import Drive
from featureprobe.ascent.outcome.assembly import look
from featureprobe.ascent.outcome.recording import labels_of, recipe_of
from featureprobe.ascent.problem.given_starts import are_given, given_starts
from featureprobe.ascent.problem.problems import Problems, resolve_targets
from featureprobe.ascent.problem.starts import Starts
from featureprobe.ascent.problem.targets import Targets, are_those_of, as_targets, digest_of
from featureprobe.ascent.running import Way, blocks_of_steps, climbed, concluded
from featureprobe.ascent.settings.chosen import Chosen, choose
from featureprobe.ascent.settings.open_settings import OpenSettings
from featureprobe.ascent.settings.validation import check_evidence
from featureprobe.ascent.starts.find_starts import find_starts
from featureprobe.ascent.starts.fitting import Fitting
from featureprobe.errors import ConfigError
from featureprobe.evidence.evidence import Evidence
from featureprobe.objectives.base import Objective
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.results.result import AscentResult
from featureprobe.results.state import AscentState, StepInfo

_Given = Annotated[AscentState, OWN]


@checked_methods
@dataclass(frozen=True, repr=False)
class Ascent(OpenSettings):
    """Climb objectives from start images, all targets and starts in one batch.

    A step is: transforms, gradient, rule, regularizers in order, projection on the constraint set.

    Whatever shapes the image may be ``"auto"``, and is so by default: chosen by the library, for the model
    and the targets. :meth:`chosen` shows the choice, and ``result.recipe.why`` the reasons.

    Args:
        steps: Steps to do, at least 1; fewer where ``stop`` says so.
        starts: Start images of each target, at least 1, unless ``run`` is given some.
        initializer: Draws the starts; None for what the search draws from, or for
            ``MultiScaleNoise()`` where there is no search.
        search: Finds each target's own best starts among many; None: all targets share those
            drawn first.
        remedies: What brings targets to life that are dead at their start, tried in this order; () for
            none.
        regularizers: Operators on the image after each update, in this order; () for none.
        transforms: Random views of the image before the model, in this order; their size may differ
            from the image's where the net and the targets can do with it, see ``Transform``.
        views: Views of each image that a step evaluates, at least 1: their mean is maximized, each drawn
            by itself. A step takes as many times longer. Without transforms there is but one.
        parameterization: The numbers that are climbed.
        rule: How they follow the gradient.
        constraint: ``Sphere()`` or ``Box()``; left open, or None: Box where the input space has a
            range, else Sphere.
        polish: Steps after all others in which kept images settle: without operators and
            transforms, each step taken back that does not raise the total. 0 for none.
        stop: When an image has arrived and leaves the batch; None does all steps.
        keep: ``"best"``: the image with the best total since a regularizer that runs at some steps
            only, as under ``Every``, was last due and half its period, at most 4 steps, has passed, or
            from before where nothing since has a gradient; ``"last"``: the last image.
        crop: Climb a target on the part of the image that it can see: ``"auto"`` where that gives
            the same result, True or an error, False never. A target qualifies when it reads a part
            of a layer and does not look at the images, with pixels as parameters, no transforms,
            and regularizers of a finite ``reach``. ``result.crops`` says what was done.
        memory: Budget of a chunk in bytes; targets run in as many chunks as that takes.
        record_every: Keep a snapshot of all images every so many steps; None keeps none.

    Example:
        >>> import featureprobe as fp
        >>> probe = fp.samples.mnist_probe()
        >>> target = fp.MapMean("Conv2D_3", channel=5)
        >>> result = fp.Ascent(steps=8, starts=1).run(probe, target, rng=7)
        >>> result.images.shape
        (1, 1, 28, 28, 1)
        >>> fp.Ascent(steps=8)
        Ascent(steps=8)
    """

    kind: ClassVar[str] = "ascent"

    def run(
        self,
        probe: ModelProbe,
        objective: Targets,
        *,
        rng: Rng = None,
        progress: bool | None = None,
        evidence: Evidence | None = None,
        start_images: npt.ArrayLike | None = None,
    ) -> AscentResult:
        """Climb, and return what was reached; Ctrl-C ends the run and returns what there is.

        Args:
            probe: The opened model.
            objective: One objective or a list of any; results keep the list's order.
            rng: Seed, numpy Generator, or None for a fresh seed; the seed used is in the result.
            progress: Show a bar; None shows one on a terminal.
            evidence: Of this model: which scores are dead is measured by it, not by the starts.
            start_images: Images to start from, in pixel units, finite, and in the range of the input
                space where the constraint set is the Box: (targets, starts, *spatial, C), or
                (starts, *spatial, C) for all targets. They say how many starts there are. Nothing is
                drawn, searched, tried out or remedied; each target is solved by itself, equal ones
                too. They are kept in the recipe, so that it repeats the run.

        Returns:
            Images (targets, starts, *spatial, C) in pixel units, with scores, traces and statuses.

        Raises:
            FeatureProbeError: When something does not fit the model; nothing has run then.
        """
        targets = as_targets(objective)
        check_evidence(evidence, probe)
        with HeldInterrupts():
            chosen, problems, drive, state = self._begin(
                probe, targets, seed_from(rng), start_images
            )
            record = recipe_of(chosen, probe, targets, state)
            stop_if_interrupted()
            own = chosen.settings
            way = climbed(own, problems, drive, state, progress)
            return concluded(own, probe, targets, problems, drive, way, record, evidence)

    def chosen(self, probe: ModelProbe, objective: Targets) -> Self:
        """Return this Ascent as it runs on a model and targets, with nothing left open.

        Args:
            probe: The opened model.
            objective: One objective or a list of any.

        Returns:
            An Ascent that runs to the same bits, whatever later versions choose.

        Example:
            >>> import featureprobe as fp
            >>> probe = fp.samples.mnist_probe()
            >>> ascent = fp.Ascent(search=None).chosen(probe, fp.Logit(4))
            >>> ascent.steps, ascent.constraint
            (64, Box())
        """
        found = choose(self, probe, as_targets(objective)).settings
        values = {field.name: getattr(found, field.name) for field in fields(found)}
        return type(self)(**values)

    def start(
        self,
        probe: ModelProbe,
        objective: Targets,
        *,
        rng: Rng = None,
        start_images: npt.ArrayLike | None = None,
    ) -> AscentState:
        """Return the state before the first step; arguments as for :meth:`run`."""
        return self._begin(probe, as_targets(objective), seed_from(rng), start_images)[-1]

    def iterate(
        self, probe: ModelProbe, objective: Targets, state: _Given
    ) -> Iterator[tuple[AscentState, StepInfo]]:
        """Go on from ``state`` to ``steps`` steps, a block of steps at a time.

        States are values: keep one to resume from it. An Ascent with more steps continues the
        same run: 100 steps and then 100 more are the same as 200.

        Args:
            probe: The opened model.
            objective: The targets that ``state`` was made for.
            state: From :meth:`start`, or from an earlier iteration.

        Yields:
            (state, info) after each block.
        """
        chosen, problems, drive = self._resume(probe, as_targets(objective), state)
        own = chosen.settings
        for later in blocks_of_steps(own, drive, state):
            yield later, look(probe, problems, later, own.steps, drive.images(later))

    def result(self, probe: ModelProbe, objective: Targets, state: _Given) -> AscentResult:
        """Return the result of a state, as :meth:`run` does at its end.

        Args:
            probe: The opened model.
            objective: The targets that ``state`` was made for.
            state: From :meth:`start` or :meth:`iterate`.
        """
        targets = as_targets(objective)
        chosen, problems, drive = self._resume(probe, targets, state)
        record, way = recipe_of(chosen, probe, targets, state), Way(state, kept=True)
        return concluded(chosen.settings, probe, targets, problems, drive, way, record)

    def _begin(
        self,
        probe: ModelProbe,
        targets: Sequence[Objective],
        seed: int,
        start_images: npt.ArrayLike | None,
    ) -> tuple[Chosen, Problems, Drive, AscentState]:
        probe.network.begin_run()
        labels_of(targets)  # first of all: what finds mistakes
        self.digest()
        chosen, given = choose(self, probe, targets), start_images is not None
        problems = resolve_targets(chosen.settings, probe, targets, apart=given)
        if start_images is None:
            starts = find_starts(chosen.settings, probe, problems.solved, seed)
        else:
            starts = given_starts(start_images, chosen.settings, probe, targets)
            starts = Fitting(chosen.settings, probe, seed).given(starts)
            chosen = chosen.with_starts(starts.index.shape[1])
        groups = build_plan(chosen.settings, problems.solved, seed)
        drive = build_drive(chosen.settings, probe, groups, starts, digest_of(targets))
        return chosen, problems, drive, drive.start(seed, starts)

    def _resume(
        self, probe: ModelProbe, targets: Sequence[Objective], state: AscentState
    ) -> tuple[Chosen, Problems, Drive]:
        if not isinstance(state, AscentState):
            raise ConfigError(
                f"A run goes on from an AscentState. Received: {type(state).__name__}. Pass what "
                "start() returns, or the state of a result that was saved with state=True."
            )
        chosen, given = choose(self, probe, targets), are_given(state)
        chosen = chosen.with_starts(state.starts) if given else chosen
        settings = chosen.settings
        if state.starts != settings.starts or not are_those_of(state.targets, targets):
            raise ConfigError(
                f"The state is of other targets, or of {state.starts} starts. "
                f"Received {len(targets)} targets for an Ascent with {settings.starts} starts. "
                "Pass the targets and the Ascent that the state was made with."
            )
        starts = Starts(state.start_images, state.start_index, state.start_origins)
        probe.network.begin_run()
        problems = resolve_targets(settings, probe, targets, apart=given)
        groups = build_plan(settings, problems.solved, state.seed)
        return chosen, problems, build_drive(settings, probe, groups, starts, state.targets)
