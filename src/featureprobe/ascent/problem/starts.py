"""Starts: the images from which each target climbs, and what it took to find them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from featureprobe import _checks
from featureprobe._interrupts import stop_if_interrupted
from featureprobe._randomness import start_generator
from featureprobe.errors import DataError
from featureprobe.initializers.base import InputInitializer
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.types import FloatArray

DRAWN = "drawn"


@dataclass(frozen=True, eq=False)
class Starts:
    """Start images of all targets; those that targets share are kept once.

    Attributes:
        images: (P, H, W, C) model units, before the projection.
        index: (targets, starts) which of the images each start is.
        origins: (targets, starts) one text each: what finding it took.
    """

    images: FloatArray
    index: npt.NDArray[np.int64]
    origins: npt.NDArray[np.object_]

    @classmethod
    def shared(cls, images: FloatArray, targets: int) -> "Starts":
        """Return the same images for every target."""
        index = np.tile(np.arange(len(images)), (targets, 1))
        return cls(images, index, np.full(index.shape, DRAWN, dtype=object))

    def of_targets(self, members: npt.NDArray[np.int64]) -> "Starts":
        """Return the starts of some targets."""
        return Starts(self.images, self.index[members], self.origins[members]).compact()

    def replaced(self, places: npt.NDArray[np.int64], images: FloatArray, note: str) -> "Starts":
        """Return starts with new images at ``places``, (n, 2) pairs of target and start.

        What finding them took is extended by ``note``.
        """
        index, origins = self.index.copy(), self.origins.copy()
        at = tuple(places.T)
        index[at] = len(self.images) + np.arange(len(images))
        origins[at] = origins[at] + note
        kept = Starts(np.concatenate([self.images, images]), index, origins)
        return kept.compact()

    def compact(self) -> "Starts":
        """Return the same starts without images that no target uses."""
        used, index = np.unique(self.index, return_inverse=True)
        return Starts(self.images[used], index.reshape(self.index.shape), self.origins)


def draw_images(
    initializers: Sequence[InputInitializer], probe: ModelProbe, seed: int, numbers: Sequence[int]
) -> FloatArray:
    """Return start images (n, H, W, C) in model units, before the projection.

    Start number k is drawn by initializer ``k % len(initializers)`` with the key (seed, k), so that
    it is the same image however many others are drawn.

    Raises:
        ShapeError: When an initializer draws another shape.
        DataError: When it draws values that are not finite.
    """
    shape, space = probe.image_shape, probe.input_space
    drawn = []
    for number in numbers:
        stop_if_interrupted()
        initializer = initializers[number % len(initializers)]
        image = initializer.draw(shape, space, start_generator(seed, number))
        drawn.append(_checks.images(image, shape, what="start images")[0])
    images = space.to_model(np.stack(drawn))
    if not np.isfinite(images).all():
        raise DataError("Start images must be finite in model units. Check the InputSpace.")
    return images
