"""Whether the unit of another net that does the same answers to a picture as well."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from featureprobe.analysis.quality.natural import Natural
from featureprobe.analysis.quality.units import UnitScore
from featureprobe.analysis.stats.similarity import match_maps
from featureprobe.analysis.untrained import untrained
from featureprobe.errors import ModelError, ShapeError
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.types import FloatArray, Whole

UNTRAINED = 5  # copies with random weights that say what the architecture does by itself
_PAIRINGS = 1000


def transfer(
    other: ModelProbe,
    pictures: FloatArray,
    natural: Natural,
    score: UnitScore,
    units: Whole,
    rng: np.random.Generator,
) -> dict[str, npt.NDArray[Any]]:
    """Ask another net's matching units about pictures, and those of nets that learned nothing.

    Units are matched one to one by the correlation of their scores over the known natural images
    (the Hungarian method). Maps of random weights have partners too, which answer to like strokes:
    what training adds is seen beside untrained copies of the other net, matched in the same way.

    Args:
        other: Another net with the layer, of the same shape.
        pictures: (K, *spatial, C), pixel units.
        natural: Natural images, scored by the first net.
        score: How images are scored.
        units: (K,) the unit of each picture.
        rng: Deals out pairs for the null, and draws random weights.

    Returns:
        By the names of the profile's fields: the matching unit, its rank by z among all units, the
        percent of natural images that score at most as much, mean reciprocal ranks of random
        pairings, and the ranks in five untrained copies; in none, where Keras cannot copy the net.

    Raises:
        ShapeError: When the other net's layer has another number of units.
    """

    def ask(net: ModelProbe) -> tuple[Whole, Natural, FloatArray]:
        return _matched(net, pictures, natural, score)

    found, theirs, answers = ask(other)
    ranks, own = theirs.ranks(answers), found[units]
    row = np.arange(len(units))
    null = [
        (1 / ranks[row, rng.permutation(ranks.shape[1])[units]]).mean() for _ in range(_PAIRINGS)
    ]
    return {
        "transfer_unit": own,
        "transfer_rank": ranks[row, own],
        "transfer_percentile": theirs.percentiles(answers[row, own], own),
        "transfer_null": np.array(null),
        "untrained_rank": _in_untrained(other, units, ask, rng),
    }


def _matched(
    other: ModelProbe, pictures: FloatArray, natural: Natural, score: UnitScore
) -> tuple[Whole, Natural, FloatArray]:
    """Return the partner of each unit of the layer, natural images scored by the other net, its answers."""
    values = score.of(other, natural.images)
    if values.shape[1] != natural.values.shape[1]:
        raise ShapeError(
            f"The other net has {values.shape[1]} units in {score.layer!r}, the first "
            f"{natural.values.shape[1]}. Transfer needs layers of one shape."
        )
    match, _ = match_maps(natural.values[natural.known], values[natural.known])
    theirs = Natural(natural.images, values, natural.known, natural.unseen)
    return match, theirs, score.of(other, pictures)


def _in_untrained(
    other: ModelProbe,
    units: Whole,
    ask: Callable[[ModelProbe], tuple[Whole, Natural, FloatArray]],
    rng: np.random.Generator,
) -> Whole:
    """Return (R, K) ranks of the partners in untrained copies; R is 0 where there can be none."""
    row, found = np.arange(len(units)), []
    for seed in rng.integers(2**31, size=UNTRAINED):
        try:
            bare = untrained(other, rng=int(seed))
        except ModelError:  # a subclassed model: nothing to copy, and nothing to compare with
            return np.zeros((0, len(units)), np.int64)
        match, theirs, answers = ask(bare)
        found.append(theirs.ranks(answers)[row, match[units]])
    return np.stack(found)
