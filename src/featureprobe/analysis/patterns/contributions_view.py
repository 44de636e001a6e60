"""The picture of a Contributions."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure, SubFigure

from featureprobe.analysis.finding import draw
from featureprobe.analysis.patterns.contributions import Contributions
from featureprobe.analysis.patterns.view_parts import draw_node_values, draw_waterfall


@draw.register
def draw_contributions(
    found: Contributions,
    figure: Figure | SubFigure,
    *,
    image: int | None = None,
    columns: int | None = None,
    numbers: bool | Sequence[int] = True,
) -> None:
    """Draw the share of every node, and one image's margin bar by bar."""
    shown = int(np.argmin(np.abs(found.margin - np.median(found.margin))))
    shown = shown if image is None else image
    bars = found.waterfall(shown)
    grid = figure.add_gridspec(1, 2, width_ratios=(2.6, 1))
    title = f"{found.layer}: mean share in the margin {found.first} over {found.second}"
    if image is not None:
        title = f"{found.layer}: shares in the margin of image {image}"
    draw_node_values(
        found.mean if image is None else found.contributions[image],
        ax=figure.add_subplot(grid[0]), label="logits", title=title, columns=columns, numbers=numbers,
    )  # fmt: skip
    draw_waterfall(
        bars, float(found.margin[shown]), ax=figure.add_subplot(grid[1]),
        title=f"image {shown}" + " (median margin)" * (image is None), xlabel="logits",
    )  # fmt: skip
