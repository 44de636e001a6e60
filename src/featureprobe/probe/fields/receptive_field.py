"""Which pixels each output of a layer can see, exactly, from the layer graph alone.

Each spatial axis is treated apart, since windows are boxes. Where branches meet, the union is
taken per axis, which can only make a field too large, never too small.
"""

from collections.abc import Mapping, Sequence

from featureprobe._spatial import Size, spatial_of
from featureprobe.probe.fields.layer_rules import passage_of
from featureprobe.probe.fields.passages import Axes, Place
from featureprobe.probe.fields.reach import AxisField, nothing, pixels, spread, through, union
from featureprobe.probe.graph.call import Call
from featureprobe.probe.graph.layer_graph import LayerGraph

Field = tuple[AxisField, ...]
"""One for each spatial axis of the image."""


def fields_of(
    graph: LayerGraph, image_inputs: Sequence[int], shapes: Mapping[int, tuple[int, ...]]
) -> dict[int, Field]:
    """Return the field of every value of a graph.

    Args:
        graph: The layer graph.
        image_inputs: Numbers of the values that hold the images; all of them hold the same.
        shapes: Shapes of all values without the batch axis.

    Returns:
        The field along each spatial axis, by value number. Values without these axes have one
        position.
    """
    image = spatial_of(shapes[image_inputs[0]])
    fields: dict[int, Field] = {n: _unseeing(image, shapes[n]) for n in graph.inputs}
    fields |= dict.fromkeys(image_inputs, tuple(map(pixels, image)))
    for call in graph.calls:
        sources = [fields[n] for n in call.sources]
        for index, number in enumerate(call.results):
            if sources:
                fields[number] = _result(call, index, sources, shapes)
            else:
                fields[number] = _unseeing(image, shapes[number])
    return fields


def _unseeing(image: Size, shape: Sequence[int]) -> Field:
    """Return the field of a value that no pixel reaches."""
    return tuple(map(nothing, image, _positions(shape, len(image))))


def _result(
    call: Call, index: int, sources: Sequence[Field], shapes: Mapping[int, tuple[int, ...]]
) -> Field:
    made = shapes[call.results[index]]
    rank = len(sources[0])
    place = Place(call, index, tuple(shapes[n] for n in call.sources), made, rank)
    passage = passage_of(place)
    known: tuple[Axes | None, ...] = (None,) * len(sources) if passage is None else passage.readings
    return tuple(
        union(
            [
                spread(source[axis], length) if axes is None else through(source[axis], axes[axis])
                for source, axes in zip(sources, known, strict=True)
            ]
        )
        for axis, length in enumerate(_positions(made, rank))
    )


def _positions(shape: Sequence[int], rank: int) -> Size:
    return spatial_of(shape) if len(shape) == rank + 1 else (1,) * rank
