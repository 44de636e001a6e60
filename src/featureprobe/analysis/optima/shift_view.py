"""The picture of a shift response: heat map, and the way of the strongest node."""

import textwrap
from dataclasses import replace
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import MaxNLocator

from featureprobe.analysis.finding import draw
from featureprobe.analysis.optima.shift import ShiftResponse, shown_as
from featureprobe.errors import RangeError

_OF_A_PAIR = ("channels", "nodes", "inside", "background", "equivariance_error")


@draw.register
def draw_shift_response(
    found: ShiftResponse, figure: Figure | SubFigure, *, index: int | None = None
) -> None:
    """Draw the medians over all pairs, or with ``index=`` one pair."""
    if index is None:
        draw_shifts(figure, found)
        return
    if not 0 <= index < len(found.nodes):
        raise RangeError(f"There are {len(found.nodes)} pairs. Received index {index}.")
    own = {name: getattr(found, name)[index : index + 1] for name in _OF_A_PAIR}
    draw_shifts(figure, replace(found, **own))


def headed(figure: Figure | SubFigure, text: str, *, width: int) -> None:
    """Write a sentence over a figure, broken into lines."""
    figure.suptitle("\n".join(textwrap.wrap(text, width)), fontsize=9, x=0.01, ha="left")


def draw_shifts(figure: Figure | SubFigure, found: ShiftResponse) -> None:
    """Draw the response of one pair, or the median over all, and the node path beside it."""
    left, right, last = figure.subplots(1, 3, width_ratios=(1.25, 1, 1))
    one = len(found.nodes) == 1
    shown = found.response[np.isfinite(found.response).all(axis=(1, 2))]
    name = (
        f"map {found.channels[0]}" if one else f"median of {len(shown)} {shown_as(found.channels)}"
    )
    _heat(left, found, np.median(shown, axis=0) if len(shown) else None, name)
    if one:
        _edge(left, found.inside[0], found.max_shift)
    for ax, axis, word in ((right, 0, "down"), (last, 1, "right")):
        _path(ax, found, axis, word)
    headed(figure, found.verdict, width=150)


def _heat(ax: Axes, found: ShiftResponse, values: Any, name: str) -> None:
    ax.set_title(f"{found.layer}: response, {name}", loc="left", fontsize=9)
    ax.set_xlabel("shift to the right, pixels", fontsize=9)
    ax.set_ylabel("shift down, pixels", fontsize=9)
    if values is None:
        ax.text(0.5, 0.5, "the map does not answer", ha="center", transform=ax.transAxes)
        return
    most = found.max_shift
    ends = (-most - 0.5, most + 0.5)
    highest = max(1.0, float(values.max()))
    colours: dict[str, Any] = {"cmap": "viridis", "vmin": 0.0, "vmax": highest}
    picture = ax.imshow(values, extent=(*ends, *ends[::-1]), **colours)
    shifts = np.arange(-most, most + 1)
    if values.min() < 0.5 < values.max():
        ax.contour(shifts, shifts, values, levels=[0.5], colors="white", linewidths=1)
    marks = [shifts[shifts % period == 0] for period in found.period]
    rows, cols = np.meshgrid(*marks, indexing="ij")
    ax.plot(cols.ravel(), rows.ravel(), ".", color="C3", markersize=4)
    ax.plot(0, 0, "+", color="C3", markersize=9)
    for ticks in (ax.xaxis, ax.yaxis):
        ticks.set_major_locator(MaxNLocator(integer=True, nbins=7))
    bar = ax.figure.colorbar(
        picture, ax=ax, shrink=0.85, extend="min" if values.min() < 0 else "neither"
    )
    bar.set_label("activation / unshifted activation", fontsize=8)
    bar.ax.tick_params(labelsize=8)
    note = "red: multiples of the jump; white: one half"
    ax.text(0, -0.17, note, transform=ax.transAxes, fontsize=7.5, va="top")


def _edge(ax: Axes, inside: Any, most: int) -> None:
    """Outline the shifts that keep the content inside, where more than none at all does."""
    if inside.all() or inside.sum() <= 1:
        return
    shifts = np.arange(-most - 1, most + 2)
    padded = np.pad(inside, 1).astype(float)
    ax.contour(shifts, shifts, padded, levels=[0.5], colors="orange", linestyles="dashed")
    note = "dashed: content stays inside"
    ax.text(0, -0.23, note, transform=ax.transAxes, fontsize=7.5, va="top")


def _path(ax: Axes, found: ShiftResponse, axis: int, word: str) -> None:
    most, path = found.max_shift, found.path
    places = (path[:, :, most, 0], path[:, most, :, 1])[axis].astype(float)
    shifts, size = np.arange(-most, most + 1), found.nodes.shape[3 + axis]
    counts = np.stack([(places == node).sum(axis=0) for node in range(size)])
    shares = counts / np.maximum(counts.sum(axis=0), 1)
    at, node = np.meshgrid(shifts, np.arange(size))
    some = shares > 0
    ax.scatter(at[some], node[some], s=4 + 40 * shares[some], color="C0",
               label="strongest node" + f" (size: share of the {shown_as(found.channels)})" * (len(path) > 1))  # fmt: skip
    slope = found.moves[axis] / found.period[axis]
    start = places[:, most][places[:, most] >= 0]
    if len(start):
        line = np.median(start) + slope * shifts
        seen = (line >= -0.5) & (line <= size - 0.5)
        ax.plot(
            shifts[seen],
            line[seen],
            color="C3",
            linewidth=1,
            label=f"expected: {slope:.3g} a pixel",
        )
    for period in shifts[shifts % found.period[axis] == 0]:
        ax.axvline(period, color="0.85", linewidth=0.6, zorder=0)
    own = found.slope[:, axis]
    fitted = f"{np.nanmedian(own):.3f}" if np.isfinite(own).any() else "none"
    ax.set_title(f"fitted {fitted} nodes a pixel", loc="left", fontsize=9)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=7))
    ax.set_xlabel(f"shift {'down' if word == 'down' else 'to the right'}, pixels", fontsize=9)
    ax.set_ylabel(("row" if axis == 0 else "column") + " of the strongest node", fontsize=9)
    ax.set_ylim(-0.6, size - 0.1)
    if size <= 12:
        ax.set_yticks(range(size))
    ax.legend(fontsize=7.5, frameon=False, loc="upper left")
    ax.spines[["top", "right"]].set_visible(False)
