"""The part of an image that a node can see: an interval, a rectangle or a box."""

from collections.abc import Sequence

from featureprobe import _spatial
from featureprobe._arguments import checked
from featureprobe.errors import RangeError, ShapeError
from featureprobe.probe.fields.reach import AxisField
from featureprobe.probe.model_probe import ModelProbe

Box = tuple[int, ...]
"""Where a box begins along each spatial axis, then where it ends, exclusive: of an image
(top, left, bottom, right)."""


@checked
def receptive_box(
    probe: ModelProbe,
    layer: str,
    *,
    position: Sequence[int] | None = None,
    row: int | None = None,
    col: int | None = None,
) -> Box:
    """Return the part of the image that can reach a node of a layer: no other pixel matters to it.

    It is read off the layer graph and cut at the image's border; a convolution that pads sees less
    there. What it returns may be too large where a layer's reach is not known, never too small.

    Args:
        probe: The opened model.
        layer: Path of the layer.
        position: Place of the node, one number for each spatial axis of the layer's output: (5,) in
            a series, (row, col) in a map, (plane, row, col) in a volume. None: of any node.
        row: Row of the node in its map; None: of any row. Dense nodes have none.
        col: Column of the node; None: of any column.

    Returns:
        Where the box begins along each axis, then where it ends, exclusive. Of a series (start, stop),
        ``image[start:stop]``; of an image (top, left, bottom, right), ``image[top:bottom,
        left:right]``; of a volume (plane, top, left, plane, bottom, right).

    Raises:
        UnknownLayerError: When there is no such layer.
        ShapeError: When the place has another number of numbers than the layer has spatial axes.
        RangeError: When the layer has no such row, column or position.
        ConfigError: When both ``position`` and ``row`` or ``col`` are given.

    Example:
        >>> import featureprobe as fp
        >>> fp.receptive_box(fp.samples.mnist_probe(), "Conv2D_3", row=1, col=2)
        (4, 8, 22, 26)
        >>> fp.receptive_box(fp.samples.mnist_probe(), "Conv2D_3", position=(1, 2))
        (4, 8, 22, 26)
    """
    fields = probe.network.fields[probe.network.graph.number_of(layer)]
    words = _spatial.words_of(len(fields))
    given = None if position is None else tuple(position)
    row, col, numbers = _spatial.kept_place(row, col, given, "receptive_box")
    places: list[int | None] = [None] * len(fields)
    if numbers is None:
        named = {name: at for name, at in (("row", row), ("col", col)) if at is not None}
        axes = {name: _spatial.axis_of(name, len(fields) + 1) for name in named}
        if None in axes.values() or (given is not None and len(given) != len(fields)):
            raise _misplaced(layer, words, given or named)
        for name, at in named.items():
            places[axes[name] or 0] = at
    elif len(numbers) != len(fields):
        raise _misplaced(layer, words, numbers)
    else:
        places = list(numbers)
    spans = [
        _range(field, at, name, layer)
        for field, at, name in zip(fields, places, words, strict=True)
    ]
    return (*(first for first, _ in spans), *(stop for _, stop in spans))


def _misplaced(layer: str, words: Sequence[str], given: object) -> ShapeError:
    return ShapeError(
        f"A place in {layer!r} is ({', '.join(words)}{',' * (len(words) == 1)}). Received: {given!r}. "
        "Give position= with one number for each of these axes."
    )


def _range(field: AxisField, place: int | None, name: str, layer: str) -> tuple[int, int]:
    if place is not None and not 0 <= place < field.positions:
        count = field.positions
        raise RangeError(
            f"{layer!r} has {count} {name}{'s' * (count != 1)}, counted from 0. "
            f"Received {name}={place}."
        )
    first, stop = field.everything.spans[0] if place is None else field.spans[place]
    return int(first), int(stop)
