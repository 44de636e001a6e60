"""One volume or video: three slices through one place, or one of its planes."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from featureprobe._arguments import checked
from featureprobe.plotting._axes import axes_or_new, fit_size
from featureprobe.plotting._cells import GREY, bare, headline
from featureprobe.plotting._checks import as_floats, require_finite
from featureprobe.plotting._slices import Cut, cut_of, gap_of
from featureprobe.plotting.images import STRETCH_NOTE, to_rgb

_CROSS = "#E69F00"
_MARGIN = 0.06  # above and below the slices, of their height


@checked
def show_volume(
    volume: npt.ArrayLike,
    *,
    plane: int | None = None,
    at: Sequence[int] | None = None,
    ax: Axes | None = None,
    contrast: bool = False,
    low: float = 0.0,
    high: float = 255.0,
    title: str | None = None,
) -> Axes:
    """Show a volume or a video: an input, or the optimized image of a channel.

    Three slices go through one place. Rows x columns stand at the upper left, rows x planes beside
    them and planes x columns below; thin lines show where the other two slices lie. Of a video the
    planes are its frames, so the two narrow slices show what moves. One channel is grey, three are
    RGB; the channels of any other number stand side by side as grey pictures.

    Args:
        volume: (D, H, W, C) finite values in pixel units. Never written to.
        plane: Number of the one plane to show, instead of three slices.
        at: (plane, row, col) that the slices go through; None: the voxel that is, with its
            neighbours, furthest from the medians of the channels.
        ax: Axes to draw on; None makes a new figure.
        contrast: True applies :func:`stretch` to the volume as a whole, and a note says so.
        low: Pixel units shown black when ``contrast`` is False.
        high: Pixel units shown white when ``contrast`` is False.
        title: Title of the Axes.

    Returns:
        The Axes; the picture is ``ax.images[0]``.

    Raises:
        ShapeError: When ``volume`` has another rank or is empty, or ``at`` not three numbers.
        DataError: When a value is NaN or infinite.
        RangeError: When the volume has no such place, or ``low`` is not below ``high``.
        ConfigError: When both ``plane`` and ``at`` are given.

    Example:
        >>> import numpy as np
        >>> from featureprobe.plotting import show_volume
        >>> ax = show_volume(np.zeros((10, 14, 12, 1)), at=(4, 7, 6))
        >>> ax.images[0].get_array().shape  # 14 rows, a gap, 10 planes; 12 columns, a gap, 10 planes
        (25, 23, 3)
        >>> [text.get_text() for text in ax.texts]
        ['plane 4', 'col 6', 'row 7']
    """
    values = as_floats(volume, "volume", ["(D, H, W, C)"])
    require_finite(values, "volume")
    cut = cut_of(values, plane, at)
    shown = to_rgb(values, contrast=contrast, low=low, high=high, cut=cut)
    inch = 4.2 / max(shown.shape[:2])
    size = fit_size(shown.shape[1] * inch, shown.shape[0] * inch, margin=(0.3, 0.7))
    ax = axes_or_new(ax, size)
    ax.imshow(shown)
    bare(ax)
    notes = [STRETCH_NOTE] * contrast
    if cut.alone:
        notes.insert(0, f"plane {cut.at[0]} of {len(values)}")
    elif values.shape[3] in (1, 3):
        _say_where(ax, values.shape, cut)
    else:
        notes.insert(0, "plane {}, row {}, col {}".format(*cut.at))
    headline(ax, title, ", ".join(notes))
    return ax


def _say_where(ax: Axes, shape: tuple[int, ...], cut: Cut) -> None:
    """Name the three slices, and draw in each where the other two lie."""
    (plane, row, col), (depth, height, width, _) = cut.at, shape
    right, below = width + gap_of(shape), height + gap_of(shape)
    texts = (
        (0, 0, f"plane {plane}", "bottom"),
        (right, 0, f"col {col}", "bottom"),
        (0, below + depth, f"row {row}", "top"),
    )
    for across, down, text, side in texts:
        ax.annotate(text, (across - 0.5, down - 0.5), (0, 2 if side == "bottom" else -2),
                    textcoords="offset points", fontsize=8, color=GREY, ha="left", va=side)  # fmt: skip
    wide, long, deep = (0, width), (0, height), (0, depth)
    for origin, spot, size in (
        ((0, 0), (col, row), (wide, long)),
        ((right, 0), (plane, row), (deep, long)),
        ((0, below), (col, plane), (wide, deep)),
    ):
        (across, down), (to_col, to_row) = origin, spot
        ends, sides = (np.array(s) - 0.5 for s in size)  # from edge to edge of the slice
        ax.plot([across + to_col] * 2, down + sides, color=_CROSS, linewidth=0.7, alpha=0.75)
        ax.plot(across + ends, [down + to_row] * 2, color=_CROSS, linewidth=0.7, alpha=0.75)
    rows = below + depth
    ax.set_ylim(
        rows - 0.5 + _MARGIN * rows, -0.5 - _MARGIN * rows
    )  # room for the texts, below the title
