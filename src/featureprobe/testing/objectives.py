"""ObjectiveContract: what every objective keeps."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar

import numpy as np
import tensorflow as tf

from featureprobe._component import Component
from featureprobe.ascent.step.evaluation import Values
from featureprobe.objectives.base import GroupObjective, Objective, reads_of
from featureprobe.objectives.input_norm import InputNorm
from featureprobe.objectives.structure import leaf_of, terms_of
from featureprobe.probe.graph.reads import check_read
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.testing._claims import attempt, claim, claim_close, claim_finite
from featureprobe.testing._scores import claim_bounds, claim_shown_unit
from featureprobe.testing._targets import evaluate, shift_numbers, total_and_gradient
from featureprobe.testing.components import ComponentContract
from featureprobe.testing.steps import make_images
from featureprobe.types import Read, Tensor

_CONTRASTS = (0.0, 0.1, 1.0, 10.0)  # of noise, as multiples of what is usual
_STEPS = (0.1, 0.03, 0.01, 0.001)  # in spreads; one of them is small enough for any objective


class ObjectiveContract(ComponentContract):
    """What holds for every objective, alone or in sums; penalties and group objectives too.

    Example:
        >>> import featureprobe as fp
        >>> class TestMapMean(fp.testing.ObjectiveContract):
        ...     def make(self):
        ...         return fp.MapMean("conv2", channel=3)
        >>> TestMapMean().test_no_image_affects_another()
    """

    group: ClassVar[str] = "objectives"
    base: ClassVar[type[Component]] = Objective

    def another(self) -> Objective | None:
        """Return a target of the same structure with other numbers; None when there is none.

        By default every whole number that shows in :meth:`featureprobe.Objective.reads` is moved by one,
        and the values of ``fp.PerTarget`` arrays change places.
        """
        return shift_numbers(self.make(), self.probe())

    def test_declares_its_reads(self) -> None:
        """``reads`` gives a tuple of reads that fit the model, the same on every call."""
        one = self.make()
        reads = one.reads()
        claim(
            isinstance(reads, tuple) and all(isinstance(r, Read) for r in reads),
            f"reads() of {one!r} gives {reads!r}. Return a tuple of fp.Read, () for a penalty.",
        )
        claim(one.reads() == reads, f"reads() of {one!r} changes from call to call.")
        probe = self.probe()
        for read in reads:
            attempt(
                partial(_check_against, probe, read),
                f"{read} does not fit the model under test. Override probe() to use another one.",
            )

    def test_sees_only_what_it_reads(self) -> None:
        """``value`` works with its declared reads and nothing else."""
        one = self.make()
        targets = [one]
        images = self._images(targets)
        message = (
            f"value() of {one!r} fails on what reads() declares: {one.reads()}. seen[i] is read i; "
            "declare everything that value() looks at."
        )
        attempt(lambda: self._values(targets, images), message)

    def test_gives_one_finite_score_per_image(self) -> None:
        """Scores have shape (N,) and are finite, also when targets share a batch."""
        values = self._measured()
        claim_finite(values.terms, f"Scores of {self.make()!r} for noise images are not finite.")

    def test_is_finite_on_a_constant_image(self) -> None:
        """Score and gradient are finite for grey squares, all starts the same."""
        targets = self._targets()
        grey = tf.zeros_like(self._images(targets)) + self.probe().input_space.center
        total, gradient = attempt(
            lambda: total_and_gradient(self.probe(), targets, grey, self._starts()),
            f"{self.make()!r} fails on a constant image.",
        )
        message = "Guard roots, logarithms and divisions, as tf.math.divide_no_nan does."
        claim_finite(total, f"The score of {self.make()!r} on a constant image. {message}")
        claim_finite(gradient, f"The gradient of {self.make()!r} on a constant image. {message}")

    def test_no_image_affects_another(self) -> None:
        """A target's score is the same alone and in a batch with others."""
        targets, starts = self._targets(), self._starts()
        images = self._images(targets)
        together = self._measured().terms
        for number, target in enumerate(targets):
            rows = slice(number * starts, (number + 1) * starts)
            alone = self._values([target], images[rows]).terms
            claim_close(
                together[rows],
                alone,
                f"{target!r} scores differently alone and in a batch. Nothing may reduce over the "
                "first axis; Index fields are tensors (N,), PerTarget fields (N, ...).",
            )

    def test_a_gradient_reaches_every_image(self) -> None:
        """The gradient is finite, and not 0 for any image."""
        targets = self._targets()
        _, gradient = attempt(
            lambda: total_and_gradient(
                self.probe(), targets, self._images(targets), self._starts()
            ),
            f"{self.make()!r} has no gradient.",
        )
        claim_finite(gradient, f"The gradient of {self.make()!r} is not finite.")
        reached = (np.asarray(gradient) != 0).reshape(len(gradient), -1).any(axis=1)
        claim(
            reached.all(),
            f"No gradient of {self.make()!r} reaches {np.sum(~reached)} of {reached.size} images. "
            "tf.round, tf.argmax, comparisons and NumPy cut it, and so do ReLUs that are off.",
        )

    def test_a_small_step_along_the_gradient_raises_it(self) -> None:
        """The gradient is that of the score: a small step along it raises the score."""
        targets, starts, probe = self._targets(), self._starts(), self.probe()
        images = self._images(targets)
        before, gradient = total_and_gradient(probe, targets, images, starts)
        size = tf.sqrt(tf.reduce_mean(gradient**2, axis=range(1, gradient.ndim), keepdims=True))
        uphill = tf.math.divide_no_nan(gradient, size) * probe.input_space.spread
        gains = [
            _by_target(
                evaluate(probe, targets, images + step * uphill, starts).total - before, starts
            )
            for step in _STEPS
        ]
        claim(
            (np.max(gains, axis=0) > 0).all(),
            f"No step along the gradient of {self.make()!r} raises its score. Check custom "
            "gradients and tf.stop_gradient.",
        )

    def test_operators_obey_arithmetic(self) -> None:
        """``a + 2 * b``, ``a - b``, ``-a``, ``a / 2`` and ``sum`` score as they read."""
        a, b = self.make(), InputNorm(4.0)
        mine, norm = self._total(a), self._total(b)
        sums: tuple[tuple[str, Callable[[], Any], Tensor], ...] = (
            ("a + 2 * b", lambda: a + 2 * b, mine + 2 * norm),
            ("2 * a + b", lambda: 2 * a + b, 2 * mine + norm),
            ("a - b", lambda: a - b, mine - norm),
            ("b - a", lambda: b - a, norm - mine),
            ("-a", lambda: -a, -mine),
            ("a / 2", lambda: a / 2, mine / 2),
            ("sum([a, b])", lambda: sum([a, b], start=0), mine + norm),
            ("a + a", lambda: a + a, 2 * mine),
        )
        for text, made, wanted in sums:
            blend = attempt(made, f"{text} fails for a = {a!r}.")
            message = f"{text} does not obey arithmetic for a = {a!r}. Do not override operators."
            claim_close(self._total(blend), wanted, message)

    def test_operators_leave_operands_as_they_are(self) -> None:
        """Operators build a sum and change neither operand."""
        a, b = self.make(), InputNorm(4.0)
        before = a.to_config(), a.digest(), b.digest()
        for _ in (a + 2 * b, b - a, 3 * a, -a, a / 2, sum([a, b])):
            claim(
                (a.to_config(), a.digest(), b.digest()) == before,
                f"An operator changed its operand: {before[0]} became {a.to_config()}. Do not "
                "override operators.",
            )

    def test_targets_of_one_structure_share_a_trace(self) -> None:
        """Another number, seed or run of the same structure traces nothing anew."""
        one, other = self.make(), self.another()
        probe, ascent = self.probe(), self._ascent()
        if other is not None:
            keys = [[leaf_of(term).key for _, term in terms_of(o)] for o in (one, other)]
            claim(
                keys[0] == keys[1],
                f"{one!r} and {other!r} differ only in numbers of their reads, but cannot share a "
                "trace. Mark these fields as fp.Index (or fp.Index | None).",
            )
        message = f"An Ascent on {one!r} does not run."
        attempt(lambda: ascent.run(probe, self._climbable(one), rng=0, progress=False), message)
        before = probe.network.traces
        again = self._climbable(one if other is None else other)
        attempt(lambda: ascent.run(probe, again, rng=1, progress=False), message)
        claim(
            probe.network.traces == before,
            f"A second run on {other or one!r} was traced again. Fields must be equal and hash the "
            "same for targets of one structure.",
        )

    def test_label_names_its_layers(self) -> None:
        """The label says what is read: layer paths and numbers."""
        one = self.make()
        label = attempt(lambda: one.label, f"The label of {one!r} fails.")
        claim(isinstance(label, str), f"The label of {one!r} is {label!r}. Return text.")
        for read in reads_of(one):
            missing = [w for w in (read.layer, *map(str, read.indices)) if w not in label]
            claim(not missing, f"The label {label!r} of {one!r} does not name {missing}.")

    def test_the_score_is_the_number_that_it_names(self) -> None:
        """Where ``shown_unit`` names a number of a unit, the score is that number."""
        images = self._images([self.make()])
        for target in map(self._climbable, dict.fromkeys(self._targets())):
            claim_shown_unit(self.probe(), target, images, self._values([target], images).score)

    def test_scores_stay_within_the_bounds_that_it_states(self) -> None:
        """No image, grey or of any contrast, scores less or more than ``score_bounds`` states."""
        targets, center = self._targets(), self.probe().input_space.center
        images = self._images(targets) - center
        for contrast in _CONTRASTS:
            found = self._values(targets, center + contrast * images).total
            for target, own in zip(
                targets, np.asarray(found).reshape(len(targets), -1), strict=True
            ):
                claim_bounds(target, own)

    def setting(self) -> tuple[Any, Objective]:
        """Return a short Ascent, and the objective; a penalty comes with something to climb."""
        return self._ascent(), self._climbable(self.make())

    def _starts(self) -> int:
        """Return the images a target: several where some term sees all starts at once."""
        grouped = any(isinstance(term, GroupObjective) for _, term in terms_of(self.make()))
        return 3 if grouped else 1

    def _targets(self) -> list[Objective]:
        one, other = self.make(), self.another()
        return [one, other or one, one]

    def _images(self, targets: Sequence[Objective]) -> Tensor:
        return make_images(self.probe(), len(targets) * self._starts())

    def _values(self, targets: Sequence[Objective], images: Tensor) -> Values:
        return evaluate(self.probe(), targets, images, self._starts())

    def _measured(self) -> Values:
        targets = self._targets()
        return attempt(
            lambda: self._values(targets, self._images(targets)),
            f"value() of {self.make()!r} must give one score per image, shape (N,).",
        )

    def _total(self, objective: Objective) -> Tensor:
        return self._values([objective], self._images([objective])).total

    def _climbable(self, objective: Objective) -> Objective:
        """Return the objective itself, or with a score to climb where it has none."""
        if any(leaf_of(term).is_score for _, term in terms_of(objective)):
            return objective
        return self._target() + 0.1 * objective


def _check_against(probe: ModelProbe, read: Read) -> None:
    check_read(read, probe.shape_of(read.layer))


def _by_target(values: Tensor, starts: int) -> Any:
    """Return (T,) the sums over the starts: a group's gradient is that of all its members."""
    return np.asarray(values).reshape(-1, starts).sum(axis=1)
