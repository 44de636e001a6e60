"""Series as curves: one a start, its channels in lanes; many channels as a strip of colours."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from featureprobe._arguments import checked
from featureprobe._names import MOST, in_legend, in_picture
from featureprobe.errors import DataError
from featureprobe.plotting._axes import axes_or_new
from featureprobe.plotting._cells import headline
from featureprobe.plotting._checks import FloatLike, as_floats, require_count, require_interval
from featureprobe.plotting._texts import drawable
from featureprobe.plotting.maps import as_colormap

MOST_LANES = 12
"""Channels that are drawn as curves; more become a strip of colours."""

_FEW = 10  # curves that can be told apart by colour
_FILLED = 0.86  # of a lane
_FILLS = 0.1  # the part of a scale that shows something
_Names = Sequence[str | int]


@checked
def show_series(
    series: npt.ArrayLike,
    *,
    ax: Axes | None = None,
    names: _Names | None = None,
    channels: _Names | None = None,
    low: float | None = None,
    high: float | None = None,
    title: str | None = None,
) -> Axes:
    """Show a series, or several of one shape such as the starts of an ascent.

    One channel is a curve over the sample numbers. Up to twelve channels stand in lanes, one below
    the other, all on one scale, which a note gives. More channels are rows of colours. Up to ten
    series have a colour each and stand in a legend; of more, the first is drawn over thin others.

    Args:
        series: (L, C), or (S, L, C) for S series, in pixel units. Never written to. NaN and
            infinite values are gaps.
        ax: Axes to draw on; None makes a new figure.
        names: S names for the legend; None numbers the series.
        channels: C names of the channels; None numbers them.
        low: Lower end of the scale; None: the smallest value.
        high: Upper end; None: the largest value. What lies beyond either end is drawn, too.
        title: Title of the Axes.

    Returns:
        The Axes. Its first C x S ``lines`` are the curves, channel by channel of the first series,
        then of the second; a strip of colours is ``ax.images[0]``.

    Raises:
        ShapeError: When ``series`` has another rank or is empty, or names another length.
        DataError: When no value is finite.
        RangeError: When ``low`` is not below ``high``.

    Example:
        >>> import numpy as np
        >>> from featureprobe.plotting import show_series
        >>> ax = show_series(np.sin(np.arange(96.0))[:, None], title="stem, map 3")
        >>> ax.get_xlabel(), ax.get_ylabel(), len(ax.lines)
        ('sample', 'value', 1)
        >>> show_series(np.zeros((96, 7))).get_ylabel()
        'channel'
    """
    values = as_floats(series, "series", ["(L, C)", "(S, L, C)"])
    values = values[None] if values.ndim == 2 else values
    values = np.where(np.isfinite(values), values, np.nan)
    if not np.isfinite(values).any():
        raise DataError(
            "series holds no finite value. A run that diverged makes such; leave it out."
        )
    count, _, lanes = values.shape
    require_count(names, count, "names", "series")
    require_count(channels, lanes, "channels", "channels of the series")
    scale = ends_of(values, low, high)
    curves = lanes <= MOST_LANES
    ax = axes_or_new(ax, (7.2, _height(count, lanes)))
    rows = [in_picture(c, 12) for c in (range(lanes) if channels is None else channels)]
    if not curves:
        _draw_strips(ax, values, scale, names, rows)
    else:
        _draw_curves(ax, values, scale, names)
        _label_lanes(ax, rows, scale)
    _finish(ax, values.shape[1])
    note = f"each lane: {scale[0]:.3g} to {scale[1]:.3g}" if 1 < lanes <= MOST_LANES else ""
    headline(ax, title, note)
    return ax


def ends_of(values: FloatLike, low: float | None, high: float | None) -> tuple[float, float]:
    """Return the (low, high) of a scale that holds all finite values, and what was given."""
    if low is not None and high is not None:
        require_interval(low, high, "low..high")
    finite = values[np.isfinite(values)]
    least = min([float(finite.min())] + ([] if low is None else [float(low)]))
    most = max([float(finite.max())] + ([] if high is None else [float(high)]))
    if most <= least:
        room = max(1e-3, 0.05 * abs(least))  # a constant series still needs a scale
        return least - room, most + room
    return least, most


def scale_for(values: FloatLike, low: float, high: float) -> tuple[float, float]:
    """Return the scale of series: ``low..high`` where they lie in it and fill it, else their own.

    The range 0..255 that functions on images begin with says nothing of millivolts.
    """
    own = ends_of(values, None, None)
    inside = low <= own[0] and own[1] <= high and own[1] - own[0] > _FILLS * (high - low)
    return (low, high) if inside else own


def in_lanes(values: FloatLike, scale: tuple[float, float]) -> FloatLike:
    """Return (..., L, C) values as heights: channel c lies about c, larger values are smaller numbers."""
    low, high = scale
    share = (values - low) / (high - low) - 0.5
    return np.arange(values.shape[-1]) - _FILLED * share


def _height(count: int, lanes: int) -> float:
    if lanes > MOST_LANES:
        return float(np.clip(0.05 * lanes * count + 1.2, 3.0, 9.0))
    return float(np.clip(0.55 * lanes + 1.2, 2.8, 8.0))


def _draw_curves(
    ax: Axes, values: FloatLike, scale: tuple[float, float], names: _Names | None
) -> None:
    count, length, lanes = values.shape
    heights = values if lanes == 1 else in_lanes(values, scale)
    marker = "o" if length == 1 else None  # a single sample makes no line
    for k, own in enumerate(heights):
        many, thin = count > _FEW, count > _FEW and k > 0
        label = None if names is None else in_legend(names[k])
        if many:
            label = {0: label or "first", 1: f"{count - 1} others"}.get(k)
        lines = ax.plot(
            own, marker=marker, color="0.55" if thin else f"C{k % 10}", linewidth=1.0 if k else 1.6,
            alpha=0.5 if thin else 0.9, zorder=2 if k else 3,
        )  # fmt: skip
        if label is None and count > 1 and not many:
            label = str(k)
        if label is not None:
            lines[0].set_label(label)
    if count > 1 or names is not None:
        ax.legend(frameon=False, fontsize=9, loc="upper left", bbox_to_anchor=(1.0, 1.0))


def _label_lanes(ax: Axes, names: list[str], scale: tuple[float, float]) -> None:
    lanes = len(names)
    if lanes == 1:
        room = 0.04 * (scale[1] - scale[0])
        ax.set_ylim(scale[0] - room, scale[1] + room)
        ax.set_ylabel("value" if names == ["0"] else names[0])
        return
    ax.set_ylim(lanes - 0.5, -0.5)
    ax.set_yticks(range(lanes), names)
    ax.set_ylabel("channel")
    ax.hlines(np.arange(lanes - 1) + 0.5, *(0, 1), transform=ax.get_yaxis_transform(),
              color="0.88", linewidth=0.6, zorder=0)  # fmt: skip
    ax.tick_params(axis="y", length=0)


def _draw_strips(
    ax: Axes,
    values: FloatLike,
    scale: tuple[float, float],
    names: _Names | None,
    rows: list[str],
) -> None:
    """Draw channels as rows of colours; the strips of several series lie below one another."""
    count, length, lanes = values.shape
    gap = 0 if count == 1 else max(1, lanes // 12)
    canvas = np.full((count * (lanes + gap) - gap, length), np.nan)
    for k, own in enumerate(values):
        canvas[k * (lanes + gap) : k * (lanes + gap) + lanes] = own.T
    low, high = scale
    image = ax.imshow(canvas, aspect="auto", interpolation="nearest", vmin=low, vmax=high,
                      cmap=as_colormap("RdBu_r" if low < 0 < high else "viridis"))  # fmt: skip
    if low < 0 < high:  # white is 0
        image.set_clim(-max(-low, high), max(-low, high))
    if count == 1:
        places = MaxNLocator(8, integer=True, steps=[1, 2, 5, 10]).tick_values(0, lanes - 1)
        ticks = [int(t) for t in places if 0 <= t < lanes]
        ax.set_yticks(ticks, [rows[t] for t in ticks])
        ax.set_ylabel("channel")
    else:
        middles = [k * (lanes + gap) + (lanes - 1) / 2 for k in range(count)]
        ax.set_yticks(middles, [in_picture(n, 24) for n in (names or range(count))])
        ax.set_ylabel(f"{lanes} channels of each")
    bar = ax.figure.colorbar(image, ax=ax, fraction=0.04, pad=0.02)
    bar.set_label("value", fontsize=9)
    bar.outline.set_visible(False)


def _finish(ax: Axes, length: int) -> None:
    ax.set_xlabel(drawable("sample", MOST) or "")
    ax.spines[["top", "right"]].set_visible(False)
    ax.xaxis.set_major_locator(MaxNLocator("auto", integer=True, steps=[1, 2, 5, 10]))
    ax.set_xlim(-0.5, length - 0.5)
