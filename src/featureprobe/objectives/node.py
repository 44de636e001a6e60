"""Node: one scalar of a layer's output."""

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar, Self

from featureprobe import _checks
from featureprobe._arguments import check_fields, checked
from featureprobe.errors import ConfigError, RangeError, ShapeError
from featureprobe.objectives.base import Objective
from featureprobe.objectives.seen import Seen
from featureprobe.types import HasLayers, Index, Read, Tensor, UnitStatistic, flag


@dataclass(frozen=True)
class Node(Objective):
    """One node: ``row, col, channel`` in a map, ``index`` in a dense layer.

    Args:
        layer: Path of the layer.
        row: Row in the map.
        col: Column in the map; leave it out for 1-D layers (L, C).
        channel: Number of the map.
        index: Number of the node, for dense layers.
        pre: Take the value before the activation.

    Raises:
        ConfigError: When neither an index nor a row and a channel are given, or both.

    Example:
        >>> Node("Conv2D_3", row=1, col=1, channel=5).label
        'Conv2D_3 row 1 col 1 channel 5'
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

    def __post_init__(self) -> None:
        object.__setattr__(self, "pre", flag("pre", self.pre))
        check_fields(self)
        given = {n: getattr(self, n) for n in ("row", "col", "channel", "index")}
        for name, value in given.items():
            if value is not None:
                _checks.whole(name, value, least=0)
        in_map = self.row is not None and self.channel is not None
        if in_map == (self.index is not None):
            raise ConfigError(
                "A Node is one scalar: give row=, col=, channel= in a map, or index= in a dense "
                f"layer. Received: {given}."
            )

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
    ) -> list[Self]:
        """Return one objective for each node of a layer, in the order of the output's axes.

        Args:
            probe: The probe that has the layer.
            layer: Path of the layer.
            row: Only nodes of this row.
            col: Only nodes of this column; with ``row``, one node of each map.
            pre: As above.

        Raises:
            RangeError: When the row or column is outside the layer.
            ShapeError: When its output has no rows, columns or index to tell nodes apart.
        """
        shape, pre = probe.shape_of(layer), flag("pre", pre)
        if not 1 <= len(shape) <= 3:
            raise ShapeError(
                f"A node has an index, or a row, a col and a channel, but the layer {layer!r} gives "
                f"{shape}. Choose another layer, or lift a function of your own: fp.objective_from."
            )
        if 0 in shape:
            raise ShapeError(
                f"The layer {layer!r} has no values for images of this size: its output has the "
                f"shape {shape}. Open the model with a larger size=(rows, columns)."
            )
        if len(shape) == 1:
            return [cls(layer, index=i, pre=pre) for i in range(shape[0])]
        ranges = []
        for axis, only, size in zip(("row", "col"), (row, col), shape[:-1]):
            if only is not None and not 0 <= only < size:
                raise RangeError(
                    f"{axis} {only} is outside the layer {layer!r}, whose output has the shape "
                    f"{shape}. Choose {axis} from 0 to {size - 1}."
                )
            ranges.append(range(size) if only is None else [only])
        cols = ranges[1] if len(ranges) > 1 else [None]
        return [
            cls(layer, row=r, col=c, channel=k, pre=pre)
            for r in ranges[0]
            for c in cols
            for k in range(shape[-1])
        ]

    @property
    def label(self) -> str:
        """The layer and the numbers."""
        return self._named("")

    def reads(self) -> tuple[Read, ...]:
        """Return the node."""
        place = {"row": self.row, "col": self.col, "channel": self.channel, "index": self.index}
        return (Read(self.layer, **place, pre=self.pre),)

    def value(self, seen: Seen) -> Tensor:
        """Return the node's value, (N,)."""
        if len(seen[0].shape) != 1:
            raise ShapeError(
                f"A node of the layer {self.layer!r} has a row, a col and a channel; without col "
                "this is a whole row. Give col=."
            )
        return seen[0]

    def shown_unit(self) -> UnitStatistic:
        """Return the node itself."""
        unit = self.channel if self.index is None else self.index
        return UnitStatistic(
            self.layer, unit=int(unit or 0), row=self.row, col=self.col, pre=self.pre
        )
