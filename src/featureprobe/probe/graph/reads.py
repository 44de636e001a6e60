"""Reads: check them against a model, and gather them for each image's own target."""

from collections.abc import Callable, Sequence

import tensorflow as tf

from featureprobe._spatial import axis_of, names_of
from featureprobe.errors import RangeError, ShapeError
from featureprobe.probe.layers.own_gradient import with_own_gradient
from featureprobe.types import Read, Tensor


def check_read(read: Read, shape: Sequence[int]) -> None:
    """Raise when ``read`` does not fit a layer of ``shape`` (without the batch axis).

    Raises:
        ShapeError: An axis that the layer does not have.
        RangeError: An index outside the layer.
    """
    allowed = names_of(len(shape))
    for axis, index in zip(read.axes, read.indices, strict=True):
        number = axis_of(axis, len(shape))
        if number is None:
            hint = (
                "Use fp.Node(layer, index=...)."
                if allowed == ("index",)
                else (f"Its axes are {', '.join(allowed) or 'none that can be indexed'}.")
            )
            raise ShapeError(
                f"The layer {read.layer!r} has no {axis} axis: its output has the shape "
                f"{tuple(shape)}. {hint}"
            )
        size = shape[number]
        if not 0 <= index < size:
            word = allowed[-1] if axis == "unit" and allowed else axis
            raise RangeError(
                f"{word} {index} is outside the layer {read.layer!r}, whose output has the shape "
                f"{tuple(shape)}. Choose {word} from 0 to {size - 1}."
            )


def gather(values: Tensor, axes: Sequence[str], indices: Sequence[Tensor]) -> Tensor:
    """Take each image's own place, channel or index out of a layer's output.

    Args:
        values: (N, ...) the layer's output.
        axes: Names of the axes to index.
        indices: One int32 tensor (N,) for each axis.

    Returns:
        The output without the indexed axes.
    """
    rank = len(values.shape) - 1
    chosen = {axis_of(axis, rank): index for axis, index in zip(axes, indices, strict=True)}
    # From the last axis to the first, so that positions of the axes to come stay valid.
    for number in reversed(range(rank)):
        if number in chosen:
            values = _take(values, chosen[number], 1 + number)
    return values


def _take(values: Tensor, index: Tensor, axis: int) -> Tensor:
    """Return the entries (N, ...) at ``index`` (N,) of an axis, which goes.

    With a gradient of its own: TensorFlow's one of a batched gather takes some sixty operations,
    more than the layers of a small net.
    """
    size = values.shape[axis]
    column = [-1, *([1] * (len(values.shape) - 1))]
    column[axis] = size

    def pick(given: Tensor) -> tuple[list[Tensor], Callable[[Tensor], Tensor]]:
        taken = tf.gather(given, index[:, None], axis=axis, batch_dims=1)

        def back(upstream: Tensor) -> Tensor:
            chosen = tf.one_hot(index, size, dtype=upstream.dtype)
            return tf.expand_dims(upstream, axis) * tf.reshape(chosen, column)

        return [tf.squeeze(taken, axis=axis)], back

    return with_own_gradient(pick, values)[0]
