"""Arrays of targets in a chunk: held once a target, gathered for each row when they are needed."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from featureprobe.objectives.structure import Array
from featureprobe.types import Tensor

_TARGET, _ARRAY = "array_target", "array_"

OF_ROWS = ("weights", "numbers", _TARGET)
"""Data of a chunk that says what the targets of its rows are, one entry a row."""


def stacked_arrays(
    arrays: Sequence[Sequence[Array]], targets: npt.NDArray[np.int64]
) -> dict[str, Array]:
    """Return the arrays of some rows as data of a chunk; none where targets have none.

    Args:
        arrays: The arrays of each target.
        targets: (N,) the target of each row.
    """
    if not arrays or not arrays[0]:
        return {}
    held, number = np.unique(targets, return_inverse=True)
    return {_TARGET: number.astype(np.int32)} | {
        f"{_ARRAY}{k}": stack_of(arrays, held, k) for k in range(len(arrays[0]))
    }


def stack_of(arrays: Sequence[Sequence[Array]], targets: Iterable[int], number: int) -> Array:
    """Return (T, ...) the arrays of that number of some targets."""
    return np.stack([arrays[target][number] for target in targets])


def is_array(name: str) -> bool:
    """Whether data of this name is an array of each target."""
    return name.startswith(_ARRAY) and name != _TARGET


def arrays_of_rows(data: Mapping[str, Tensor]) -> list[Tensor]:
    """Return (N, ...) each: the arrays of every row's own target, in order."""
    names = [f"{_ARRAY}{k}" for k in range(sum(map(is_array, data)))]
    return [tf.gather(data[name], data[_TARGET]) for name in names]


def array_bytes(arrays: Sequence[Array], dtype: str) -> int:
    """Return what the arrays of one target take, in bytes; floats in ``dtype``."""
    size = np.dtype(dtype).itemsize
    return sum(a.size * (size if a.dtype.kind == "f" else a.itemsize) for a in arrays)
