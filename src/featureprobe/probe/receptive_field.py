"""Which pixels each output of a layer can see, exactly, from the layer graph alone.

Rows and columns are treated apart, since windows are rectangles. For each axis a boolean matrix
``reach[i, p]`` says whether output position i can see image position p; a layer turns the matrix of
its input into that of its output. Where branches meet, the union is taken per axis, which can only
make a field too large, never too small.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from featureprobe.probe.call import Call
from featureprobe.probe.layer_graph import LayerGraph

Reach = npt.NDArray[np.bool_]

_POINTWISE = (
    "Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax", "Dropout", "SpatialDropout2D",
    "BatchNormalization", "Rescaling", "Normalization", "GaussianNoise", "GaussianDropout", "Add",
    "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Identity",
    "ActivityRegularization", "UnitNormalization",
    # Operations of keras.ops that act value by value.
    "Relu", "Relu6", "LeakyRelu", "Elu", "Selu", "Gelu", "Silu", "Sigmoid", "Softplus", "Tanh",
    "HardSigmoid", "HardSilu", "Divide", "TrueDivide", "Power", "Negative", "Abs", "Cast",
)  # fmt: skip
_OVER_AXIS = ("Softmax", "UnitNormalization")


@dataclass(frozen=True, eq=False)
class AxisField:
    """What the positions of one output axis see along the same image axis.

    Attributes:
        reach: (positions, image size) bool.
        size: Receptive field in pixels, before it is cut at the image's border; None when it has
            no fixed size.
        jump: Distance in pixels between the fields of neighbouring positions; None likewise.
    """

    reach: Reach
    size: int | None
    jump: float | None

    @property
    def everything(self) -> "AxisField":
        """The field of one position that sees what any position sees."""
        return AxisField(np.asarray(self.reach.any(axis=0, keepdims=True)), None, None)


Field = tuple[AxisField, AxisField]
"""(rows, columns)."""


def fields_of(
    graph: LayerGraph, image_input: int, shapes: dict[int, tuple[int, ...]]
) -> dict[int, Field]:
    """Return the field of every value of a graph.

    Args:
        graph: The layer graph.
        image_input: Number of the value that holds the images.
        shapes: Shapes of all values without the batch axis.

    Returns:
        (rows, columns) by value number. Values without rows and columns have one position.
    """
    image = shapes[image_input]
    start: Field = tuple(  # type: ignore[assignment]
        AxisField(np.eye(n, dtype=bool), 1, 1.0) for n in image[:2]
    )
    nothing: Field = tuple(  # type: ignore[assignment]
        AxisField(np.zeros((1, n), dtype=bool), None, None) for n in image[:2]
    )
    fields = dict.fromkeys(graph.inputs, nothing)
    fields[image_input] = start
    for call in graph.calls:
        sources = [fields[n] for n in call.sources] or [nothing]
        for number in call.results:
            fields[number] = _through(call, sources, shapes[number])
    return fields


def _through(call: Call, sources: Sequence[Field], shape: tuple[int, ...]) -> Field:
    spatial = len(shape) == 3
    moved: list[Field] = [_layer_field(call.layer, source) for source in sources]
    rows, cols = (_union([field[axis] for field in moved]) for axis in (0, 1))
    if not spatial:
        return rows.everything, cols.everything
    if (len(rows.reach), len(cols.reach)) != shape[:2]:
        # A layer type that is not known here: it may look anywhere.
        return _spread(rows, shape[0]), _spread(cols, shape[1])
    return rows, cols


def _layer_field(layer: Any, source: Field) -> Field:
    activation = getattr(layer, "activation", None)
    if activation is not None and not is_of_keras(activation):
        return _anywhere(source)  # a function of the user's own may look at all positions
    if is_pointwise(layer):
        return source
    for kinds, rule in _RULES:
        if isinstance(layer, kinds):
            return rule(layer, source)
    return _anywhere(source)


def _anywhere(source: Field) -> Field:
    return _each(source, lambda axis, _: _spread(axis, len(axis.reach)))


def is_pointwise(layer: Any) -> bool:
    """Whether a layer's output at a position depends on its inputs at that position only."""
    if isinstance(layer, keras.layers.Dense):
        return True
    return type(layer).__name__ in _POINTWISE and not _mixes(layer)


def is_of_keras(activation: Any) -> bool:
    """Whether an activation is one of Keras' own, which act on each position by itself."""
    home = getattr(activation, "__module__", None) or type(activation).__module__
    return home.split(".")[0] == "keras"


def _mixes(layer: Any) -> bool:
    """Whether a layer that is pointwise by default was told to normalize over positions."""
    axis = getattr(layer, "axis", -1) if type(layer).__name__ in _OVER_AXIS else -1
    return any(a not in (-1, 3) for a in (axis if isinstance(axis, tuple | list) else (axis,)))


def _union(axes: Sequence[AxisField]) -> AxisField:
    length = max(len(a.reach) for a in axes)
    same = [a for a in axes if len(a.reach) in (1, length)]
    if len(same) < len(axes):
        return AxisField(np.any([a.everything.reach for a in axes], axis=0), None, None)
    reach = np.any([np.broadcast_to(a.reach, (length, a.reach.shape[1])) for a in same], axis=0)
    sizes, jumps = [a.size for a in same], [a.jump for a in same]
    size = max((s for s in sizes if s is not None), default=None) if None not in sizes else None
    return AxisField(reach, size, jumps[0] if len(set(jumps)) == 1 else None)


def _spread(axis: AxisField, length: int) -> AxisField:
    return AxisField(np.repeat(axis.everything.reach, length, axis=0), None, None)


def _window(axis: AxisField, kernel: int, stride: int, dilation: int, padding: str) -> AxisField:
    """Slide a window along one axis."""
    n, extent = len(axis.reach), (kernel - 1) * dilation + 1
    if padding == "same":
        length = -(-n // stride)
        before = max((length - 1) * stride + extent - n, 0) // 2
    elif padding == "causal":
        length, before = -(-n // stride), extent - 1
    else:
        length, before = (n - extent) // stride + 1, 0
    reach = np.zeros((length, axis.reach.shape[1]), dtype=bool)
    for tap in range(kernel):
        at = np.arange(length) * stride - before + tap * dilation
        inside = (at >= 0) & (at < n)
        reach[inside] |= axis.reach[at[inside]]
    if axis.size is None or axis.jump is None:
        return AxisField(reach, None, None)
    return AxisField(reach, axis.size + int((extent - 1) * axis.jump), axis.jump * stride)


def _pick(axis: AxisField, at: npt.NDArray[np.int_], jump: float) -> AxisField:
    """Take positions of the input; positions outside see nothing."""
    reach = np.zeros((len(at), axis.reach.shape[1]), dtype=bool)
    inside = (at >= 0) & (at < len(axis.reach))
    reach[inside] = axis.reach[at[inside]]
    return AxisField(reach, axis.size, None if axis.jump is None else axis.jump * jump)


def _convolution(layer: Any, source: Field) -> Field:
    return _each(
        source,
        lambda a, i: _window(
            a, layer.kernel_size[i], layer.strides[i], layer.dilation_rate[i], layer.padding
        ),
    )


def _pooling(layer: Any, source: Field) -> Field:
    return _each(
        source, lambda a, i: _window(a, layer.pool_size[i], layer.strides[i], 1, layer.padding)
    )


def _global(layer: Any, source: Field) -> Field:
    return _each(source, lambda a, _: a.everything)


def _padding(layer: Any, source: Field) -> Field:
    return _each(
        source,
        lambda a, i: _pick(
            a, np.arange(-layer.padding[i][0], len(a.reach) + layer.padding[i][1]), 1
        ),
    )


def _cropping(layer: Any, source: Field) -> Field:
    return _each(
        source,
        lambda a, i: _pick(
            a, np.arange(layer.cropping[i][0], len(a.reach) - layer.cropping[i][1]), 1
        ),
    )


def _upsampling(layer: Any, source: Field) -> Field:
    def axis(a: AxisField, i: int) -> AxisField:
        # Bilinear weights reach one neighbour to each side.
        wide = a if layer.interpolation == "nearest" else _window(a, 3, 1, 1, "same")
        return _pick(
            wide, np.arange(len(a.reach) * layer.size[i]) // layer.size[i], 1 / layer.size[i]
        )

    if layer.interpolation not in ("nearest", "bilinear"):
        return _each(source, lambda a, i: _spread(a, len(a.reach) * layer.size[i]))
    return _each(source, axis)


def _each(source: Field, rule: Callable[[AxisField, int], AxisField]) -> Field:
    return rule(source[0], 0), rule(source[1], 1)


_L = keras.layers
_RULES: tuple[tuple[Any, Callable[[Any, Field], Field]], ...] = (
    # Conv2DTranspose is no Conv2D; it falls to "may look anywhere", which is safe.
    ((_L.Conv2D, _L.DepthwiseConv2D, _L.SeparableConv2D), _convolution),
    ((_L.MaxPooling2D, _L.AveragePooling2D), _pooling),
    ((_L.GlobalAveragePooling2D, _L.GlobalMaxPooling2D), _global),
    (_L.ZeroPadding2D, _padding),
    (_L.Cropping2D, _cropping),
    (_L.UpSampling2D, _upsampling),
)
