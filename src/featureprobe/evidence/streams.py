"""Data sets that are walked through: which part of an element is the image, and where one ends."""

from collections.abc import Iterable, Iterator, Mapping, Sized
from typing import Any

import numpy as np

from featureprobe.errors import DataError, ShapeError

_NAMES = ("image", "images")
_INFINITE = -1  # what a tf.data.Dataset says of its length when it repeats for ever
_TAKE = "Take a part of it: fp.Evidence.collect(..., limit=10_000)."


def walked(data: Iterable[Any], limit: int | None) -> Iterator[Any]:
    """Yield the elements of a data set once.

    Args:
        data: Any iterable; Keras' data sets, which are asked by number, since some of them begin anew
            for ever when they are iterated.
        limit: The most images that are wanted; None: all.

    Raises:
        DataError: When the data set says that it never ends, and there is no limit.
    """
    if limit is None and _is_endless(data):
        raise DataError(f"This {type(data).__name__} never ends. {_TAKE}")
    if not _is_numbered(data):
        yield from data
        return
    count = _batches(data)
    numbers = iter(int, 1) if count is None else range(count)  # iter(int, 1): for ever
    for number, _ in enumerate(numbers):
        yield data[number]  # type: ignore[index]


def length(data: Any, limit: int | None) -> int | None:
    """Return how many images a data set has, at most ``limit``; None where it does not say."""
    counted = getattr(data, "shape", ()) != () or hasattr(data, "skipped")
    sized = isinstance(data, list | tuple) or (isinstance(data, Sized) and counted)
    known = [n for n in (len(data) if sized else None, limit) if n is not None]
    return min(known, default=None)


def image_of(element: Any, axes: int = 3) -> Any:
    """Return the image, or the batch of images, of one element of a data set.

    Args:
        element: An array; a tuple or list whose first part it is; a dict.
        axes: How many axes an image has, channels included.

    Raises:
        ShapeError: When it is not clear which entry of a dict is the image.
    """
    if isinstance(element, tuple | list) and element:
        return image_of(element[0], axes)
    if not isinstance(element, Mapping):
        return element
    for name in _NAMES:
        if name in element:
            return element[name]
    shapes = {key: np.shape(value) for key, value in element.items()}
    pictures = [key for key, shape in shapes.items() if len(shape) >= axes]
    if len(pictures) != 1:
        raise ShapeError(
            "Of a dict the entry 'image' is taken, or the only one with places and channels. "
            f"Received entries of the shapes {shapes}. Say which: "
            "data.map(lambda entry: entry['photo']), or (entry['photo'] for entry in data)."
        )
    return element[pictures[0]]


def shortened(parts: Iterable[Any], limit: int | None) -> Iterator[Any]:
    """Yield arrays until they hold ``limit`` rows in all; the last one is cut."""
    left = limit
    for part in parts:
        taken = part if left is None else part[:left]
        yield taken
        if left is not None:
            left -= len(taken)
            if left <= 0:
                return


def _is_endless(data: Any) -> bool:
    cardinality = getattr(data, "cardinality", None)
    if callable(cardinality):
        return int(cardinality()) == _INFINITE
    return _is_numbered(data) and _batches(data) is None


def _is_numbered(data: Any) -> bool:
    """Whether this is one of Keras' data sets of numbered batches."""
    return any(c.__name__ == "PyDataset" and "keras" in c.__module__ for c in type(data).__mro__)


def _batches(data: Any) -> int | None:
    """Return how many batches Keras would take of its data set; None for any number."""
    count = data.num_batches
    return None if count is None else int(count)
