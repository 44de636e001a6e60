"""Checks of numbers and images that several rooms share; each raises one clear error."""

import math
import sys
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from featureprobe._kinds import Within, is_whole, received, refuse_masks
from featureprobe._spatial import image_axes, inner_axes
from featureprobe.errors import ConfigError, DataError, RangeError, ShapeError
from featureprobe.types import FloatArray

_WIDE, _NARROW = 100.0, 5.0  # ranges like 0..255, and like 0..1 or -1..1
_VISIBLE, _UNIT = 0.02, 1.5  # above rounding; 1 and what resizing adds
_FAR = 10.0  # times a narrow range, further than resizing goes
_PACKAGE = "featureprobe"


def number(
    name: str,
    value: Any,
    *,
    least: float = -math.inf,
    above: float = -math.inf,
    most: float = math.inf,
    below: float = math.inf,
) -> float:
    """Return a finite number in range, or raise RangeError naming ``name``."""
    return Within(least=least, most=most, above=above, below=below).checked(name, value)


def shares(**values: float) -> None:
    """Raise RangeError unless each number lies in 0..1."""
    for name, value in values.items():
        number(name, value, least=0.0, most=1.0)


def whole(name: str, value: Any, *, least: int) -> int:
    """Return an integer of at least ``least``, or raise RangeError naming ``name``."""
    if not is_whole(value) or value < least:
        raise RangeError(
            f"{name} is a whole number, at least {least}. Received: {received(value)}. "
            "Give another value."
        )
    return int(value)


def some(entries: Iterable[Any], name: str) -> tuple[Any, ...]:
    """Return the entries of a list, or raise ConfigError when there are none."""
    if not (listed := tuple(entries)):
        raise ConfigError(f"{name} is empty. Name at least one of them.")
    return listed


def images(
    values: npt.ArrayLike,
    shape: tuple[int | None, ...],
    *,
    what: str = "images",
    dtype: str = "float32",
) -> FloatArray:
    """Return images as floats (N, *spatial, C), or raise one clear error.

    Args:
        values: (N, *spatial, C), or one image (*spatial, C), pixel units, any real dtype.
        shape: The (*spatial, C) that the model wants; None where any size will do.
        what: Name of the argument in messages.
        dtype: Of what is returned.

    Raises:
        ShapeError: Wrong rank, shape or dtype, or no image at all.
        DataError: NaN or infinite values.
    """
    array = numbers(values, what)
    if array.ndim == len(shape):
        array = array[None]
    fits = array.ndim == len(shape) + 1 and all(
        s is None or s == a for s, a in zip(shape, array.shape[1:], strict=True)
    )
    if not fits or len(array) == 0 or 0 in array.shape:
        wanted = ", ".join("any" if s is None else str(s) for s in shape)
        given = np.ndim(values)
        flat = given == len(shape) - 1
        flat |= given == len(shape) and shape[-1] == 1 != array.shape[-1]
        hint = (
            "Add the channel axis: images[..., None]."
            if flat
            else (f"Resize or re-arrange them; a single image is {image_axes(len(shape))}.")
        )
        raise ShapeError(
            f"{what} have the shape (N, {wanted}). Received: {np.shape(values)}. {hint}"
        )
    with np.errstate(over="ignore"):  # what overflows becomes infinite and is refused below
        result = array.astype(dtype)
    if not np.isfinite(result).all():
        bad = int(np.argmin(np.isfinite(result).all(axis=inner_axes(result.ndim))))
        raise DataError(
            f"{what} must be finite. Image {bad} holds NaN or infinite values. "
            "Mend or leave out that image."
        )
    return result


def numbers(values: npt.ArrayLike, what: str) -> npt.NDArray[Any]:
    """Return an array of real numbers, or raise ShapeError; DataError where a mask would be lost."""
    if isinstance(values, Mapping):
        raise ShapeError(
            f"{what}: a dict by input name is for a probe of several image inputs, in activations, "
            f"predict and Ascent. Received: {received(values)}. Give one array of images, and a probe "
            "of one of the inputs: fp.ModelProbe(model, image_input=..., other_inputs=...)."
        )
    refuse_masks(values, what)
    try:
        array = np.asarray(values)
    except ValueError as cause:  # rows of different lengths
        raise ShapeError(
            f"{what} are one array of numbers. Received: {cause} "
            "Give all rows the same length, and leave out what is no image, such as labels."
        ) from cause
    if array.dtype.kind == "O" and array.ndim == 0 and isinstance(values, Iterable):
        raise ShapeError(
            f"{what} are one array of numbers. Received: {type(values).__name__}. "
            "Collect its images first, such as np.concatenate(list(batches))."
        )
    if array.dtype.kind not in "uif":
        raise ShapeError(
            f"{what} are numbers (uint8 or float, pixel units). Received dtype {array.dtype}. "
            "Convert them first, for instance with .astype('float32')."
        )
    return array


def scalable(values: npt.NDArray[Any], *scales: npt.NDArray[Any]) -> None:
    """Raise ShapeError where images (..., *spatial, C) and scales do not go together."""
    if not any(scale.ndim for scale in scales):
        return
    try:
        np.broadcast_shapes(values.shape, *(scale.shape for scale in scales))
    except ValueError as cause:
        own = " and ".join(str(scale.shape) for scale in scales if scale.shape)
        raise ShapeError(
            f"images (..., *spatial, C) do not fit the input space, which has numbers of shape {own}. "
            f"Received {values.shape}. Give all positions and channels."
        ) from cause


def warn_of_scale(images: FloatArray, low: float | None, high: float | None) -> None:
    """Warn where images seem to be of 0..1 in a space of 0..255 or so, or the reverse.

    Pictures of an ascent do not look like either: what is black is no more than rounding above 0, and on
    a sphere, values lie on both sides of the range.

    Args:
        images: (N, *spatial, C) that are about to be shown to the net, pixel units.
        low: Smallest pixel value that is wanted; None when the range is open.
        high: Largest.
    """
    least, most = float(images.min()), float(images.max())
    if low is None or high is None or least < 0:
        return
    size = max(abs(low), abs(high))
    if low == 0 and high >= _WIDE and _VISIBLE < most <= _UNIT:
        seen, advice = "0..1", f"Multiply them by {high:g}."
    elif size <= _NARROW and _FAR * size < most <= 255:
        seen, advice = (
            "0..255",
            "Bring them into that range, or give the probe an InputSpace of 0..255.",
        )
    else:
        return
    warnings.warn(
        f"The input space has pixels in {low:g}..{high:g}; these images look like {seen}. {advice}",
        stacklevel=levels_to_the_caller(),
    )


def levels_to_the_caller() -> int:
    """Return how far up the first frame outside of this package is, as ``warnings.warn`` counts."""
    frame, level = sys._getframe(1), 1
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith(_PACKAGE):
        frame, level = frame.f_back, level + 1
    return level
