"""Volumes as flat pictures: one plane, or three slices through one place that share their axes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from featureprobe._kinds import is_whole, received
from featureprobe.errors import ConfigError, RangeError, ShapeError
from featureprobe.plotting._checks import FloatLike

AXES = ("plane", "row", "col")
Place = tuple[int, int, int]


@dataclass(frozen=True)
class Cut:
    """Where a volume (D, H, W, ...) is cut for a picture.

    Three slices lie as in an atlas: rows x columns at the upper left, rows x planes beside it, planes
    x columns below it, so that what is level, or upright below one another, is the same row or column.

    Args:
        at: (plane, row, col) that all slices go through.
        alone: Show the plane only.
    """

    at: Place
    alone: bool = False

    def flat(self, volume: npt.NDArray[np.generic], fill: float = np.nan) -> FloatLike:
        """Return a volume (D, H, W, C) as one picture (rows, columns, C); gaps hold ``fill``."""
        plane, row, col = self.at
        front = np.asarray(volume[plane], np.float64)
        if self.alone:
            return front
        side = volume[:, :, col].transpose(1, 0, 2)  # rows x planes
        below = volume[:, row]  # planes x columns
        (height, width), gap = front.shape[:2], gap_of(volume.shape)
        depth = len(volume)
        size = (height + gap + depth, width + gap + depth, volume.shape[3])
        picture = np.full(size, fill, np.float64)
        picture[:height, :width] = front
        picture[:height, width + gap :] = side
        picture[height + gap :, :width] = below
        return picture


def gap_of(shape: Sequence[int]) -> int:
    """Return the free pixels between the slices of a volume (D, H, W, ...)."""
    return max(1, round(0.05 * max(shape[:3])))


def cut_of(volume: FloatLike, plane: int | None, at: Sequence[int] | None) -> Cut:
    """Return where to cut a volume (D, H, W, C).

    Args:
        volume: The values.
        plane: Number of the only plane to show, or None.
        at: (plane, row, col) of three slices; None: through the strongest place.

    Raises:
        ConfigError: When both are given.
        ShapeError, RangeError: When the volume has no such place.
    """
    if plane is not None:
        if at is not None:
            raise ConfigError(
                f"A volume is shown by one plane= or by three slices at=. Received both: plane={plane!r}, "
                f"at={at!r}. Leave one out."
            )
        return Cut((_place("plane", plane, volume.shape[0]), 0, 0), alone=True)
    if at is None:
        return Cut(strongest_place(volume))
    if np.shape(at) != (3,):
        raise ShapeError(f"at is (plane, row, col). Received: {received(at)}. Give three numbers.")
    first, row, col = (
        _place(name, number, size)
        for name, number, size in zip(AXES, at, volume.shape[:3], strict=True)
    )
    return Cut((first, row, col))


def strongest_place(volume: FloatLike) -> Place:
    """Return (plane, row, col) of the voxel of (D, H, W, C) that is furthest from the channels' medians.

    Its neighbours count, too (1, 2, 1 along each axis), so that one odd voxel is not taken for the content.
    Values that are not finite are left out; of several that are equal, it is the first.
    """
    values = np.where(np.isfinite(volume), volume, np.nan).astype(np.float64)
    known = np.isfinite(values).any(axis=(0, 1, 2))
    if not known.any():
        return 0, 0, 0
    centred = values[..., known] - np.nanmedian(values[..., known], axis=(0, 1, 2))
    energy = np.nansum(centred**2, axis=-1)
    for axis in range(energy.ndim):
        wide = np.pad(energy, [(int(k == axis),) * 2 for k in range(energy.ndim)])
        before, here, after = (
            np.take(wide, np.arange(energy.shape[axis]) + k, axis=axis) for k in range(3)
        )
        energy = before + 2 * here + after
    plane, row, col = np.unravel_index(int(np.argmax(energy)), energy.shape)
    return int(plane), int(row), int(col)


def _place(name: str, number: object, size: int) -> int:
    if not is_whole(number) or not 0 <= number < size:  # type: ignore[operator]
        raise RangeError(
            f"The volume has {size} {name}s, counted from 0. Received {name}={received(number)}. "
            f"Choose from 0 to {size - 1}."
        )
    return int(number)  # type: ignore[call-overload, no-any-return]
