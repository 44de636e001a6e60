"""Where an image comes from: a set, an index, a hash.

Images are recognised by their content, so slicing, shuffling and copying lose nothing.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from featureprobe._arguments import check_fields, checked
from featureprobe.errors import DataError

_KNOWN: dict[str, "ImageSource"] = {}


@dataclass(frozen=True)
class ImageSource:
    """The origin of one image.

    Args:
        name: Name of the set (``"MNIST test"``) or of the image itself.
        index: Position in the set, or None.
        sha256: Hash of the pixel values, shape included, dtype not.

    Example:
        >>> str(ImageSource("MNIST test", 1816, "ab"))
        'MNIST test 1816'
    """

    name: str
    index: int | None
    sha256: str

    def __post_init__(self) -> None:
        check_fields(self)

    def __str__(self) -> str:
        return self.name if self.index is None else f"{self.name} {self.index}"


def hash_image(image: npt.ArrayLike) -> str:
    """Return the sha256 of an image's shape and values; equal for uint8 and float copies."""
    values = np.ascontiguousarray(image, dtype="<f4")
    return hashlib.sha256(repr(values.shape).encode() + values.tobytes()).hexdigest()


@checked
def register_images(
    name: str, images: npt.NDArray[np.generic], indices: Sequence[int] | npt.NDArray[np.int64]
) -> None:
    """Give a set of images a name, so that pictures of them carry it.

    Args:
        name: Name of the set.
        images: (N, H, W, C) pixel units.
        indices: (N,) positions of the images in the set.

    Raises:
        DataError: When the two lengths differ.

    Example:
        >>> photos = np.zeros((2, 4, 4, 1), np.uint8) + np.arange(2, dtype=np.uint8)[:, None, None, None]
        >>> register_images("my photos", photos, [7, 8])
        >>> str(source_of(photos[1]))
        'my photos 8'
    """
    if not np.iterable(images) or not np.iterable(indices):
        raise DataError("register_images takes a list of images and a list of their indices.")
    if len(images) != len(indices):
        raise DataError(
            f"Each image needs one index. Received {len(images)} images and {len(indices)} indices."
        )
    for image, index in zip(images, indices, strict=True):
        digest = hash_image(image)
        _KNOWN[digest] = ImageSource(name, int(index), digest)


def source_of(image: npt.ArrayLike, name: str | None = None) -> ImageSource:
    """Return where ``image`` (H, W, C) comes from.

    Args:
        image: (H, W, C) pixel units.
        name: A name that goes before any registered one.

    Returns:
        The given name, the registered source, or a source named after the start of the hash.
    """
    digest = hash_image(image)
    if name is not None:
        return ImageSource(name, None, digest)
    return _KNOWN.get(digest, ImageSource(f"image {digest[:8]}", None, digest))
