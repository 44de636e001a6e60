"""Which positions of an input axis each position of an output axis reads.

Each axis is treated apart, since windows are boxes. A position of the output reads the
positions ``first, first + step, ...`` below ``stop`` of the input; those outside of the input are
padding, and read nothing.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Positions = npt.NDArray[np.int64]

_EDGE = 1e-3  # of a position: how far rounding may move the point that an interpolation reads
_TAPS = {"nearest": (0, 0), "bilinear": (0, 1), "bicubic": (1, 2), "lanczos3": (3, 3),
         "lanczos5": (5, 5)}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Reading:
    """What one axis of an output reads along the same axis of an input.

    Attributes:
        size: Positions of the input.
        first: (positions of the output,) the first position that each reads; may lie outside.
        stop: (positions of the output,) behind the last one.
        step: Distance of neighbours among those that are read.
        period: (p, shift): position i + p reads what i reads, moved by ``shift``, borders aside;
            None where nothing repeats.
    """

    size: int
    first: Positions
    stop: Positions
    step: int = 1
    period: tuple[int, int] | None = None

    @property
    def length(self) -> int:
        """Positions of the output."""
        return len(self.first)

    @property
    def is_same(self) -> bool:
        """Whether each position reads itself, and all are there."""
        here = np.arange(self.length)
        return self.length == self.size and bool(
            np.array_equal(self.first, here) and np.array_equal(self.stop, here + 1)
        )

    @property
    def last(self) -> Positions:
        """(positions of the output,) the last position that each reads."""
        return self.first + (self.stop - self.first - 1) // self.step * self.step

    def span(self, low: int, high: int) -> tuple[int, int] | None:
        """Return [first, stop) of what the outputs [low, high) read, padding included."""
        first, last = self.first[low:high], self.last[low:high]
        real = last >= first
        if not real.any():
            return None
        return int(first[real].min()), int(last[real].max()) + 1


def same(size: int) -> Reading:
    """Each position reads itself."""
    return picked(size, np.arange(size), (1, 1))


def everything(size: int, length: int) -> Reading:
    """Each position reads all positions."""
    return Reading(size, np.zeros(length, np.int64), np.full(length, size, np.int64))


def picked(size: int, at: npt.ArrayLike, period: tuple[int, int] | None = None) -> Reading:
    """Each position reads a single one; -1 is none."""
    places = np.asarray(at, np.int64)
    return Reading(size, places, places + 1, 1, period)


def shifted(size: int, length: int, by: int) -> Reading:
    """Each position reads the one ``by`` further on; negative for what pads before."""
    return picked(size, np.arange(length) + by, (1, 1))


def window(
    size: int, length: int, *, taps: int, stride: int, dilation: int = 1, padding: str = "valid"
) -> Reading:
    """Each position reads a window, as of a convolution or a pooling."""
    extent = (taps - 1) * dilation + 1
    before = 0
    if padding == "same":
        before = max((length - 1) * stride + extent - size, 0) // 2
    elif padding == "causal":
        before = extent - 1
    first = np.arange(length) * stride - before
    return Reading(size, first, first + extent, dilation, (1, stride))


def transposed(
    size: int, length: int, *, taps: int, stride: int, dilation: int, padding: str
) -> Reading:
    """Each position reads the inputs that a transposed convolution spreads to it.

    Input i reaches the positions ``i * stride + tap * dilation - before``.
    """
    before = transposed_before(
        size, length, taps=taps, stride=stride, dilation=dilation, padding=padding
    )
    at, common = np.arange(length) + before, np.gcd(stride, dilation)
    step = int(dilation // common)
    first, last = np.ones(length, np.int64), np.zeros(length, np.int64)
    for tap in reversed(range(taps)):  # the last tap reaches back to the first input
        source, rest = np.divmod(at - tap * dilation, stride)
        first = np.where((rest == 0) & (last < first), source, first)
        last = np.where(rest == 0, source, last)
    return Reading(size, first, last + 1, step, (stride, 1))


def transposed_before(
    size: int, length: int, *, taps: int, stride: int, dilation: int, padding: str
) -> int:
    """Return what a transposed convolution cuts off before its first output."""
    extent = (taps - 1) * dilation + 1
    return max((size - 1) * stride + extent - length, 0) // 2 if padding == "same" else 0


def adaptive(size: int, length: int) -> Reading:
    """Each position reads its share of the input, as of an adaptive pooling."""
    at = np.arange(length)
    first, stop = at * size // length, -(-(at + 1) * size // length)
    return Reading(size, first, stop, 1, _turns(size, length))


def resized(size: int, length: int, interpolation: str, *, antialias: bool = False) -> Reading:
    """Each position reads the inputs around the point that it is interpolated at.

    Where the point lies on an input, rounding decides what is read; both sides count.
    """
    if size == length:
        return same(size)
    scale = size / length
    at = (np.arange(length) + 0.5) * scale - 0.5
    if interpolation == "nearest":
        low, high = (np.floor(at + 0.5 + edge) for edge in (-_EDGE, _EDGE))
    elif antialias and scale > 1:
        reach = scale * max(1, *_TAPS[interpolation])
        low, high = np.floor(at - reach), np.ceil(at + reach)
    else:
        before, after = _TAPS[interpolation]
        low, high = np.floor(at - _EDGE) - before, np.floor(at + _EDGE) + after
    # Beyond the border stands the border's own value, which is among those that are read.
    return Reading(size, low.astype(np.int64), high.astype(np.int64) + 1, 1, _turns(size, length))


def _turns(size: int, length: int) -> tuple[int, int]:
    common = int(np.gcd(size, length))
    return length // common, size // common
