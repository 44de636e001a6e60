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
from featureprobe.input_space import InputSpace
from featureprobe.joint_space import JointSpace
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.results.state import Tree, take_rows
from featureprobe.types import FloatArray, ImageShape

DRAWN = "drawn"


@dataclass(frozen=True, eq=False)
class Images:
    """Images, with their parameters where they do not say themselves what these are.

    Attributes:
        images: (P, *spatial, C) model units, before the projection.
        params: (P, ...) by name; None where images are fitted when they are needed.
    """

    images: FloatArray
    params: Tree = None

    def __len__(self) -> int:
        return len(self.images)

    def take(self, rows: npt.NDArray[np.int64]) -> "Images":
        """Return some of them, in a given order."""
        return Images(self.images[rows], self.params and take_rows(self.params, rows))

    @classmethod
    def joined(cls, parts: Sequence["Images"]) -> "Images":
        """Return all images of some parts, in order."""
        trees = [part.params for part in parts if part.params is not None]
        params = (
            {n: np.concatenate([tree[n] for tree in trees]) for n in trees[0]} if trees else None
        )
        return cls(np.concatenate([part.images for part in parts]), params)


@dataclass(frozen=True, eq=False)
class Starts:
    """Start images of all targets; those that targets share are kept once.

    Attributes:
        images: (P, *spatial, C) model units, before the projection.
        index: (targets, starts) which of the images each start is.
        origins: (targets, starts) one text each: what finding it took.
        params: (P, ...) by name, as of :class:`Images`.
    """

    images: FloatArray
    index: npt.NDArray[np.int64]
    origins: npt.NDArray[np.object_]
    params: Tree = None

    @classmethod
    def of(
        cls, pool: Images, index: npt.NDArray[np.int64], origins: npt.NDArray[np.object_]
    ) -> "Starts":
        """Return starts among the images of a pool; those that none is are left out."""
        used, own = np.unique(index, return_inverse=True)
        kept = pool.take(used)
        return cls(kept.images, own.reshape(index.shape), origins, kept.params)

    @classmethod
    def shared(cls, pool: Images, targets: int) -> "Starts":
        """Return the same images for every target."""
        index = np.tile(np.arange(len(pool)), (targets, 1))
        return cls(pool.images, index, np.full(index.shape, DRAWN, dtype=object), pool.params)

    @property
    def pool(self) -> Images:
        """The images with their parameters."""
        return Images(self.images, self.params)

    def of_targets(self, members: npt.NDArray[np.int64]) -> "Starts":
        """Return the starts of some targets."""
        return Starts.of(self.pool, self.index[members], self.origins[members])

    def grouped(self, starts: int) -> "Starts":
        """Return the same with fewer starts a target, and as many more targets."""
        index, origins = self.index.reshape(-1, starts), self.origins.reshape(-1, starts)
        return Starts(self.images, index, origins, self.params)

    def replaced(self, places: npt.NDArray[np.int64], pool: Images, note: str) -> "Starts":
        """Return starts with new images at ``places``, (n, 2) pairs of target and start.

        What finding them took is extended by ``note``.
        """
        index, origins = self.index.copy(), self.origins.copy()
        at = tuple(places.T)
        index[at] = len(self.images) + np.arange(len(pool))
        origins[at] = origins[at] + note
        return Starts.of(Images.joined([self.pool, pool]), index, origins)


def draw_images(
    initializers: Sequence[InputInitializer], probe: ModelProbe, seed: int, numbers: Sequence[int]
) -> FloatArray:
    """Return start images (n, *spatial, C) in model units, before the projection.

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
        drawn.append(_drawn(initializer, shape, space, start_generator(seed, number)))
    images = space.to_model(np.stack(drawn))
    if not np.isfinite(images).all():
        raise DataError("Start images must be finite in model units. Check the InputSpace.")
    return images


def _drawn(
    initializer: InputInitializer, shape: ImageShape, space: InputSpace, rng: np.random.Generator
) -> FloatArray:
    """Return one start image; where several are optimized together, of each input one after the other."""
    if isinstance(space, JointSpace):
        own = {p.name: _drawn(initializer, p.shape, p.space, rng) for p in space.parts}
        return np.asarray(space.joined(own), np.float32)
    image = initializer.draw(shape, space, rng)
    drawn: FloatArray = _checks.images(image, shape, what="start images")[0]
    return drawn
