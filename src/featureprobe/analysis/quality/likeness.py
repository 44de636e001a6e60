"""How like a picture other images are, in what a unit sees of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from featureprobe.analysis.quality.batching import portion
from featureprobe.analysis.quality.units import UnitScore
from featureprobe.analysis.stats.similarity import shift_similarity
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.types import FloatArray, Floats, Read, Whole

_FINE = 24  # windows are compared at a resolution of at most so many pixels a side
_FLAT = 0.02  # of an image's spread: parts with less are like nothing
_MOST, _NUMBERS = 32, 2**25  # images at once, and numbers that they may give


@dataclass(frozen=True, eq=False)
class Sight:
    """What the units of a layer see of an image, and how alike two of these are.

    Attributes:
        probe: The opened model.
        score: How images are scored.
        shift: Shift tolerance in pixels, where units see most of an image.
    """

    probe: ModelProbe
    score: UnitScore
    shift: int

    def likeness(self, pictures: FloatArray, units: Whole, images: npt.ArrayLike) -> Floats:
        """Return (A, B): the largest normalized correlation of pictures and images, -1..1.

        Of a node, which looks at one place, only the pixels that it sees are compared, as they are. Where
        the nodes of a map see less than half of an image along both sides, the part of the picture
        that the strongest node sees is slid over the whole image. Else the whole picture is moved
        by up to :attr:`shift`.

        Args:
            pictures: (A, H, W, C), pixel units.
            units: (A,) the unit of each.
            images: (B, H, W, C).
        """
        if self.score.place is not None:
            seen = self._seen(self.score.read())
            parts = [np.asarray(v)[:, seen][:, :, None] for v in (pictures, images)]
            return shift_similarity(*parts, max_shift=0)
        if not self._sees_little:
            return shift_similarity(pictures, images, max_shift=self.shift)
        window, mask = self._window
        cut = self._cut(pictures, units, (len(window[0]), len(window[1])))
        return slid(cut, images, mask)

    def _seen(self, read: Read) -> npt.NDArray[np.bool_]:
        """Return (H, W), which pixels count for what is read."""
        return np.asarray(self.probe.network.live_box(read) > 0)

    @cached_property
    def _grid(self) -> tuple[int, ...]:
        """Rows and columns of the layer's maps; none for other layers."""
        shape = self.probe.network.shape_of(self.score.layer)
        return shape[:2] if len(shape) == 3 else ()

    @cached_property
    def _window(self) -> tuple[tuple[Whole, Whole], npt.NDArray[np.bool_]]:
        """What a node in the middle sees: its rows and columns, and which pixels of these count."""
        rows, cols = (size // 2 for size in self._grid)
        seen = self._seen(Read(self.score.layer, row=rows, col=cols))
        down, right = (_span(np.asarray(seen.any(axis=axis))) for axis in (1, 0))
        return (down, right), seen[np.ix_(down, right)]

    @property
    def _sees_little(self) -> bool:
        if not self._grid:
            return False
        sides = [len(side) for side in self._window[0]]
        return all(
            0 < 2 * s < whole for s, whole in zip(sides, self.probe.image_shape, strict=False)
        )

    def _cut(self, pictures: FloatArray, units: Whole, size: tuple[int, int]) -> FloatArray:
        """Return (A, h, w, C): what the strongest node sees, of those that see as much as the middle."""
        layer, (middle, across) = self.score.layer, (side // 2 for side in self._grid)
        ways = [[self._seen(Read(layer, row=row, col=across)).any(axis=1) for row in range(self._grid[0])],
                [self._seen(Read(layer, row=middle, col=col)).any(axis=0) for col in range(self._grid[1])]]  # fmt: skip
        spans = [[np.flatnonzero(seen) for seen in axis] for axis in ways]
        whole = [[k for k, span in enumerate(axis) if len(span) and np.ptp(span) + 1 == side]
                 for axis, side in zip(spans, size, strict=True)]  # fmt: skip
        found = []
        for picture, maps, unit in self._answers(pictures, units):
            part = maps[np.ix_(*whole)][..., unit]
            row, col = np.unravel_index(part.argmax(), part.shape)
            top, left = spans[0][whole[0][row]][0], spans[1][whole[1][col]][0]
            found.append(picture[top : top + size[0], left : left + size[1]])
        return np.stack(found)

    def _answers(
        self, pictures: FloatArray, units: Whole
    ) -> Iterator[tuple[FloatArray, FloatArray, int]]:
        """Yield each picture, its maps before the activation, if these can be read, and its unit."""
        pre = self.score.sees_before(self.probe)
        size = portion(self.probe, (self.score.layer, pre), most=_MOST)
        for first in range(0, len(pictures), size):
            some = slice(first, first + size)
            values = self.probe.activations(pictures[some], self.score.layer, pre=pre)
            yield from zip(pictures[some], values, units[some], strict=True)


def _span(seen: npt.NDArray[np.bool_]) -> Whole:
    """Return all places from the first to the last that is seen."""
    where = np.flatnonzero(seen)
    return np.arange(where[0], where[-1] + 1) if len(where) else where


def slid(windows: FloatArray, images: npt.ArrayLike, mask: npt.NDArray[np.bool_]) -> Floats:
    """Return (A, B): the largest normalized correlation of windows and parts of images.

    Both are brought to a resolution at which windows have at most 24 pixels a side.

    Args:
        windows: (A, h, w, C).
        images: (B, H, W, C), larger.
        mask: (h, w) which pixels of a window count.
    """
    every = np.asarray(images)
    factors = tuple(-(-side // _FINE) for side in windows.shape[1:3])
    counts = _coarse(mask[None, :, :, None], factors) > 0
    weights = np.broadcast_to(counts, (1, *counts.shape[1:3], windows.shape[3])).astype(np.float32)
    small = _coarse(windows, factors)
    mean = (small * weights).sum(axis=(1, 2, 3), keepdims=True) / weights.sum()
    small = (small - mean) * weights
    norm = np.sqrt((small**2).sum(axis=(1, 2, 3), keepdims=True))
    kernel = np.moveaxis(small / np.where(norm > 0, norm, 1), 0, -1)
    rows, cols = (side // f for side, f in zip(every.shape[1:3], factors, strict=True))
    size = max(1, min(_MOST, _NUMBERS // (rows * cols * len(windows))))
    found = []
    for first in range(0, len(every), size):
        batch = _coarse(every[first : first + size], factors)
        batch -= batch.mean(axis=(1, 2, 3), keepdims=True)
        spread = _spreads(batch, np.moveaxis(weights, 0, -1))
        along = np.asarray(tf.nn.conv2d(batch, kernel, 1, "VALID"))
        found.append((along / spread).max(axis=(1, 2)))
    return np.concatenate(found).T.astype(np.float64)


def _spreads(images: FloatArray, weights: FloatArray) -> FloatArray:
    """Return (N, rows, cols, 1) norms of all centred parts; infinite where a part is flat."""
    count = weights.sum()
    total, squares = (tf.nn.conv2d(v, weights, 1, "VALID").numpy() for v in (images, images**2))
    rest = squares - total**2 / count
    floor = _FLAT**2 * count * (images**2).mean(axis=(1, 2, 3), keepdims=True)
    flat = rest <= np.maximum(floor, np.finfo(np.float32).tiny)
    return np.asarray(np.sqrt(np.where(flat, np.inf, rest)), np.float32)


def _coarse(images: npt.NDArray[Any], factors: tuple[int, ...]) -> FloatArray:
    """Return means over blocks of pixels; what is left over is cut off."""
    count, rows, cols, channels = images.shape
    high, wide = rows // factors[0], cols // factors[1]
    whole = np.asarray(images[:, : high * factors[0], : wide * factors[1]], np.float32)
    blocks = whole.reshape(count, high, factors[0], wide, factors[1], channels)
    return np.asarray(blocks.mean(axis=(2, 4)), np.float32)
