"""Linear interpolation along the axes of an image."""

from collections.abc import Sequence

import numpy as np

from featureprobe.types import Floats


def interpolated(values: Floats, positions: Sequence[Floats]) -> Floats:
    """Return values (*new spatial, C) between the places of a grid (*spatial, C).

    Args:
        values: The grid.
        positions: Of each spatial axis, where to look, as places of the grid from 0 to its last.
    """
    for axis, at in enumerate(positions):
        low = np.floor(at).astype(np.int64)
        high = np.minimum(low + 1, values.shape[axis] - 1)
        share = (at - low).reshape(-1, *(1,) * (values.ndim - axis - 1))
        # One axis after the other: all at once would take two to the number of axes as much.
        values = (1.0 - share) * values.take(low, axis) + share * values.take(high, axis)
    return np.asarray(values)
