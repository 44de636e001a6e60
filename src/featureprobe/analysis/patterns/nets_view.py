"""The picture of a NetComparison."""

import numpy as np
from matplotlib.figure import Figure, SubFigure

from featureprobe.analysis.finding import draw
from featureprobe.analysis.patterns.nets import NetComparison


@draw.register
def draw_net_comparison(found: NetComparison, figure: Figure | SubFigure) -> None:
    """Draw the likeness of all pairs of layers, and how well maps of one are matched."""
    left, right = figure.subplots(1, 2, width_ratios=(1.1, 1))
    image = left.imshow(found.cka, vmin=0, vmax=1, cmap="viridis")
    names = range(len(found.layers))
    left.set_xticks(names, list(found.layers), rotation=30, ha="right", fontsize=8)
    left.set_yticks(names, list(found.layers), fontsize=8)
    left.set_xlabel("second net", fontsize=9)
    left.set_ylabel("first net", fontsize=9)
    for row, col in np.ndindex(*found.cka.shape):
        shade = "k" if found.cka[row, col] > 0.6 else "w"
        left.text(col, row, f"{found.cka[row, col]:.2f}", ha="center", va="center", color=shade,
                  fontsize=7)  # fmt: skip
    bar = figure.colorbar(image, ax=left, fraction=0.046, pad=0.03)
    bar.set_label("debiased linear CKA", fontsize=9)
    edges = np.linspace(min(0.0, float(found.correlation.min())), 1, 31)
    right.hist(found.null_correlation.ravel(), edges, density=True, color="0.75",
               label="matched with shuffled images")  # fmt: skip
    if len(found.untrained_correlation):
        right.hist(found.untrained_correlation, edges, density=True, histtype="step", color="C1",
                   label="matched with an untrained net")  # fmt: skip
    right.hist(found.correlation, edges, density=True, color="C0", alpha=0.7, label="matched")
    right.set_xlabel(f"correlation of matched maps of {found.layer}", fontsize=9)
    right.set_ylabel("density", fontsize=9)
    right.legend(fontsize=8, frameon=False)
    right.spines[["top", "right"]].set_visible(False)
