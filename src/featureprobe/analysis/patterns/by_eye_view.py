"""The picture of an EyeComparison."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure, SubFigure

from featureprobe.analysis.finding import draw
from featureprobe.analysis.patterns.by_eye import EyeComparison


@draw.register
def draw_eye_comparison(found: EyeComparison, figure: Figure | SubFigure) -> None:
    """Draw how many nodes are circled, beside chance."""
    ax = figure.add_subplot()
    highest = int(max(found.observed.max(), found.null.max(), len(found.nodes)))
    edges = np.arange(0, highest + 2, max(1, highest // 40)) - 0.5
    common: dict[str, Any] = {"bins": edges, "density": True, "alpha": 0.6}
    ax.hist(found.null, color="C3", label="chance: labels shuffled", **common)
    ax.hist(
        found.observed, color="C0", label=f"drawn of {found.first} and of {found.second}", **common
    )
    if len(found.nodes):
        ax.axvline(len(found.nodes), color="k", label="the images given")
    ax.set_xlabel(f"nodes active in all {found.size} of one group and none of the other")
    ax.set_ylabel("share of draws per node")
    ax.set_title(
        f"{found.layer}: circles for {found.first} against {found.second}", loc="left", fontsize=11
    )
    ax.legend(fontsize=8, frameon=False)
    ax.spines[["top", "right"]].set_visible(False)
