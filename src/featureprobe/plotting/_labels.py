"""What is written beside the cells of a mosaic: names, scores, and how each run ended."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from featureprobe._names import in_picture
from featureprobe.plotting._cells import Cells, cell_points, frame_cells, number_rows, strike_cells
from featureprobe.plotting._checks import as_floats, require_count

# Okabe and Ito's colours: told apart by colour-blind readers, too.
STATUS_COLORS = {
    "converged": "#009E73",
    "rising": "#E69F00",
    "saturated": "#56B4E9",
    "dead": "#5A5A5A",
    "diverged": "#D55E00",
    "interrupted": "#CC79A7",
    "unique": "#009E73",
    "few": "#0072B2",
    "plateau": "#E69F00",
    "undefined": "#8C6D31",
}
_OTHER_COLORS = ("#0072B2", "#8C6D31", "#7B4173", "#000000")
_STRUCK = ("dead", "diverged")


@dataclass(frozen=True)
class Texts:
    """What stands beside each of N pictures.

    Args:
        names: N names.
        scores: N scores as texts; empty where there are none.
        words: N statuses, or None.
    """

    names: list[str]
    scores: list[str]
    words: list[str] | None


def texts_of(
    count: int,
    titles: Sequence[str | int] | None,
    scores: npt.ArrayLike | None,
    statuses: Sequence[str] | None,
) -> Texts:
    """Return the texts of ``count`` pictures, checked; see :func:`show_mosaic`."""
    require_count(titles, count, "titles", "images")
    require_count(statuses, count, "statuses", "images")
    return Texts(
        [in_picture(t, 24) for t in (range(count) if titles is None else titles)],
        _score_texts(scores, count),
        None if statuses is None else [in_picture(word, 24) for word in statuses],
    )


def annotate(
    ax: Axes, cells: Cells, texts: Texts, broken: set[int], *, legend_pad: float = 0.4
) -> tuple[float, bool]:
    """Write names, scores and statuses over the cells, and strike out those that show nothing.

    Args:
        ax: Where the cells are drawn.
        cells: The cells.
        texts: What to write.
        broken: Numbers of the cells without a picture.
        legend_pad: Free height above the legend of the statuses, in its letters' heights.

    Returns:
        The width of the picture in points, and whether there was room for scores.
    """
    width, height = cell_points(ax, cells)
    scored = _write(ax, cells, texts.names, texts.scores, (width, height))
    struck = set(broken)
    if texts.words is not None:
        _mark(ax, cells, texts.words, float(np.clip(0.03 * width, 0.6, 2.2)), legend_pad)
        struck |= {k for k, word in enumerate(texts.words) if word in _STRUCK}
    strike_cells(ax, cells, sorted(struck))
    return width * cells.columns, scored


def _score_texts(scores: npt.ArrayLike | None, count: int) -> list[str]:
    if scores is None:
        return [""] * count
    numbers = as_floats(scores, "scores", ["(N,)"])
    require_count(numbers, count, "scores", "images")
    return [f"{number:#.3g}" for number in numbers]


def _write(
    ax: Axes, cells: Cells, names: list[str], texts: list[str], size: tuple[float, float]
) -> bool:
    """Write names and scores as far as there is room; return whether scores were written."""
    width, height = size
    font = float(np.clip(0.8 * cells.header / cells.height * height, 0.0, 10.0))
    longest = max(map(len, names))
    if font < 4.5 or 0.62 * font * longest > width:
        number_rows(ax, cells, names, height * (1 + (cells.header + cells.gap) / cells.height))
        return False
    widest = max(len(name) + len(text) for name, text in zip(names, texts, strict=True))
    with_scores = any(texts) and bool(0.6 * font * (widest + 1) <= width)
    for k, (name, text) in enumerate(zip(names, texts, strict=True)):
        row, col = cells.origin(k)
        above = row - 0.5 - 0.12 * cells.header
        ax.text(col - 0.5, above, name, fontsize=font, weight="bold", ha="left", va="baseline")
        if with_scores:
            right = col + cells.width - 0.5
            ax.text(right, above, text, fontsize=font, alpha=0.75, ha="right", va="baseline")
    return with_scores


def _mark(ax: Axes, cells: Cells, words: list[str], line: float, pad: float) -> None:
    present = [word for word in STATUS_COLORS if word in words]
    others = [word for word in dict.fromkeys(words) if word not in STATUS_COLORS]
    handles = []
    for place, word in enumerate(present + others):
        other = _OTHER_COLORS[(place - len(present)) % len(_OTHER_COLORS)]
        color = STATUS_COLORS.get(word, other)
        which = [k for k, found in enumerate(words) if found == word]
        frame_cells(ax, cells, which, color=color, width=line)
        label = f"{word}{', struck through' if word in _STRUCK else ''} ({len(which)})"
        handles.append(Patch(facecolor="none", edgecolor=color, linewidth=2.0, label=label))
    room = cells.columns * cell_points(ax, cells)[0]
    ax.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(0.0, 0.0), frameon=False, fontsize=9,
        ncols=max(1, min(len(handles), int(room // 110.0))), handlelength=1.0, handleheight=1.0,
        borderaxespad=pad, borderpad=0.0, columnspacing=1.4,
    )  # fmt: skip
