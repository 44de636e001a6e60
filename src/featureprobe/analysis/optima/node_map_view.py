"""Pictures of a node's optimum against its map's: all maps, or one."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import MaxNLocator

from featureprobe.analysis.finding import draw
from featureprobe.analysis.optima.node_map import NodeVsMap
from featureprobe.analysis.optima.shift_view import headed
from featureprobe.errors import RangeError
from featureprobe.plotting import show_image


@draw.register
def draw_node_map(
    found: NodeVsMap, figure: Figure | SubFigure, *, channel: int | None = None
) -> None:
    """Draw all maps, or with ``channel=`` one."""
    if channel is None:
        draw_all(figure, found)
        return
    at = np.flatnonzero(found.channels == channel)
    if not len(at):
        raise RangeError(
            f"Map {channel} is not among the {len(found.channels)} maps. Choose one of .channels."
        )
    draw_one(figure, found, int(at[0]))


def draw_all(figure: Figure | SubFigure, found: NodeVsMap) -> None:
    """Draw coherence against R^2 with the null band, the profile's Gini, and the mean profile."""
    left, middle, right = figure.subplots(1, 3, width_ratios=(1.5, 1.2, 1))
    kappa, r2 = found.coherence, found.r2
    failed, clear = found.failed, (found.p < 0.01) & ~found.failed
    if len(found.channels) > 1:
        low, mid, high = np.quantile(found.null, [0.025, 0.5, 0.975])
        left.axhspan(low, high, color="0.9", label="other maps' nodes: 95 %")
        left.axhline(mid, color="0.6", linewidth=1, label="their median")
    rest = ~failed & ~clear
    for mask, color, name in ((rest, "0.4", "p at least 0.01"), (clear, "C0", "p < 0.01"),
                              (failed, "C3", "search failed")):  # fmt: skip
        if mask.any():
            left.scatter(kappa[mask], r2[mask], s=14, color=color, label=f"{name} ({mask.sum()})")
    for bound in (1 / found.nodes, 1) if found.alike else ():
        left.axvline(bound, color="k", linewidth=0.6, linestyle=":")
    note = " (dotted: its bounds)" if found.alike else ""
    left.set_xlabel(f"coherence κ{note}", fontsize=9)
    left.set_ylabel("R² of the superposition of the own node", fontsize=9)
    left.set_title(f"{found.layer}: {len(kappa)} maps", loc="left", fontsize=9)
    figure.legend(fontsize=8, frameon=False, loc="outside lower left", ncols=5)
    _gaps(middle, found)
    _profile(right, found.profile.mean(axis=0), "mean node profile of map OIPs")
    headed(figure, found.verdict, width=160)


def _gaps(ax: Axes, found: NodeVsMap) -> None:
    """Draw the cross table, relative to what the own OIP reaches."""
    node = found.cross[:, 0, 0]
    living = (node > 0) & (found.cross[:, 1, 1] > 0)
    parts = (
        ("node OIP, map", found.cross[living, 0, 1] / found.cross[living, 1, 1]),
        ("map OIP, node", found.cross[living, 1, 0] / node[living]),
        ("map OIP, best node", found.profile.max(axis=(1, 2))[living] / node[living]),
    )
    if living.any():
        ax.boxplot([values for _, values in parts], widths=0.5, orientation="horizontal")
    ax.set_yticks(range(1, 4), [name for name, _ in parts], fontsize=8)
    ax.axvline(1, color="C3", linewidth=0.8)
    ax.invert_yaxis()
    ax.set_xlabel("share of the own OIP's answer\n(above 1, red: a search failed)", fontsize=8.5)
    ax.set_title("image shown, what answers", loc="left", fontsize=9)
    ax.spines[["top", "right"]].set_visible(False)


def _profile(ax: Axes, values: Any, title: str) -> None:
    picture = ax.imshow(values, cmap="viridis", vmin=min(0.0, float(values.min())))
    if values.size <= 64:
        ax.set_xticks(range(values.shape[1]))
        ax.set_yticks(range(values.shape[0]))
    else:
        for ticks in (ax.xaxis, ax.yaxis):
            ticks.set_major_locator(MaxNLocator(integer=True, nbins=6))
    ax.set_xlabel("column", fontsize=8)
    ax.set_ylabel("row", fontsize=8)
    ax.set_title(title, loc="left", fontsize=9)
    bar = ax.figure.colorbar(picture, ax=ax, shrink=0.7)
    bar.set_label("activation", fontsize=8)
    bar.ax.tick_params(labelsize=7)


def draw_one(figure: Figure | SubFigure, found: NodeVsMap, index: int) -> None:
    """Draw one map: node OIP, map OIP, superposition, what is left, and the node profile."""
    axes = figure.subplots(2, 3).ravel()
    channel, fit = found.channels[index], found.superpositions[index]
    node, mean, kappa = found.cross[index, 0, 0], found.cross[index, 1, 1], found.coherence[index]
    quality = f"R² {found.r2[index]:.2f}, p {found.p[index]:.2g}"
    pictures = (
        (found.node_images[index], f"OIP of node {found.place}\nreaches {node:.3g}"),
        (found.map_images[index], f"OIP of the map\nreaches {mean:.3g} (κ {kappa:.2f})"),
        (fit, f"superposition\n{quality}"),
    )
    for ax, (image, title) in zip(axes[:3], pictures, strict=True):
        shown: dict[str, Any] = {"contrast": True, "title": title}
        show_image(image, ax=ax, **shown)
    _signed(axes[3], (found.map_images[index] - fit).mean(axis=2), "map OIP less superposition",
            "pixel units")  # fmt: skip
    _signed(axes[4], found.weights[index], "weights of the copies", "weight")
    _profile(axes[5], found.profile[index], f"nodes at the map OIP, Gini {found.gini[index]:.2f}")
    failed = ", a search failed" if found.failed[index] else ""
    headed(figure, f"{found.layer} map {channel}{failed}", width=160)


def _signed(ax: Axes, values: Any, title: str, label: str) -> None:
    end = float(np.abs(values).max()) or 1.0
    picture = ax.imshow(values, cmap="RdBu_r", vmin=-end, vmax=end)
    ax.set_xticks([])
    ax.set_yticks([])
    ax.set_title(title, loc="left", fontsize=9)
    bar = ax.figure.colorbar(picture, ax=ax, shrink=0.6)
    bar.set_label(label, fontsize=8)
    bar.ax.tick_params(labelsize=7)
