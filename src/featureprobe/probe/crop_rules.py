"""What region of its inputs a layer needs for a region of its output, kind by kind."""

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
from keras import tree

from featureprobe.probe.call import Call, Slot
from featureprobe.probe.receptive_field import is_of_keras, is_pointwise

Span = tuple[int, int]
"""[first, stop) along one axis."""

Region = tuple[Span, Span]
"""Rows and columns."""

Pads = tuple[tuple[int, int], tuple[int, int]]
"""(before, after) for rows and columns."""

Needs = tuple[str, tuple[Region | None, ...], Pads]
"""Kind of the step, region of each source (None for all of it), padding."""

Shapes = Mapping[int, tuple[int, ...]]

_L = keras.layers
_CONVOLUTIONS = (_L.Conv2D, _L.DepthwiseConv2D, _L.SeparableConv2D)
POOLINGS = (_L.MaxPooling2D, _L.AveragePooling2D)
_NONE: Pads = ((0, 0), (0, 0))
WHOLE: Needs = ("whole", (None,), _NONE)


def rule_of(call: Call, shapes: Shapes) -> Callable[[Region], Needs] | None:
    """Return what takes a region of a call's output to what it needs; None when it needs all."""
    layer = call.layer
    if len(call.results) != 1 or not _is_spatial(call, shapes) or not _is_plain(layer):
        return None
    if is_pointwise(layer) and _is_uniform(call, shapes):
        return lambda region: ("pointwise", (region,) * len(call.sources), _NONE)
    if len(call.sources) != 1:
        return None
    size = shapes[call.sources[0]][:2]
    # Conv2DTranspose is no Conv2D, and LayerNormalization no window: they need all.
    if isinstance(layer, _CONVOLUTIONS):
        return lambda region: _window(
            region, size, layer.kernel_size, layer.strides, layer.dilation_rate, layer.padding
        )
    if isinstance(layer, POOLINGS):
        return lambda region: _window(
            region, size, layer.pool_size, layer.strides, (1, 1), layer.padding
        )
    if isinstance(layer, _L.ZeroPadding2D):
        return lambda region: _shifted(region, size, [-before for before, _ in layer.padding])
    if isinstance(layer, _L.Cropping2D):
        return lambda region: _shifted(region, size, [before for before, _ in layer.cropping])
    return None


def _is_spatial(call: Call, shapes: Shapes) -> bool:
    return all(len(shapes[number]) == 3 for number in (*call.sources, *call.results))


def _is_plain(layer: Any) -> bool:
    """Whether no function of the user's own, which may look anywhere, is part of a layer."""
    activation = getattr(layer, "activation", None)
    return activation is None or is_of_keras(activation)


def _is_uniform(call: Call, shapes: Shapes) -> bool:
    """Whether a pointwise call does the same at every position."""
    sizes = {shapes[number][:2] for number in (*call.sources, *call.results)}
    constants = [a for a in tree.flatten((call.args, call.kwargs)) if not isinstance(a, Slot)]
    numbers = [*constants, *getattr(call.layer, "weights", ())]
    numbers += [getattr(call.layer, name, None) for name in ("scale", "offset", "mean", "variance")]
    axis = getattr(call.layer, "axis", None)
    axes = axis if isinstance(axis, list | tuple) else (-1 if axis is None else axis,)
    by_channel = all(a in (-1, 3) for a in axes)
    return (
        len(sizes) == 1
        and by_channel
        and all(_is_same_everywhere(number, call.layer) for number in numbers)
    )


def _is_same_everywhere(number: Any, layer: Any) -> bool:
    """Whether a constant or weight has no axis for rows and columns."""
    shape = tuple(getattr(number, "shape", np.shape(number) if _is_list(number) else ()))
    if len(shape) <= 1 or isinstance(layer, _L.Dense | _L.EinsumDense):
        return True  # the kernel of a Dense layer mixes channels only
    return all(size == 1 for size in shape[-3:-1])


def _is_list(number: Any) -> bool:
    return isinstance(number, list | tuple)


def _window(
    region: Region,
    size: tuple[int, ...],
    kernel: tuple[int, int],
    strides: tuple[int, int],
    dilation: tuple[int, int],
    padding: str,
) -> Needs:
    """Slide a window: what it needs outside the input is padding."""
    spans, pads = [], []
    axes = zip(region, size, kernel, strides, dilation, strict=True)
    for (low, high), length, taps, stride, step in axes:
        extent = (taps - 1) * step + 1
        before = 0
        if padding == "same":
            outputs = -(-length // stride)
            before = max((outputs - 1) * stride + extent - length, 0) // 2
        first, stop = low * stride - before, (high - 1) * stride - before + extent
        if stop <= 0 or first >= length:
            return WHOLE  # nothing but padding: rare, and not worth a rule
        spans.append((max(first, 0), min(stop, length)))
        pads.append((max(-first, 0), max(stop - length, 0)))
    return "window", ((spans[0], spans[1]),), (pads[0], pads[1])


def _shifted(region: Region, size: tuple[int, ...], by: list[int]) -> Needs:
    """Take the region from elsewhere; what lies outside the input is padding."""
    spans, pads = [], []
    for (low, high), length, shift in zip(region, size, by, strict=True):
        first, stop = low + shift, high + shift
        if stop <= 0 or first >= length:
            return WHOLE
        spans.append((max(first, 0), min(stop, length)))
        pads.append((max(-first, 0), max(stop - length, 0)))
    return "padding", ((spans[0], spans[1]),), (pads[0], pads[1])
