"""A balanced sample of MNIST: 200 test images of every digit, chosen by a seed, not by a net."""

import numpy as np
import numpy.typing as npt

from featureprobe.image_source import register_images
from featureprobe.samples.bundled import checked_file

_FILE = "mnist_digits.npz"


def mnist_digits() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Return 2,000 images of the MNIST test set, 200 of each digit, with their labels.

    They are ordered by their place in the test set, so any first few are a mixture of digits.
    From then on the library names them: a picture of the first one says ``MNIST test`` and its
    index. MNIST is licensed under CC-BY-SA-3.0; ``LICENSE-MNIST.txt`` lies beside the file.

    Returns:
        ``(images, labels)``: uint8 (2000, 28, 28, 1) in pixel units 0..255, white ink on black;
        int64 (2000,), 0..9. New arrays each time.

    Raises:
        DataError: When the bundled file is missing or damaged.

    Example:
        >>> images, labels = mnist_digits()
        >>> images.shape, int((labels == 4).sum())
        ((2000, 28, 28, 1), 200)
    """
    with checked_file(_FILE) as path, np.load(path) as data:
        images: npt.NDArray[np.uint8] = data["images"]
        labels: npt.NDArray[np.int64] = data["labels"].astype(np.int64)
        register_images("MNIST test", images, data["indices"])
    return images, labels


def mnist_digit_indices() -> npt.NDArray[np.int64]:
    """Return where the images of :func:`mnist_digits` stand in the official MNIST test set.

    Returns:
        int64 (2000,), 0..9999, increasing.

    Raises:
        DataError: When the bundled file is missing or damaged.

    Example:
        >>> indices = mnist_digit_indices()
        >>> indices.shape, bool((indices[1:] > indices[:-1]).all())
        ((2000,), True)
    """
    with checked_file(_FILE) as path, np.load(path) as data:
        indices: npt.NDArray[np.int64] = data["indices"].astype(np.int64)
    return indices
