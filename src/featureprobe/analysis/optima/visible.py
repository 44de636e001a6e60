"""What a target can see of an image: only that is compared."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from featureprobe.analysis.optima.thresholds import MOST_SHIFT
from featureprobe.analysis.stats.similarity import shift_similarity
from featureprobe.ascent.problem.masks import masks_of
from featureprobe.objectives.base import Objective
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.types import FloatArray, Mask


def visible(probe: ModelProbe, target: Objective, images: FloatArray) -> FloatArray:
    """Return the part of images that reaches what a target reads.

    Args:
        probe: The opened model.
        target: The target.
        images: (N, *spatial, C), any unit.

    Returns:
        (N, *size, C) cut to the box of the target's receptive field. Pixels of the box that do not
        reach it hold the mean of those that do, so that they add nothing to a correlation.
    """
    field = masks_of(probe.network, target)[1] > 0
    if not field.any():
        return images
    box = box_around(field)
    cut, seen = images[(slice(None), *box)], field[box]
    if seen.all():
        return cut
    means = cut[:, seen].mean(axis=(1, 2))
    wide = means.reshape(-1, *(1,) * (images.ndim - 1))
    return np.where(seen[None, ..., None], cut, wide).astype(images.dtype)


def box_around(field: Mask) -> tuple[slice, ...]:
    """Return the smallest box that holds all places of a field (*spatial) that are True."""
    found = []
    for axis in range(field.ndim):
        along = np.flatnonzero(field.any(axis=tuple(k for k in range(field.ndim) if k != axis)))
        found.append(slice(int(along[0]), int(along[-1]) + 1))
    return tuple(found)


def alike(
    probe: ModelProbe, targets: Sequence[Objective], images: FloatArray
) -> npt.NDArray[np.float64]:
    """Return (runs, T): similarity of the images (runs, T, *spatial, C) to those of the first run."""
    found = np.full(images.shape[:2], np.nan)
    for number, target in enumerate(targets):
        seen = visible(probe, target, images[:, number])
        found[:, number] = shift_similarity(seen[:1], seen, max_shift=MOST_SHIFT)[0]
    return found
