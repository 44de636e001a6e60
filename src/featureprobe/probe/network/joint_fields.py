"""Receptive fields in images that are optimized together: of each input by itself, and in one mask."""

from collections.abc import Mapping, Sequence

import numpy as np

from featureprobe._spatial import axis_of
from featureprobe.joint_space import JointSpace
from featureprobe.probe.fields.receptive_field import Field
from featureprobe.types import FloatArray, Mask, Read


def box_in(field: Field, read: Read, rank: int) -> Mask:
    """Return (*spatial,) whether a pixel of one image can reach what is read.

    Args:
        field: Of the layer, one for each spatial axis of the image.
        read: What is read; spatial axes that it leaves open count with all their positions.
        rank: Axes of the layer's output that places are named for.
    """
    box = np.ones((), bool)
    chosen = {axis_of(a, rank): i for a, i in zip(read.axes, read.indices, strict=True)}
    for number, axis in enumerate(field):
        seen = axis.seen(chosen.get(number) if axis.positions > 1 else None)
        box = np.logical_and.outer(box, seen)
    return box


def joint_box(space: JointSpace, fields: Sequence[Field], read: Read) -> FloatArray:
    """Return (1, P) with 1 where a value of any input can reach what is read, else 0."""
    boxes = {
        part.name: np.repeat(box_in(field, read, len(part.shape))[..., None], part.shape[-1], -1)
        for part, field in zip(space.parts, fields, strict=True)
    }
    return np.asarray(space.joined(boxes)[..., 0], np.float32)


def in_the_table(fields: Sequence[Mapping[int, Field]]) -> dict[int, Field]:
    """Return one field of each value: in the input that it sees, or in the first of several.

    Of several that it sees otherwise, none has a size to tell.
    """
    return {number: _told([own[number] for own in fields]) for number in fields[0]}


def _told(fields: Sequence[Field]) -> Field:
    seeing = [f for f in fields if all((axis.first < axis.stop).any() for axis in f)]
    if not seeing:
        return fields[0]
    sizes = {tuple((axis.size, axis.jump) for axis in field) for field in seeing}
    if len(sizes) == 1:
        return seeing[0]
    return tuple(axis.everything for axis in seeing[0])
