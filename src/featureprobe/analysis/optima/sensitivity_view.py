"""Pictures of a Sensitivity: all targets as dots, or the images of one."""

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from featureprobe.analysis.finding import draw
from featureprobe.analysis.optima.defined_view import show_stretched
from featureprobe.analysis.optima.sensitivity import Sensitivity
from featureprobe.analysis.places import place_of
from featureprobe.types import Floats


@draw.register
def draw_sensitivity(
    found: Sensitivity, figure: Figure | SubFigure, *, target: int | str | None = None
) -> None:
    """Draw all targets, or with ``target=`` (place or label) one."""
    if target is None:
        draw_all(figure, found)
    else:
        draw_one(figure, found, place_of(target, found.targets))


def draw_all(figure: Figure | SubFigure, found: Sensitivity) -> None:
    """Draw similarity and score of every target under every variant, the null as a band."""
    left, right = figure.subplots(1, 2, sharey=True)
    dead = np.asarray(np.isnan(found.similarity).all(axis=1))
    _dots(left, found.similarity, found.null_similarity, dead, stronger=found.stronger)
    _dots(right, found.relative, found.null_relative, dead)
    left.set_yticks(range(len(found.names)), found.names, fontsize=8)
    left.set_ylim(len(found.names) - 0.5, -0.5)
    left.set_xlabel("similarity of the image to the base's", fontsize=9)
    right.set_xlabel("best score / the base's", fontsize=9)
    count = len(found.targets)
    title = f"{found.layer}, {count} target{'s' * (count != 1)} (dots) and their mean (diamond)"
    left.set_title(f"{title}\nred: changes more than another seed", loc="left", fontsize=9)
    right.set_title("band: 90 % of other seeds", loc="right", fontsize=9)


def _dots(
    ax: Axes,
    values: Floats,
    null: Floats,
    dead: npt.NDArray[np.bool_],
    *,
    stronger: npt.NDArray[np.bool_] | None = None,
) -> None:
    seeds = null[np.isfinite(null)]
    if len(seeds):
        low, high = (float(np.quantile(seeds, q)) for q in (0.05, 0.95))
        ax.axvspan(low, high, color="0.9", zorder=0)
        ax.axvline(seeds.mean(), color="0.5", linewidth=1)
    jitter = np.random.default_rng(0).uniform(
        -0.25, 0.25, values.shape[1:]
    )  # so that dots are seen
    for row, own in enumerate(values):
        known = np.isfinite(own)
        if not known.any():
            why = "no target lives in both" if dead[row] else "another set: not compared"
            ax.annotate(why, (0.02, row), fontsize=7, va="center",
                        xycoords=("axes fraction", "data"))  # fmt: skip
            continue
        ax.scatter(own[known], row + jitter[known], s=6, color="C0", alpha=0.5, linewidths=0)
        red = stronger is not None and stronger[row]
        ax.plot(own[known].mean(), row, "D", color="C3" if red else "k", markersize=6)
    ax.tick_params(labelsize=8)
    ax.spines[["top", "right"]].set_visible(False)


def draw_one(figure: Figure | SubFigure, found: Sensitivity, number: int) -> None:
    """Draw the images of one target: of the base, of other seeds, of every variant."""
    seeds = len(found.null_similarity)
    titles = ["base", *["other seed"] * seeds, *found.names]
    alike = np.concatenate([[1.0], found.null_similarity[:, number], found.similarity[:, number]])
    axes = figure.subplots(2, -(-len(titles) // 2), squeeze=False).ravel()
    for ax in axes[len(titles) :]:
        ax.set_axis_off()
    for ax, image, title, value in zip(axes, found.images[:, number], titles, alike):
        show_stretched(image, ax=ax)
        ax.set_title(f"{title}\n{value:.2f}", fontsize=8)
    figure.suptitle(
        f"{found.targets[number]}: best images, contrast stretched, similarity to the base's",
        fontsize=10,
    )
