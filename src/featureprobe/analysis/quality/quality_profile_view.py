"""Pictures of a quality profile: score against naturalness, explanatory power, robustness."""

from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from featureprobe.analysis.finding import draw
from featureprobe.analysis.quality.quality_profile import QualityProfile
from featureprobe.analysis.quality.wording import reading
from featureprobe.plotting._cells import filling_columns
from featureprobe.plotting.any_rank import show_many

Floats = npt.NDArray[np.floating[Any]]
_NAMED = 6  # pictures that carry their unit's number
_SHORT = 8  # ends of a logarithmic axis that have no three round numbers between them


@draw.register
def draw_quality_profile(
    profile: QualityProfile, figure: Figure | SubFigure, *, pictures: bool = False
) -> None:
    """Draw the profile, or the pictures themselves."""
    (draw_pictures if pictures else draw_profile)(profile, figure)


def pareto_front(first: Floats, second: Floats) -> npt.NDArray[np.bool_]:
    """Return (K,) whether no other picture is better by one and at least as good by the other."""
    front = np.isfinite(first) & np.isfinite(second)
    for k in np.flatnonzero(front):
        as_good = (first >= first[k]) & (second >= second[k])
        better = (first > first[k]) | (second > second[k])
        front[k] = not (as_good & better).any()
    return front


def draw_profile(profile: QualityProfile, figure: Figure | SubFigure) -> None:
    """Draw on an empty figure."""
    grid = figure.add_gridspec(2, 2, width_ratios=(1.35, 1))
    _draw_pareto(profile, figure, figure.add_subplot(grid[:, 0]))
    _draw_power(profile, figure.add_subplot(grid[0, 1]))
    _draw_robustness(profile, figure.add_subplot(grid[1, 1]))


def draw_pictures(profile: QualityProfile, figure: Figure | SubFigure) -> None:
    """Draw all pictures, in frames that say how they are to be read."""
    doubts = profile.suspicion
    units = zip(profile.units, doubts, strict=True)
    show_many(
        profile.images,
        titles=[f"{u}: {d:.2f}" if np.isfinite(d) else f"{u}" for u, d in units],
        statuses=[reading(d) for d in doubts],
        contrast=True,
        columns=filling_columns(len(profile), 1.8),
        ax=figure.subplots(),
        title=f"{profile.layer}: unit and suspicion above each picture",
    )


def _draw_pareto(profile: QualityProfile, figure: Figure | SubFigure, ax: Axes) -> None:
    across, up = profile.naturalness, profile.ratio
    shown = np.isfinite(across) & np.isfinite(up) & (up > 0)
    style: dict[str, Any] = {"vmin": 0, "vmax": 1, "cmap": "viridis_r", "s": 26}
    points = ax.scatter(across[shown], up[shown], c=profile.suspicion[shown], **style)
    unknown = shown & np.isnan(profile.suspicion)
    if unknown.any():
        ax.scatter(across[unknown], up[unknown], s=26, facecolors="none", edgecolors="0.5",
                   label="without a suspicion")  # fmt: skip
    front = np.flatnonzero(
        pareto_front(np.where(shown, across, np.nan), np.where(shown, up, np.nan))
    )
    front = front[np.argsort(across[front])]
    ax.plot(across[front], up[front], color="0.4", linewidth=1, label="Pareto front")
    for k in front[:: max(1, len(front) // _NAMED)]:
        ax.annotate(str(profile.units[k]), (across[k], up[k]), (4, 4),
                    textcoords="offset points", fontsize=8)  # fmt: skip
    ax.axhline(1, color="C3", linewidth=0.8, linestyle=":", label="best natural image")
    ax.set_yscale("log")
    _plain_numbers(ax)
    ax.set_xlabel("path naturalness (1: as top natural images, 0: as any)", fontsize=9)
    ax.set_ylabel("score / best natural image (logarithmic)", fontsize=9)
    if not shown.any():
        ax.text(0.5, 0.5, "no picture has both measures", ha="center", transform=ax.transAxes)
    missing = len(profile) - int(shown.sum())
    note = f"; {missing} without both measures are not shown" if missing else ""
    count = f"{len(profile)} picture{'s' * (len(profile) != 1)}"
    ax.set_title(f"{profile.layer}: {count}{note}", loc="left", fontsize=10)
    ax.legend(fontsize=8, frameon=False, loc="best")
    bar = figure.colorbar(points, ax=ax, fraction=0.04, pad=0.02)
    bar.set_label("suspicion", fontsize=9)
    _bare(ax)


def _plain_numbers(ax: Axes) -> None:
    """Label a logarithmic y axis 0.5, 1, 2, 5, 10 instead of by powers of ten; a short one evenly."""
    low, high = ax.get_ylim()
    short = high < _SHORT * low
    ax.yaxis.set_major_locator(MaxNLocator(6) if short else LogLocator(subs=(1.0, 2.0, 5.0)))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.yaxis.set_minor_formatter(NullFormatter())


def _draw_power(profile: QualityProfile, ax: Axes) -> None:
    style: dict[str, Any] = {"s": 14, "color": "C0"}
    ax.scatter(profile.explains_top, profile.explains, **style)
    low = float(np.nanmin([profile.explains, profile.explains_top, np.zeros(len(profile))]))
    high = float(np.nanmax([profile.explains, profile.explains_top, np.full(len(profile), 0.1)]))
    ax.plot([low, high], [low, high], color="0.5", linewidth=0.8)
    others = profile.explains_others[np.isfinite(profile.explains_others)]
    if len(others):
        chance, label = float(np.median(others)), "other units' pictures, median"
        ax.axhline(chance, color="C1", linewidth=0.8, linestyle="--", label=label)
        ax.legend(fontsize=8, frameon=False)
    ax.set_xlabel("by its nine top images", fontsize=9)
    ax.set_ylabel("by the picture", fontsize=9)
    ax.set_title("answers to unseen images predicted (rank correlation)", loc="left", fontsize=9)
    _bare(ax)


def _draw_robustness(profile: QualityProfile, ax: Axes) -> None:
    place = np.arange(len(profile.changes))
    for values, color, label, shift in (
        (profile.kept_natural, "0.6", "nine top natural images", -0.2),
        (profile.kept, "C0", "pictures", 0.2),
    ):
        if not np.isfinite(values).any(axis=0).all():
            ax.text(0.5, 0.5, "no score to keep", ha="center", transform=ax.transAxes)
            break
        low, middle, high = np.nanquantile(values, [0.25, 0.5, 0.75], axis=0)
        ax.bar(place + shift, middle, 0.38, color=color, label=label,
               yerr=np.stack([middle - low, high - middle]), error_kw={"elinewidth": 0.8})  # fmt: skip
    ax.set_xticks(place, list(profile.changes), rotation=30, ha="right", fontsize=8)
    ax.set_ylabel("share of score kept", fontsize=9)
    ax.set_title("small changes: median and quartiles", loc="left", fontsize=9)
    ax.set_ylim(top=1.25 * ax.get_ylim()[1])  # room for the legend over the bars
    ax.legend(fontsize=8, frameon=False, loc="upper left", ncols=2)
    _bare(ax)


def _bare(ax: Axes) -> None:
    ax.tick_params(labelsize=8)
    ax.spines[["top", "right"]].set_visible(False)
