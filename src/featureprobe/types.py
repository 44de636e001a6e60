"""Shared words: what an index, a read and a step are. No TensorFlow, no imports from above."""

import functools
import re
from collections.abc import Hashable, Mapping
from dataclasses import KW_ONLY, dataclass, fields
from types import UnionType
from typing import Annotated, Any, Protocol, TypeAlias, Union, cast, get_args, get_origin

import numpy as np
import numpy.typing as npt

from featureprobe.errors import ConfigError

Tensor: TypeAlias = Any
"""A ``tf.Tensor``. TensorFlow ships no types; shapes are given in docstrings."""

FloatArray: TypeAlias = npt.NDArray[np.float32]
Floats: TypeAlias = npt.NDArray[np.float64]
Whole: TypeAlias = npt.NDArray[np.int64]
Mask: TypeAlias = npt.NDArray[np.bool_]
ImageShape: TypeAlias = tuple[int, int, int]
"""(rows, columns, channels) of one image."""


class Mark:
    """Marks a field that varies from target to target.

    Args:
        name: The name of the annotation.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return self._name


INDEX_MARK, PER_TARGET_MARK = Mark("Index"), Mark("PerTarget")
Index: TypeAlias = Annotated[int, INDEX_MARK]
"""An ``int`` field that tells targets of one objective apart.

Objectives that differ only in their ``Index`` fields run as one batch of one compiled step; in
``value`` such a field is an int32 tensor of shape (N,).
"""

OUTPUT = "@output"
"""The layer path that stands for the model's only output."""

_AXES = ("row", "col", "channel", "index")


@dataclass(frozen=True)
class Read:
    """What an objective wants to see of one layer.

    Args:
        layer: The layer's path as in ``probe.summary()``, or :data:`OUTPUT`.
        row: Row of the output, for layers of rank 4 (N, H, W, C); with 1-D layers (N, L, C) the
            position.
        col: Column of the output, for layers of rank 4.
        channel: Channel (map).
        index: Node of a dense layer, rank 2 (N, n).
        pre: Read the value before the layer's activation function, found through layers that change
            nothing; True or False.

    A given axis is gathered for each image's own target and vanishes from the shape:
    ``Read("conv", channel=3)`` gives (N, H, W), ``Read("conv", row=0, col=1, channel=3)`` and
    ``Read("dense", index=4)`` give (N,), ``Read("conv")`` gives (N, H, W, C).

    Example:
        >>> Read("conv", channel=3).axes
        ('channel',)
    """

    layer: str
    _: KW_ONLY
    row: int | None = None
    col: int | None = None
    channel: int | None = None
    index: int | None = None
    pre: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.layer, str) or not self.layer:
            raise ConfigError(
                f"A Read needs the path of a layer. Received: {self.layer!r}. "
                "Give a path of probe.summary(), or fp.OUTPUT."
            )
        object.__setattr__(self, "pre", flag("pre", self.pre))
        for axis, number in zip(self.axes, self.indices, strict=True):
            if hasattr(number, "shape") and not isinstance(number, np.ndarray | np.generic):
                raise ConfigError(
                    f"{axis} of a Read is a whole number. Received a tensor: reads() was called "
                    "inside value(), where Index fields are tensors (N,). There, read i is seen[i], "
                    "and the value of an objective held in a field is seen.of(part)."
                )
            if isinstance(number, bool | np.ndarray | type) or not hasattr(number, "__index__"):
                raise ConfigError(
                    f"{axis} of a Read is a whole number. Received: {number!r}. "
                    "In reads(), pass the objective's own Index fields."
                )
        if self.index is not None and self.axes != ("index",):
            raise ConfigError(
                "A Read has either index= (dense layers) or row=, col=, channel= (maps). "
                f"Received both: {self.axes}. Leave one out."
            )

    @property
    def axes(self) -> tuple[str, ...]:
        """Names of the given axes, in the order row, col, channel, index."""
        return tuple(axis for axis in _AXES if getattr(self, axis) is not None)

    @property
    def indices(self) -> tuple[int, ...]:
        """The numbers that belong to :attr:`axes`."""
        return tuple(getattr(self, axis) for axis in self.axes)


def flag(name: str, value: Any) -> bool:
    """Return True or False, or raise ConfigError naming ``name``: text such as ``"False"`` is true."""
    if not isinstance(value, bool | np.bool_):
        raise ConfigError(
            f"{name} is True or False. Received: {value!r}. Give one of the two, without quotes."
        )
    return bool(value)


class HasLayers(Protocol):
    """What ``.each`` needs of a probe."""

    def shape_of(self, layer: str) -> tuple[int, ...]:
        """Return a layer's output shape without the batch axis."""


def marks_of(cls: type) -> Mapping[str, Mark | None]:
    """Return for each field of a dataclass, by name, how it is marked: Index, PerTarget, or not."""
    return _marks_of(cast(Hashable, cls))


@functools.cache
def _marks_of(cls: Any) -> Mapping[str, Mark | None]:
    return {f.name: _mark_in(f.type) for f in fields(cls)}


def _mark_in(annotation: object) -> Mark | None:
    """Return the mark of an annotation, or of what it lets in: members of a union or a tuple."""
    if isinstance(annotation, str):
        # `from __future__ import annotations` turns annotations into text.
        words = re.findall(r"\w+", annotation)
        return next((m for m in (INDEX_MARK, PER_TARGET_MARK) if repr(m) in words), None)
    for mark in getattr(annotation, "__metadata__", ()):
        if isinstance(mark, Mark):
            return mark
    inner = get_args(annotation) if get_origin(annotation) in (Union, UnionType, tuple) else ()
    return next((mark for mark in map(_mark_in, inner) if mark is not None), None)
