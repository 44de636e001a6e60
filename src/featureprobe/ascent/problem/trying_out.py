"""Evaluate an objective outside a run, on values of one's own, to learn what kind of function it is."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from featureprobe.errors import ShapeError
from featureprobe.input_space import InputSpace
from featureprobe.objectives.structure import Leaf, ReadShape, stand_in
from featureprobe.types import Tensor


class LookedError(Exception):
    """An objective asked for the images."""


class _Blind:
    """What an objective sees, but for the images."""

    def __init__(self, values: tuple[Any, ...], space: Any) -> None:
        self.values, self.space = values, space

    def __getitem__(self, number: int) -> Any:
        return self.values[number]

    def __len__(self) -> int:
        return len(self.values)

    @property
    def images(self) -> Any:
        raise LookedError


def value_of(
    leaf: Leaf, values: Sequence[Tensor], numbers: Sequence[int], space: InputSpace
) -> Tensor:
    """Return (N,) what a term makes of values (N, ...), one tensor for each of its reads.

    Args:
        leaf: The term's structure.
        values: What it is to see.
        numbers: Its ``Index`` fields.
        space: The input space.

    Raises:
        LookedError: When it asks for the images.
    """
    count = tf.shape(values[0])[0] if values else 2
    fields = iter([tf.fill([count], number) for number in numbers])
    made = stand_in(leaf.template, fields).value(_Blind(tuple(values), space))
    return as_tensor(made, leaf)


def as_tensor(made: Any, leaf: Leaf) -> Tensor:
    """Return what ``value`` made as a tensor.

    Raises:
        ShapeError: When it is none, such as None.
    """
    try:
        return tf.convert_to_tensor(made)
    except (TypeError, ValueError) as cause:
        raise ShapeError(
            f"{type(leaf.template).__name__}.value must return one score per image, shape (N,). "
            f"Received: {type(made).__name__}. Return a tensor."
        ) from cause


def shape_left(shape: Sequence[int], read: ReadShape) -> tuple[int, ...]:
    """Return a layer's shape without the axes that a read indexes."""
    _, axes, _ = read
    if axes == ("index",):
        return tuple(shape[:-1])
    names = ("row", "col", "channel") if len(shape) == 3 else ("row", "channel")
    named = zip(shape, (*names, *[""] * len(shape)), strict=False)
    return tuple(size for size, name in named if name not in axes)
