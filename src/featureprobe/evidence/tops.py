"""The largest values of a stream with where they came from, for all units in step."""

from dataclasses import dataclass, field

import numpy as np

from featureprobe.types import FloatArray, Whole


@dataclass(eq=False)
class Tops:
    """The ``size`` largest values of U units so far; of equal values the earlier image comes first.

    Attributes:
        values: (U, k) falling, k = ``size`` or fewer while there are fewer images.
        images: (U, k) positions in the data set.
        nodes: (U, k) which node of the map it was.
    """

    units: int
    size: int
    values: FloatArray = field(init=False)
    images: Whole = field(init=False)
    nodes: Whole = field(init=False)

    def __post_init__(self) -> None:
        self.values = np.empty((self.units, 0), np.float32)
        self.images = np.empty((self.units, 0), np.int64)
        self.nodes = np.empty((self.units, 0), np.int64)

    def add(self, values: FloatArray, nodes: Whole, first: int) -> None:
        """Add values (n, U) and nodes (n, U) of the images from ``first`` on."""
        numbers = np.broadcast_to(first + np.arange(len(values)), (self.units, len(values)))
        wide = np.concatenate([self.values, values.T], axis=1)
        # Stable, and what is kept stands before what is new: the earlier image wins a tie.
        order = np.argsort(-wide, axis=1, kind="stable")[:, : self.size]
        self.values = np.take_along_axis(wide, order, axis=1)
        self.images = _picked(self.images, numbers, order)
        self.nodes = _picked(self.nodes, nodes.T, order)


def _picked(kept: Whole, new: Whole, order: Whole) -> Whole:
    return np.take_along_axis(np.concatenate([kept, new], axis=1), order, axis=1)
