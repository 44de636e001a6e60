"""Node: one scalar of a layer's output."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from itertools import product
from typing import ClassVar, Self

from featureprobe import _checks
from featureprobe._arguments import check_fields, checked
from featureprobe._spatial import MOST, node_place, place_in, size_argument, spatial_of, words_of
from featureprobe.errors import ConfigError, RangeError, ShapeError
from featureprobe.objectives.base import Objective
from featureprobe.objectives.seen import Seen
from featureprobe.types import HasLayers, Index, Read, Tensor, UnitStatistic, flag


@dataclass(frozen=True)
class Node(Objective):
    """One node: its place and channel in a map, ``index`` in a dense layer.

    Args:
        layer: Path of the layer.
        row: Row in the map.
        col: Column in the map; leave it out for 1-D layers (L, C).
        channel: Number of the map.
        index: Number of the node, for dense layers.
        pre: Take the value before the activation.
        position: The place in any layer, one number for each of its spatial axes: ``(5,)`` in (L, C),
            ``(plane, row, col)`` in (D, H, W, C). ``(row, col)`` is kept as row and col, and a row
            without a col as a position.

    Raises:
        ConfigError: When neither an index nor a place and a channel are given, or both.

    Example:
        >>> Node("Conv2D_3", row=1, col=1, channel=5).label
        'Conv2D_3 row 1 col 1 channel 5'
        >>> Node("Conv2D_3", position=(1, 1), channel=5) == Node("Conv2D_3", row=1, col=1, channel=5)
        True
        >>> Node("conv3d", position=(0, 2, 1), channel=5).label
        'conv3d plane 0 row 2 col 1 channel 5'
        >>> Node("Dense_1", index=7).label
        'Dense_1 index 7'
    """

    kind: ClassVar[str] = "node"
    layer: str
    _: KW_ONLY
    row: Index | None = None
    col: Index | None = None
    channel: Index | None = None
    index: Index | None = None
    pre: bool = False
    position: tuple[Index, ...] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "pre", flag("pre", self.pre))
        check_fields(self)
        names = ("row", "col", "channel", "index", "position")
        given = {name: getattr(self, name) for name in names}
        kept = node_place(self.row, self.col, self.position, "a Node")
        for name, value in zip(("row", "col", "position"), kept, strict=True):
            object.__setattr__(self, name, value)
        numbers = [("position", n) for n in self.position or ()]
        for name, value in [*numbers, *((name, getattr(self, name)) for name in names[:4])]:
            if value is not None:
                _checks.whole(name, value, least=0)
        placed = self.row is not None or self.position is not None
        if (placed and self.channel is not None) == (self.index is not None):
            raise ConfigError(
                "A Node is one scalar: give row=, col= (or position=) and channel= in a map, or "
                f"index= in a dense layer. Received: {given}."
            )

    @property
    def place(self) -> tuple[int, ...]:
        """One number for each spatial axis of the layer; empty for dense nodes."""
        return place_in(self.row, self.col, self.position)

    @classmethod
    @checked
    def each(
        cls,
        probe: HasLayers,
        layer: str,
        *,
        row: int | None = None,
        col: int | None = None,
        pre: bool = False,
        position: tuple[int | None, ...] | None = None,
    ) -> list[Self]:
        """Return one objective for each node of a layer, in the order of the output's axes.

        Args:
            probe: The probe that has the layer.
            layer: Path of the layer.
            row: Only nodes of this row.
            col: Only nodes of this column; with ``row``, one node of each map.
            pre: As above.
            position: Only nodes at this place, one number for each spatial axis; None along an axis
                for all.

        Raises:
            RangeError: When the place is outside the layer.
            ShapeError: When its output has no spatial axes or index to tell nodes apart.
        """
        shape, pre = probe.shape_of(layer), flag("pre", pre)
        if not 1 <= len(shape) <= MOST + 1:
            raise ShapeError(
                f"A node has an index, or a channel and a place of 1 to {MOST} numbers, but the layer "
                f"{layer!r} gives {shape}. Choose another layer, or lift a function of your own: "
                "fp.objective_from."
            )
        if 0 in shape:
            raise ShapeError(
                f"The layer {layer!r} has no values for images of this size: its output has the "
                f"shape {shape}. Open the model with a larger {size_argument(len(shape) - 1)}."
            )
        if len(shape) == 1:
            return [cls(layer, index=i, pre=pre) for i in range(shape[0])]
        only = _only(layer, shape, {"row": row, "col": col}, position)
        places = product(*(range(n) if o is None else (o,) for n, o in zip(shape, only)))
        return [
            cls(layer, position=place, channel=channel, pre=pre)
            for place in places
            for channel in range(shape[-1])
        ]

    @property
    def label(self) -> str:
        """The layer and the numbers."""
        return self._named("")

    def reads(self) -> tuple[Read, ...]:
        """Return the node."""
        own = {name: getattr(self, name) for name in ("row", "col", "position", "channel", "index")}
        return (Read(self.layer, **own, pre=self.pre),)

    def value(self, seen: Seen) -> Tensor:
        """Return the node's value, (N,)."""
        if len(seen[0].shape) != 1:
            words = words_of(len(self.place) + len(seen[0].shape) - 1)
            raise ShapeError(
                f"A node of the layer {self.layer!r} has a place of as many numbers as the layer has "
                f"spatial axes: ({', '.join(words)}). Give position=, or row= and col= in a map."
            )
        return seen[0]

    def shown_unit(self) -> UnitStatistic:
        """Return the node itself."""
        unit = self.channel if self.index is None else self.index
        own = {name: getattr(self, name) for name in ("row", "col", "position")}
        return UnitStatistic(self.layer, unit=int(unit or 0), **own, pre=self.pre)


def _only(
    layer: str,
    shape: tuple[int, ...],
    named: Mapping[str, int | None],
    position: tuple[int | None, ...] | None,
) -> tuple[int | None, ...]:
    """Return the number that is asked for along each spatial axis; None for all."""
    words = words_of(len(shape) - 1)
    if position is None:
        first = named["row"] if words == ("position",) else None
        position = tuple(named.get(word, first) for word in words)
    if len(position) != len(words):
        raise ShapeError(
            f"A place in the layer {layer!r}, whose output has the shape {shape}, is "
            f"({', '.join(words)}). Received: position={position!r}. Give {len(words)} numbers, None "
            "along an axis for all."
        )
    for word, number, size in zip(words, position, spatial_of(shape), strict=True):
        if number is not None and not 0 <= number < size:
            raise RangeError(
                f"{word} {number} is outside the layer {layer!r}, whose output has the shape "
                f"{shape}. Choose {word} from 0 to {size - 1}."
            )
    return position
