"""What is known of Keras' operations, which stand in a functional graph like layers."""

from typing import Any

from featureprobe.probe.fields import readings
from featureprobe.probe.fields.moving_rules import MOVES
from featureprobe.probe.fields.passages import Passage, Place, Rule, along, by_axis, pointwise
from featureprobe.probe.fields.readings import Reading
from featureprobe.probe.graph.call import Slot

# Value by value, with broadcasting; or over the channels of a position.
_POINTWISE = (
    "Abs", "Absolute", "Add", "Angle", "Arccos", "Arccosh", "Arcsin", "Arcsinh", "Arctan", "Arctan2",
    "Arctanh", "BatchNorm", "BitwiseAnd", "BitwiseInvert", "BitwiseLeftShift", "BitwiseNot",
    "BitwiseOr", "BitwiseRightShift", "BitwiseXor", "BroadcastTo", "Cast", "Cbrt", "Ceil", "Celu",
    "Clip", "Conj", "Conjugate", "ConvertToTensor", "Copy", "Cos", "Cosh", "Deg2rad", "Digitize",
    "Divide", "DivideNoNan", "Elu", "Equal", "Erf", "Erfc", "Erfinv", "Exp", "Exp2", "Expm1", "Fabs",
    "Floor", "FloorDivide", "Fmax", "Fmin", "Fmod", "FullLike", "Gcd", "Gelu", "Greater",
    "GreaterEqual", "HSVToRGB", "HardShrink", "HardSigmoid", "HardSilu", "HardTanh", "Heaviside",
    "Hypot", "I0", "Imag", "Isclose", "Isfinite", "Isinf", "Isnan", "Isneginf", "Isposinf", "Isreal",
    "Lcm", "Ldexp", "LeakyRelu", "LeftShift", "Less", "LessEqual", "Log", "Log10", "Log1p", "Log2",
    "LogSigmoid", "Logaddexp", "Logaddexp2", "LogicalAnd", "LogicalNot", "LogicalOr", "LogicalXor",
    "Maximum", "Minimum", "Mod", "Multiply", "NanToNum", "Negative", "Nextafter", "NotEqual",
    "OnesLike", "Power", "RGBToGrayscale", "RGBToHSV", "Rad2deg", "Real", "Reciprocal", "Relu",
    "Relu6", "RightShift", "Round", "Rsqrt", "SaturateCast", "Selu", "Sigmoid", "Sign", "Signbit",
    "Silu", "Sin", "Sinc", "Sinh", "SoftShrink", "Softplus", "Softsign", "SparsePlus",
    "SparseSigmoid", "Sqrt", "Square", "Squareplus", "StopGradient", "Subtract", "Tan", "Tanh",
    "TanhShrink", "Threshold", "TrueDivide", "Trunc", "Where", "ZerosLike",
)  # fmt: skip
_ALONG = (
    "Softmax", "LogSoftmax", "Sparsemax", "Glu", "Normalize", "RMSNorm", "LayerNorm", "Sort",
    "Argsort", "Cumsum", "Cumprod", "Nancumsum", "Nancumprod",
)  # fmt: skip
_REDUCTIONS = (
    "All", "Amax", "Amin", "Any", "Argmax", "Argmin", "Logsumexp", "Max", "Mean",
    "Median", "Min", "Nanmax", "Nanmean", "Nanmin", "Nanprod", "Nanstd", "Nansum",
    "Nanvar", "Norm", "Prod", "Ptp", "Std", "Sum", "Var",
)  # fmt: skip


def einsum(place: Place, equation: str) -> Passage | None:
    """Return the passage of a sum of products with constant weights over the channels."""
    parts = equation.replace(" ", "").split("->")
    operands = parts[0].split(",")
    if len(parts) != 2 or len(operands) != 2 or not place.is_single:
        return None
    (given, weights), count = operands, place.rank + 2
    # With an ellipsis for the batch and the positions, weights have none of these axes.
    given, made = (
        text.replace("...", "\0\1\2\3\4"[: count + 3 - len(text)]) for text in (given, parts[1])
    )
    if "..." in weights or len(given) != count or len(made) != count or len(set(given)) < count:
        return None
    if given[:-1] != made[:-1] or any(made.count(letter) > 1 for letter in made[1:-1]):
        return None
    uniform = not set(given[:-1]) & set(weights)
    return by_axis(
        place, lambda _, size, __: readings.same(size), "pointwise" if uniform else "whole"
    )


def _along(place: Place) -> Passage | None:
    return along(place, place.layer.axis)


def _reduction(place: Place) -> Passage | None:
    return along(place, place.layer.axis) if getattr(place.layer, "keepdims", False) else None


def _einsum(place: Place) -> Passage | None:
    first = isinstance(place.argument(0, ""), Slot)
    return einsum(place, place.layer.subscripts) if first else None


def _product(place: Place) -> Passage | None:
    """A matrix product of channels with a constant matrix."""
    weights = getattr(place.argument(1, "x2"), "shape", ())
    if not isinstance(place.argument(0, "x1"), Slot) or len(weights) != 2:
        return None
    return by_axis(place, lambda _, size, __: readings.same(size), "pointwise")


def _each(value: Any, rank: int) -> tuple[int, ...]:
    """Return one number for each spatial axis, of a setting that may be one for all."""
    return tuple(map(int, value)) if isinstance(value, list | tuple) else (int(value),) * rank


def _convolution(place: Place) -> Passage | None:
    op, kernel = place.layer, getattr(place.argument(1, "kernel"), "shape", ())
    return _windows(place, kernel, op.strides, op.dilation_rate, op.padding)


def _separable(place: Place) -> Passage | None:
    op, kernel = place.layer, getattr(place.argument(1, "depthwise_kernel"), "shape", ())
    return _windows(place, kernel, op.strides, op.dilation_rate, op.padding)


def _pooling(place: Place) -> Passage | None:
    op = place.layer
    size = _each(op.pool_size, place.rank)
    return _windows(place, (*size, 1, 1), size if op.strides is None else op.strides, 1, op.padding)


def _windows(
    place: Place, kernel: Any, strides: Any, dilation: Any, padding: str
) -> Passage | None:
    steps, holes = _each(strides, place.rank), _each(dilation, place.rank)
    if len(kernel) != place.rank + 2 or {len(steps), len(holes)} != {place.rank}:
        return None

    def reading(axis: int, size: int, length: int) -> Reading:
        return readings.window(
            size,
            length,
            taps=kernel[axis],
            stride=steps[axis],
            dilation=holes[axis],
            padding=padding,
        )

    return by_axis(place, reading, "whole")


def _adaptive(place: Place) -> Passage | None:
    return by_axis(place, lambda _, size, length: readings.adaptive(size, length), "whole")


def _resize(place: Place) -> Passage | None:
    op = place.layer
    if op.crop_to_aspect_ratio or op.pad_to_aspect_ratio:
        return None
    return by_axis(
        place,
        lambda _, size, n: readings.resized(size, n, op.interpolation, antialias=op.antialias),
        "whole",
    )


OPERATIONS: dict[str, Rule] = {
    **dict.fromkeys(_POINTWISE, pointwise),
    **dict.fromkeys(_ALONG, _along),
    **dict.fromkeys(_REDUCTIONS, _reduction),
    **MOVES,
    "Einsum": _einsum,
    "Matmul": _product,
    "Dot": _product,
    "Conv": _convolution,
    "DepthwiseConv": _convolution,
    "SeparableConv": _separable,
    "MaxPool": _pooling,
    "AveragePool": _pooling,
    "AdaptiveMaxPool": _adaptive,
    "AdaptiveAveragePool": _adaptive,
    "Resize": _resize,
    "TopK": lambda place: along(place, -1),
}
"""The rule of each operation, by the name of its class."""
