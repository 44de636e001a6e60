"""Convolutions as matrix products, where that is faster than the kernels of TensorFlow.

Three cases pay. A few positions: convolution kernels sort the weights anew on every call, which
takes many times longer than the few products of a single node's last layers. A few maps, other ones
for each image: the last layer of a batch of targets, where each wants one map. And the gradient
with respect to an image of a few channels, which leaves a convolution kernel's lanes empty.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from featureprobe.probe.layers.keras_own import is_keras_own, is_valuewise_function
from featureprobe.probe.layers.own_gradient import with_own_gradient
from featureprobe.types import FloatArray, Tensor

_MOST_POSITIONS = 9  # up to here a product was faster in all layers measured, 64 to 512 channels
_MOST_CHANNELS = 4  # of an image; 16 lanes want more
_MOST_TAPS = 25  # each is one plane to move
_EXACT = ("float32", "float64")  # in 16 bits another order of sums is another result
_LEAST_SAVED = 8  # maps that are left out for each one wanted and each stride


@dataclass(frozen=True, eq=False)
class Kernels:
    """How the plain convolutions of a net are computed; what a network holds, one for all its calls.

    Attributes:
        own: By the path of a call, the maps of it that each image wants: no others are computed
            then. For layers for which :func:`saves` holds.
    """

    own: Mapping[str, "OwnMaps"] = field(default_factory=dict)

    def on_full(self, path: str, layer: Any, values: Tensor, *, linear: bool) -> Tensor | None:
        """Return a call's output, on the full input (N, h, w, C); None where Keras' own is best.

        Args:
            path: Of the call.
            layer: Its layer.
            values: The input.
            linear: Leave the activation out.
        """
        if path in self.own:
            return some_maps(layer, values, self.own[path], layer.padding, linear=linear)
        if has_few_channels(layer, values):
            return with_few_channels(layer, values, layer.padding, linear=linear)
        return None

    def on_padded(self, path: str, layer: Any, values: Tensor, *, linear: bool) -> Tensor | None:
        """Return the same for a part of the input that has all its padding."""
        if path in self.own:
            return some_maps(layer, values, self.own[path], "valid", linear=linear)
        if has_few_positions(layer, *values.shape[1:3]):
            return at_few_positions(layer, values, linear=linear)
        if has_few_channels(layer, values):
            return with_few_channels(layer, values, "valid", linear=linear)
        return None


class OwnMaps(NamedTuple):
    """The weights of the k maps that each of N images wants of a convolution.

    Attributes:
        kernel: (N, k * taps, C).
        bias: (N, k), or None.
    """

    kernel: Tensor
    bias: Tensor | None


def is_plain(layer: Any) -> bool:
    """Whether a layer is a convolution of kernel, bias and activation, and nothing besides.

    The activation acts on each value by itself, the same on all: neither a softmax, nor a function
    of the user's own, nor a PReLU, which has weights for each channel.
    """
    if type(layer) is not keras.layers.Conv2D or layer.groups != 1 or not is_keras_own(layer):
        return False
    if not is_valuewise_function(layer.activation) or _has_weights(layer.activation):
        return False
    whole = layer.compute_dtype == layer.variable_dtype and layer.compute_dtype in _EXACT
    changed = getattr(layer, "lora_enabled", False) or getattr(layer, "quantization_mode", None)
    return whole and not changed and layer.data_format == "channels_last"


def _has_weights(activation: Any) -> bool:
    """Whether an activation is a layer with weights, built or not, or holds one."""
    inner = activation._flatten_layers() if isinstance(activation, keras.Layer) else ()
    return any(isinstance(layer, keras.layers.PReLU) for layer in inner)


def has_few_positions(layer: Any, height: int, width: int) -> bool:
    """Whether a padded input of ``height x width`` gives few positions of a plain convolution."""
    if not is_plain(layer) or tuple(layer.dilation_rate) != (1, 1):
        return False
    positions = 1
    for size, taps, stride in zip((height, width), layer.kernel_size, layer.strides, strict=True):
        positions *= (size - taps) // stride + 1
    return positions <= _MOST_POSITIONS


def saves(layer: Any, maps: int) -> bool:
    """Whether it pays to compute so few of a layer's maps, for each image its own ones."""
    return is_plain(layer) and layer.filters >= _LEAST_SAVED * maps * int(np.prod(layer.strides))


def has_few_channels(layer: Any, values: Tensor) -> bool:
    """Whether the gradient with respect to a plain convolution's input is better done here."""
    return (
        is_plain(layer)
        and layer.padding in ("same", "valid")
        and values.shape[3] <= _MOST_CHANNELS
        and int(np.prod(layer.kernel_size)) <= _MOST_TAPS
        and tuple(layer.strides) == tuple(layer.dilation_rate) == (1, 1)
    )


def with_few_channels(layer: Any, values: Tensor, padding: str, *, linear: bool) -> Tensor:
    """Return a convolution's output (N, h', w', filters) with a gradient of its own.

    Args:
        layer: A layer for which :func:`has_few_channels` holds.
        values: Its input (N, h, w, C).
        padding: ``"same"`` or ``"valid"``.
        linear: Leave the activation out.
    """
    values = tf.cast(values, layer.compute_dtype)
    kernel, bias = _kernel(layer), tf.convert_to_tensor(layer.bias) if layer.use_bias else None

    def computed(given: Tensor) -> tuple[list[Tensor], Callable[[Tensor], Tensor]]:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            before = tf.nn.conv2d(given, kernel, 1, padding.upper())
            tape.watch(before)
            biased = before if bias is None else tf.nn.bias_add(before, bias)
            after = _active(layer, biased, linear)

        def back(upstream: Tensor) -> Tensor:
            inner = tape.gradient(after, before, output_gradients=upstream)
            return _input_gradient(inner, kernel, given.shape)

        return [after], back

    # All of the layer is in it, so that TensorFlow still fuses bias and activation.
    return with_own_gradient(computed, values)[0]


def at_few_positions(layer: Any, values: Tensor, *, linear: bool) -> Tensor:
    """Return a convolution's output (N, h', w', filters) for padded values (N, h, w, C).

    Args:
        layer: A layer for which :func:`has_few_positions` holds.
        values: Its input with all padding.
        linear: Leave the activation out.
    """
    values = tf.cast(values, layer.compute_dtype)
    (tall, wide), (down, right) = layer.kernel_size, layer.strides
    rows = range(0, values.shape[1] - tall + 1, down)
    cols = range(0, values.shape[2] - wide + 1, right)
    windows = [values[:, i : i + tall, j : j + wide] for i in rows for j in cols]
    size = tall * wide * values.shape[3]
    flat = tf.reshape(tf.stack(windows, axis=1), [-1, size])
    made = tf.matmul(flat, tf.reshape(_kernel(layer), [size, layer.filters]))
    if layer.use_bias:
        made = tf.nn.bias_add(made, tf.convert_to_tensor(layer.bias))
    return _active(layer, tf.reshape(made, [-1, len(rows), len(cols), layer.filters]), linear)


def own_maps(layer: Any, maps: Tensor) -> OwnMaps:
    """Gather the weights of each image's own maps: once for many steps, since it takes a while.

    Args:
        layer: A layer for which :func:`saves` holds.
        maps: (N, k) int32 numbers of the wanted maps.
    """
    tall, wide, channels, filters = layer.kernel.shape
    # Rows of the transposed kernel: to gather columns takes three times as long.
    every = tf.transpose(tf.reshape(_kernel(layer), [-1, filters]))
    kernel = tf.reshape(tf.gather(every, maps), [-1, maps.shape[1] * tall * wide, channels])
    bias = tf.gather(tf.convert_to_tensor(layer.bias), maps) if layer.use_bias else None
    return OwnMaps(kernel, bias)


def some_maps(layer: Any, values: Tensor, own: OwnMaps, padding: str, *, linear: bool) -> Tensor:
    """Return each image's own maps (N, h', w', k) of a plain convolution.

    Each tap of the kernel is one matrix product with all positions; a convolution of ones then
    moves the products to where they belong and adds them up.

    Args:
        layer: A layer for which :func:`saves` holds.
        values: Its input (N, h, w, C).
        own: From :func:`own_maps`.
        padding: ``"same"`` or ``"valid"``.
        linear: Leave the activation out.
    """
    values = tf.cast(values, layer.compute_dtype)
    height, width, channels = values.shape[1:]
    tall, wide = layer.kernel_size
    taps = tall * wide
    count = own.kernel.shape[1] // taps
    flat = tf.reshape(values, [-1, height * width, channels])
    made = tf.matmul(flat, own.kernel, transpose_b=True)
    made = tf.reshape(made, [-1, height, width, count * taps])
    made = tf.nn.conv2d(
        made,
        tf.constant(_moves(tall, wide, count), values.dtype),
        strides=layer.strides,
        padding=padding.upper(),
        dilations=layer.dilation_rate,
    )
    if own.bias is not None:
        made += own.bias[:, None, None, :]
    return _active(layer, made, linear)


def _input_gradient(upstream: Tensor, kernel: Tensor, shape: Sequence[int]) -> Tensor:
    """Return the gradient (N, h, w, C) with respect to a convolution's input of that shape.

    One product gives what each tap sends back; each is a plane, moved by its tap.

    Args:
        upstream: (N, h', w', filters) the gradient with respect to the output.
        kernel: (taps down, taps across, C, filters).
        shape: Of the input.
    """
    tall, wide, channels, filters = kernel.shape
    height, width = upstream.shape[1:3]
    planes = tf.matmul(
        tf.reshape(kernel, [-1, filters]), tf.reshape(upstream, [-1, filters]), transpose_b=True
    )
    planes = tf.unstack(tf.reshape(planes, [tall * wide, channels, -1, height, width]))
    # Padding of "same" lies before by half, and the output of "valid" is smaller.
    down, right = (height + tall - 1 - shape[1]) // 2, (width + wide - 1 - shape[2]) // 2
    moved = [
        tf.pad(plane, [(0, 0), (0, 0), (i, tall - 1 - i), (j, wide - 1 - j)])
        for plane, (i, j) in zip(planes, np.ndindex(tall, wide), strict=True)
    ]
    whole = tf.add_n(moved)[:, :, down : down + shape[1], right : right + shape[2]]
    if channels == 1:  # nothing to sort: the same numbers in the same order
        return tf.reshape(whole, [-1, *shape[1:]])
    return tf.transpose(whole, [1, 2, 3, 0])


def _moves(tall: int, wide: int, count: int) -> FloatArray:
    """Return the kernel (h, w, count * taps, count) that sums each map's own taps in place."""
    taps = np.eye(tall * wide).reshape(tall, wide, 1, tall * wide, 1)
    maps = np.eye(count).reshape(count, 1, count)
    return np.float32(taps * maps).reshape(tall, wide, count * tall * wide, count)


def _kernel(layer: Any) -> Tensor:
    return tf.convert_to_tensor(layer.kernel)


def _active(layer: Any, values: Tensor, linear: bool) -> Tensor:
    return values if linear or layer.activation is None else layer.activation(values)
