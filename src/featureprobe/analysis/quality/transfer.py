"""Whether the unit of another net that does the same answers to a picture as well."""

from typing import Any

import numpy as np
import numpy.typing as npt

from featureprobe.analysis.patterns.similarity import match_maps
from featureprobe.analysis.quality.standard import Natural, Whole
from featureprobe.analysis.quality.targets import UnitScore
from featureprobe.errors import ShapeError
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.types import FloatArray

Floats = npt.NDArray[np.float64]
_PAIRINGS = 1000


def transfer(
    other: ModelProbe,
    pictures: FloatArray,
    natural: Natural,
    score: UnitScore,
    units: Whole,
    rng: np.random.Generator,
) -> dict[str, npt.NDArray[Any]]:
    """Ask another net's matching units about pictures.

    Units are matched one to one by the correlation of their scores over the known natural images
    (the Hungarian method).

    Args:
        other: Another net with the layer, of the same shape.
        pictures: (K, H, W, C), pixel units.
        natural: Natural images, scored by the first net.
        score: How images are scored.
        units: (K,) the unit of each picture.
        rng: Deals out pairs for the null.

    Returns:
        By the names of the profile's fields: the matching unit, its rank by z among all units, the
        percent of natural images that score at most as much, and mean reciprocal ranks of random
        pairings.

    Raises:
        ShapeError: When the other net's layer has another number of units.
    """
    values = score.of(other, natural.images)
    if values.shape[1] != natural.values.shape[1]:
        raise ShapeError(
            f"The other net has {values.shape[1]} units in {score.layer!r}, the first "
            f"{natural.values.shape[1]}. Transfer needs layers of one shape."
        )
    match, _ = match_maps(natural.values[natural.known], values[natural.known])
    theirs = Natural(natural.images, values, natural.known, natural.unseen)
    answers = score.of(other, pictures)
    z = theirs.z(answers)
    ranks = (-z).argsort(axis=1, kind="stable").argsort(axis=1) + 1
    row, own = np.arange(len(units)), match[units]
    null = [
        (1 / ranks[row, rng.permutation(ranks.shape[1])[units]]).mean() for _ in range(_PAIRINGS)
    ]
    return {
        "transfer_unit": own,
        "transfer_rank": ranks[row, own].astype(np.int64),
        "transfer_percentile": theirs.percentiles(answers[row, own], own),
        "transfer_null": np.array(null),
    }
