"""Evaluate an objective outside a run, on values of one's own, to learn what kind of function it is."""

from collections.abc import Sequence

import tensorflow as tf

from featureprobe._spatial import axis_of
from featureprobe.input_space import InputSpace
from featureprobe.objectives.seen import Extras, Seen
from featureprobe.objectives.structure import Array, Leaf, ReadShape, array_tensor
from featureprobe.types import Tensor


class LookedError(Exception):
    """An objective asked for the images, or what is rendered beside them."""


class _Blind(Seen):
    """What an objective sees, but for the images."""

    def __init__(self, values: tuple[Tensor, ...], space: InputSpace) -> None:
        for name, value in (("values", values), ("space", space), ("parts", ())):
            object.__setattr__(self, name, value)

    @property
    def images(self) -> Tensor:
        """Not to be had."""
        raise LookedError

    @property
    def extras(self) -> Extras:
        """Not to be had."""
        raise LookedError


def value_of(
    leaf: Leaf,
    values: Sequence[Tensor],
    numbers: Sequence[int],
    arrays: Sequence[Array],
    space: InputSpace,
) -> Tensor:
    """Return (N,) what a term makes of values (N, ...), one tensor for each of its reads.

    Args:
        leaf: The term's structure.
        values: What it is to see.
        numbers: Its ``Index`` fields.
        arrays: Its arrays, each without a leading axis.
        space: The input space.

    Raises:
        LookedError: When it asks for the images.
    """
    count = tf.shape(values[0])[0] if values else 2
    dtype = values[0].dtype if values else tf.float32
    fields = (tf.fill([count], number) for number in numbers)
    each = (tf.repeat(array_tensor(array, dtype)[None], count, axis=0) for array in arrays)
    return leaf.value(_Blind(tuple(values), space), fields, each)


def shape_left(shape: Sequence[int], read: ReadShape) -> tuple[int, ...]:
    """Return a layer's shape without the axes that a read indexes."""
    gone = {axis_of(axis, len(shape)) for axis in read[1]}
    return tuple(size for number, size in enumerate(shape) if number not in gone)
