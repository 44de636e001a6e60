"""Checks of what is to be drawn; each error says what is wrong, what came, what to do."""

import math
from collections.abc import Sequence, Sized
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.colors import is_color_like

from featureprobe._kinds import is_number, received, refuse_masks
from featureprobe.errors import ConfigError, DataError, RangeError, ShapeError

FloatLike = npt.NDArray[np.floating]


def as_floats(values: npt.ArrayLike, what: str, shapes: Sequence[str]) -> FloatLike:
    """Return ``values`` as a float array of one of the given shapes, never empty.

    Args:
        values: Anything that numpy turns into real numbers. Never written to.
        what: The argument's name, for the message.
        shapes: The shapes that are allowed, such as ``"(H, W, C)"``; their ranks are checked.

    Raises:
        ShapeError: For another rank, an empty array, or values that are no real numbers.
    """
    wanted = " or ".join(shapes)
    array = real_numbers(values, what, wanted)
    if array.ndim not in {len(shape.replace(",)", ")").split(",")) for shape in shapes}:
        raise ShapeError(
            f"{what} must have the shape {wanted}. Received {array.shape}. "
            "Add or index away an axis, as in array[..., None] or array[0]."
        )
    if array.size == 0:
        raise ShapeError(
            f"{what} must hold at least one value. Received the empty shape {array.shape}. "
            f"Give an array of shape {wanted}."
        )
    return array.astype(np.result_type(array.dtype, np.float32), copy=False)


def real_numbers(values: npt.ArrayLike, what: str, wanted: str) -> npt.NDArray[Any]:
    """Return an array of real numbers of any shape.

    Raises:
        ShapeError: For anything else.
        DataError: Where a mask would be lost.
    """
    refuse_masks(values, what)
    try:
        array = np.asarray(values)
    except ValueError as cause:  # rows of different lengths
        raise ShapeError(
            f"{what} is one array of numbers. Received: {cause} Give all rows the same length."
        ) from cause
    if array.dtype.kind not in "fiub":
        raise ShapeError(
            f"{what} must hold real numbers of shape {wanted}. "
            f"Received dtype {array.dtype}. Give a float or integer array."
        )
    return array


def require_finite(array: FloatLike, what: str) -> None:
    """Raise DataError when ``array`` holds NaN or infinity."""
    bad = int(array.size - np.count_nonzero(np.isfinite(array)))
    if bad:
        raise DataError(
            f"{what} must be finite. Received {bad} of {array.size} values that are NaN or "
            "infinite. A run that diverged makes such values; leave them out."
        )


def require_count(items: Sized | None, count: int, what: str, of: str) -> None:
    """Raise ShapeError unless ``items`` is None or has ``count`` entries."""
    if items is not None and len(items) != count:
        raise ShapeError(
            f"{what} needs one entry for each of the {count} {of}. Received {len(items)}. "
            "Make the two lengths equal."
        )


def require_at_least(value: float, least: float, what: str) -> None:
    """Raise RangeError when ``value`` is below ``least``."""
    if not value >= least:
        raise RangeError(f"{what} must be at least {least}. Received {value!r}. Give a larger one.")


def require_whole(value: int, what: str) -> None:
    """Raise RangeError unless ``value`` is a whole number of at least 1."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise RangeError(
            f"{what} must be a whole number of at least 1. Received {value!r}. Give such a number."
        )


def require_color(value: str, what: str) -> None:
    """Raise ConfigError unless matplotlib knows the colour."""
    if not is_color_like(value):
        raise ConfigError(
            f"{what} must be a colour of matplotlib. Received: {received(value)}. "
            "Give a name such as 'red', or '#ff0000'."
        )


def require_interval(low: float, high: float, what: str) -> None:
    """Raise RangeError unless ``low < high`` and both are finite."""
    if not (
        is_number(low)
        and is_number(high)
        and math.isfinite(low)
        and math.isfinite(high)
        and low < high
    ):
        raise RangeError(
            f"{what} must be an interval with low < high. Received low={received(low)}, "
            f"high={received(high)}. "
            "Give the smaller number first."
        )
