"""Runs of neighbouring pixels: [first, stop), several a position, in order and apart."""

import numpy as np
import numpy.typing as npt

Runs = npt.NDArray[np.int32]
"""(positions, runs) where runs begin, or end."""

FAR = np.int32(2**31 - 1)
"""Where a run begins and ends that is not there."""


def merged(first: Runs, stop: Runs) -> tuple[Runs, Runs]:
    """Join runs (positions, n) that touch or overlap."""
    order = np.argsort(first, axis=1, kind="stable")
    first = np.take_along_axis(first, order, axis=1)
    ends = np.maximum.accumulate(
        np.where(first < FAR, np.take_along_axis(stop, order, axis=1), -1), axis=1
    )
    fresh = np.ones(first.shape, bool)
    fresh[:, 1:] = first[:, 1:] > ends[:, :-1]
    fresh &= first < FAR
    number = np.cumsum(fresh, axis=1) - 1
    count = max(int(number.max(initial=0)) + 1, 1)
    rows, cols = np.nonzero(fresh)
    starts = np.full((len(first), count), FAR)
    starts[rows, number[rows, cols]] = first[rows, cols]
    # A run ends where the last one joined to it does.
    final = np.ones(first.shape, bool)
    final[:, :-1] = fresh[:, 1:] | (first[:, 1:] == FAR)
    rows, cols = np.nonzero(final & (first < FAR))
    stops = np.full((len(first), count), FAR)
    stops[rows, number[rows, cols]] = ends[rows, cols]
    return starts, stops


def filled(first: Runs, stop: Runs) -> tuple[Runs, Runs]:
    """Return one run from the first to the last."""
    last = np.where(first < stop, stop, -1).max(axis=1)
    return first.min(axis=1)[:, None], np.where(last < 0, FAR, last)[:, None]
