"""How scores went, step by step."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from featureprobe._arguments import checked
from featureprobe._names import MOST, in_legend
from featureprobe.plotting._axes import axes_or_new
from featureprobe.plotting._cells import headline
from featureprobe.plotting._checks import FloatLike, as_floats, require_count
from featureprobe.plotting._texts import drawable

_FEW = 10


@checked
def show_trace(
    traces: npt.ArrayLike,
    *,
    ax: Axes | None = None,
    labels: Sequence[str] | None = None,
    steps: npt.ArrayLike | None = None,
    ylabel: str = "score",
    title: str | None = None,
) -> Axes:
    """Show one line per target over the steps of a run.

    Up to ten lines have a colour each. More lines are thin and translucent, with their median
    and the band between their quartiles on top; a line that has ended counts there with its last
    value, so that the median does not jump when runs end.

    Args:
        traces: (S, N) values of N lines at S steps, or (S,) for one line. NaN and infinite
            values are gaps: a line ends where its run ended.
        ax: Axes to draw on; None makes a new figure.
        labels: N names for the legend; of use up to ten lines, ignored for more.
        steps: (S,) step numbers; None counts 0..S-1.
        ylabel: What the values are, with their unit.
        title: Title of the Axes.

    Returns:
        The Axes; the first N of ``ax.lines`` that were added are the traces, in order.

    Raises:
        ShapeError: When ``traces`` has another rank or is empty, or ``labels`` or ``steps``
            another length.

    Example:
        >>> import numpy as np
        >>> from featureprobe.plotting import show_trace
        >>> ax = show_trace(np.arange(6.0).reshape(3, 2), labels=["map 4", "map 7"])
        >>> ax.get_xlabel(), len(ax.lines)
        ('step', 2)
    """
    values = as_floats(traces, "traces", ["(S, N)", "(S,)"])
    values = np.where(np.isfinite(values), values, np.nan).reshape(len(values), -1)
    at = np.arange(len(values)) if steps is None else as_floats(steps, "steps", ["(S,)"])
    require_count(at, len(values), "steps", "rows of traces")
    require_count(labels, values.shape[1], "labels", "lines")
    ax = axes_or_new(ax, (7.0, 4.2))
    if values.shape[1] > _FEW:
        _draw_many(ax, at, values)
    else:
        _draw_few(ax, at, values, labels)
    ax.set_xlabel("step")
    ax.set_ylabel(drawable(ylabel, MOST) or "")
    ax.grid(visible=True, alpha=0.3, linewidth=0.6)
    ax.spines[["top", "right"]].set_visible(False)
    ax.xaxis.set_major_locator(MaxNLocator("auto", integer=True, steps=[1, 2, 5, 10]))
    ax.margins(x=0.02)
    headline(ax, title, "")
    return ax


def _draw_few(
    ax: Axes, at: npt.NDArray[np.generic], values: FloatLike, labels: Sequence[str] | None
) -> None:
    # A single value makes no line: show it as a point.
    marker = "o" if len(values) == 1 else None
    for k in range(values.shape[1]):
        label = None if labels is None else in_legend(labels[k])
        ax.plot(at, values[:, k], color=f"C{k}", linewidth=1.6, marker=marker, label=label)
    if labels is not None:
        ax.legend(frameon=False, fontsize=9, ncols=1 + (values.shape[1] > 5))


def _draw_many(ax: Axes, at: npt.NDArray[np.generic], values: FloatLike) -> None:
    count = values.shape[1]
    alpha = float(np.clip(25.0 / count, 0.1, 0.5))
    ax.plot(at, values, color="C0", linewidth=0.7, alpha=alpha)
    held = _hold_last(values)
    known = np.isfinite(held).any(axis=1)
    low, middle, high = np.nanquantile(held[known], [0.25, 0.5, 0.75], axis=1)
    ax.fill_between(
        at[known], low, high, color="C1", alpha=0.3, linewidth=0.0, label="quartiles", zorder=3
    )
    ax.plot(at[known], middle, color="C1", linewidth=2.2, label=f"median of {count}", zorder=4)
    ax.legend(frameon=False, fontsize=9, loc="lower right")


def _hold_last(values: FloatLike) -> FloatLike:
    last = np.where(np.isfinite(values), np.arange(len(values))[:, None], 0)
    return np.take_along_axis(values, np.maximum.accumulate(last, axis=0), axis=0)
