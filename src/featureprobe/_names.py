"""Names made safe for where they are shown: pictures, tables, HTML, file names.

Layers, images and classes are named by their owners: with a dollar, a line break, an escape code, or 300
letters. What is recorded keeps the name as it is; what is shown passes through here.
"""

import html
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

MOST = 60
"""Letters of a name in a title or a table."""

_MOST_BYTES = 255  # of a file name, on every file system that we know
_UNSHOWN = frozenset(("Cc", "Cf", "Co", "Cs", "Zl", "Zp"))  # controls, directions, separators


def visible(name: object, most: int | None = None) -> str:
    """Return a name in one line, with what cannot be seen written as an escape.

    Args:
        name: Any text.
        most: Letters to show; a longer name loses its middle. None: all.
    """
    text = "".join(map(_shown, str(name)))
    if most is None or len(text) <= most:
        return text
    end = (most - 1) // 2
    return f"{text[: most - 1 - end]}…{text[-end:]}"


def in_picture(name: object, most: int | None = MOST) -> str:
    """Return a name for a text that matplotlib draws, where dollars would begin a formula."""
    return visible(name, most).replace("$", r"\$")


def in_legend(name: object) -> str:
    """Return a name for a legend, which would leave out what begins with an underscore."""
    shown = in_picture(name, 40)
    return f" {shown}" if shown.startswith("_") else shown


def in_html(text: object) -> str:
    """Return a text for HTML, its own line breaks kept."""
    return html.escape("\n".join(visible(line) for line in str(text).split("\n")))


def in_file(name: object, *, before: str = "", after: str = "") -> str:
    """Return a file name of letters, digits and underscores that every file system takes.

    Args:
        name: Any text.
        before: What it begins with, such as a number.
        after: What it ends with, such as ``".png"``.
    """
    text = unicodedata.normalize("NFC", str(name))
    safe = "".join(c if c.isalnum() else "_" for c in text).strip("_")
    room = _MOST_BYTES - len(f"{before}{after}".encode())
    short = safe.encode("utf-8", "ignore")[:room].decode("utf-8", "ignore")
    return f"{before}{short}{after}"


def distinct(names: Sequence[str]) -> tuple[str, ...]:
    """Return names of which no two are equal: those that are get a number each."""
    often, seen = Counter(names), Counter[str]()
    made: list[str] = []
    taken = set(names)
    for name in names:
        if often[name] == 1:
            made.append(name)
            continue
        while True:
            seen[name] += 1
            numbered = f"{name} ({seen[name]})"
            if numbered not in taken:
                break
        taken.add(numbered)
        made.append(numbered)
    return tuple(made)


class Lines(str):
    """A text of several lines that shows itself as such, in a notebook and at the prompt."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def table(rows: Iterable[Sequence[str]], *, gap: str = "  ") -> Lines:
    """Return rows of texts as lines with columns; the last column is as long as it is."""
    safe = [[visible(cell, None if k else MOST) for k, cell in enumerate(row)] for row in rows]
    widths = [max(map(len, column)) for column in zip(*safe, strict=True)][:-1]
    return Lines("\n".join(gap.join([*map(str.ljust, row[:-1], widths), row[-1]]) for row in safe))


def _shown(letter: str) -> str:
    if unicodedata.category(letter) not in _UNSHOWN:
        return letter
    return letter.encode("unicode_escape").decode("ascii")
