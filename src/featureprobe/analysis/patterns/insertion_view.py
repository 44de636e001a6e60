"""The picture of an Insertion."""

import numpy as np
from matplotlib.figure import Figure, SubFigure

from featureprobe.analysis.finding import draw
from featureprobe.analysis.patterns.insertion import Insertion


@draw.register
def draw_insertion(found: Insertion, figure: Figure | SubFigure) -> None:
    """Draw what inserted OIPs do to a margin against what the shares predict, and the null."""
    left, right = figure.subplots(1, 2)
    left.scatter(found.predicted, found.moved, s=14)
    for k in np.argsort(-np.abs(found.predicted))[:6]:
        left.annotate(f"{found.channels[k]}", (found.predicted[k], found.moved[k]), (3, 3),
                      textcoords="offset points", fontsize=7)  # fmt: skip
    left.locator_params(axis="x", nbins=6)
    left.axhline(0, color="k", linewidth=0.5)
    left.axvline(0, color="k", linewidth=0.5)
    left.set_xlabel("predicted by the map's share, logits", fontsize=9)
    left.set_ylabel(f"margin {found.first} over {found.second} moved, logits", fontsize=9)
    left.set_title(
        f"OIPs of {found.layer}, {found.amount:g} of each added", loc="left", fontsize=10
    )
    right.hist(found.null, bins=30, color="0.7", label="OIPs dealt out at random")
    right.axvline(found.correlation, color="C3", label="observed")
    right.set_xlabel("rank correlation", fontsize=9)
    right.set_ylabel("random assignments", fontsize=9)
    right.legend(fontsize=8, frameon=False)
    for ax in (left, right):
        ax.spines[["top", "right"]].set_visible(False)
