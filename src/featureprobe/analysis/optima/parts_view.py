"""Pictures of an image's parts: where they are, and what they are worth."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.patheffects import withStroke

from featureprobe.analysis.finding import draw
from featureprobe.analysis.optima.parts import Parts
from featureprobe.plotting import show_image


@draw.register
def draw_parts(found: Parts, figure: Figure | SubFigure) -> None:
    """Draw where the parts are, and what they are worth."""
    left, right = figure.subplots(1, 2)
    draw_overlay(found, ax=left)
    draw_values(found, ax=right)


def draw_overlay(found: Parts, *, ax: Axes) -> Axes:
    """Draw the image with its parts outlined, each with its number and Shapley value."""
    shown: dict[str, Any] = {"contrast": True, "title": f"parts ({found.word})"}
    show_image(found.image, ax=ax, **shown)
    rim = [withStroke(linewidth=2, foreground="black")]
    for part in range(found.count):
        mask = found.labels == part + 1
        ax.contour(mask.astype(float), levels=[0.5], colors=f"C{part}", linewidths=1.4)
        rows, cols = np.nonzero(mask)
        middle = np.argmin((rows - rows.mean()) ** 2 + (cols - cols.mean()) ** 2)
        ax.text(cols[middle], rows[middle], f"{part + 1}", color="white", fontsize=9,
                ha="center", va="center", path_effects=rim)  # fmt: skip
    return ax


def draw_values(found: Parts, *, ax: Axes) -> Axes:
    """Draw each part's Shapley value, and a tick for what its loss alone costs."""
    for part, (value, drop) in enumerate(zip(found.shapley, found.drops, strict=True)):
        ax.barh(part, value, color=f"C{part}", height=0.6)
        ax.plot(drop, part, "|", color="k", markersize=13)
    ax.set_yticks(range(found.count), [f"{part + 1}" for part in range(found.count)], fontsize=8)
    ax.invert_yaxis()
    ax.axvline(0, color="k", linewidth=0.6)
    ax.set_ylabel("part", fontsize=8)
    ax.set_xlabel("score; bar: Shapley value, tick: loss alone", fontsize=8)
    ax.set_title(f"parts, of a score of {found.score:.3g}", loc="left", fontsize=9)
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(labelsize=8)
    return ax
