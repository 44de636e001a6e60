"""Pictures of a Definedness: all targets at a glance, or one closely."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import MaxNLocator

from featureprobe.analysis.finding import draw
from featureprobe.analysis.optima.defined import Definedness
from featureprobe.analysis.optima.thresholds import GOOD_GAP, WORDS
from featureprobe.plotting import show_series
from featureprobe.plotting._cells import filling_columns
from featureprobe.plotting.any_rank import show_many
from featureprobe.plotting.images import to_rgb
from featureprobe.types import FloatArray

_SERIES = 2  # axes of (L, C)
_MOST_IMAGES = 192


@draw.register
def draw_definedness(
    found: Definedness, figure: Figure | SubFigure, *, target: int | str | None = None
) -> None:
    """Draw all targets, or with ``target=`` (place or label) one."""
    if target is None:
        draw_overview(figure, found)
    else:
        draw_target(figure, found, found.number(target))


def draw_overview(figure: Figure | SubFigure, found: Definedness) -> None:
    """Draw counts of words, shares of good starts, live starts, and every target's best image."""
    upper, lower = figure.subfigures(2, 1, height_ratios=[1, 1.9], squeeze=False)[:, 0]
    words, shares, alive = upper.subplots(1, 3)
    _draw_words(words, found)
    _draw_shares(shares, found)
    _draw_alive(alive, found)
    count = min(len(found.targets), _MOST_IMAGES)
    show_many(
        found.images[:count, 0],
        statuses=found.verdicts[:count],
        contrast=True,
        columns=filling_columns(count, 2.0),
        ax=lower.subplots(),
        title=f"best image of the largest cluster, {count} of {len(found.targets)} targets by place",
    )


def _draw_words(ax: Axes, found: Definedness) -> None:
    counts = [found.verdicts.count(w) for w in WORDS]
    ax.barh(range(len(WORDS)), counts, color="0.45", height=0.65)
    for place, count in enumerate(counts):
        ax.annotate(f"{count}", (count, place), (4, 0), textcoords="offset points", va="center",
                    fontsize=8)  # fmt: skip
    ax.set_yticks(range(len(WORDS)), WORDS, fontsize=9)
    ax.invert_yaxis()
    ax.margins(x=0.15)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
    _finish(ax, f"{found.layer}: how defined the maxima are", "targets")


def _draw_shares(ax: Axes, found: Definedness) -> None:
    shares = found.good_share[np.isfinite(found.good_share)] * 100
    ax.hist(shares, bins=np.linspace(0, 100, 21).tolist(), color="0.45")
    if len(shares):
        ax.axvline(np.median(shares), color="k", linestyle="--", linewidth=1)
    ax.set_ylabel("targets", fontsize=9)
    ax.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    title = f"starts within {GOOD_GAP:.0%} of the best (dashed: median)"
    _finish(ax, title, f"% of the {found.scores.shape[1]} starts")


def _draw_alive(ax: Axes, found: Definedness) -> None:
    shares, names = found.alive_share * 100, found.kinds
    rows = np.arange(len(names))
    spread = np.random.default_rng(0).uniform(-0.25, 0.25, shares.shape)  # so that dots are seen
    ax.scatter(shares, rows + spread, s=9, color="0.35", linewidths=0)
    ax.plot(shares.mean(axis=0), rows, "D", color="C3", markersize=6)
    none = (shares == 0).sum(axis=0)
    ax.set_yticks(
        rows,
        [
            f"{name}\nmean {shares[:, k].mean():.0f} %\nnone for {none[k]}"
            for k, name in enumerate(names)
        ],
        fontsize=7,
    )
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.set_xlim(-4, 104)
    _finish(ax, "alive as drawn (dot: a target, red: mean)", "% of the starts of a kind")


def draw_target(figure: Figure | SubFigure, found: Definedness, number: int) -> None:
    """Draw gaps, similarities and the tuning curve of one target, and its largest clusters."""
    upper, lower = figure.subfigures(2, 1, height_ratios=[1.15, 1], squeeze=False)[:, 0]
    upper.suptitle(
        f"{found.targets[number]} ({found.constraint}): {found.verdicts[number]}", fontsize=11
    )
    gaps, alike, tuning = upper.subplots(1, 3)
    _draw_gaps(gaps, found, number)
    _draw_similarity(alike, found, number)
    _draw_tuning(tuning, found, number)
    _draw_gallery(lower, found, number)


def _draw_gaps(ax: Axes, found: Definedness, number: int) -> None:
    gaps = np.where(found.alive[number], found.gaps[number], 1.0) * 100
    order = np.argsort(gaps, kind="stable")
    for kind, name in enumerate(found.kinds):
        own = np.flatnonzero(found.kind_of[order] == kind)
        ax.plot(own + 1, gaps[order][own], "o", markersize=4, color=f"C{kind}", label=name)
    ax.axhline(GOOD_GAP * 100, color="k", linestyle="--", linewidth=0.8)
    ax.set_ylabel("below the best score, %", fontsize=9)
    ax.set_ylim(bottom=-0.03 * gaps.max(initial=1.0))
    ax.legend(fontsize=7, loc="upper left", edgecolor="none", framealpha=0.85)
    _finish(
        ax, f"{int(found.good[number].sum())} starts are good (below the line)", "starts, sorted"
    )


def _draw_similarity(ax: Axes, found: Definedness, number: int) -> None:
    good = np.flatnonzero(found.good[number])
    order = good[np.lexsort((-found.scores[number][good], found.clusters[number][good]))]
    if not len(order):
        ax.text(0.5, 0.5, "no good start", ha="center", transform=ax.transAxes)
        ax.set_axis_off()
        return
    shown = ax.imshow(
        found.similarity[number][np.ix_(order, order)], vmin=-1, vmax=1, cmap="RdBu_r"
    )
    edges = np.flatnonzero(np.diff(found.clusters[number][order])) + 0.5
    for edge in edges if len(edges) <= 12 else ():
        ax.axhline(edge, color="k", linewidth=0.6)
        ax.axvline(edge, color="k", linewidth=0.6)
    bar = ax.figure.colorbar(shown, ax=ax, shrink=0.8)
    bar.set_label("correlation, best shift", fontsize=8)
    bar.ax.tick_params(labelsize=7)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(integer=True, nbins=5))
    count = int(found.distinct[number])
    title = f"{count} cluster{'s' * (count != 1)}, Chao1 {found.maxima[number]:.1f}"
    _finish(ax, title, "good starts, by cluster")


def _draw_tuning(ax: Axes, found: Definedness, number: int) -> None:
    ax.plot(found.distances, found.tuning[number], "o-", color="k", markersize=3, linewidth=1)
    half = found.half_width[number]
    sphere = found.constraint == "sphere"
    if np.isfinite(half):
        ax.axvline(half, color="C3", linestyle="--", linewidth=1)
        ax.annotate(f"half at {half:.0f}{'°' if sphere else ' %'}", (half, found.best[number]),
                    (4, -4), textcoords="offset points", fontsize=8, color="C3", va="top")  # fmt: skip
    ax.set_ylabel("mean score", fontsize=9)
    way = "angle from the best image, degrees" if sphere else "way to a random image, %"
    _finish(ax, "tuning curve", way)


def _draw_gallery(figure: Figure | SubFigure, found: Definedness, number: int) -> None:
    axes = figure.subplots(1, found.pictured.shape[1], squeeze=False)[0]
    figure.suptitle("best image of each of the largest clusters, contrast stretched", fontsize=9)
    for place, ax in enumerate(axes):
        start = found.pictured[number, place]
        if start < 0:
            ax.set_axis_off()
            continue
        show_stretched(found.images[number, place], ax=ax)
        count = int(found.counts[number, place])
        barrier = f", barrier to 0: {found.barriers[number, place, 0]:.0%}" if place else ""
        ax.set_title(
            f"{place}: {count} start{'s' * (count != 1)}, score "
            f"{found.scores[number, start]:.3g}{barrier}",
            fontsize=8,
        )


def show_stretched(image: FloatArray, *, ax: Axes) -> Axes:
    """Draw an image (*spatial, C) with its contrast stretched, in a thin frame; a series as curves."""
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[:].set_color("0.8")
    if not np.isfinite(image).all():
        ax.text(0.5, 0.5, "dead", ha="center", va="center", transform=ax.transAxes)
        return ax
    if image.ndim == _SERIES:
        return show_series(image, ax=ax)
    ax.imshow(to_rgb(image, contrast=True, low=0.0, high=255.0))
    return ax


def _finish(ax: Axes, title: str, xlabel: str) -> None:
    ax.set_title(title, loc="left", fontsize=9)
    ax.set_xlabel(xlabel, fontsize=9)
    ax.tick_params(labelsize=8)
    ax.spines[["top", "right"]].set_visible(False)
