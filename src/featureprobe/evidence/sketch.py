"""Quantiles of a stream in bounded memory, for all units in step.

Manku, Rajagopalan and Lindsay, "Approximate medians and other quantiles in one pass and with limited
memory" (SIGMOD 1998): buffers of equal size; two full ones of a weight collapse to one of twice the
weight that keeps every other value. Here a buffer collapses by itself, odd and even places in turn.
"""

import numpy as np
import numpy.typing as npt

from featureprobe.types import FloatArray


class QuantileSketch:
    """What is kept of the values of U units, which all get the same number of values.

    Exact for up to ``capacity`` values. Beyond, a rank is off by at most
    ``levels / (2 * capacity)`` of all values, ``levels = log2(values / capacity)``.

    Args:
        units: U.
        capacity: Values kept of each level, even.

    Example:
        >>> import numpy as np
        >>> sketch = QuantileSketch(1, capacity=100)
        >>> sketch.add(np.arange(10_000.0)[:, None])
        >>> values, weights = sketch.kept()
        >>> values.shape[1] < 1000, int(weights.sum())
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

    def _collapse(self) -> None:
        level = 0
        while self._levels[level].shape[1] > self.capacity:
            if level + 1 == len(self._levels):
                self._levels.append(np.empty((self._units, 0), np.float32))
                self._odd.append(False)
            full = np.sort(self._levels[level][:, : self.capacity], axis=1)
            self._levels[level] = self._levels[level][:, self.capacity :]
            half = full[:, int(self._odd[level]) :: 2]
            self._odd[level] = not self._odd[level]
            self._levels[level + 1] = np.concatenate([self._levels[level + 1], half], axis=1)
            level += 1

    def kept(self) -> tuple[FloatArray, npt.NDArray[np.float64]]:
        """Return values (U, M) and how many each column stands for (M,)."""
        weights = [np.full(v.shape[1], 2.0**k) for k, v in enumerate(self._levels)]
        return np.concatenate(self._levels, axis=1), np.concatenate(weights)
