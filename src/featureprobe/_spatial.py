"""What is known of the rank of images: names of their axes, and of places along them. Nowhere else.

An image is (*spatial, C) with one, two or three spatial axes: a series (L, C), a picture (H, W, C), a
volume or video (D, H, W, C). Other code loops over spatial axes and asks no rank.
"""

from collections.abc import Sequence
from typing import Any

from featureprobe.errors import ConfigError

MOST = 3
"""Spatial axes at most."""

_WORDS = {1: ("position",), 2: ("row", "col"), 3: ("plane", "row", "col")}
_PLURALS = {1: ("positions",), 2: ("rows", "columns"), 3: ("planes", "rows", "columns")}
_UNITS = {1: "samples", 2: "pixels", 3: "voxels"}

Size = tuple[int, ...]
"""One number for each spatial axis."""


def spatial_of(shape: Sequence[int]) -> Size:
    """Return the sizes of the spatial axes of what has the shape (*spatial, C)."""
    return tuple(shape[:-1])


def axes_of(rank: int) -> Size:
    """Return the numbers of the spatial axes of arrays (N, *spatial, C)."""
    return tuple(range(1, rank + 1))


def part_of(place: Sequence[int], size: Sequence[int]) -> tuple[slice, ...]:
    """Return what picks a part of an array (*spatial, ...): where it begins, and its size.

    Example:
        >>> part_of((3,), (4,))
        (slice(3, 7, None),)
    """
    pairs = zip(place, size, strict=True)
    return tuple(slice(first, first + length) for first, length in pairs)


def words_of(rank: int) -> tuple[str, ...]:
    """Return the names of so many spatial axes; none where they have no names.

    Example:
        >>> words_of(1), words_of(3)
        (('position',), ('plane', 'row', 'col'))
    """
    return _WORDS.get(rank, ())


def names_of(rank: int) -> tuple[str, ...]:
    """Return the names of the axes of a layer's output that has so many, without the batch axis.

    Example:
        >>> names_of(1), names_of(3)
        (('index',), ('row', 'col', 'channel'))
    """
    return ("index",) if rank == 1 else (*words, "channel") if (words := words_of(rank - 1)) else ()


def axis_of(name: str, rank: int) -> int | None:
    """Return which axis of a layer's output with so many axes a name means; None for none of them.

    ``row`` also means the position of a series, and ``unit`` the last axis of any layer.

    Example:
        >>> axis_of("col", 3), axis_of("row", 2), axis_of("col", 2)
        (1, 0, None)
        >>> axis_of("unit", 1), axis_of("unit", 3)
        (0, 2)
    """
    if name == "unit":
        return rank - 1
    names = names_of(rank)
    own = "position" if name == "row" and rank == 2 else name
    return names.index(own) if own in names else None


def is_place(name: str) -> bool:
    """Whether an axis of this name is a spatial one."""
    return name == "position" or name in _WORDS[MOST]


def size_text(spatial: Sequence[int]) -> str:
    """Return the size of an image, or of a part of it, as text.

    Example:
        >>> size_text((96,)), size_text((28, 28))
        ('96 samples', '28 x 28 pixels')
    """
    numbers = " x ".join(map(str, spatial))
    return f"{numbers} {_UNITS.get(len(spatial), 'values')}"


def size_argument(rank: int) -> str:
    """Return how the size of images is written as an argument.

    Example:
        >>> size_argument(2)
        'size=(rows, columns)'
    """
    words = _PLURALS.get(rank, ())
    return f"size=({', '.join(words)}{',' * (rank == 1)})"


def shape_words(rank: int) -> str:
    """Return the axes of an image in words.

    Example:
        >>> shape_words(2)
        '(rows, columns, channels)'
    """
    return f"({', '.join((*_PLURALS.get(rank, ()), 'channels'))})"


def kept_place(row: Any, col: Any, position: Any, what: str) -> tuple[Any, Any, Any]:
    """Return the fields (row, col, position) as which a place is kept: one way for each place.

    Two numbers are kept as row and col, one or three as a position.

    Args:
        row: What was given.
        col: Likewise.
        position: Likewise; None, or a number for each spatial axis.
        what: Whose fields they are, for messages.

    Raises:
        ConfigError: When a place is given in both ways, or has no such number of numbers.

    Example:
        >>> kept_place(None, None, (1, 2), "a Node"), kept_place(None, None, (5,), "a Node")
        ((1, 2, None), (None, None, (5,)))
    """
    if position is None:
        return row, col, None
    if row is not None or col is not None:
        raise ConfigError(
            f"{what} has its place as position=, or as row= and col=. Received: "
            f"position={position!r}, row={row!r}, col={col!r}. Leave one out."
        )
    numbers = tuple(position) if isinstance(position, tuple | list) else ()
    if not 1 <= len(numbers) <= MOST:
        raise ConfigError(
            f"position of {what} is a tuple, one number for each spatial axis of the layer's output, "
            f"1 to {MOST} of them. Received: {position!r}. Give (5,) in a series, (row, col) in a map."
        )
    return (*numbers, None) if len(numbers) == 2 else (None, None, numbers)


def node_place(row: Any, col: Any, position: Any, what: str) -> tuple[Any, Any, Any]:
    """Return the fields (row, col, position) as which the whole place of a node is kept.

    A row without a col is a position in a series.

    Example:
        >>> node_place(5, None, None, "a Node"), node_place(None, None, (1, 2), "a Node")
        ((None, None, (5,)), (1, 2, None))
    """
    row, col, position = kept_place(row, col, position, what)
    if row is not None and col is None:
        return None, None, (row,)
    return row, col, position


def place_in(row: Any, col: Any, position: Any) -> tuple[Any, ...]:
    """Return a place as a tuple, however it is kept; empty for none."""
    return (
        tuple(position) if position is not None else tuple(i for i in (row, col) if i is not None)
    )


def inner_axes(rank: int) -> tuple[int, ...]:
    """Return all axes but the first of an array with so many: those of one image."""
    return tuple(range(1, rank))


def image_axes(rank: int) -> str:
    """Return the axes of an image of so many axes, its channels included, as text: (H, W, C)."""
    return f"({', '.join('DHW'[4 - rank :]) if rank > 2 else 'L'}, C)"


def is_image(shape: Sequence[int]) -> bool:
    """Return whether a shape is that of an image (*spatial, C), of any size."""
    return 1 <= len(spatial_of(shape)) <= MOST
