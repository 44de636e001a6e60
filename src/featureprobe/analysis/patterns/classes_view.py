"""The picture of a comparison of two classes."""

from collections.abc import Sequence

from matplotlib.figure import Figure, SubFigure

from featureprobe.analysis.finding import draw
from featureprobe.analysis.patterns.classes import ClassComparison
from featureprobe.analysis.patterns.view_parts import draw_counts, draw_node_values


@draw.register
def draw_comparison(
    found: ClassComparison,
    figure: Figure | SubFigure,
    *,
    columns: int | None = None,
    numbers: bool | Sequence[int] = True,
) -> None:
    """Draw the effect of every node, and common and unique nodes beside chance."""
    grid = figure.add_gridspec(1, 2, width_ratios=(3.2, 1))
    title = f"{found.layer}: Cliff's delta, {found.first} (red) against {found.second} (blue)"
    draw_node_values(
        found.delta.reshape(found.shape), label="Cliff's delta", title=title, columns=columns,
        numbers=numbers, limit=1.0, ax=figure.add_subplot(grid[0]),
    )  # fmt: skip
    names = {
        "common_first": f"common to {found.first}", "common_second": f"common to {found.second}",
        "unique_first": f"unique to {found.first}", "unique_second": f"unique to {found.second}",
    }  # fmt: skip
    counts = {label: (found.counts[n], found.null[n]) for n, label in names.items()}
    draw_counts(counts, "nodes", ax=figure.add_subplot(grid[1]))
