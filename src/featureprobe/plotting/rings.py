"""Rings around nodes of a mosaic of maps."""

import math
from collections.abc import Iterable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import EllipseCollection

from featureprobe._arguments import checked
from featureprobe.errors import RangeError, ShapeError
from featureprobe.plotting._checks import require_color, require_whole
from featureprobe.plotting.maps import columns_for


@checked
def ring_nodes(
    shape: Sequence[int],
    nodes: Iterable[Sequence[int] | int],
    *,
    ax: Axes,
    columns: int | None = None,
    color: str = "red",
) -> Axes:
    """Draw a ring around some nodes of a layer, on Axes that ``show_maps`` has drawn on.

    Args:
        shape: (H, W, C) or (n,) of the layer.
        nodes: (row, col, channel) of each node, or (index,), or its number when all nodes of the
            layer stand in one row, channels last.
        ax: The Axes with the mosaic.
        columns: As for ``show_maps``.
        color: Any matplotlib colour.

    Returns:
        The Axes.

    Raises:
        ShapeError: When a node has another number of indices than the layer has axes.
        RangeError: When the layer has no such node.
        ConfigError: When matplotlib has no such colour.

    Example:
        >>> import numpy as np
        >>> from featureprobe.plotting import ring_nodes, show_maps
        >>> ax = show_maps(np.eye(3)[..., None] * np.ones(4), columns=2)
        >>> ringed = ring_nodes((3, 3, 4), [(0, 0, 3)], ax=ax, columns=2)
        >>> ringed.collections[-1].get_offsets().tolist()
        [[3.0, 3.0]]
    """
    if len(shape) not in (1, 3):
        raise ShapeError(f"shape is (H, W, C) or (n,). Received {tuple(shape)}.")
    height, width = (1, 1) if len(shape) == 1 else (int(shape[0]), int(shape[1]))
    if columns is None:
        columns = columns_for(np.broadcast_to(0.0, (height, width, int(shape[-1]))))
    require_whole(columns, "columns")
    require_color(color, "color")
    across = min(int(columns), int(shape[-1]))
    places = []
    for given in nodes:
        node = _address(given, tuple(shape))
        if len(node) != len(shape):
            raise ShapeError(
                f"A node of a layer of shape {tuple(shape)} has {len(shape)} indices. Received "
                f"{tuple(node)}. patterns.address(number) gives them."
            )
        if not all(0 <= i < n for i, n in zip(node, shape, strict=True)):
            raise RangeError(f"The layer has the shape {tuple(shape)}. Received the node {node}.")
        down, right = divmod(int(node[-1]), across)
        row, col = (0, 0) if len(shape) == 1 else (int(node[0]), int(node[1]))
        places.append((right * width + col, down * height + row))
    if places:
        size = 1.5 if height > 1 or width > 1 else 0.9
        rings = EllipseCollection(
            size, size, 0, units="x", offsets=places, offset_transform=ax.transData,
            facecolors="none", edgecolors=color, linewidths=1.4, zorder=5,
            clip_on=False,  # rings of nodes at the edge stand over it
        )  # fmt: skip
        ax.add_collection(rings, autolim=False)
    return ax


def _address(node: Sequence[int] | int, shape: tuple[int, ...]) -> Sequence[int]:
    """Return the indices of a node, which may be given by its number."""
    if not isinstance(node, int | np.integer):
        return node
    total = math.prod(shape)
    if not 0 <= node < total:
        raise RangeError(f"The layer has {total} nodes, counted from 0. Received the node {node}.")
    return [int(i) for i in np.unravel_index(node, shape)]
