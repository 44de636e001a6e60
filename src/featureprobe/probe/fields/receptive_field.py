"""Which pixels each output of a layer can see, exactly, from the layer graph alone.

Rows and columns are treated apart, since windows are rectangles. Where branches meet, the union is
taken per axis, which can only make a field too large, never too small.
"""

from collections.abc import Mapping, Sequence

from featureprobe.probe.fields.layer_rules import passage_of
from featureprobe.probe.fields.passages import Axes, Place
from featureprobe.probe.fields.reach import AxisField, nothing, pixels, spread, through, union
from featureprobe.probe.graph.call import Call
from featureprobe.probe.graph.layer_graph import LayerGraph

Field = tuple[AxisField, AxisField]
"""(rows, columns)."""


def fields_of(
    graph: LayerGraph, image_inputs: Sequence[int], shapes: Mapping[int, tuple[int, ...]]
) -> dict[int, Field]:
    """Return the field of every value of a graph.

    Args:
        graph: The layer graph.
        image_inputs: Numbers of the values that hold the images; all of them hold the same.
        shapes: Shapes of all values without the batch axis.

    Returns:
        (rows, columns) by value number. Values without rows and columns have one position.
    """
    height, width = shapes[image_inputs[0]][:2]
    fields: dict[int, Field] = {}
    for number in graph.inputs:
        rows, cols = _positions(shapes[number])
        fields[number] = nothing(height, rows), nothing(width, cols)
    fields |= dict.fromkeys(image_inputs, (pixels(height), pixels(width)))
    for call in graph.calls:
        sources = [fields[n] for n in call.sources]
        for index, number in enumerate(call.results):
            if sources:
                fields[number] = _result(call, index, sources, shapes)
            else:
                rows, cols = _positions(shapes[number])
                fields[number] = nothing(height, rows), nothing(width, cols)
    return fields


def _result(
    call: Call, index: int, sources: Sequence[Field], shapes: Mapping[int, tuple[int, ...]]
) -> Field:
    made = shapes[call.results[index]]
    place = Place(call, index, tuple(shapes[n] for n in call.sources), made)
    passage = passage_of(place)
    known: tuple[Axes | None, ...] = (None,) * len(sources) if passage is None else passage.readings
    rows, cols = (
        union(
            [
                spread(source[axis], length) if axes is None else through(source[axis], axes[axis])
                for source, axes in zip(sources, known, strict=True)
            ]
        )
        for axis, length in enumerate(_positions(made))
    )
    return rows, cols


def _positions(shape: Sequence[int]) -> tuple[int, int]:
    return (shape[0], shape[1]) if len(shape) == 3 else (1, 1)
