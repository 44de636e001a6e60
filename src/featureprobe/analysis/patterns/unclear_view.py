"""The picture of unclear images: a row each, what it looks like, who decides, what it is near to."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from featureprobe import _checks
from featureprobe.analysis.finding import draw
from featureprobe.analysis.patterns.unclear import UnclearImages
from featureprobe.analysis.patterns.view_parts import draw_waterfall
from featureprobe.plotting.any_rank import show_any, show_many

_SMALL = 7.5  # points, of ticks and legends


@draw.register
def draw_unclear(found: UnclearImages, figure: Figure | SubFigure, *, count: int = 4) -> None:
    """Draw the ``count`` least clear images.

    What columns are of stands once, above the first row.
    """
    _checks.whole("count", count, least=1)
    shown = min(count, len(found.places))
    total = len(found.places)
    some = f"{shown}" if shown == total else f"{shown} of {total}"
    figure.suptitle(
        f"{some} images of {found.label} that are nearly taken for {found.against}",
        x=0.01, ha="left", fontsize=11,
    )  # fmt: skip
    grid = figure.add_gridspec(shown, 4, width_ratios=(1.0, 2.2, 2.0, 2.4))
    limits: dict[str, Any] = {"low": found.low, "high": found.high}
    for row in range(shown):
        axes = [figure.add_subplot(grid[row, k]) for k in range(4)]
        show_any(found.images[row], ax=axes[0], **limits)
        draw_waterfall(
            found.shares.waterfall(row, count=7), float(found.margins[row]),
            title="", xlabel="logits", ax=axes[1],
        )  # fmt: skip
        _distances(axes[2], found, row)
        show_many(
            found.neighbour_images[row], ax=axes[3], columns=found.neighbours.shape[1],
            titles=[f"{k}" for k in found.neighbour_labels[row]], **limits,
        )  # fmt: skip
        titles = (
            f"image {found.places[row]}, margin {found.margins[row]:.2f}",
            f"{found.layers[0]}: shares of the margin {found.label} over {found.against}",
            "cosine distance to the mean patterns",
            f"{found.layers[0]}: nearest images, their class",
        )
        for ax, title in zip(axes, titles, strict=True):
            ax.set_title(title, loc="left", fontsize=8)
            ax.tick_params(labelsize=_SMALL)


def _distances(ax: Axes, found: UnclearImages, row: int) -> None:
    places = range(len(found.layers))
    ax.plot(places, found.to_own[:, row], "o-", label=f"to {found.label}", markersize=4)
    ax.plot(places, found.to_other[:, row], "s-", label=f"to {found.against}", markersize=4)
    ax.set_xticks(list(places), list(found.layers))
    ax.margins(x=0.15)
    ax.set_ylim(bottom=0)
    ax.spines[["top", "right"]].set_visible(False)
    if row == 0:
        ax.legend(fontsize=_SMALL, frameon=False)
