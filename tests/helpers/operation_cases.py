"""Keras' operations in a functional graph, in all forms that change what a position sees."""

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import layers, ops

SHAPE = (9, 8, 4)


class OperationCase(NamedTuple):
    """A function of a value (N, 9, 8, 4).

    Attributes:
        name: What it does.
        make: The function.
        tight: Whether what is claimed is what is seen, not only more.
        crops: Whether a node behind it has a crop.
        alone: Whether it takes one image at a time.
    """

    name: str
    make: Callable[[Any], Any]
    tight: bool = True
    crops: bool = False
    alone: bool = False

    def __str__(self) -> str:
        return self.name


def classes() -> dict[str, type]:
    """Return all classes of operations of keras.ops, by name."""
    found: dict[str, type] = {}
    waiting = [keras.Operation]
    while waiting:
        own = waiting.pop().__subclasses__()
        waiting += own
        found |= {k.__name__: k for k in own if k.__module__.startswith("keras.src.ops.")}
    return found


_WHOLE_NUMBERS = (
    "BitwiseAnd", "BitwiseInvert", "BitwiseLeftShift", "BitwiseNot", "BitwiseOr",
    "BitwiseRightShift", "BitwiseXor", "Gcd", "Lcm", "LeftShift", "RightShift",
)  # fmt: skip
_MADE = {
    "BatchNorm": (3,), "BroadcastTo": ((1, *SHAPE),), "Cast": ("float16",), "Clip": (-1.0, 1.0),
    "FullLike": (), "SaturateCast": ("float16",), "Threshold": (0.5, 0.1),
}  # fmt: skip
_MORE = {"BatchNorm": (np.ones(4, np.float32),) * 4, "Digitize": (np.arange(3.0),),
         "FullLike": (1.0,)}  # fmt: skip
# They have a slope, and a value for any number.
_SMOOTH = (
    "Abs", "Add", "Arctan", "BatchNorm", "Clip", "Copy", "Cosh", "Divide", "Elu", "Erf", "Exp", "Gelu",
    "LeakyRelu", "Logaddexp", "Maximum", "Minimum", "Multiply", "Negative", "Relu", "Selu",
    "Sigmoid", "Silu", "Sin", "Softplus", "Square", "Subtract", "Tanh", "Where",
)  # fmt: skip
_OF_COLOURS = ("RGBToGrayscale", "RGBToHSV", "HSVToRGB")


def other(value: Any) -> Any:
    """A value that sees a little more than the given one."""
    return layers.Conv2D(4, (3, 1), padding="same")(value)


def pointwise(name: str, kind: type) -> OperationCase:
    """Return a case of an operation that acts value by value, by the class alone."""

    def make(value: Any) -> Any:
        if name in _OF_COLOURS:
            value = value[..., :3]
        second = other(value)
        if name in _WHOLE_NUMBERS:
            value, second = (ops.cast(8 * v, "int32") for v in (value, second))
        given = inspect.signature(kind.call).parameters  # type: ignore[attr-defined]
        inputs = (value, second) if len(given) > 2 else (value,)
        if name == "Ldexp":
            inputs = (value, ops.cast(8 * second, "int32"))
        if name == "Where":
            inputs = (value > 0, value, second)
        if name in _MORE:
            inputs = (value, *_MORE[name])
        return kind(*_MADE.get(name, ()))(*inputs)

    alone = name == "BroadcastTo"  # to a shape that counts the batch
    return OperationCase(name, make, tight=False, crops=name in _SMOOTH, alone=alone)


def _case(name: str, make: Any, *, tight: bool = True, crops: bool = False) -> OperationCase:
    return OperationCase(name, make, tight, crops)


_MATRIX = np.random.default_rng(1).normal(size=(4, 5)).astype(np.float32)
_KERNEL = np.random.default_rng(1).normal(size=(3, 2, 4, 4)).astype(np.float32)
_DEEP = np.random.default_rng(1).normal(size=(3, 2, 4, 1)).astype(np.float32)
_ROWS = np.random.default_rng(1).normal(size=(9, 1, 1)).astype(np.float32)


def _sliced() -> list[OperationCase]:
    return [
        _case("x[:, 2:7]", lambda x: x[:, 2:7], crops=True),
        _case("x[:, 1:, :-2]", lambda x: x[:, 1:, :-2], crops=True),
        _case("x[:, ::2, 1::3]", lambda x: x[:, ::2, 1::3], crops=True),
        _case("x[:, ::-1]", lambda x: x[:, ::-1], crops=True),
        _case("x[..., 1:3]", lambda x: x[..., 1:3], crops=True),
        _case("x[:, 2:6, :, 1:3]", lambda x: x[:, 2:6, :, 1:3]),
        _case("x[:, 3]", lambda x: x[:, 3], tight=False),
        _case("x[:, 3:4, 2:3]", lambda x: x[:, 3:4, 2:3], crops=True),
        _case("x[:, None]", lambda x: x[:, None], tight=False),
        _case("slice", lambda x: ops.slice(x, (0, 2, 1, 0), (-1, 4, 5, 4)), crops=True),
        _case("slice channels", lambda x: ops.slice(x, (0, 2, 1, 1), (-1, 4, 5, 2))),
        _case("take rows", lambda x: ops.take(x, [3, 1, 1, 8], axis=1), crops=True),
        _case("take channels", lambda x: ops.take(x, [3, 1], axis=-1)),
        _case("split", lambda x: ops.split(x, [3, 5], axis=1)[1]),
        _case("split in equal parts", lambda x: ops.split(x, 4, axis=2)[3]),
        _case("split channels", lambda x: ops.split(x, 2, axis=-1)[1]),
    ]


def _padded() -> list[OperationCase]:
    around = ((0, 0), (1, 2), (3, 0), (0, 0))
    return [
        *(
            _case(f"pad {mode}", lambda x, m=mode: ops.pad(x, around, mode=m), crops=True)
            for mode in ("constant", "reflect", "symmetric")
        ),
        _case("pad with 3", lambda x: ops.pad(x, around, constant_values=3.0)),
        _case("pad channels", lambda x: ops.pad(x, ((0, 0), (1, 1), (0, 0), (1, 0)))),
        _case("flip rows", lambda x: ops.flip(x, axis=1), crops=True),
        _case("flip channels", lambda x: ops.flip(x, axis=-1)),
        _case("flip both", lambda x: ops.flip(x, axis=(1, 2)), crops=True),
        _case("fliplr", ops.fliplr, crops=True),
        _case("roll", lambda x: ops.roll(x, 2, axis=1), crops=True),
        _case("roll all", lambda x: ops.roll(x, 2), tight=False),
        _case("repeat", lambda x: ops.repeat(x, 2, axis=2), crops=True),
        _case("tile", lambda x: ops.tile(x, (1, 2, 1, 1)), crops=True),
        _case("tile channels", lambda x: ops.tile(x, (1, 2, 1, 2))),
        _case("concatenate", lambda x: ops.concatenate([x, other(x)], axis=-1), crops=True),
        _case("concatenate rows", lambda x: ops.concatenate([x, 2 * x], axis=1)),
        _case("stack", lambda x: ops.stack([x, x], axis=-1), tight=False),
        _case("reshape", lambda x: ops.reshape(x, (-1, 9, 8, 4))),
        _case("reshape to other rows", lambda x: ops.reshape(x, (-1, 8, 9, 4)), tight=False),
        _case("transpose", lambda x: ops.transpose(x, (0, 2, 1, 3)), tight=False),
        _case("transpose nothing", lambda x: ops.transpose(x, (0, 1, 2, 3)), crops=True),
        _case("depth to space", lambda x: ops.depth_to_space(x, 2), crops=True),
        _case("space to depth", lambda x: ops.space_to_depth(x[:, :8], 2), crops=True),
        _case("expand and squeeze", lambda x: ops.squeeze(ops.expand_dims(x, 1), 1), tight=False),
        _case("moveaxis", lambda x: ops.moveaxis(x, 1, 2), tight=False),
        _case("swapaxes", lambda x: ops.swapaxes(x, 1, 2), tight=False),
        _case("rot90", lambda x: ops.rot90(x, axes=(1, 2)), tight=False),
    ]


def _over_axes() -> list[OperationCase]:
    found = []
    for axis in (-1, 1, 2):
        for name in ("softmax", "log_softmax", "sparsemax", "normalize", "sort", "argsort", "cumsum",
                     "cumprod", "rms_normalization", "glu", "nancumsum", "nancumprod"):  # fmt: skip
            if name in ("rms_normalization",) and axis != -1:
                continue
            if name == "glu" and axis == 1:
                continue  # an odd number of rows has no half
            function = getattr(ops, name)
            found.append(
                _case(
                    f"{name} {axis}",
                    lambda x, f=function, a=axis: f(x, axis=a),
                    tight=False,
                    crops=axis == -1,
                )
            )
        for name in ("all", "amax", "amin", "any", "argmax", "argmin", "count_nonzero", "logsumexp",
                     "max", "mean", "median", "min", "nanmax", "nanmean", "nanmin",
                     "nanprod", "nanstd", "nansum", "nanvar", "norm", "prod", "ptp", "std", "sum",
                     "var"):  # fmt: skip
            function = getattr(ops, name, None)
            if function is None or "keepdims" not in inspect.signature(function).parameters:
                continue
            found.append(
                _case(f"{name} {axis}", lambda x, f=function, a=axis: f(x, axis=a, keepdims=True),
                      tight=False, crops=axis == -1)
            )  # fmt: skip
    found += [
        _case("layer normalization", lambda x: ops.layer_normalization(x, axis=-1), crops=True),
        _case("layer normalization of rows", lambda x: ops.layer_normalization(x, axis=1)),
        _case("mean of the image", lambda x: ops.mean(x, axis=(1, 2), keepdims=True)),
        _case("mean without the axis", lambda x: ops.mean(x, axis=-1), tight=False),
        _case("top", lambda x: ops.top_k(x, 2)[0], crops=False),
    ]
    return found


def _products() -> list[OperationCase]:
    return [
        _case("matmul", lambda x: ops.matmul(x, _MATRIX), crops=True),
        _case("dot", lambda x: ops.dot(x, _MATRIX), crops=True),
        _case(
            "matmul of two", lambda x: ops.matmul(x, ops.transpose(x, (0, 1, 3, 2))), tight=False
        ),
        _case("einsum", lambda x: ops.einsum("nrcd,de->nrce", x, _MATRIX), crops=True),
        _case(
            "einsum of rows",
            lambda x: ops.einsum("nrcd,rs->nscd", x, np.ones((9, 9), "f")),
            tight=False,
        ),
        _case("einsum of itself", lambda x: ops.einsum("nrcd,nrcd->nrcd", x, x), tight=False),
        _case("conv", lambda x: ops.conv(x, _KERNEL, 2, "same")),
        _case("conv with holes", lambda x: ops.conv(x, _KERNEL, 1, "valid", dilation_rate=2)),
        _case("depthwise conv", lambda x: ops.depthwise_conv(x, _DEEP, 1, "same")),
        _case(
            "separable conv",
            lambda x: ops.separable_conv(x, _DEEP, _MATRIX[None, None], 1, "valid"),
        ),
        _case("max pool", lambda x: ops.max_pool(x, (3, 2), 2, "same")),
        _case("average pool", lambda x: ops.average_pool(x, 2)),
        # Keras 3.15 declares five axes for what these two give, so that nothing is claimed of them.
        _case("adaptive average", lambda x: ops.adaptive_average_pool(x, (4, 3)), tight=False),
        _case("adaptive max", lambda x: ops.adaptive_max_pool(x, (4, 3)), tight=False),
        _case("resize", lambda x: ops.image.resize(x, (18, 16)), tight=False),
        _case("resize down", lambda x: ops.image.resize(x, (4, 5), antialias=True), tight=False),
        _case(
            "resize to the aspect",
            lambda x: ops.image.resize(x, (4, 2), crop_to_aspect_ratio=True),
            tight=False,
        ),
        _case("blur", lambda x: ops.image.gaussian_blur(x, (3, 3), (1.0, 1.0)), tight=False),
        _case("times a number", lambda x: 2.0 * x + 1.0, crops=True),
        _case("times a row each", lambda x: x * _ROWS),
        _case("clip by row", lambda x: ops.minimum(x, _ROWS), tight=False),
        _case(
            "gate", lambda x: x * ops.sigmoid(ops.mean(x, axis=(1, 2), keepdims=True)), tight=False
        ),
        _case(
            "user's function",
            layers.Lambda(lambda v: ops.cumsum(v, axis=1)),
            tight=False,
        ),
    ]


FORMS = (*_sliced(), *_padded(), *_over_axes(), *_products())
