"""How like a picture other images are, in what a unit sees of them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from featureprobe.analysis.patterns.similarity import shift_similarity
from featureprobe.analysis.quality.standard import Whole
from featureprobe.analysis.quality.targets import UnitScore
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.types import FloatArray, Read

Floats = npt.NDArray[np.float64]
_FINE = 24  # windows are compared at a resolution of at most so many pixels a side
_FLAT = 0.02  # of an image's spread: parts with less are like nothing
_BATCH = 32


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

        Of a node both are cut to what it sees. Where the nodes of a map see less than half of an image
        along both sides, the part of the picture that the strongest node sees is moved over the whole
        image. Else the whole picture is moved by up to :attr:`shift`.

        Args:
            pictures: (A, H, W, C), pixel units.
            units: (A,) the unit of each.
            images: (B, H, W, C).
        """
        if self.score.place is not None:
            rows, cols = self._seen(*self.score.place)
            pictures, images = pictures[:, rows, cols], np.asarray(images)[:, rows, cols]
            return shift_similarity(pictures, images, most=self.shift)
        grid = self.probe.shape_of(self.score.layer)
        if len(grid) < 3:
            return shift_similarity(pictures, images, most=self.shift)
        size = [_length(part) for part in self._seen(grid[0] // 2, grid[1] // 2)]
        if any(2 * s >= whole for s, whole in zip(size, self.probe.image_shape, strict=False)):
            return shift_similarity(pictures, images, most=self.shift)
        return slid(self._windows(pictures, units), images)

    def _seen(self, row: int, col: int) -> tuple[slice, slice]:
        """Return the rows and columns of an image that a node sees."""
        box = self.probe.network.live_box(Read(self.score.layer, row=row, col=col)) > 0
        rows, cols = (np.flatnonzero(box.any(axis=axis)) for axis in (1, 0))
        return slice(rows[0], rows[-1] + 1), slice(cols[0], cols[-1] + 1)

    def _windows(self, pictures: FloatArray, units: Whole) -> FloatArray:
        """Return (A, h, w, C): what the strongest node sees, of those that see no border."""
        grid = self.probe.shape_of(self.score.layer)
        seen = [[self._seen(row, grid[1] // 2)[0] for row in range(grid[0])],
                [self._seen(grid[0] // 2, col)[1] for col in range(grid[1])]]  # fmt: skip
        size = [max(_length(part) for part in axis) for axis in seen]
        inside = [[k for k, part in enumerate(axis) if _length(part) == most]
                  for axis, most in zip(seen, size, strict=True)]  # fmt: skip
        found = []
        for first in range(0, len(pictures), _BATCH):
            some = pictures[first : first + _BATCH]
            values = self.probe.activations(some, self.score.layer, pre=True)
            for picture, maps, unit in zip(some, values, units[first:], strict=False):
                part = maps[np.ix_(*inside)][..., unit]
                row, col = np.unravel_index(part.argmax(), part.shape)
                found.append(picture[seen[0][inside[0][row]], seen[1][inside[1][col]]])
        return np.stack(found)


def slid(windows: FloatArray, images: npt.ArrayLike) -> Floats:
    """Return (A, B): the largest normalized correlation of windows and parts of images.

    Both are brought to a resolution at which windows have at most 24 pixels a side.

    Args:
        windows: (A, h, w, C).
        images: (B, H, W, C), larger.
    """
    every = np.asarray(images)
    factor = -(-max(windows.shape[1:3]) // _FINE)
    small = _coarse(windows, factor)
    small -= small.mean(axis=(1, 2, 3), keepdims=True)
    norm = np.sqrt((small**2).sum(axis=(1, 2, 3), keepdims=True))
    kernel = np.moveaxis(small / np.where(norm > 0, norm, 1), 0, -1)
    found = []
    for first in range(0, len(every), _BATCH):
        batch = _coarse(every[first : first + _BATCH], factor)
        batch -= batch.mean(axis=(1, 2, 3), keepdims=True)
        along = np.asarray(tf.nn.conv2d(batch, kernel, 1, "VALID"))
        found.append((along / _spreads(batch, kernel.shape)).max(axis=(1, 2)))
    return np.concatenate(found).T.astype(np.float64)


def _spreads(images: FloatArray, kernel: tuple[int, ...]) -> FloatArray:
    """Return (N, rows, cols, 1) norms of all centred parts; infinite where a part is flat."""
    ones = np.ones((*kernel[:3], 1), np.float32)
    count = ones.size
    total, squares = (np.asarray(tf.nn.conv2d(v, ones, 1, "VALID")) for v in (images, images**2))
    rest = squares - total**2 / count
    floor = _FLAT**2 * count * (images**2).mean(axis=(1, 2, 3), keepdims=True)
    flat = rest <= np.maximum(floor, np.finfo(np.float32).tiny)
    return np.asarray(np.sqrt(np.where(flat, np.inf, rest)))


def _coarse(images: npt.NDArray[Any], factor: int) -> FloatArray:
    """Return means over squares of ``factor`` pixels a side; what is left over is cut off."""
    count, rows, cols, channels = images.shape
    high, wide = rows // factor, cols // factor
    whole = np.asarray(images[:, : high * factor, : wide * factor], np.float32)
    squares = whole.reshape(count, high, factor, wide, factor, channels)
    return np.asarray(squares.mean(axis=(2, 4)), np.float32)


def _length(part: slice) -> int:
    return int(part.stop - part.start)
