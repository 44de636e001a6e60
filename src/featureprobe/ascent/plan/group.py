"""Groups and chunks: targets of one structure, and the rows of them that run at a time."""

import os
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from featureprobe.ascent.settings.remedies import Remedy
from featureprobe.ascent.step.evaluation import Evaluation
from featureprobe.ascent.step.target_arrays import stacked_arrays
from featureprobe.objectives.structure import Array
from featureprobe.types import FloatArray, ImageShape

Rows = npt.NDArray[np.int64]

WORKERS = min(2, os.cpu_count() or 1)
"""Chunks that run at a time. Two fill the gaps that single operations leave on the cores; more do
not help, since TensorFlow shares its threads between them."""

PER_ROW = ("weights", "numbers", "keys", "layer", "field", "beyond", "fill", "array_target")
"""Data with one entry for each row; of masks there may be one for all."""

_ROWS_WORTH_SPLITTING = 64


@dataclass(frozen=True, eq=False)
class Group:
    """Targets of one structure: one trace.

    Attributes:
        evaluation: Their traced function.
        key: Equal for groups that can share a trace.
        rows: Row numbers of the run; row = target * starts + start.
        data: Numbers of these rows by name; arrays with one entry are shared by all rows.
        most: Rows that fit the memory budget at a time.
        twice: Whether a row that would run alone runs twice.
        together: Rows that must not be parted: the starts of a target with a group term, else 1.
        arrays: The arrays of each target, by number of the target in the group.
        layer: (1, *spatial, 1) 1.0 where a pixel of the full image reaches the layer, else 0.0.
        shape: (*spatial, C) of what is climbed: the image, or a window on it.
        places: (rows of the group, spatial axes) where each window begins; None on full images.
    """

    evaluation: Evaluation
    key: tuple[object, ...]
    rows: Rows
    data: dict[str, npt.NDArray[np.generic]]
    most: int
    twice: bool
    together: int
    arrays: tuple[tuple[Array, ...], ...]
    layer: FloatArray
    shape: ImageShape
    places: npt.NDArray[np.int64] | None = None

    def starting(self, means: FloatArray) -> Self:
        """Return the group with the means of its start images, (rows, 1, ..., 1) in model units."""
        return replace(self, data=self.data | {"fill": means})

    def aimed(self, remedy: Remedy) -> Self:
        """Return the group with what a remedy climbs instead."""
        evaluation = self.evaluation.aimed(remedy)
        reads = tuple(leaf.reads for leaf in evaluation.leaves)
        return replace(self, evaluation=evaluation, key=(self.key, evaluation.redirected, reads))

    def chunks(self, active: npt.NDArray[np.bool_] | None = None) -> list["Chunk"]:
        """Return the rows that are active, in chunks that fit the memory budget.

        Args:
            active: (all rows of the run,); None for all. Chunks depend on nothing else, so that
                a resumed run is cut in the same way.
        """
        going = np.ones(len(self.rows), bool) if active is None else active[self.rows]
        units = np.flatnonzero(going.reshape(-1, self.together).any(axis=1))
        parts = -(-len(units) * self.together // self.most)
        if len(units) * self.together >= _ROWS_WORTH_SPLITTING:
            parts = max(parts, min(WORKERS, len(units)))
        size = -(-len(units) // max(1, parts))
        return [self._chunk(units[i : i + size]) for i in range(0, len(units), size or 1)]

    def _chunk(self, units: Rows) -> "Chunk":
        own = (units[:, None] * self.together + np.arange(self.together)).ravel()
        if len(own) == 1 and self.twice:
            # TensorFlow rounds a batch of one differently from all larger ones, and at the kinks
            # of a ReLU net such a difference grows. Twice makes it the same alone and in a batch.
            own = np.repeat(own, 2)
        data = {
            name: values[own] if name in PER_ROW and len(values) == len(self.rows) else values
            for name, values in self.data.items()
        }
        places = None if self.places is None else self.places[own]
        data |= {"field": data["field"].astype(np.float32)}
        data |= stacked_arrays(self.arrays, own // int(self.data["starts"]))
        return Chunk(self.rows[own], data, self.layer, self.shape, places)


@dataclass(frozen=True, eq=False)
class Chunk:
    """Rows of one group that run together.

    Attributes:
        rows: Row numbers of the run.
        data: The numbers of these rows, by name, as the loop takes them.
        layer: As in :class:`Group`.
        shape: As in :class:`Group`.
        places: As in :class:`Group`, for these rows.
    """

    rows: Rows
    data: dict[str, npt.NDArray[np.generic]]
    layer: FloatArray
    shape: ImageShape
    places: npt.NDArray[np.int64] | None
