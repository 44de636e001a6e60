"""Pictures of an image's repetition: its autocorrelation, and turned copies."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import MaxNLocator

from featureprobe.analysis.finding import draw
from featureprobe.analysis.optima.repetition import Repetition


@draw.register
def draw_repetition(found: Repetition, figure: Figure | SubFigure) -> None:
    """Draw the autocorrelation, and what turned copies say."""
    left, right = figure.subplots(1, 2)
    draw_autocorrelation(found, ax=left)
    draw_transforms(found, ax=right)


def draw_autocorrelation(found: Repetition, *, ax: Axes) -> Axes:
    """Draw the autocorrelation with predicted lags and significant peaks marked."""
    rows, cols = found.max_lags
    extent = (-cols - 0.5, cols + 0.5, rows + 0.5, -rows - 0.5)
    shown: dict[str, Any] = {"cmap": "RdBu_r", "vmin": -1, "vmax": 1}
    picture = ax.imshow(found.autocorrelation, extent=extent, **shown)
    both = np.concatenate([found.predicted, -found.predicted])
    if len(both):
        ax.plot(both[:, 1], both[:, 0], "o", color="k", markersize=5, markerfacecolor="none",
                linewidth=0, markeredgewidth=0.7)  # fmt: skip
    if len(found.lags):
        clear = np.concatenate([found.lags, -found.lags])
        ax.plot(clear[:, 1], clear[:, 0], "x", color="gold", markersize=6, markeredgewidth=1.6)
    ax.set_xlabel(
        "lag, columns (px)\ncircles: multiples of the jump; crosses: p < 0.05", fontsize=8
    )
    ax.set_ylabel("lag, rows (px)", fontsize=8)
    ax.set_title("autocorrelation", loc="left", fontsize=9)
    ax.tick_params(labelsize=8)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    bar = ax.figure.colorbar(picture, ax=ax, shrink=0.8)
    bar.set_label("correlation", fontsize=8)
    bar.ax.tick_params(labelsize=7)
    return ax


def draw_transforms(found: Repetition, *, ax: Axes) -> Axes:
    """Draw the best correlation with each turned copy, with its p."""
    for place, (correlation, p) in enumerate(found.transforms.values()):
        ax.barh(place, correlation, color="C0" if p < 0.05 else "0.7", height=0.6)
        ax.annotate(f"p = {p:.2g}", (max(correlation, 0), place), (4, 0), va="center",
                    textcoords="offset points", fontsize=7.5)  # fmt: skip
    ax.set_yticks(range(len(found.transforms)), list(found.transforms), fontsize=8)
    ax.invert_yaxis()
    ax.set_xlim(min(0, *(c for c, _ in found.transforms.values())), 1.25)
    ax.set_xlabel("best correlation over small shifts", fontsize=8)
    ax.tick_params(labelsize=8)
    ax.set_title("turned copies", loc="left", fontsize=9)
    ax.spines[["top", "right"]].set_visible(False)
    return ax
