"""The picture of a Composition."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from featureprobe.analysis.finding import draw
from featureprobe.analysis.optima.composition import IMAGE, Composition


@draw.register
def draw_composition(found: Composition, figure: Figure | SubFigure, *, count: int = 10) -> None:
    """Draw the largest shares."""
    draw_shares(found, count=count, ax=figure.subplots())


def draw_shares(found: Composition, *, count: int = 10, ax: Axes) -> Axes:
    """Draw the largest shares in the score, and in the pre-activation, of lower maps and biases."""
    order = found.largest(count)
    names = [f"map {k}" for k in order] if found.lower != IMAGE else [f"channel {k}" for k in order]
    rest = [f.sum() - f[order].sum() for f in (found.score_shares, found.shares)]
    bars = [
        np.append(found.score_shares[order], [rest[0], found.score_bias]),
        np.append(found.shares[order], [rest[1], found.bias]),
    ]
    places = np.arange(len(bars[0]))
    label = "in the score" if found.splits_score else "activation times slope of the score"
    ax.barh(places - 0.2, bars[0], height=0.4, color="C0", label=label)
    ax.barh(places + 0.2, bars[1], height=0.4, color="0.7", label="before the activation")
    ax.set_yticks(
        places, [*names, f"{len(found.shares) - len(order)} others", "biases"], fontsize=7.5
    )
    ax.invert_yaxis()
    ax.axvline(0, color="k", linewidth=0.6)
    ax.set_xlabel("share, activation units", fontsize=8)
    ax.set_title(f"shares of {found.lower}", loc="left", fontsize=9)
    ax.legend(fontsize=7, frameon=False, loc="best")
    ax.tick_params(labelsize=8)
    ax.spines[["top", "right"]].set_visible(False)
    return ax
