"""Ratios that may have nothing below them, and how unequal values are."""

import numpy as np

from featureprobe.types import FloatArray, Floats


def ratio(above: Floats, below: Floats) -> Floats:
    """Return ``above / below``, NaN where ``below`` is not greater than 0."""
    shape = np.broadcast_shapes(above.shape, below.shape)
    return np.asarray(np.divide(above, below, out=np.full(shape, np.nan), where=below > 0))


def gini(values: FloatArray) -> Floats:
    """Return Gini's coefficient of each row (M, P) of non-negative values: 0 equal, near 1 one alone.

    What is below 0 counts as 0; a row without anything above 0 is NaN.
    """
    ordered = np.sort(np.maximum(values, 0).astype(np.float64), axis=1)
    count, total = ordered.shape[1], ordered.sum(axis=1)
    ranks = 2 * np.arange(1, count + 1) - count - 1
    return ratio(ordered @ ranks, count * total)


def node_and_mean(values: FloatArray, place: tuple[int, ...]) -> Floats:
    """Return (M, 2): the node and the map's mean."""
    mean = values.mean(axis=tuple(range(1, values.ndim)), dtype=np.float64)
    own = np.array([each[place] for each in values], np.float64)
    return np.stack([own, mean], axis=1)
