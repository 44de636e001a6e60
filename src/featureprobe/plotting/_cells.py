"""Cells of a mosaic: where they lie, and what is drawn over them."""

import math
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.patheffects import withStroke

from featureprobe.plotting._axes import drawing_points
from featureprobe.plotting._texts import drawable

GREY = "0.45"
_MOST_LINES = 4  # of a title


@dataclass(frozen=True)
class Cells:
    """``count`` boxes of one size, row by row, on a canvas that ``imshow`` draws.

    Args:
        count: The number of cells.
        columns: Cells per row.
        height: Canvas rows of a cell's picture.
        width: Canvas columns of a cell's picture.
        gap: Free canvas pixels between cells.
        header: Free canvas rows above each picture, for its text.
    """

    count: int
    columns: int
    height: int
    width: int
    gap: int = 0
    header: int = 0

    @property
    def rows(self) -> int:
        """Number of rows of cells."""
        return -(-self.count // self.columns)

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns) of the canvas in pixels."""
        pitch_row, pitch_col = self._pitch
        return self.rows * pitch_row - self.gap, self.columns * pitch_col - self.gap

    @property
    def _pitch(self) -> tuple[int, int]:
        return self.header + self.height + self.gap, self.width + self.gap

    def origin(self, cell: int) -> tuple[int, int]:
        """Return the (row, col) on the canvas of the first pixel of a cell's picture."""
        row, col = divmod(cell, self.columns)
        return row * self._pitch[0] + self.header, col * self._pitch[1]

    def boxes(self, cells: Iterable[int]) -> npt.NDArray[np.float64]:
        """Return (k, 4, 2) corners in data coordinates (col, row), from the top left clockwise."""
        corners = np.array([(0, 0), (self.width, 0), (self.width, self.height), (0, self.height)])
        origins = np.array([self.origin(cell)[::-1] for cell in cells]).reshape(-1, 1, 2)
        boxes: npt.NDArray[np.float64] = origins + corners - 0.5
        return boxes


def well_shaped(choices: Iterable[int], count: int, ratio: float, wanted: float) -> int:
    """Return the number of columns that comes nearest to a width over height, without a ragged end.

    Args:
        choices: Numbers of columns.
        count: Number of cells.
        ratio: Width over height of one cell.
        wanted: Width over height of the whole.
    """

    def cost(columns: int) -> float:
        rows = -(-count // columns)
        missing = (rows * columns - count) / (rows * columns) if rows > 1 else 0.0
        return abs(math.log2(ratio * min(columns, count) / rows / wanted)) + 2.0 * missing

    return min(choices, key=cost)


def filling_columns(count: int, ratio: float) -> int:
    """Return how many columns, 4 to 20, make the largest square cells in a room of ``ratio`` = width / height."""
    return max(range(4, 21), key=lambda columns: min(ratio / columns, 1 / -(-count // columns)))


def frame_cells(
    ax: Axes, cells: Cells, which: Sequence[int], *, color: str, width: float, fill: str = "none"
) -> None:
    """Draw frames of ``width`` points around cells, optionally filled, above the image."""
    ax.add_collection(
        PolyCollection(
            list(cells.boxes(which)),
            facecolors=fill,
            edgecolors=color,
            linewidths=width,
            zorder=2,
            clip_on=False,  # else half of the frame is lost at the rim
        ),
        autolim=False,
    )


def strike_cells(ax: Axes, cells: Cells, which: Sequence[int]) -> None:
    """Draw a thin diagonal through cells: light with a dark rim, visible on any colour."""
    lines = LineCollection(
        list(cells.boxes(which)[:, [3, 1]]), colors="0.95", linewidths=0.9, zorder=3
    )
    lines.set_path_effects([withStroke(linewidth=1.9, foreground="0.35")])
    ax.add_collection(lines, autolim=False)


def cell_points(ax: Axes, cells: Cells, stretch: float = 1.0) -> tuple[float, float]:
    """Return about how wide and high one cell's picture will be, in points.

    Args:
        ax: Where the canvas is drawn.
        cells: The cells.
        stretch: Height over width of one canvas pixel as drawn.
    """
    width, height = drawing_points(ax)
    unit = min(width / cells.shape[1], height / (cells.shape[0] * stretch))
    return unit * cells.width, unit * cells.height * stretch


def number_rows(ax: Axes, cells: Cells, names: Sequence[str], height: float) -> None:
    """Name the first cell of each row at the left, leaving out rows that would overlap.

    Args:
        ax: Where the canvas is drawn.
        cells: The cells.
        names: One name for each cell.
        height: About how high one row of cells is, in points.
    """
    every = max(1, int(np.ceil(9.0 / max(height, 0.1))))
    firsts = range(0, cells.count, cells.columns * every)
    middles = [cells.origin(first)[0] + (cells.height - 1) / 2 for first in firsts]
    ax.set_yticks(middles, [names[first] for first in firsts], fontsize=7)
    ax.tick_params(axis="y", length=0, pad=2)


def bare(ax: Axes) -> None:
    """Take away the ticks and the box of the Axes: a mosaic needs neither."""
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[:].set_visible(False)


def headline(ax: Axes, title: str | None, note: str, *, room: float | None = None) -> None:
    """Put a title at the top left and a small grey note at the right, or both in short lines.

    Args:
        ax: Where.
        title: What is shown.
        note: What to know of it.
        room: How wide the picture is, in points; None: as wide as the Axes.
    """
    given = (drawable(title) or "").splitlines()
    room = drawing_points(ax)[0] if room is None else room
    if 6.6 * max(map(len, given), default=0) + 5.2 * len(note) > room:
        width = max(16, int(room / 5.6))
        lines = [line for text in given for line in textwrap.wrap(text, width)]
        if len(lines) > _MOST_LINES:  # more would leave no room for the picture
            lines = [*lines[: _MOST_LINES - 1], "…"]
        lines += textwrap.wrap(note, width)
        ax.set_title("\n".join(lines), loc="left", fontsize=9.5)
        return
    if given:
        ax.set_title("\n".join(given), loc="left", fontsize=11)
    if note:
        ax.set_title(note, loc="right" if given else "left", fontsize=8.5, color=GREY)
