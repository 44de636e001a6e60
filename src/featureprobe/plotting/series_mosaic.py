"""Many series in one picture, each a small panel of curves with its number, score and status."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from featureprobe._arguments import checked
from featureprobe.plotting._axes import axes_or_new, fit_size
from featureprobe.plotting._cells import GREY, Cells, bare, frame_cells, headline, well_shaped
from featureprobe.plotting._checks import FloatLike, as_floats, require_whole
from featureprobe.plotting._labels import annotate, texts_of
from featureprobe.plotting.maps import as_colormap
from featureprobe.plotting.mosaic import is_picture
from featureprobe.plotting.series import MOST_LANES, ends_of, in_lanes

_HEIGHT, _WIDTH, _GAP, _HEADER = 96, 160, 12, 22  # of a cell, in canvas pixels
_CELL_INCHES = 2.1  # its width
_WIDE = 1.6


@checked
def show_series_mosaic(
    series: npt.ArrayLike,
    *,
    behind: npt.ArrayLike | None = None,
    titles: Sequence[str | int] | None = None,
    scores: npt.ArrayLike | None = None,
    statuses: Sequence[str] | None = None,
    contrast: bool = False,
    low: float | None = None,
    high: float | None = None,
    columns: int | None = None,
    ax: Axes | None = None,
    title: str | None = None,
) -> Axes:
    """Show many series, row by row from the top: what :func:`show_mosaic` is for images.

    Up to twelve channels are curves, one below the other in each panel; more are rows of colours.

    Args:
        series: (N, L, C) in pixel units, never written to; NaN is a gap.
        behind: (N, S, L, C) other series to draw thinly behind the first ones, such as what other
            starts of an ascent came to; of up to twelve channels.
        titles: N numbers or short names; None numbers the series 0..N-1.
        scores: (N,) numbers, any unit.
        statuses: N words such as ``"converged"``.
        contrast: True gives each series a scale of its own, and a note says so; False shows all
            on one scale.
        low: Lower end of the common scale; None: the smallest value.
        high: Upper end of the common scale; None: the largest value.
        columns: Series per row, at least 1; None: as many as make the picture wider than high.
        ax: Axes to draw on; None makes a new figure of at most 16 x 9 inches.
        title: Title of the Axes.

    Returns:
        The Axes.

    Raises:
        ShapeError: When an array has another rank or is empty, or a list another length.
        RangeError: When ``columns`` is below 1 or ``low`` not below ``high``.

    Example:
        >>> import numpy as np
        >>> from featureprobe.plotting import show_series_mosaic
        >>> waves = np.sin(np.arange(96.0) * np.arange(1, 7)[:, None] / 20)[..., None]
        >>> ax = show_series_mosaic(waves, statuses=["converged"] * 6)
        >>> [text.get_text() for text in ax.texts][:2]
        ['0', '1']
    """
    values = as_floats(series, "series", ["(N, L, C)"])
    others = None if behind is None else as_floats(behind, "behind", ["(N, S, L, C)"])
    count, length, lanes = values.shape
    if columns is None:
        columns = well_shaped(range(1, count + 1), count, _WIDTH / (_HEIGHT + _HEADER), _WIDE)
    require_whole(columns, "columns")
    texts = texts_of(count, titles, scores, statuses)
    scale = None if contrast else _common(values, low, high)
    cells = Cells(count, min(int(columns), count), _HEIGHT, _WIDTH, _GAP, _HEADER)
    ax = axes_or_new(ax, _size(cells))
    canvas = _canvas(values, cells, scale)
    ax.imshow(canvas)
    bare(ax)
    frame_cells(ax, cells, range(count), color="0.8", width=0.6)
    if lanes <= MOST_LANES:
        _draw_curves(ax, cells, values, others, scale)
    broken = {k for k, v in enumerate(values) if not is_picture(v)}
    room, scored = annotate(ax, cells, texts, broken, legend_pad=1.8)
    _mark_ends(ax, cells, length)
    notes = ["number | score above each panel"] * scored
    notes += [f"{lanes} channels from the top"] * (lanes > 1)
    notes += _scale_notes(scale, others is not None and lanes <= MOST_LANES)
    headline(ax, title, "; ".join(notes), room=room)
    return ax


def _common(values: FloatLike, low: float | None, high: float | None) -> tuple[float, float]:
    if not np.isfinite(values).any():
        return 0.0, 1.0
    return ends_of(values, low, high)


def _scale_notes(scale: tuple[float, float] | None, behind: bool) -> list[str]:
    if scale is None:
        notes = ["each on its own scale"]
    else:
        notes = ["scale {:.3g} to {:.3g}".format(*scale)]
    return notes + ["thin: other starts"] * behind


def _size(cells: Cells) -> tuple[float, float]:
    inch = _CELL_INCHES / cells.width
    rows, cols = cells.shape
    return fit_size(cols * inch, rows * inch, margin=(0.3, 1.5))


def _canvas(
    values: FloatLike, cells: Cells, scale: tuple[float, float] | None
) -> npt.NDArray[np.uint8]:
    """Return what lies below the curves: white panels, or of many channels rows of colours."""
    canvas = np.zeros((*cells.shape, 4), dtype=np.uint8)
    _, length, lanes = values.shape
    rows = np.arange(cells.height) * lanes // cells.height
    cols = np.arange(cells.width) * length // cells.width
    for k, own in enumerate(values):
        row, col = cells.origin(k)
        place = canvas[row : row + cells.height, col : col + cells.width]
        place[...] = 255 if is_picture(own) else (224, 224, 224, 255)
        if lanes > MOST_LANES and is_picture(own):
            low, high = ends_of(own, None, None) if scale is None else scale
            if low < 0 < high:  # white is 0
                low, high = -max(-low, high), max(-low, high)
            colors = as_colormap("RdBu_r" if low < 0 < high else "viridis")
            shares = (own.T[rows][:, cols] - low) / (high - low)
            place[...] = colors(np.ma.masked_invalid(shares), bytes=True)
    return canvas


def _draw_curves(
    ax: Axes,
    cells: Cells,
    values: FloatLike,
    others: FloatLike | None,
    scale: tuple[float, float] | None,
) -> None:
    for k, own in enumerate(values):
        if not is_picture(own):
            continue
        behind = own[None][:0] if others is None else others[k]
        ends = scale
        if ends is None:
            ends = ends_of(np.concatenate([own[None], behind]), None, None)
        for drawn, color, width in ((behind, "0.72", 0.6), (own[None], "C0", 1.1)):
            lines = _lines(cells, k, np.where(np.isfinite(drawn), drawn, np.nan), ends)
            collection = LineCollection(lines, colors=color, linewidths=width, zorder=2.5)
            ax.add_collection(collection, autolim=False)


def _lines(
    cells: Cells, cell: int, drawn: FloatLike, ends: tuple[float, float]
) -> list[npt.NDArray[np.float64]]:
    """Return the curves of series (S, L, C) as (L, 2) points (col, row) inside a cell."""
    _, length, lanes = drawn.shape
    row, col = cells.origin(cell)
    across = col - 0.5 + (np.arange(length) + 0.5) / length * cells.width
    down = row - 0.5 + (in_lanes(drawn, ends) + 0.5) / lanes * cells.height
    return [np.stack([across, own[:, c]], axis=1) for own in down for c in range(lanes)]


def _mark_ends(ax: Axes, cells: Cells, length: int) -> None:
    """Write the first and last sample number below the first panel of the last row."""
    _, col = cells.origin((cells.rows - 1) * cells.columns)
    places = col - 0.5 + (np.array([0, length - 1]) + 0.5) / length * cells.width
    # The first word begins where the panel does, the last ends with it.
    for label, place, side in (
        ("sample 0", places[0], "left"),
        (str(length - 1), places[1], "right"),
    ):
        ax.annotate(label, (place, cells.shape[0] - 0.5), (0, -2), textcoords="offset points",
                    fontsize=7, color=GREY, ha=side, va="top")  # fmt: skip
