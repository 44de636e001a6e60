"""How a call's output is read from its inputs: what a rule for a kind of layer says, once for all.

Receptive fields follow from the readings; so does what region of the inputs a region of the output
needs, and ``run`` says how to compute it from that region alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from keras import tree

from featureprobe._spatial import spatial_of
from featureprobe.probe.fields.readings import Reading, everything, same
from featureprobe.probe.graph.call import Call, Slot

Shape = tuple[int, ...]

Axes = tuple[Reading, ...]
"""One for each spatial axis."""


@dataclass(frozen=True, eq=False)
class Place:
    """One result of one call, with all shapes, without the batch axis.

    Attributes:
        call: The call.
        index: Which of its results.
        sources: Shape of each source.
        made: Shape of the result.
        rank: Spatial axes of the image; what has as many, and channels, is laid out along them.
    """

    call: Call
    index: int
    sources: tuple[Shape, ...]
    made: Shape
    rank: int

    @property
    def layer(self) -> Any:
        """The user's layer or operation."""
        return self.call.layer

    @property
    def is_single(self) -> bool:
        """Whether spatial axes of one source become spatial axes."""
        return len(self.sources) == 1 and self.are_laid_out(*self.sources, self.made)

    def are_laid_out(self, *shapes: Shape) -> bool:
        """Whether these shapes have the image's spatial axes, and channels."""
        return all(len(shape) == self.rank + 1 for shape in shapes)

    def axis_numbers(self, axes: Any) -> set[int] | None:
        """Return axes of (N, *spatial, C) as a set of numbers from 0; None for other things."""
        several, count = axes if isinstance(axes, list | tuple) else (axes,), self.rank + 2
        whole = all(isinstance(a, int | np.integer) and -count <= a < count for a in several)
        return {int(a) % count for a in several} if several and whole else None

    def argument(self, number: int, name: str) -> Any:
        """Return an argument of the call; None when it was not given."""
        given = self.call.args[number] if number < len(self.call.args) else None
        return self.call.kwargs.get(name, given)


@dataclass(frozen=True, eq=False)
class Passage:
    """How one result is read from the sources of its call.

    Attributes:
        readings: Of each source by spatial axis; None when all of it may count everywhere.
        run: How a region is computed. ``"whole"``: it is not, all of the output is. ``"pointwise"``:
            by the layer as it is. ``"window"``: by the layer without padding, on padded values.
            ``"padding"``: by padding. ``"picked"``: by picking positions. ``"cut"``: by the
            layer, of whose output a part is taken. ``"transposed"``: likewise, on padded values,
            without the layer's own padding. ``"reshaped"``: by reshaping the channels.
        cut: For the last ones, by axis: input position i stands at ``i * factor - before``.
    """

    readings: tuple[Axes | None, ...]
    run: str = "whole"
    cut: tuple[tuple[int, int], ...] = ()


Rule = Callable[[Place], Passage | None]


def by_axis(place: Place, rule: Callable[[int, int, int], Reading], run: str) -> Passage | None:
    """Return the passage of a single source.

    Args:
        place: The call.
        rule: From spatial axis (from 0), positions of the input and of the output.
        run: As in :class:`Passage`.
    """
    if not place.is_single:
        return None
    axes = tuple(rule(i, place.sources[0][i], place.made[i]) for i in range(place.rank))
    return Passage((axes,), run)


def pointwise(place: Place) -> Passage:
    """Each position of the output reads its namesakes, or what is broadcast to it."""
    readings = tuple(_broadcast(place, shape) for shape in place.sources)
    return Passage(readings, "pointwise" if _is_uniform(place) else "whole")


def along(place: Place, axes: Any) -> Passage | None:
    """Each position also reads all others along some axes, the batch counted as axis 0."""
    numbers = place.axis_numbers(axes)
    if numbers is None or not place.is_single or 0 in numbers:
        return None
    if numbers <= {place.rank + 1}:
        return pointwise(place)

    def reading(axis: int, size: int, length: int) -> Reading:
        return everything(size, length) if axis + 1 in numbers else same(size)

    return by_axis(place, reading, "whole")


def _broadcast(place: Place, shape: Shape) -> Axes | None:
    if not place.are_laid_out(shape, place.made):
        return None
    pairs = list(zip(spatial_of(shape), spatial_of(place.made), strict=True))
    if any(size not in (1, length) for size, length in pairs):
        return None
    return tuple(same(n) if n == length else everything(n, length) for n, length in pairs)


def _is_uniform(place: Place) -> bool:
    """Whether a call does the same at every position."""
    layer = place.layer
    if not place.are_laid_out(*place.sources, place.made):
        return False
    names = ("scale", "offset", "mean", "variance", "x_min", "x_max")
    numbers = [a for a in tree.flatten((place.call.args, place.call.kwargs)) if _is_constant(a)]
    numbers += [getattr(layer, name, None) for name in names]
    numbers += [*getattr(layer, "weights", ())]
    numbers += [*getattr(getattr(layer, "activation", None), "weights", ())]
    axis = getattr(layer, "axis", None)
    by_channel = axis is None or axis == () or place.axis_numbers(axis) == {place.rank + 1}
    return by_channel and all(is_same_everywhere(number, place.rank) for number in numbers)


def _is_constant(argument: Any) -> bool:
    return not isinstance(argument, Slot)


def is_same_everywhere(number: Any, rank: int) -> bool:
    """Whether a constant or weight has no spatial axis."""
    shape = getattr(number, "shape", None)
    if shape is None:
        shape = np.shape(number) if isinstance(number, list | tuple) else ()
    return all(size == 1 for size in tuple(shape)[-(rank + 1) : -1])
