"""How like a picture other images are, in what a unit sees of them."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from featureprobe._spatial import axes_of
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
        the nodes of a map see less than half of an image along every side, the part of the picture
        that the strongest node sees is slid over the whole image. Else the whole picture is moved
        by up to :attr:`shift`.

        Args:
            pictures: (A, *spatial, C), pixel units.
            units: (A,) the unit of each.
            images: (B, *spatial, C).
        """
        if self.score.place is not None:
            seen = self._seen(self.score.read())
            parts = [np.asarray(v)[:, seen][:, :, None] for v in (pictures, images)]
            return shift_similarity(*parts, max_shift=0)
        if not self._sees_little:
            return shift_similarity(pictures, images, max_shift=self.shift)
        window, mask = self._window
        cut = self._cut(pictures, units, tuple(map(len, window)))
        return slid(cut, images, mask)

    def _seen(self, read: Read) -> npt.NDArray[np.bool_]:
        """Return (*spatial), which pixels count for what is read."""
        return np.asarray(self.probe.network.live_box(read) > 0)

    @cached_property
    def _grid(self) -> tuple[int, ...]:
        """Sizes of the layer's maps along the axes of the image; none for other layers."""
        shape = self.probe.network.shape_of(self.score.layer)
        return shape[:-1] if len(shape) == len(self.probe.image_shape) else ()

    @cached_property
    def _window(self) -> tuple[tuple[Whole, ...], npt.NDArray[np.bool_]]:
        """What a node in the middle sees: its rows, columns and so on, and which pixels of these count."""
        seen = self._seen(Read(self.score.layer, position=tuple(size // 2 for size in self._grid)))
        sides = tuple(_span(_along(seen, axis)) for axis in range(seen.ndim))
        return sides, seen[np.ix_(*sides)]

    @property
    def _sees_little(self) -> bool:
        if not self._grid:
            return False
        sides = [len(side) for side in self._window[0]]
        return all(
            0 < 2 * s < whole for s, whole in zip(sides, self.probe.image_shape, strict=False)
        )

    def _cut(self, pictures: FloatArray, units: Whole, size: tuple[int, ...]) -> FloatArray:
        """Return (A, *size, C): what the strongest node sees, of those that see as much as the middle."""
        spans = [self._spans(axis) for axis in range(len(size))]
        whole = [[k for k, span in enumerate(axis) if len(span) and np.ptp(span) + 1 == side]
                 for axis, side in zip(spans, size, strict=True)]  # fmt: skip
        found = []
        for picture, maps, unit in self._answers(pictures, units):
            part = maps[np.ix_(*whole)][..., unit]
            place = np.unravel_index(part.argmax(), part.shape)
            firsts = [span[kept[k]][0] for span, kept, k in zip(spans, whole, place, strict=True)]
            where = tuple(slice(k, k + side) for k, side in zip(firsts, size, strict=True))
            found.append(picture[where])
        return np.stack(found)

    def _spans(self, axis: int) -> list[Whole]:
        """Return along one axis, for each place of it, what the nodes in the middle of the others see."""
        middle = [side // 2 for side in self._grid]
        places = [(*middle[:axis], k, *middle[axis + 1 :]) for k in range(self._grid[axis])]
        seen = [self._seen(Read(self.score.layer, position=place)) for place in places]
        return [np.flatnonzero(_along(each, axis)) for each in seen]

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


def _along(seen: npt.NDArray[np.bool_], axis: int) -> npt.NDArray[np.bool_]:
    """Return what is seen along one axis, anywhere along the others."""
    return np.asarray(seen.any(axis=tuple(k for k in range(seen.ndim) if k != axis)))


def _span(seen: npt.NDArray[np.bool_]) -> Whole:
    """Return all places from the first to the last that is seen."""
    where = np.flatnonzero(seen)
    return np.arange(where[0], where[-1] + 1) if len(where) else where


def slid(windows: FloatArray, images: npt.ArrayLike, mask: npt.NDArray[np.bool_]) -> Floats:
    """Return (A, B): the largest normalized correlation of windows and parts of images.

    Both are brought to a resolution at which windows have at most 24 pixels a side.

    Args:
        windows: (A, *size, C).
        images: (B, *spatial, C), larger.
        mask: (*size) which pixels of a window count.
    """
    every = np.asarray(images)
    axes = axes_of(every.ndim - 2)
    inner = (*axes, every.ndim - 1)
    factors = tuple(-(-side // _FINE) for side in windows.shape[1:-1])
    counts = _coarse(mask[None, ..., None], factors) > 0
    weights = np.broadcast_to(counts, (1, *counts.shape[1:-1], windows.shape[-1])).astype(
        np.float32
    )
    small = _coarse(windows, factors)
    mean = (small * weights).sum(axis=inner, keepdims=True) / weights.sum()
    small = (small - mean) * weights
    norm = np.sqrt((small**2).sum(axis=inner, keepdims=True))
    kernel = np.moveaxis(small / np.where(norm > 0, norm, 1), 0, -1)
    places = math.prod(side // f for side, f in zip(every.shape[1:-1], factors, strict=True))
    size = max(1, min(_MOST, _NUMBERS // (places * len(windows))))
    found = []
    for first in range(0, len(every), size):
        batch = _coarse(every[first : first + size], factors)
        batch -= batch.mean(axis=inner, keepdims=True)
        spread = _spreads(batch, np.moveaxis(weights, 0, -1))
        along = np.asarray(tf.nn.convolution(batch, kernel, padding="VALID"))
        found.append((along / spread).max(axis=axes))
    return np.concatenate(found).T.astype(np.float64)


def _spreads(images: FloatArray, weights: FloatArray) -> FloatArray:
    """Return (N, *spatial, 1) norms of all centred parts; infinite where a part is flat."""
    count = weights.sum()
    total, squares = (
        tf.nn.convolution(v, weights, padding="VALID").numpy() for v in (images, images**2)
    )
    rest = squares - total**2 / count
    mean = (images**2).mean(axis=tuple(range(1, images.ndim)), keepdims=True)
    flat = rest <= np.maximum(_FLAT**2 * count * mean, np.finfo(np.float32).tiny)
    return np.asarray(np.sqrt(np.where(flat, np.inf, rest)), np.float32)


def _coarse(images: npt.NDArray[Any], factors: tuple[int, ...]) -> FloatArray:
    """Return means over blocks of pixels; what is left over is cut off."""
    count, *sides, channels = images.shape
    blocks = [side // factor for side, factor in zip(sides, factors, strict=True)]
    kept = tuple(slice(b * factor) for b, factor in zip(blocks, factors, strict=True))
    whole = np.asarray(images[:, *kept], np.float32)
    split = [n for pair in zip(blocks, factors, strict=True) for n in pair]
    inside = tuple(range(2, 2 * len(factors) + 1, 2))
    return np.asarray(whole.reshape(count, *split, channels).mean(axis=inside), np.float32)
