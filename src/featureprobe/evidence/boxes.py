"""The pixels that a node can see, as a rectangle."""

from featureprobe._arguments import checked
from featureprobe.errors import RangeError
from featureprobe.probe.fields.reach import AxisField
from featureprobe.probe.model_probe import ModelProbe

Box = tuple[int, int, int, int]
"""(top, left, bottom, right) in pixels, the last two exclusive."""


@checked
def receptive_box(
    probe: ModelProbe, layer: str, *, row: int | None = None, col: int | None = None
) -> Box:
    """Return the part of the image that can reach a node of a layer: no other pixel matters to it.

    It is read off the layer graph and cut at the image's border; a convolution that pads sees less
    there. What it returns may be too large where a layer's reach is not known, never too small.

    Args:
        probe: The opened model.
        layer: Path of the layer.
        row: Row of the node in its map; None: of any row. Dense nodes have none.
        col: Column of the node; None: of any column.

    Returns:
        (top, left, bottom, right) in pixels, ``image[top:bottom, left:right]``.

    Raises:
        UnknownLayerError: When there is no such layer.
        RangeError: When the layer has no such row or column.

    Example:
        >>> import featureprobe as fp
        >>> fp.receptive_box(fp.samples.mnist_probe(), "Conv2D_3", row=1, col=2)
        (4, 8, 22, 26)
    """
    fields = probe.network.fields[probe.network.graph.number_of(layer)]
    (top, bottom), (left, right) = (
        _range(field, place, name, layer)
        for field, place, name in zip(fields, (row, col), ("row", "col"), strict=True)
    )
    return top, left, bottom, right


def _range(field: AxisField, place: int | None, name: str, layer: str) -> tuple[int, int]:
    if place is not None and not 0 <= place < field.positions:
        count = field.positions
        raise RangeError(
            f"{layer!r} has {count} {name}{'s' * (count != 1)}, counted from 0. "
            f"Received {name}={place}."
        )
    first, stop = field.everything.spans[0] if place is None else field.spans[place]
    return int(first), int(stop)
