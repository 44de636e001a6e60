"""Pictures of a result of several inputs: a row for each input, below one another."""

from collections.abc import Callable
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from featureprobe.results.reached import Reached

_GAP = 0.3  # of a row's height, between two of them: for legends and titles

_MOST = 8  # images in a row


def joint_mosaic(
    result: Reached, draw: Callable[..., Any], *, ax: Axes | None, **kwargs: Any
) -> Axes:
    """Draw a mosaic of each input's images into one Axes.

    Args:
        result: The result.
        draw: Draws the mosaic of a result of one input.
        ax: Axes to draw on; None makes a new figure.
        **kwargs: As for ``draw``.
    """
    names = list(result.images)
    if ax is None:
        figure = plt.figure(figsize=(9.0, 3.2 * len(names)))
        ax = figure.add_axes((0.03, 0.03, 0.94, 0.9))
    ax.set_axis_off()
    height, columns = 1.0 / len(names), {"columns": min(len(result), _MOST)}
    for row, name in enumerate(names):
        below = 1.0 - (row + 1) * height
        inside = ax.inset_axes((0.0, below + _GAP * height / 2, 1.0, (1.0 - _GAP) * height))
        draw(result.of_input(name), ax=inside, **{"title": name, **columns, **kwargs})
    return ax
