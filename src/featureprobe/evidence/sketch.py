"""Quantiles of a stream in bounded memory, for all units in step.

Karnin, Lang and Liberty, "Optimal quantile approximation in streams" (2016): values wait in levels; a
level that is full is sorted and every other value moves one level up, where it stands for twice as many.
Lower levels hold fewer values, so that memory does not grow with the stream. Which half moves alternates.
"""

import numpy as np
import numpy.typing as npt

from featureprobe.types import FloatArray

_SHRINK, _LEAST = 2 / 3, 16  # of a level's room, relative to the one above


class QuantileSketch:
    """What is kept of the values of U units, which all get the same number of values.

    Exact for up to ``capacity`` values. Beyond, with a capacity of 1,024, ranks are off by less than
    0.5 % of all values; at most about ``3 * capacity`` values are kept.

    Args:
        units: U.
        capacity: Values kept of the highest level.

    Example:
        >>> import numpy as np
        >>> sketch = QuantileSketch(1, capacity=100)
        >>> sketch.add(np.arange(10_000.0)[:, None])
        >>> values, weights = sketch.kept()
        >>> values.shape[1] < 300, int(weights.sum())
        (True, 10000)
    """

    def __init__(self, units: int, *, capacity: int = 1024) -> None:
        self.capacity = capacity
        self._units = units
        self._levels: list[FloatArray] = [np.empty((units, 0), np.float32)]
        self._odd: list[bool] = [False]

    def add(self, values: npt.ArrayLike) -> None:
        """Add values (n, U)."""
        rows = np.asarray(values, np.float32)
        for start in range(0, len(rows), self.capacity):
            part = rows[start : start + self.capacity].T
            self._levels[0] = np.concatenate([self._levels[0], part], axis=1)
            self._collapse()

    def _room(self, level: int) -> int:
        below = len(self._levels) - 1 - level
        return max(_LEAST, int(self.capacity * _SHRINK**below))

    def _collapse(self) -> None:
        level = 0
        while level < len(self._levels):
            count = self._levels[level].shape[1]
            if count > self._room(level):
                if level + 1 == len(self._levels):
                    self._levels.append(np.empty((self._units, 0), np.float32))
                    self._odd.append(False)
                self._move_up(level, count // 2 * 2)
            level += 1

    def _move_up(self, level: int, count: int) -> None:
        """Sort ``count`` values of a level, an even number, and move every other one up."""
        sorted_ = np.sort(self._levels[level][:, :count], axis=1)
        self._levels[level] = self._levels[level][:, count:].copy()
        half = sorted_[:, int(self._odd[level]) :: 2]
        self._odd[level] = not self._odd[level]
        self._levels[level + 1] = np.concatenate([self._levels[level + 1], half], axis=1)

    def kept(self) -> tuple[FloatArray, npt.NDArray[np.float64]]:
        """Return values (U, M) and how many each column stands for (M,)."""
        weights = [np.full(v.shape[1], 2.0**k) for k, v in enumerate(self._levels)]
        return np.concatenate(self._levels, axis=1), np.concatenate(weights)
