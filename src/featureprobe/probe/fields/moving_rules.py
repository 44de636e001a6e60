"""What is known of operations that move values: slices, padding, stacking, reshaping."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from featureprobe._spatial import spatial_of
from featureprobe.probe.fields import readings
from featureprobe.probe.fields.passages import (
    Passage,
    Place,
    Rule,
    by_axis,
    pointwise,
)
from featureprobe.probe.fields.readings import Reading

Taken = npt.NDArray[np.int64]
_ALL = slice(None)
_LIKE_NUMPY = ("reflect", "symmetric", "edge")  # modes of padding that repeat the image


def reshaped(place: Place) -> Passage | None:
    """Return the passage of a reshaping that leaves spatial axes what they are."""
    if not place.is_single or spatial_of(place.sources[0]) != spatial_of(place.made):
        return None
    return by_axis(place, lambda _, size, __: readings.same(size), "reshaped")


def concatenation(place: Place) -> Passage | None:
    """Return the passage of sources laid side by side."""
    numbers = place.axis_numbers(place.layer.axis)
    if numbers is None or not place.are_laid_out(*place.sources, place.made):
        return None
    if numbers == {place.rank + 1}:
        return pointwise(place)
    if numbers == {0}:
        return None
    axis, first = numbers.pop() - 1, 0
    found = []
    for shape in place.sources:
        each = [readings.same(n) for n in spatial_of(shape)]
        each[axis] = readings.shifted(shape[axis], place.made[axis], -first)
        found.append(tuple(each))
        first += shape[axis]
    return Passage(tuple(found))


def _moved(place: Place, at: Callable[[Taken, int], Any], *, whole: bool = False) -> Passage | None:
    """Return the passage of a call that takes each position along an axis from one of its input.

    Args:
        place: The call.
        at: From the numbers of the input's positions and the axis (from 0), those that are taken.
        whole: Whether channels are moved, too.
    """
    if not place.is_single:
        return None

    def reading(axis: int, size: int, length: int) -> Reading:
        taken = np.asarray(at(np.arange(size), axis))
        steps = set(np.diff(taken).tolist())
        regular = len(steps) == 1 and len(taken) > 1
        return readings.picked(size, taken, (1, steps.pop()) if regular else None)

    found = by_axis(place, reading, "whole" if whole else "picked")
    fits = found is not None and all(
        reading.length == made for reading, made in zip(_axes(found), place.made)
    )
    return found if fits else None


def _axes(passage: Passage) -> tuple[Reading, ...]:
    return passage.readings[0] or ()


def _item(place: Place) -> Passage | None:
    key = place.argument(1, "key")
    keys = _keys(key if isinstance(key, tuple | list) else (key,), place.rank + 2)
    if keys is None or keys[0] != _ALL:
        return None
    if all(own == _ALL for own in keys[1:-1]):
        return pointwise(place) if place.is_single else None  # channels alone
    return _moved(place, lambda here, axis: here[keys[axis + 1]], whole=keys[-1] != _ALL)


def _keys(given: Any, count: int) -> list[slice] | None:
    """Return one slice for each of so many axes; None when axes come or go."""
    parts = list(given)
    gaps = [i for i, part in enumerate(parts) if part is Ellipsis]
    gap = gaps[0] if gaps else len(parts)
    own = [part for part in parts if part is not Ellipsis]
    if len(gaps) > 1 or len(own) > count or not all(_is_slice(part) for part in own):
        return None
    return [*own[:gap], *[_ALL] * (count - len(own)), *own[gap:]]


def _is_slice(part: Any) -> bool:
    return isinstance(part, slice) and all(
        end is None or isinstance(end, int) for end in (part.start, part.stop, part.step)
    )


def _slice(place: Place) -> Passage | None:
    first = place.argument(1, "start_indices")
    fixed = isinstance(first, list | tuple | np.ndarray) and len(first) == place.rank + 2
    if not fixed or not place.is_single or not all(isinstance(i, int | np.integer) for i in first):
        return None
    cut = (int(first[-1]), place.made[-1]) != (0, place.sources[0][-1])
    return _moved(
        place,
        lambda here, axis: here[int(first[axis + 1]) :][: place.made[axis]],
        whole=cut or int(first[0]) != 0,
    )


def _pad(place: Place) -> Passage | None:
    op, count = place.layer, place.rank + 2
    widths = list(op.pad_width) * (count if len(op.pad_width) == 1 else 1)
    constant = place.argument(1, "constant_values")
    if len(widths) != count or tuple(widths[0]) != (0, 0):
        return None
    whole = tuple(widths[-1]) != (0, 0)
    if op.mode in _LIKE_NUMPY:
        return _moved(
            place, lambda here, axis: np.pad(here, widths[axis + 1], mode=op.mode), whole=whole
        )
    zeros = constant is None or (isinstance(constant, int | float) and constant == 0)
    return by_axis(
        place,
        lambda axis, size, length: readings.shifted(size, length, -int(widths[axis + 1][0])),
        "padding" if op.mode == "constant" and zeros and not whole else "whole",
    )


def _flip(place: Place) -> Passage | None:
    numbers = place.axis_numbers(place.layer.axis)
    return None if numbers is None or 0 in numbers else _flipped(place, numbers)


def _flip_first(place: Place) -> Passage | None:
    return _flipped(place, {1})


def _flipped(place: Place, numbers: set[int]) -> Passage | None:
    return _moved(
        place,
        lambda here, axis: here[::-1] if axis + 1 in numbers else here,
        whole=place.rank + 1 in numbers,
    )


def _roll(place: Place) -> Passage | None:
    op, own = place.layer, _own_axis(place)
    if not own or not isinstance(op.shift, int):
        return None
    return _moved(
        place,
        lambda here, axis: np.roll(here, op.shift) if axis + 1 == own else here,
        whole=own == place.rank + 1,
    )


def _repeat(place: Place) -> Passage | None:
    op, own = place.layer, _own_axis(place)
    if not own or not isinstance(op.repeats, int):
        return None

    def at(here: Taken, axis: int) -> Taken:
        return np.repeat(here, op.repeats) if axis + 1 == own else here

    return _moved(place, at, whole=own == place.rank + 1)


def _own_axis(place: Place) -> int | None:
    """Return the one axis along which a call moves values, the batch being 0; None for no such axis."""
    axis = place.layer.axis
    numbers = place.axis_numbers(axis) if isinstance(axis, int) else None
    return None if numbers is None else numbers.pop()


def _tile(place: Place) -> Passage | None:
    repeats = place.layer.repeats
    several = repeats if isinstance(repeats, list | tuple) else (repeats,)
    count = place.rank + 2
    times = (1,) * (count - len(several)) + tuple(several)
    if len(times) != count or not all(isinstance(t, int) for t in times) or times[0] != 1:
        return None
    return _moved(place, lambda here, axis: np.tile(here, times[axis + 1]), whole=times[-1] != 1)


def _take(place: Place) -> Passage | None:
    own, indices = _own_axis(place), np.asarray(place.argument(1, "indices"))
    if not own or indices.dtype.kind not in "iu" or indices.ndim != 1 or indices.size == 0:
        return None

    def at(here: Taken, axis: int) -> Taken:
        # Beyond the end, what is taken is not promised.
        kept = (indices >= -len(here)) & (indices < len(here))
        return here[indices] if axis + 1 == own and kept.all() else here

    return _moved(place, at, whole=own == place.rank + 1)


def _split(place: Place) -> Passage | None:
    op = place.layer
    numbers = place.axis_numbers(op.axis)
    if numbers is None or 0 in numbers or not place.is_single:
        return None
    if numbers == {place.rank + 1}:
        return Passage(pointwise(place).readings)
    own, many = numbers.pop() - 1, op.indices_or_sections

    def at(here: Taken, axis: int) -> Taken:
        return np.split(here, many)[place.index] if axis == own else here

    return _moved(place, at, whole=True)


def _blocks_to_depth(place: Place) -> Passage | None:
    block = place.layer.block_size
    return by_axis(
        place, lambda _, size, n: readings.window(size, n, taps=block, stride=block), "pointwise"
    )


def _depth_to_blocks(place: Place) -> Passage | None:
    block = place.layer.block_size
    found = by_axis(
        place, lambda _, size, n: readings.picked(size, np.arange(n) // block, (block, 1)), "cut"
    )
    return found and Passage(found.readings, "cut", ((block, 0),) * place.rank)


def _transpose(place: Place) -> Passage | None:
    axes = place.layer.axes
    count = place.rank + 2
    still = axes is not None and [int(a) % count for a in axes] == list(range(count))
    return pointwise(place) if still else None


MOVES: dict[str, Rule] = {
    "GetItem": _item,
    "Slice": _slice,
    "Pad": _pad,
    "Flip": _flip,
    "Fliplr": _flip_first,  # its second axis, which is the first spatial one
    "Roll": _roll,
    "Repeat": _repeat,
    "Tile": _tile,
    "Take": _take,
    "Concatenate": concatenation,
    "Split": _split,
    "Reshape": reshaped,
    "Transpose": _transpose,
    "DepthToSpace": _depth_to_blocks,
    "SpaceToDepth": _blocks_to_depth,
}
