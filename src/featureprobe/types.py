"""Shared words: what an index, a read and a unit's statistic are. No TensorFlow, no imports from above."""

import functools
import re
from collections.abc import Hashable, Mapping
from dataclasses import KW_ONLY, dataclass, fields
from types import UnionType
from typing import Annotated, Any, Protocol, TypeAlias, Union, cast, get_args, get_origin

import numpy as np
import numpy.typing as npt

from featureprobe._spatial import kept_place, node_place, place_in, words_of
from featureprobe.errors import ConfigError, RangeError, ShapeError

Tensor: TypeAlias = Any
"""A ``tf.Tensor``. TensorFlow ships no types; shapes are given in docstrings."""

FloatArray: TypeAlias = npt.NDArray[np.float32]
Floats: TypeAlias = npt.NDArray[np.float64]
Whole: TypeAlias = npt.NDArray[np.int64]
Mask: TypeAlias = npt.NDArray[np.bool_]
ImageShape: TypeAlias = tuple[int, ...]
"""(*spatial, channels) of one image: (L, C), (H, W, C) or (D, H, W, C)."""


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

PerTargetNumber: TypeAlias = Annotated[float, PER_TARGET_MARK]
"""A ``float`` field that tells targets of one objective apart: a tensor (N,) in ``value``.

Objectives that differ only there run as one batch of one compiled step.
"""

OUTPUT = "@output"
"""The layer path that stands for the model's only output.

Of several outputs each has its own: ``"@output:boxes"``, by the key of a dict, the layer that makes it,
or its number.
"""


def output_path(name: str) -> str:
    """Return the layer path of one of several outputs."""
    return f"{OUTPUT}:{name}"


_AXES = ("row", "col", "channel", "index", "unit")


@dataclass(frozen=True)
class Read:
    """What an objective wants to see of one layer.

    Args:
        layer: The layer's path as in ``probe.summary()``, or :data:`OUTPUT`.
        row: Row of the output, for layers of rank 4 (N, H, W, C); with 1-D layers (N, L, C) the
            position.
        col: Column of the output, for layers of rank 4.
        position: One number for each spatial axis of the output, instead of row and col: ``(5,)``
            of (N, L, C), ``(1, 2, 3)`` of (N, D, H, W, C). Two numbers are kept as row and col.
        channel: Channel (map).
        index: Node of a dense layer, rank 2 (N, n).
        pre: Read the value before the layer's activation function, found through layers that change
            nothing; True or False.
        unit: Number along the last axis of any layer: a channel or, of a dense layer, a node.

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
    position: tuple[int, ...] | None = None
    unit: int | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.layer, str) or not self.layer:
            raise ConfigError(
                f"A Read needs the path of a layer. Received: {self.layer!r}. "
                "Give a path of probe.summary(), or fp.OUTPUT."
            )
        object.__setattr__(self, "pre", flag("pre", self.pre))
        _keep_place(self, kept_place(self.row, self.col, self.position, "a Read"))
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
        if self.unit is not None and self.axes != ("unit",):
            raise ConfigError(
                "unit= of a Read stands alone: what is read of other axes is named by channel= or "
                f"index=. Received: {self.axes}. Leave one out."
            )

    @property
    def axes(self) -> tuple[str, ...]:
        """Names of the given axes, in the order of the output's axes."""
        own = tuple(axis for axis in _AXES if getattr(self, axis) is not None)
        return own if self.position is None else (*words_of(len(self.position)), *own)

    @property
    def indices(self) -> tuple[int, ...]:
        """The numbers that belong to :attr:`axes`."""
        own = tuple(n for n in (getattr(self, axis) for axis in _AXES) if n is not None)
        return own if self.position is None else (*self.position, *own)


def _keep_place(owner: Any, place: tuple[Any, Any, Any]) -> None:
    for name, value in zip(("row", "col", "position"), place, strict=True):
        object.__setattr__(owner, name, value)


STATISTICS = ("node", "mean", "peak")
"""What a score can be of a unit: one node of it, the mean over its nodes, its strongest node."""


@dataclass(frozen=True)
class UnitStatistic:
    """One number of one unit of a layer: what a score is, so that it compares with real images.

    A unit is a map (H, W, C), a strip of a 1-D layer (L, C), a volume of (D, H, W, C), or a node of a
    dense layer (n,): one number along the last axis of the layer's output.

    Args:
        layer: The layer's path, or :data:`OUTPUT`.
        unit: Number of the map, strip or dense node, from 0.
        by: ``"mean"`` over the unit's nodes, ``"peak"``: its strongest node, or ``"node"``: one node,
            at its place. A dense node is a single value, so that all three say the same.
        row: Row of the node, for ``by="node"`` in maps; alone, the position in a strip.
        col: Column of the node, for ``by="node"`` in maps.
        position: The place in any layer, one number for each of its spatial axes, instead of row and
            col; two numbers are kept as row and col, one or three here.
        pre: Whether it is of the values before the layer's activation.

    Raises:
        ConfigError: When a field has another kind of value, or a place is given that ``by`` does not
            take.

    Example:
        >>> UnitStatistic("Conv2D_3", unit=5, by="peak").place
        ()
        >>> UnitStatistic("Conv2D_3", unit=5, row=1, col=2).place
        (1, 2)
    """

    layer: str
    _: KW_ONLY
    unit: int
    by: str = "node"
    row: int | None = None
    col: int | None = None
    pre: bool = False
    position: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.layer, str) or not self.layer:
            raise ConfigError(
                f"A UnitStatistic needs the path of a layer. Received: {self.layer!r}. "
                "Give a path of probe.summary(), or fp.OUTPUT."
            )
        if not isinstance(self.by, str) or self.by not in STATISTICS:
            raise ConfigError(
                f"by is one of {', '.join(map(repr, STATISTICS))}. Received: {self.by!r}."
            )
        object.__setattr__(self, "pre", flag("pre", self.pre))
        object.__setattr__(self, "unit", _number("unit", self.unit))
        if self.col is not None and self.row is None and self.position is None:
            raise ConfigError(
                f"A node has a row before its col. Received: col={self.col}. Give row=."
            )
        row, col, position = node_place(self.row, self.col, self.position, "a UnitStatistic")
        if position is not None:
            position = tuple(_number("position", n) for n in position)
        pair = (n if n is None else _number(w, n) for w, n in (("row", row), ("col", col)))
        _keep_place(self, (*pair, position))
        if self.place and self.by != "node":
            raise ConfigError(
                f"row, col and position say which node is meant, with by='node'. Received: "
                f"by={self.by!r}, position={self.place}. Leave out the place, or by."
            )

    @property
    def place(self) -> tuple[int, ...]:
        """(row, col) of a node in its map, one number for each spatial axis; empty for whole units."""
        return place_in(self.row, self.col, self.position)

    def taken_from(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return (N,) this number of each image.

        Args:
            values: (N, ...) the layer's output for N images, activations, before its activation where
                ``pre`` says so.

        Example:
            >>> import numpy as np
            >>> maps = np.arange(8.0).reshape(1, 2, 2, 2)
            >>> UnitStatistic("conv", unit=1, by="mean").taken_from(maps)
            array([4.])
        """
        self.check(values.shape[1:])
        own = values[..., self.unit]
        if self.by == "node":
            for number in self.place:
                own = own[:, number]
            return np.asarray(own)
        axes = tuple(range(1, own.ndim))
        return np.asarray(own.max(axis=axes) if self.by == "peak" else own.mean(axis=axes))

    def check(self, shape: tuple[int, ...]) -> None:
        """Raise unless a layer has this number.

        Args:
            shape: The layer's output shape without the batch axis.

        Raises:
            ShapeError: When the layer has no such node.
            RangeError: When the unit, or its node, is outside the layer.
        """
        needs = len(shape) - 1 if self.by == "node" else 0
        if len(self.place) != needs:
            words = " and ".join(words_of(needs)) or f"{needs} numbers"
            raise ShapeError(
                f"The layer {self.layer!r} gives {shape}: there, a node has {words}. "
                f"Received: {self!r}. Give position= of {needs} numbers, or by='mean' or 'peak' for "
                "a whole map."
            )
        for number, size in zip((*self.place, self.unit), (*shape[:needs], shape[-1]), strict=True):
            if number >= size:
                raise RangeError(
                    f"{self!r} is outside the layer {self.layer!r}, which gives {shape}. "
                    f"Choose from 0 to {size - 1}."
                )


def _number(name: str, value: Any) -> int:
    """Return a whole number from 0 on, or raise ConfigError."""
    whole = hasattr(value, "__index__") and not isinstance(
        value, bool | np.bool_ | np.ndarray | type
    )
    if not whole or value.__index__() < 0:
        raise ConfigError(
            f"{name} of a UnitStatistic is a whole number from 0 on. Received: {value!r}. "
            "Pass the objective's own field."
        )
    return int(value.__index__())


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
