"""The picture of a FollowedImages."""

from collections.abc import Mapping
from typing import Any

from matplotlib.colors import Colormap
from matplotlib.figure import Figure, SubFigure

from featureprobe.analysis.finding import draw
from featureprobe.analysis.patterns.follow import FollowedImages, Nodes, height_of
from featureprobe.plotting import ring_nodes, show_grids_side_by_side
from featureprobe.plotting.maps import Scale


@draw.register
def draw_followed_images(
    found: FollowedImages,
    figure: Figure | SubFigure,
    *,
    rings: Mapping[str, Mapping[str, Nodes]] | None = None,
    columns: int = 16,
    scale: Scale = "layer",
    cmap: str | Colormap = "viridis",
) -> None:
    """Draw a row a layer.

    Args:
        found: What was followed.
        figure: Where.
        rings: By layer and colour, the nodes to ring in every image.
        columns: Maps per row.
        scale: As for ``plotting.show_maps``.
        cmap: Likewise.
    """
    for layer in rings or {}:
        found.of_layer(layer)
    heights = [
        height_of(values, columns) + 2.2 * (k == 0)
        for k, values in enumerate(found.layers.values())
    ]
    parts = figure.subfigures(len(found.layers), 1, height_ratios=heights, squeeze=False)[:, 0]
    for number, (path, values) in enumerate(found.layers.items()):
        parts[number].suptitle(path, x=0.01, ha="left", fontsize=11)
        head: dict[str, Any] = {}
        if number == 0:
            head = {"inputs": found.images, "titles": list(found.names)}
            head["predictions"] = found.predictions if found.predictions.size else None
        show_grids_side_by_side(
            list(values), figure=parts[number], columns=columns, low=found.low, high=found.high,
            scale=scale, cmap=cmap, **head,
        )  # fmt: skip
        mosaics = [
            ax for ax in parts[number].axes if ax.images and ax.images[0].cmap.name != "gray"
        ]
        own = [ax for ax in mosaics if ax.images[0].get_array().ndim == 2][: len(found.names)]
        for color, nodes in ((rings or {}).get(path) or {}).items():
            for ax in own:
                ring_nodes(values.shape[1:], nodes, ax=ax, columns=columns, color=color)
