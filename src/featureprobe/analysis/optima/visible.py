"""What a target can see of an image: only that is compared."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from featureprobe.analysis.optima.thresholds import MOST_SHIFT
from featureprobe.analysis.stats.similarity import shift_similarity
from featureprobe.ascent.problem.masks import masks_of
from featureprobe.objectives.base import Objective
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.types import FloatArray


def visible(probe: ModelProbe, target: Objective, images: FloatArray) -> FloatArray:
    """Return the part of images that reaches what a target reads.

    Args:
        probe: The opened model.
        target: The target.
        images: (N, H, W, C), any unit.

    Returns:
        (N, h, w, C) cut to the box of the target's receptive field. Pixels of the box that do not
        reach it hold the mean of those that do, so that they add nothing to a correlation.
    """
    field = masks_of(probe.network, target)[1] > 0
    rows, cols = (np.flatnonzero(field.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return images
    box = (slice(rows[0], rows[-1] + 1), slice(cols[0], cols[-1] + 1))
    cut, seen = images[:, box[0], box[1]], field[box]
    if seen.all():
        return cut
    means = cut[:, seen].mean(axis=(1, 2))
    return np.where(seen[None, :, :, None], cut, means[:, None, None, None]).astype(images.dtype)


def alike(
    probe: ModelProbe, targets: Sequence[Objective], images: FloatArray
) -> npt.NDArray[np.float64]:
    """Return (runs, T): similarity of the images (runs, T, H, W, C) to those of the first run."""
    found = np.full(images.shape[:2], np.nan)
    for number, target in enumerate(targets):
        seen = visible(probe, target, images[:, number])
        found[:, number] = shift_similarity(seen[:1], seen, max_shift=MOST_SHIFT)[0]
    return found
