"""Pictures that several pattern findings share."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator

from featureprobe.analysis.stats.null import band
from featureprobe.input_space import InputSpace
from featureprobe.plotting import show_maps

_STRIPS = 2  # axes of (L, C), for which show_maps chooses


def pixel_range(space: InputSpace) -> dict[str, float]:
    """Return the pixel units shown black and white, as keywords ``low`` and ``high``."""
    return {
        "low": 0.0 if space.low is None else float(space.low),
        "high": 255.0 if space.high is None else float(space.high),
    }


def draw_node_values(
    values: npt.NDArray[Any],
    *,
    label: str,
    title: str,
    columns: int | None,
    numbers: bool | Sequence[int],
    limit: float | None = None,
    ax: Axes,
) -> Axes:
    """Draw one signed number a node on a scale that is symmetric about 0.

    Args:
        ax: Where.
        values: (H, W, C) or (n,); (L, C), or (D, H, W, C), of which one plane is shown.
        label: What the number is, for the colour bar.
        title: Of the Axes.
        columns: As for ``plotting.show_maps``; None: 16, or more for many dense nodes.
        numbers: As for ``plotting.show_maps``.
        limit: End of the scale; None: the largest magnitude.
    """
    if (
        columns is None and values.ndim != _STRIPS
    ):  # a thousand nodes in 16 columns would be a tower
        columns = max(16, math.isqrt(2 * values.size)) if values.ndim == 1 else 16
    end = float(np.abs(values).max() if limit is None else limit) or 1.0
    show_maps(
        values.astype(np.float32), ax=ax, cmap="RdBu_r", vmin=-end, vmax=end, label=label,
        title=title, columns=columns, numbers=numbers,
    )  # fmt: skip
    return ax


def draw_counts(
    counts: Mapping[str, tuple[int, npt.NDArray[np.int64]]], unit: str, *, ax: Axes
) -> Axes:
    """Draw counts as bars, each beside the band that 95 % of permutations fall in."""
    for place, (observed, null) in enumerate(counts.values()):
        low, high = band(null)
        ax.barh(place, observed, color="C0", height=0.55)
        ax.plot([low, high], [place, place], color="C3", linewidth=5, solid_capstyle="butt")
        ax.plot(np.median(null), place, "|", color="k", markersize=11)
        ax.annotate(
            f"{observed}", (max(observed, high), place), (4, 0), textcoords="offset points",
            va="center", fontsize=8,
        )  # fmt: skip
    ax.set_yticks(range(len(counts)), list(counts), fontsize=8)
    ax.invert_yaxis()
    largest = max(1, *(max(o, band(n)[1]) for o, n in counts.values()))
    ax.set_xlim(-0.02 * largest, 1.18 * largest)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel(unit, fontsize=9)
    legend = "blue: observed\nred: chance, labels shuffled (95 %)"
    ax.set_title(legend, loc="left", fontsize=8)
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def draw_waterfall(
    parts: Sequence[tuple[str, float]], total: float, *, title: str, xlabel: str, ax: Axes
) -> Axes:
    """Draw parts that add up to a total, one below the other, each from where the last one ended."""
    reached, rim = 0.0, [withStroke(linewidth=2.0, foreground="white")]
    for place, (_, value) in enumerate(parts):
        ax.barh(place, value, left=reached, color="#C44E52" if value > 0 else "#4C72B0", height=0.7)
        ax.annotate(
            f"{value:+.2f}", (max(reached, reached + value), place), (3, 0),
            textcoords="offset points", va="center", fontsize=7, path_effects=rim,
        )  # fmt: skip
        reached += value
    ax.barh(len(parts), total, color="0.35", height=0.7)
    ax.annotate(f"{total:.2f}", (max(total, 0), len(parts)), (3, 0), textcoords="offset points",
                va="center", fontsize=7, path_effects=rim)  # fmt: skip
    ax.set_yticks(range(len(parts) + 1), [*(name for name, _ in parts), "margin"], fontsize=7)
    ax.invert_yaxis()
    ax.axvline(0, color="k", linewidth=0.6)
    # Bars stick to the edge of the Axes otherwise; at the right stand their values.
    ends = np.cumsum([0.0, *(value for _, value in parts), 0.0])
    low, high = float(min(ends.min(), total)), float(max(ends.max(), total))
    room = (high - low) or 1.0
    ax.set_xlim(low - 0.06 * room, high + 0.22 * room)
    ax.set_xlabel(xlabel, fontsize=8)
    ax.set_title(title, loc="left", fontsize=9)
    ax.spines[["top", "right"]].set_visible(False)
    return ax
