"""What a score is, as its objective says it: asked in one place, and checked there."""

import math
from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

from featureprobe._kinds import is_number
from featureprobe.errors import ConfigError
from featureprobe.types import UnitStatistic

Bounds: TypeAlias = tuple[float | None, float | None]
"""The least and the greatest value that a score can have; None for what is not known."""


class ScoreMeaning:
    """What an objective says of its score; as it stands here, nothing."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        made_by = min(_owner(cls, "value"), _owner(cls, "reads"))
        for name in ("shown_unit", "score_bounds", "can_be_dead"):
            if _owner(cls, name) > made_by:  # what a parent with another value says
                setattr(cls, name, getattr(ScoreMeaning, name))

    def shown_unit(self) -> UnitStatistic | None:
        """Return the unit whose number the score is, and which number of it; None for no such thing.

        Only what is the number itself, unscaled: then scores stand among those of real images
        (``Evidence.percentiles``, ``Evidence.plot``, ``analysis.assess``), and pictures show what
        the unit responds to (``analysis.insert_patterns``). By default None: scores are compared
        with nothing, and analyses that need a unit say so.
        """
        return None

    def score_bounds(self) -> Bounds:
        """Return (least, greatest), the values that no image's score exceeds; None for unknown.

        A score at its greatest value has ended as ``converged``, also where no gradient is left; one at
        its least value without a gradient as ``dead``, unless :meth:`can_be_dead` is False. By default
        (None, None): a least value is then found only where the layers that are read prove it, as a
        ReLU does.
        """
        return None, None

    def can_be_dead(self) -> bool:
        """Return whether the least score without a gradient means that nothing responded.

        By default True. False where a low score is a value like others, such as of a cosine or a
        distance: it then never ends as ``dead``.
        """
        return True


def _owner(cls: type, name: str) -> int:
    """Return how far up the class stands that gives a method."""
    return next(k for k, parent in enumerate(cls.__mro__) if name in vars(parent))


def shown_unit_of(objective: ScoreMeaning) -> UnitStatistic | None:
    """Return which number of which unit a score is; None where it is no such thing.

    Raises:
        ConfigError: When the objective says something else.
    """
    said = _asked(objective, "shown_unit")
    if said is not None and not isinstance(said, UnitStatistic):
        raise _refusal(objective, "shown_unit", "an fp.UnitStatistic or None", said)
    return said


def score_bounds_of(objective: ScoreMeaning) -> tuple[float, float]:
    """Return the least and the greatest value of a score, infinite where unknown.

    Raises:
        ConfigError: When the objective says something else.
    """
    said, wanted = _asked(objective, "score_bounds"), "(least, greatest), numbers or None"
    if not isinstance(said, tuple | list) or len(said) != 2:
        raise _refusal(objective, "score_bounds", wanted, said)
    if any(end is not None and (not is_number(end) or math.isnan(end)) for end in said):
        raise _refusal(objective, "score_bounds", wanted, said)
    least, greatest = said
    low = -math.inf if least is None else float(least)
    high = math.inf if greatest is None else float(greatest)
    if low > high or low == math.inf or high == -math.inf:
        raise _refusal(objective, "score_bounds", f"{wanted}, the least first", said)
    return low, high


def can_be_dead(objective: ScoreMeaning) -> bool:
    """Return whether the least score of an objective means that nothing responded.

    Raises:
        ConfigError: When the objective says something else.
    """
    said = _asked(objective, "can_be_dead")
    if not isinstance(said, bool):
        raise _refusal(objective, "can_be_dead", "True or False", said)
    return said


class Sum(Protocol):
    """A weighted sum of objectives."""

    @property
    def scoring(self) -> Sequence[tuple[float, ScoreMeaning]]:
        """The weights and terms that count as score."""


def unit_of_sum(total: Sum) -> UnitStatistic | None:
    """Return what the only term with a score shows, if its weight is 1: penalties do not score."""
    scores = total.scoring
    return shown_unit_of(scores[0][1]) if [weight for weight, _ in scores] == [1.0] else None


def bounds_of_sum(total: Sum) -> Bounds:
    """Return the weighted sums of the terms' bounds, without penalties."""
    least = greatest = 0.0
    for weight, objective in total.scoring:
        if weight:  # nothing is left of an infinite end
            ends = sorted(weight * end for end in score_bounds_of(objective))
            least, greatest = least + ends[0], greatest + ends[1]
    return least, greatest


def all_can_be_dead(total: Sum) -> bool:
    """Return whether all terms that score can be dead: then their sum can."""
    return all(can_be_dead(objective) for _, objective in total.scoring)


OF_SUMS = unit_of_sum, bounds_of_sum, all_can_be_dead
"""What a weighted sum says of its score: the methods of one, in the order of ScoreMeaning's."""


def check_score(objective: ScoreMeaning) -> UnitStatistic | None:
    """Return which unit an objective shows; ConfigError when what it says of its score is no such thing."""
    score_bounds_of(objective)
    can_be_dead(objective)
    return shown_unit_of(objective)


def _asked(objective: ScoreMeaning, method: str) -> Any:
    found = getattr(objective, method)
    if not callable(found):
        raise ConfigError(
            f"{method} of an objective is a method that takes nothing. Received: {found!r} in "
            f"{type(objective).__name__}. Give that field another name."
        )
    return found()


def _refusal(objective: ScoreMeaning, method: str, wanted: str, said: object) -> ConfigError:
    name = type(objective).__name__
    return ConfigError(
        f"{name}.{method}() returns {wanted}. Received: {said!r}. "
        "Return that, or leave the method out: the default claims nothing."
    )
