"""Reach: a value that an objective is to have, neither less nor more."""

import math
from collections.abc import Iterable
from dataclasses import KW_ONLY, dataclass
from typing import ClassVar, Self

import tensorflow as tf

from featureprobe import _checks
from featureprobe._arguments import check_fields, checked
from featureprobe.errors import ConfigError
from featureprobe.objectives.base import GroupObjective, Objective
from featureprobe.objectives.score_meaning import Bounds, score_bounds_of
from featureprobe.objectives.seen import Seen
from featureprobe.types import PerTargetNumber, Tensor

_SHARE = 1e-3  # of the goal: near enough, where nothing is said


@dataclass(frozen=True)
class Reach(Objective):
    """An image for which an objective has a given value, such as a regression output of 40.

    The score is minus the distance from the goal, and 0 once it is no more than ``within``: the target
    then has ended as ``converged``. Goals that differ share one compiled step. An ``Ascent`` whose ``rule`` is
    left open uses :class:`Backtracking`, which ends at the goal; with other rules add ``polish=24``.

    Args:
        objective: Any objective of one image, also a sum.
        goal: The value to reach, in the units of the objective's score.
        within: How far from the goal is near enough, in the same units, greater than 0; by default a
            thousandth of the goal, and 0.001 where the goal is 0.

    Raises:
        ConfigError: When the objective is none, or sees all starts at once.
        RangeError: When the goal is not finite, or ``within`` not greater than 0.

    Example:
        >>> import featureprobe as fp
        >>> probe = fp.samples.mnist_probe()
        >>> half = Reach(fp.Node(fp.OUTPUT, index=4), goal=0.5)
        >>> half.label
        '@output index 4 = 0.5'
        >>> result = fp.Ascent(starts=1).run(probe, half, rng=0)
        >>> round(float(probe.predict(result.best())[0, 4]), 2)
        0.5
    """

    kind: ClassVar[str] = "reach"
    objective: Objective
    goal: PerTargetNumber
    _: KW_ONLY
    within: PerTargetNumber | None = None

    def __post_init__(self) -> None:
        check_fields(self)
        if not isinstance(self.objective, Objective) or isinstance(self.objective, GroupObjective):
            raise ConfigError(
                f"Reach takes an objective of one image. Received: {self.objective!r}. Write "
                "fp.Reach(fp.Node(layer, index=0), goal=40)."
            )
        object.__setattr__(self, "goal", _checks.number("goal", self.goal))
        if self.within is not None:
            object.__setattr__(self, "within", _checks.number("within", self.within, above=0.0))

    @classmethod
    @checked
    def each(
        cls, objective: Objective, goals: Iterable[float], *, within: float | None = None
    ) -> list[Self]:
        """Return one target for each goal, in order: a series of images from low to high, say.

        Args:
            objective: As above.
            goals: The values to reach.
            within: As above, for all of them.

        Example:
            >>> import featureprobe as fp
            >>> [aim.goal for aim in Reach.each(fp.Node("age", index=0), (20, 40, 60))]
            [20.0, 40.0, 60.0]
        """
        return [cls(objective, goal=goal, within=within) for goal in goals]

    @property
    def label(self) -> str:
        """The objective and the goal, such as ``age index 0 = 40``."""
        return f"{self.objective.label} = {self.goal:g}"

    def value(self, seen: Seen) -> Tensor:
        """Return minus the distance from the goal, (N,), and 0 where it is reached."""
        made = seen.of(self.objective)
        goal = tf.cast(self.goal, made.dtype)
        if self.within is None:
            near = _SHARE * tf.where(goal == 0, tf.ones_like(goal), tf.abs(goal))
        else:
            near = tf.cast(self.within, made.dtype)
        distance = tf.abs(made - goal)
        return tf.where(distance <= near, tf.zeros_like(distance), -distance)

    def score_bounds(self) -> Bounds:
        """Return the distances of what the objective can be from the goal; at most 0."""
        low, high = score_bounds_of(self.objective)
        least = -max(abs(low - self.goal), abs(high - self.goal))
        off = max(low - self.goal, self.goal - high, 0.0)
        near = _SHARE * (abs(self.goal) or 1.0) if self.within is None else self.within
        return None if math.isinf(least) else least, 0.0 if off <= near else -off

    def can_be_dead(self) -> bool:
        """Return False: how far a value is from the goal says nothing of responding."""
        return False
