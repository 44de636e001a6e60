"""Texts of a finished picture that hold names: no formulas, no control characters, no endless words."""

from collections.abc import Iterable, Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure, SubFigure
from matplotlib.mathtext import MathTextParser
from matplotlib.text import Text
from matplotlib.ticker import FixedFormatter, FuncFormatter

from featureprobe._names import visible

_LONGEST_WORD, _LONGEST_TICK, _LONGEST_LINE = 48, 36, 120
_NARROW = 0.5  # width of a narrow letter: what does not fit by this measure fits by none


def with_plain_names(
    drawn: Axes | Figure | SubFigure, options: Mapping[str, Any] | None = None
) -> None:
    """Show all texts of a picture letter by letter, except those that the user gave.

    Args:
        drawn: What the library has drawn on.
        options: Keywords of the user: a title among them may hold a formula.
    """
    given = {value for value in (options or {}).values() if isinstance(value, str)}
    for text in drawn.findobj(Text):
        if isinstance(text, Text) and text.get_text() not in given:
            _make_plain(text)
    for ax in [drawn] if isinstance(drawn, Axes) else drawn.axes:
        for axis in (ax.xaxis, ax.yaxis):
            _make_ticks_plain(axis)


def drawable(title: str | None, most: int = _LONGEST_LINE) -> str | None:
    """Return a title that matplotlib can draw: as it is, or with its dollars as dollars.

    Args:
        title: What was given.
        most: Letters of a line; a longer one loses its middle.
    """
    if title is None:
        return None
    shown = "\n".join(visible(_line(line), most) for line in title.split("\n"))
    if "$" not in shown:
        return shown
    try:
        MathTextParser("path").parse(shown)
    except ValueError:  # no formula
        return shown.replace("$", r"\$")
    return shown


def _make_plain(text: Text) -> None:
    whole = text.get_text()
    if r"\mathdefault" in whole:  # an axis' own numbers, such as 10 to the third
        return
    most = _fitting(text) if len(whole) > _LONGEST_WORD else None
    plain = "\n".join(visible(_line(line), most) for line in whole.split("\n"))
    if plain != whole:
        text.set_text(plain)
    text.set_parse_math("$" not in plain or r"\$" in plain)


def _fitting(text: Text) -> int:
    """Return about how many letters fit between a text's place and the edges of the figure.

    A layout makes room for what stands out of the figure, until nothing is left for the picture.
    """
    figure = text.figure
    if figure is None:
        return _LONGEST_LINE
    upright = text.get_rotation() in (90.0, 270.0)
    low, high = figure.bbox.intervaly if upright else figure.bbox.intervalx
    at = float(text.get_transform().transform(text.get_position())[int(upright)])
    side = "center" if upright else text.get_horizontalalignment()
    room = {"left": high - at, "right": at - low}.get(side, 2 * min(at - low, high - at))
    letter = _NARROW * float(text.get_fontsize()) * figure.dpi / 72
    return max(_LONGEST_WORD, int(room / letter))


def _make_ticks_plain(axis: Axis) -> None:
    if not isinstance(axis.get_major_formatter(), FixedFormatter | FuncFormatter):
        return
    labels = axis.get_ticklabels()
    names = [label.get_text() for label in labels]
    plain = [visible(name, _LONGEST_TICK) for name in names]
    if plain != names:
        axis.set_ticks(list(axis.get_ticklocs()), plain)
    for label in labels:
        label.set_parse_math(False)


def _line(line: str) -> str:
    words: Iterable[str] = visible(line).split(" ")
    return " ".join(visible(word, _LONGEST_WORD) for word in words)
