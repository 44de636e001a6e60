"""The output vector of a model as bars."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from featureprobe._arguments import checked
from featureprobe._names import in_picture
from featureprobe.plotting._axes import axes_or_new
from featureprobe.plotting._cells import headline
from featureprobe.plotting._checks import (
    FloatLike,
    as_floats,
    require_count,
    require_finite,
    require_whole,
)


@checked
def show_prediction(
    probabilities: npt.ArrayLike,
    labels: Sequence[str] | None = None,
    *,
    ax: Axes | None = None,
    top: int = 20,
    title: str | None = None,
) -> Axes:
    """Show the output of a model for one image: a bar and a number per class, largest in colour.

    Args:
        probabilities: (n,) finite values; other outputs than probabilities, such as logits, are
            shown on their own range.
        labels: n names of the classes; None numbers them 0..n-1.
        ax: Axes to draw on; None makes a new figure.
        top: The most bars. Up to ``top`` classes stand in their own order; of more, the ``top``
            largest are shown in falling order, and a note says so.
        title: Title of the Axes.

    Returns:
        The Axes; the bars are ``ax.patches``, from the top.

    Raises:
        ShapeError: When ``probabilities`` has another rank or is empty, or ``labels`` another
            length.
        DataError: When a value is NaN or infinite.
        RangeError: When ``top`` is below 1.

    Example:
        >>> from featureprobe.plotting import show_prediction
        >>> ax = show_prediction([0.9356, 0.0621, 0.0023], labels=["4", "9", "7"])
        >>> [text.get_text() for text in ax.texts]
        ['0.936', '0.062', '0.002']
    """
    values = as_floats(probabilities, "probabilities", ["(n,)"])
    require_finite(values, "probabilities")
    require_count(labels, len(values), "labels", "classes")
    require_whole(top, "top")
    order = list(range(len(values)))
    if len(values) > top:
        order = np.argsort(-values, kind="stable")[:top].tolist()
    names = [str(k) if labels is None else in_picture(labels[k], 30) for k in order]
    ax = axes_or_new(ax, (3.6, 0.9 + 0.26 * len(order)))
    largest = int(np.argmax(values))
    colors = ["C0" if k == largest else "0.7" for k in order]
    ax.barh(np.arange(len(order)), values[order], color=colors, height=0.72)
    _write_values(ax, values[order])
    ax.set_yticks(np.arange(len(order)), names, fontsize=8)
    ax.set_ylim(len(order) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.tick_params(axis="x", labelsize=8)
    ax.spines[["top", "right"]].set_visible(False)
    note = f"largest {top} of {len(values)}" if len(values) > top else ""
    headline(ax, title, note)
    return ax


def _write_values(ax: Axes, values: FloatLike) -> None:
    low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
    are_probabilities = low == 0.0 and high <= 1.0
    if are_probabilities:
        ax.set_xlim(0.0, 1.24)
        ax.set_xticks([0.0, 0.5, 1.0])
    else:
        room = 0.22 * ((high - low) or 1.0)
        ax.set_xlim(low - room * (low < 0.0), high + room)
    ax.set_xlabel("probability" if are_probabilities else "output", fontsize=9)
    for place, value in enumerate(values):
        text = format_value(float(value), are_probabilities)
        right = value >= 0.0
        ax.annotate(
            text, (float(value), place), (3 if right else -3, 0), textcoords="offset points",
            ha="left" if right else "right", va="center", fontsize=7.5, annotation_clip=False,
        )  # fmt: skip


def format_value(value: float, probability: bool) -> str:
    """Return a number of about three digits: ``0.936``, ``6e-05``, ``12.3``."""
    if not probability:
        return f"{value:.3g}"
    return f"{value:.0e}" if 0.0 < value < 0.0005 else f"{value:.3f}"
