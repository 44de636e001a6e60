"""How a call's output is read from its inputs: what a rule for a kind of layer says, once for all.

Receptive fields follow from the readings; so does what region of the inputs a region of the output
needs, and ``run`` says how to compute it from that region alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from keras import tree

from featureprobe.probe.fields.readings import Reading, everything, same
from featureprobe.probe.graph.call import Call, Slot

Shape = tuple[int, ...]

Axes = tuple[Reading, Reading]
"""Rows and columns."""


@dataclass(frozen=True, eq=False)
class Place:
    """One result of one call, with all shapes, without the batch axis.

    Attributes:
        call: The call.
        index: Which of its results.
        sources: Shape of each source.
        made: Shape of the result.
    """

    call: Call
    index: int
    sources: tuple[Shape, ...]
    made: Shape

    @property
    def layer(self) -> Any:
        """The user's layer or operation."""
        return self.call.layer

    @property
    def is_single(self) -> bool:
        """Whether rows and columns of one source become rows and columns."""
        return len(self.sources) == 1 and len(self.sources[0]) == len(self.made) == 3

    def argument(self, number: int, name: str) -> Any:
        """Return an argument of the call; None when it was not given."""
        given = self.call.args[number] if number < len(self.call.args) else None
        return self.call.kwargs.get(name, given)


@dataclass(frozen=True, eq=False)
class Passage:
    """How one result is read from the sources of its call.

    Attributes:
        readings: Of each source by rows and columns; None when all of it may count everywhere.
        run: How a region is computed. ``"whole"``: it is not, all of the output is. ``"pointwise"``:
            by the layer as it is. ``"window"``: by the layer without padding, on padded values.
            ``"padding"``: by padding. ``"picked"``: by picking rows and columns. ``"cut"``: by the
            layer, of whose output a part is taken. ``"transposed"``: likewise, on padded values,
            without the layer's own padding. ``"reshaped"``: by reshaping the channels.
        cut: For the last ones, by axis: input position i stands at ``i * factor - before``.
    """

    readings: tuple[Axes | None, ...]
    run: str = "whole"
    cut: tuple[tuple[int, int], tuple[int, int]] = ((1, 0), (1, 0))


Rule = Callable[[Place], Passage | None]


def by_axis(place: Place, rule: Callable[[int, int, int], Reading], run: str) -> Passage | None:
    """Return the passage of a single source.

    Args:
        place: The call.
        rule: From axis (0 for rows, 1 for columns), positions of the input and of the output.
        run: As in :class:`Passage`.
    """
    if not place.is_single:
        return None
    rows, cols = (rule(i, place.sources[0][i], place.made[i]) for i in (0, 1))
    return Passage(((rows, cols),), run)


def pointwise(place: Place) -> Passage:
    """Each position of the output reads its namesakes, or what is broadcast to it."""
    readings = tuple(_broadcast(shape, place.made) for shape in place.sources)
    return Passage(readings, "pointwise" if _is_uniform(place) else "whole")


def along(place: Place, axes: Any) -> Passage | None:
    """Each position also reads all others along some axes, the batch counted as axis 0."""
    numbers = axis_numbers(axes)
    if numbers is None or not place.is_single or 0 in numbers:
        return None
    if numbers <= {3}:
        return pointwise(place)

    def reading(axis: int, size: int, length: int) -> Reading:
        return everything(size, length) if axis + 1 in numbers else same(size)

    return by_axis(place, reading, "whole")


def axis_numbers(axes: Any) -> set[int] | None:
    """Return axes of (N, rows, columns, channels) as a set from 0 to 3; None for other things."""
    several = axes if isinstance(axes, list | tuple) else (axes,)
    if not several or not all(isinstance(a, int | np.integer) and -4 <= a < 4 for a in several):
        return None
    return {int(a) % 4 for a in several}


def _broadcast(shape: Shape, made: Shape) -> Axes | None:
    if len(shape) != 3 or len(made) != 3:
        return None
    pairs = list(zip(shape[:2], made[:2], strict=True))
    if any(size not in (1, length) for size, length in pairs):
        return None
    rows, cols = (same(n) if n == length else everything(n, length) for n, length in pairs)
    return rows, cols


def _is_uniform(place: Place) -> bool:
    """Whether a call does the same at every position."""
    layer = place.layer
    if any(len(shape) != 3 for shape in (*place.sources, place.made)):
        return False
    names = ("scale", "offset", "mean", "variance", "x_min", "x_max")
    numbers = [a for a in tree.flatten((place.call.args, place.call.kwargs)) if _is_constant(a)]
    numbers += [getattr(layer, name, None) for name in names]
    numbers += [*getattr(layer, "weights", ())]
    numbers += [*getattr(getattr(layer, "activation", None), "weights", ())]
    axis = getattr(layer, "axis", None)
    by_channel = axis is None or axis == () or axis_numbers(axis) == {3}
    return by_channel and all(map(is_same_everywhere, numbers))


def _is_constant(argument: Any) -> bool:
    return not isinstance(argument, Slot)


def is_same_everywhere(number: Any) -> bool:
    """Whether a constant or weight has no axis for rows and columns."""
    shape = getattr(number, "shape", None)
    if shape is None:
        shape = np.shape(number) if isinstance(number, list | tuple) else ()
    return all(size == 1 for size in tuple(shape)[-3:-1])
