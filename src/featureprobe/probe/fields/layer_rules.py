"""What is known of Keras' layers: one rule for each class, for that very class alone.

A class that is not listed may look anywhere. To add one: its rule here, and its configurations in the
table that the tests compare with what pixels change.
"""

from dataclasses import replace
from typing import Any

import keras

from featureprobe._spatial import MOST, axes_of, spatial_of
from featureprobe.probe.fields import readings
from featureprobe.probe.fields.moving_rules import concatenation, reshaped
from featureprobe.probe.fields.operation_rules import OPERATIONS, einsum
from featureprobe.probe.fields.passages import (
    Passage,
    Place,
    Rule,
    along,
    by_axis,
    is_same_everywhere,
    pointwise,
)
from featureprobe.probe.fields.readings import Reading
from featureprobe.probe.graph.call import Call
from featureprobe.probe.layers.idle_layers import IDLE, is_idle
from featureprobe.probe.layers.keras_own import is_keras_own, is_pointwise_function

_L = keras.layers

_POINTWISE = (
    "Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "BatchNormalization", "Rescaling",
    "Normalization", "Masking", "Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum",
)  # fmt: skip
_ALONG = ("Softmax", "UnitNormalization", "LayerNormalization", "RMSNormalization")


def passage_of(place: Place) -> Passage | None:
    """Return how a result is read from its sources; None when it may depend on all of them."""
    rule = _rule_of(place.layer)
    found = None if rule is None else rule(place)
    weights = getattr(getattr(place.layer, "activation", None), "weights", ())
    if found is None or all(is_same_everywhere(weight, place.rank) for weight in weights):
        return found
    return Passage(found.readings)


def _rule_of(layer: Any) -> Rule | None:
    """Return what is known of a layer, so far as its parts are known, too."""
    if not is_keras_own(layer):
        return None
    if not is_pointwise_function(getattr(layer, "activation", None)):
        return None
    kind = type(layer)
    home = kind.__module__
    if home.startswith("keras.src.ops."):
        return OPERATIONS.get(kind.__name__)
    if home.startswith("keras.src.applications."):
        return _HELPERS.get(_path(layer))
    return RULES.get(kind)


def _path(layer: Any) -> str:
    return f"{type(layer).__module__.rpartition('.')[2]}.{type(layer).__name__}"


def _along(place: Place) -> Passage | None:
    return along(place, place.layer.axis)


def _dense(place: Place) -> Passage | None:
    return by_axis(place, lambda _, size, __: readings.same(size), "pointwise")


def _einsum_dense(place: Place) -> Passage | None:
    letters = place.layer.equation.split("->")[-1].replace(" ", "")
    own = set(place.layer.bias_axes or "") & set(letters[:-1])
    found = einsum(place, place.layer.equation)
    return Passage(found.readings) if found is not None and own else found


def _convolution(place: Place) -> Passage | None:
    layer = place.layer
    if len(layer.kernel_size) != place.rank:
        return None

    def reading(axis: int, size: int, length: int) -> Reading:
        return readings.window(
            size,
            length,
            taps=layer.kernel_size[axis],
            stride=layer.strides[axis],
            dilation=layer.dilation_rate[axis],
            padding=layer.padding,
        )

    return by_axis(place, reading, "window")


def _transposed(place: Place) -> Passage | None:
    layer = place.layer

    def config(axis: int) -> dict[str, Any]:
        return {
            "taps": layer.kernel_size[axis],
            "stride": layer.strides[axis],
            "dilation": layer.dilation_rate[axis],
            "padding": layer.padding,
        }

    found = by_axis(
        place, lambda axis, n, length: readings.transposed(n, length, **config(axis)), "transposed"
    )
    if found is None:
        return None
    cut = tuple(
        (stride, readings.transposed_before(place.sources[0][i], place.made[i], **config(i)))
        for i, stride in enumerate(layer.strides)
    )
    return Passage(found.readings, "transposed", cut)


def _pooling(place: Place) -> Passage | None:
    layer = place.layer

    def reading(axis: int, size: int, length: int) -> Reading:
        taps, stride = layer.pool_size[axis], layer.strides[axis]
        return readings.window(size, length, taps=taps, stride=stride, padding=layer.padding)

    return by_axis(place, reading, "window")


def _padding(place: Place) -> Passage | None:
    pads = _ends(place.layer.padding)
    return by_axis(
        place, lambda i, size, length: readings.shifted(size, length, -pads[i][0]), "padding"
    )


def _ends(given: Any) -> tuple[tuple[int, int], ...]:
    """Return (before, after) for each spatial axis; of a series, layers keep the pair alone."""
    return given if isinstance(given[0], tuple | list) else (tuple(given),)


def _cropping(place: Place) -> Passage | None:
    cut = _ends(place.layer.cropping)
    return by_axis(
        place, lambda i, size, length: readings.shifted(size, length, cut[i][0]), "padding"
    )


def _center_crop(place: Place) -> Passage | None:
    pairs = zip(spatial_of(place.sources[0]), spatial_of(place.made))
    if any(size < length for size, length in pairs):
        return None  # it resizes instead
    return by_axis(place, lambda _, size, n: readings.shifted(size, n, (size - n) // 2), "padding")


def _upsampling(place: Place) -> Passage | None:
    factors = _factors(place)
    interpolation = getattr(place.layer, "interpolation", "nearest")  # pictures only have others

    def reading(axis: int, size: int, length: int) -> Reading:
        factor = factors[axis]
        if interpolation == "nearest":
            at = [i // factor for i in range(length)]
            return readings.picked(size, at, (factor, 1))
        return readings.resized(size, length, interpolation)

    found = by_axis(place, reading, "cut")
    return found and Passage(found.readings, "cut", tuple((factor, 0) for factor in factors))


def _factors(place: Place) -> tuple[int, ...]:
    size = place.layer.size
    return tuple(size) if isinstance(size, tuple | list) else (size,) * place.rank


def _global(place: Place) -> Passage | None:
    return by_axis(place, lambda _, size, length: readings.everything(size, length), "whole")


def _permute(place: Place) -> Passage | None:
    return pointwise(place) if tuple(place.layer.dims) == axes_of(place.rank + 1) else None


def _pipeline(place: Place) -> Passage | None:
    return pointwise(place) if is_idle(place.layer) else None


def _spectral(place: Place) -> Passage | None:
    """Normalize nothing at inference: it is the layer that it wraps, with weights of its own."""
    inner = passage_of(replace(place, call=_wrapped(place.call)))
    return inner and Passage(inner.readings)


def _each_step(place: Place) -> Passage | None:
    """Treat each position of the first axis alone, by a layer that knows the other axes."""
    if not place.is_single:
        return None
    sources = tuple(shape[1:] for shape in place.sources)
    call = _wrapped(place.call)
    inner = passage_of(Place(call, place.index, sources, place.made[1:], place.rank - 1))
    axes = None if inner is None else inner.readings[0]
    return None if axes is None else Passage(((readings.same(place.made[0]), *axes),))


def _wrapped(call: Call) -> Call:
    """Return the call of the layer that another one wraps."""
    return replace(call, layer=call.layer.layer)


def _lambda(place: Place) -> Passage | None:
    function, given = place.layer.function, place.layer.arguments
    known = not given and place.layer.mask is None and is_pointwise_function(function)
    return pointwise(place) if known else None


def _kinds(names: tuple[str, ...]) -> list[Any]:
    return [getattr(_L, name) for name in names if hasattr(_L, name)]


def _any_rank(*names: str) -> tuple[str, ...]:
    return tuple(f"{name}{rank}D" for name in names for rank in range(1, MOST + 1))


RULES: dict[type, Rule] = {
    **dict.fromkeys(_kinds((*IDLE, *_POINTWISE)), pointwise),
    **dict.fromkeys(_kinds(_ALONG), _along),
    **dict.fromkeys(_kinds(_any_rank("Conv", "DepthwiseConv", "SeparableConv")), _convolution),
    **dict.fromkeys(_kinds(_any_rank("MaxPooling", "AveragePooling")), _pooling),
    **dict.fromkeys(_kinds(_any_rank("GlobalMaxPooling", "GlobalAveragePooling")), _global),
    **dict.fromkeys(
        _kinds(_any_rank("AdaptiveMaxPooling", "AdaptiveAveragePooling")),
        OPERATIONS["AdaptiveMaxPool"],
    ),
    **dict.fromkeys(_kinds(_any_rank("ZeroPadding")), _padding),
    **dict.fromkeys(_kinds(_any_rank("Cropping")), _cropping),
    **dict.fromkeys(_kinds(_any_rank("UpSampling")), _upsampling),
    **dict.fromkeys((_L.Conv1DTranspose, _L.Conv2DTranspose, _L.Conv3DTranspose), _transposed),
    _L.Dense: _dense,
    _L.EinsumDense: _einsum_dense,
    _L.CenterCrop: _center_crop,
    _L.Resizing: OPERATIONS["Resize"],
    _L.Concatenate: concatenation,
    _L.Reshape: reshaped,
    _L.Permute: _permute,
    _L.Pipeline: _pipeline,
    _L.SpectralNormalization: _spectral,
    _L.TimeDistributed: _each_step,
    _L.Lambda: _lambda,
}
"""The rule of each class of layers."""

_HELPERS: dict[str, Rule] = {
    "convnext.StochasticDepth": pointwise,
    "convnext.LayerScale": pointwise,
    "inception_resnet_v2.CustomScaleLayer": pointwise,
}
