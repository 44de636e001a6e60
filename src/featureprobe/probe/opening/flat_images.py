"""Inputs that hold an image without saying so: (784,) or (28, 28), which the model reshapes itself.

So may a series be a vector, (500,) reshaped to (500, 1), and a volume a vector or a list of slices.

What its first layers make of such an input says what the image is. The image then enters where
they would have made it, so that everything that works for images works for it.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import keras
import numpy as np
from keras import tree

from featureprobe._spatial import words_of
from featureprobe.errors import ModelError
from featureprobe.probe.graph.call import Call, Slot
from featureprobe.probe.graph.layer_graph import LayerGraph
from featureprobe.probe.layers.keras_own import is_keras_own, is_valuewise_function

Shape = tuple[int | None, ...]
Shapes = Mapping[str, Shape]

_IDLE = (
    "Dropout",
    "GaussianNoise",
    "GaussianDropout",
    "ActivityRegularization",
    "Identity",
    "Cast",
)
_ARITHMETIC = ("Add", "Subtract", "Multiply", "Divide", "TrueDivide", "Negative")


def with_images(graph: LayerGraph, shapes: Shapes, asked: str | None) -> tuple[LayerGraph, Shapes]:
    """Return a graph whose image input takes images, and the shapes of its inputs.

    Args:
        graph: The layer graph.
        shapes: Shapes of its inputs by name, without the batch axis, in order.
        asked: The input that takes images, if it was said.

    Returns:
        Both as they are where an input takes images anyway, or where nothing says what they are.

    Raises:
        ModelError: When several inputs are reshaped to images and none was asked for.
    """
    if asked is None and any(len(shape) == 3 for shape in shapes.values()):
        return graph, shapes
    found = {}
    for name, number in zip(shapes, graph.inputs, strict=True):
        if len(shapes[name]) != 3 and asked in (None, name):
            read = _read(graph, number, shapes[name])
            # Only a picture takes fewer axes than it had.
            if read is not None and len(read[0]) in (3, *range(len(shapes[name]) + 1, 5)):
                found[name] = read
    if len(found) > 1:
        raise ModelError(
            f"One input takes images. This model reshapes {len(found)} of its inputs to images: "
            f"{list(found)}. Say which: image_input={next(iter(found))!r}."
        )
    for name, (image, calls) in found.items():
        return replace(graph, calls=calls), {**shapes, name: image}
    return graph, shapes


def _read(graph: LayerGraph, number: int, shape: Shape) -> tuple[Shape, tuple[Call, ...]] | None:
    """Return the image that all takers of an input make of it, and the calls that take images."""
    flat, images = {number}, set[Shape]()
    changed: dict[str, Call] = {}
    same: set[str] = set()
    for call in graph.calls:
        if not flat & set(call.sources):
            continue
        if _makes_image(call):
            images.add(call.shapes[0])
            changed[call.path] = replace(_passing(call), shapes=call.shapes)
        elif _flattens_square(call, shape):
            images.add((*shape, 1))
            changed[call.path] = call
        elif _is_same_for_all(call):
            flat |= set(call.results)
            changed[call.path] = call
            same.add(call.path)
        else:
            return None
    if len(images) != 1 or flat & set(graph.outputs):
        return None
    image = images.pop()
    calls = (changed.get(call.path, call) for call in graph.calls)
    return image, tuple(replace(c, shapes=(image,)) if c.path in same else c for c in calls)


def _makes_image(call: Call) -> bool:
    """Whether a call gives its one source an image's axes, and leaves the values' order."""
    shapes, name = call.shapes, type(call.layer).__name__
    if not is_keras_own(call.layer) or len(call.sources) != 1 or len(shapes) != 1:
        return False
    if not words_of(len(shapes[0]) - 1):
        return False
    if name == "Reshape":
        return None not in shapes[0]
    if name not in ("ExpandDims", "GetItem") or shapes[0][-1] != 1:
        return False
    key = tree.flatten(call.args[1:]) if name == "GetItem" else ()
    return all(part is None or part is ... or part == slice(None) for part in key)


def _flattens_square(call: Call, shape: Shape) -> bool:
    """Whether a call flattens rows and columns of equal length, which nothing tells from channels.

    A series of as many channels as positions is less likely than a grey picture.
    """
    square = len(shape) == 2 and shape[0] == shape[1] is not None
    flattens = type(call.layer).__name__ == "Flatten" and is_keras_own(call.layer)
    return square and flattens and len(call.sources) == 1


def _passing(call: Call) -> Call:
    """Return a call that hands on the image that its layer would have made."""
    kept = isinstance(call.layer, keras.Layer)
    dtype = {"dtype": call.layer.dtype_policy} if kept else {"autocast": False}
    layer = keras.layers.Identity(name=call.layer.name, **dtype)
    return replace(call, layer=layer, args=(Slot(call.sources[0]),), kwargs={})


def _is_same_for_all(call: Call) -> bool:
    """Whether a call does the same to each value, whatever its place."""
    layer, name = call.layer, type(call.layer).__name__
    if not is_keras_own(layer) or len(call.sources) != 1 or len(call.results) != 1:
        return False
    if name == "Rescaling":
        return np.size(layer.scale) == np.size(layer.offset) == 1
    if name == "Activation":
        return is_valuewise_function(layer.activation)
    if name in _ARITHMETIC and not isinstance(layer, keras.Layer):
        return all(np.size(number) == 1 for number in _constants(call))
    return name in _IDLE


def _constants(call: Call) -> Iterator[Any]:
    return (a for a in tree.flatten((call.args, call.kwargs)) if not isinstance(a, Slot))


def lines_for(shapes: Shapes) -> str:
    """Return three lines that put an image in front of a model of one input, or nothing."""
    (shape, *others) = shapes.values()
    if others or None in shape or not shape:
        return ""
    image = _image_for(tuple(length or 0 for length in shape))
    return (
        "If this is an image all the same, reshape one:\n"
        f"    image = keras.Input({image})\n"
        f"    values = keras.layers.Reshape({tuple(shape)})(image)\n"
        "    probe = fp.ModelProbe(keras.Model(image, model(values)), input_space=...)"
    )


def _image_for(shape: tuple[int, ...]) -> tuple[int, int, int]:
    """Return a shape of images of as many values: a square where that is possible."""
    if len(shape) == 1:
        for channels in (1, 3, 4):
            side = math.isqrt(shape[0] // channels)
            if side * side * channels == shape[0]:
                return side, side, channels
        return 1, shape[0], 1
    rows, cols, channels = (*shape, 1) if len(shape) == 2 else (math.prod(shape[:-2]), *shape[-2:])
    return rows, cols, channels
