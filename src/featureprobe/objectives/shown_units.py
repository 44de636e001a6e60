"""Which unit each target of a run shows: the one answer that evidence and analyses share."""

from featureprobe.errors import FeatureProbeError
from featureprobe.objectives.base import Objective
from featureprobe.objectives.score_meaning import shown_unit_of
from featureprobe.results.recipe import Recipe
from featureprobe.types import UnitStatistic


def shown_units(recipe: Recipe) -> tuple[UnitStatistic | None, ...]:
    """Return for each target of a run which number of which unit its score is.

    None for scores that are no number of one unit, and for targets that cannot be revived here: plain
    functions, and objectives of a package that is not installed. Nothing is known of these.
    """
    return tuple(_shown(recipe, number) for number in range(len(recipe.objectives)))


def _shown(recipe: Recipe, number: int) -> UnitStatistic | None:
    try:
        target = recipe.revive(recipe.objectives[number])
    except FeatureProbeError:
        return None
    return shown_unit_of(target) if isinstance(target, Objective) else None
