"""Any data set as batches of images: arrays, tf.data, folders, generators."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from featureprobe import _checks
from featureprobe._kinds import refuse_masks
from featureprobe.errors import DataError, ShapeError
from featureprobe.evidence.folder import ImageFolder
from featureprobe.evidence.streams import image_of, shortened, walked
from featureprobe.image_source import source_of
from featureprobe.types import FloatArray, ImageShape


@dataclass(frozen=True, eq=False)
class Batch:
    """Some images of a data set, in its order.

    Attributes:
        first: Position of the first image in the data set.
        images: float32 (n, *spatial, C), pixel units.
        stored: The same images in the dtype that they came in.
        files: n file names, or None.
    """

    first: int
    images: FloatArray
    stored: npt.NDArray[Any]
    files: tuple[str, ...] | None = None

    def name_of(self, place: int) -> str:
        """Return where the image at ``place`` comes from."""
        return self.files[place] if self.files else str(source_of(self.stored[place]))


def batches(
    data: Any, shape: ImageShape, size: int, *, limit: int | None = None
) -> Iterator[Batch]:
    """Yield a data set in batches of at most ``size`` images.

    Args:
        data: An array (N, *spatial, C) or anything that is sliced like one; an :class:`ImageFolder`; a
            ``tf.data.Dataset`` or any iterable of images (*spatial, C) or of batches of them, alone,
            as the first part of a tuple with labels, or as the entry ``"image"`` of a dict.
        shape: (*spatial, C) of the model's images.
        size: At least 1.
        limit: The most images to yield; None: all.

    Raises:
        ShapeError: When images do not fit the model.
        DataError: When an image is not finite, or there is none, or no end.
    """
    first = 0
    for stored, files in _chunks(data, shape, size, limit):
        yield Batch(first, _checked(stored, shape, first), stored, files)
        first += len(stored)
    if not first:
        raise DataError("The data set holds no image. Give at least one.")


def _chunks(
    data: Any, shape: ImageShape, size: int, limit: int | None
) -> Iterator[tuple[npt.NDArray[Any], tuple[str, ...] | None]]:
    if isinstance(data, ImageFolder):
        reader = islice(data.read(shape), limit)
        while pairs := list(islice(reader, size)):
            yield np.stack([image for _, image in pairs]), tuple(name for name, _ in pairs)
        return
    axes = len(shape)
    if isinstance(data, Mapping):
        data = image_of(data, axes)
    if isinstance(data, list | tuple):
        data = _stacked(data, axes)
    if getattr(data, "ndim", 0) and hasattr(data, "shape"):  # arrays, memory maps, HDF5
        whole = data[None] if data.ndim == axes else data
        refuse_masks(whole, "images")
        count = len(whole) if limit is None else min(len(whole), limit)
        for start in range(0, count, size):
            yield np.asarray(whole[start : min(start + size, count)]), None
        return
    if not np.iterable(data):
        raise ShapeError(
            f"A data set is an array (N, {_axes(axes)}), an ImageFolder, a tf.data.Dataset or an iterable "
            f"of images. Received: {type(data).__name__}."
        )
    for part in shortened(_regrouped(walked(data, limit), size, axes), limit):
        yield part, None


def _axes(count: int) -> str:
    """Return the axes of an image in letters, such as H, W, C."""
    return {2: "L, C", 4: "D, H, W, C"}.get(count, "H, W, C")


def _stacked(data: Sequence[Any], axes: int) -> Any:
    """Return a list of images as one array, a list of batches as it is, or raise a clear error."""
    try:
        shapes = [np.shape(part) for part in data]
    except ValueError as cause:  # a part is no array: (image, label), say
        raise ShapeError(
            f"A list holds images ({_axes(axes)}) or batches of them. Received a list of something else "
            f"({type(data[0]).__name__}). Give the images alone."
        ) from cause
    ranks = {len(shape) for shape in shapes}
    if len(ranks) > 1:
        some = ", ".join(map(str, shapes[:3])) + (", ..." if len(shapes) > 3 else "")
        labels = "If these are images and labels, give the images alone: data[0]."
        raise ShapeError(
            f"A list or tuple holds images of one shape. Received parts of the shapes {some}. "
            f"{labels if ranks - {axes - 1, axes} else 'Add the channel axis to each.'}"
        )
    if ranks == {axes + 1}:
        return iter(data)
    if len(set(shapes)) > 1:
        raise ShapeError(
            f"A list or tuple holds images of one shape. Received {sorted(set(shapes))[:3]}. "
            "Resize them; ImageFolder(path, resize=True) does so for files."
        )
    return np.asarray(data)


def _regrouped(data: Iterable[Any], size: int, axes: int) -> Iterator[npt.NDArray[Any]]:
    """Yield the images of an iterable in arrays of ``size``, whatever it was batched by."""
    waiting: list[npt.NDArray[Any]] = []
    count = 0
    for element in data:
        group = _group(image_of(element, axes), waiting, axes)
        for start in range(0, len(group), size):
            waiting.append(group[start : start + size])
            count += len(waiting[-1])
            if count >= size:
                whole = np.concatenate(waiting)
                yield whole[:size]
                waiting, count = [whole[size:]], len(whole) - size
    if count:
        yield np.concatenate(waiting)


def _group(given: Any, waiting: Sequence[npt.NDArray[Any]], axes: int) -> npt.NDArray[Any]:
    """Return an element as images (n, *spatial, C) of our own: who reads frames may reuse the buffer."""
    image = np.array(_checks.numbers(given, "images"))
    group = image[None] if image.ndim == axes else image
    if group.ndim != axes + 1:
        raise ShapeError(
            f"A data set gives images ({_axes(axes)}) or batches of them. Received the shape "
            f"{image.shape}. Add the channel axis, or leave labels to the tuple's second part."
        )
    if waiting and waiting[-1].shape[1:] != group.shape[1:]:
        raise ShapeError(
            f"A data set gives images of one shape. Received {waiting[-1].shape[1:]} and then "
            f"{group.shape[1:]}. Resize them; ImageFolder(path, resize=True) does so for files."
        )
    return group


def _checked(stored: npt.NDArray[Any], shape: ImageShape, first: int) -> FloatArray:
    try:
        return _checks.images(stored, shape)
    except DataError as cause:  # its count begins with this batch
        bad = first + int(np.argmin(np.isfinite(stored).all(axis=tuple(range(1, stored.ndim)))))
        raise DataError(
            f"images must be finite. Image {bad} of the data set holds NaN or infinite values. "
            "Mend or leave out that image."
        ) from cause
