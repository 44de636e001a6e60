"""The picture of a LinearProbes."""

import numpy as np
from matplotlib.figure import Figure, SubFigure

from featureprobe.analysis.finding import draw
from featureprobe.analysis.patterns.linear_probes import LinearProbes
from featureprobe.analysis.stats.frequency import wilson


@draw.register
def draw_linear_probes(found: LinearProbes, figure: Figure | SubFigure) -> None:
    """Draw accuracies of the classifiers by layer, with intervals."""
    ax = figure.add_subplot()
    places = np.arange(len(found.layers))
    rows = (
        ("nearest class mean", found.nearest_mean, "C0", "o"),
        ("L2 logistic regression", found.logistic, "C1", "s"),
        ("the same, labels dealt out at random", found.control, "0.6", "v"),
    )
    for shift, (label, values, color, marker) in zip((-0.12, 0.0, 0.12), rows, strict=True):
        middle = values.mean(axis=1)
        # Every image is tested once: over all of them, since few folds tell little of spread.
        low, high = wilson(np.rint(middle * found.images), found.images)
        bars = np.maximum([middle - low, high - middle], 0)
        ax.errorbar(places + shift, middle, yerr=bars, fmt=marker, color=color,
                    capsize=3, markersize=5, label=label)  # fmt: skip
    ax.axhline(1 / len(found.classes), color="k", linewidth=0.8, linestyle="dotted")
    ax.set_xticks(places, list(found.layers), rotation=20, ha="right", fontsize=8)
    ax.set_ylabel("accuracy on unseen images")
    ax.set_ylim(0, 1.03)
    ax.legend(fontsize=8, frameon=False, loc="lower left")
    ax.spines[["top", "right"]].set_visible(False)
    ax.set_title(
        f"classes {', '.join(map(str, found.classes))}; {found.images} images; bars: 95 %",
        loc="left", fontsize=10,
    )  # fmt: skip
