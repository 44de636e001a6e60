"""Receptive fields: what a node can see is what changes it.

The other road: every pixel in turn is lit in a net of positive weights without activations, and the
nodes that answer are those that see it. In such a net this is where the gradient is not zero.
"""

from itertools import pairwise
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

import featureprobe as fp
from featureprobe.types import Read

RAW = fp.InputSpace.identity(low=0, high=1)
SHAPE = (9, 8, 1)
Seen = np.ndarray
"""(rows, columns, image rows, image columns) bool: which node sees which pixel."""


def positive(model: keras.Model) -> keras.Model:
    """Give every kernel positive weights and take the biases away."""
    rng = np.random.default_rng(0)
    for weight in model.weights:
        bias = weight.path.endswith("bias")
        weight.assign(np.zeros(weight.shape) if bias else rng.uniform(0.5, 1.0, weight.shape))
    return model


def stack(*parts: layers.Layer, shape: tuple[int, ...] = SHAPE) -> keras.Model:
    """Return a Sequential of these layers with positive weights."""
    return positive(keras.Sequential([keras.Input(shape), *parts]))


def impulses(base: np.ndarray, height: float = 1.0) -> np.ndarray:
    """Return one image a pixel, equal to ``base`` but for that pixel."""
    rows, cols, channels = base.shape
    lit = np.eye(rows * cols, dtype=np.float32).reshape(-1, rows, cols, 1)
    return base + height * np.repeat(lit, channels, axis=-1)


def answers(model: Any, base: np.ndarray | None = None, height: float = 1.0) -> Seen:
    """Return which nodes of the model's output change when a pixel does."""
    shape = model.inputs[0].shape[1:]
    base = np.zeros(shape, np.float32) if base is None else base
    outputs = np.asarray(model(impulses(base, height), training=False))
    difference = np.abs(outputs - np.asarray(model(base[None], training=False)))
    # Rounding may differ within a batch; a black image leaves exact zeros.
    changed = difference > 1e-6 * np.abs(outputs).max() * bool(base.any())
    if changed.ndim != 4:  # without rows and columns there is one place, which sees what any sees
        changed = changed.reshape(len(changed), 1, 1, -1)
    return np.moveaxis(
        changed.any(axis=-1).reshape(*shape[:2], *changed.shape[1:3]), (0, 1), (2, 3)
    )


def predicted(probe: fp.ModelProbe, layer: str = fp.OUTPUT) -> Seen:
    """Return what the probe says, node by node."""
    shape = probe.shape_of(layer)
    if len(shape) != 3:
        return probe.network.live_box(Read(layer))[None, None] > 0
    boxes = [
        [probe.network.live_box(Read(layer, row=r, col=c)) for c in range(shape[1])]
        for r in range(shape[0])
    ]
    return np.array(boxes) > 0


def check_exact(model: keras.Model) -> None:
    """Demand that the prediction is what lights up, and that the layer's box is the union."""
    probe = fp.ModelProbe(model, input_space=RAW)
    expected, found = answers(model), predicted(probe)
    assert found.shape == expected.shape
    assert expected.any(), "nothing answers: the comparison would prove nothing"
    np.testing.assert_array_equal(found, expected)
    union = expected.any(axis=(0, 1))
    np.testing.assert_array_equal(probe.network.live_box(Read(fp.OUTPUT)) > 0, union)


CHAINS = {
    "3": [layers.Conv2D(2, 3)],
    "3 same": [layers.Conv2D(2, 3, padding="same")],
    "2 same": [layers.Conv2D(2, 2, padding="same")],
    "4x1": [layers.Conv2D(2, (4, 1))],
    "strides": [layers.Conv2D(2, 3, strides=(2, 1))],
    "strides same": [layers.Conv2D(2, 3, strides=2, padding="same")],
    "stride > kernel": [layers.Conv2D(2, 2, strides=3)],
    "stride > kernel, same": [layers.Conv2D(2, 1, strides=3, padding="same")],
    "dilated": [layers.Conv2D(2, 3, dilation_rate=(2, 3))],
    "dilated same": [layers.Conv2D(2, 3, dilation_rate=2, padding="same")],
    "depthwise": [layers.DepthwiseConv2D(3, strides=2, padding="same")],
    "dilated depthwise": [layers.DepthwiseConv2D(3, dilation_rate=2)],
    "separable": [layers.SeparableConv2D(2, 3, strides=2)],
    "max": [layers.MaxPooling2D(2)],
    "max same": [layers.MaxPooling2D(3, strides=2, padding="same")],
    "average": [layers.AveragePooling2D((2, 3))],
    "average same": [layers.AveragePooling2D(3, strides=2, padding="same")],
    "average, far apart": [layers.AveragePooling2D(2, strides=3)],
    "padded": [layers.ZeroPadding2D(((1, 2), (0, 3))), layers.Conv2D(1, 3)],
    "cropped": [layers.Cropping2D(((2, 1), (0, 3))), layers.Conv2D(1, 2)],
    "nearest": [layers.MaxPooling2D(2), layers.UpSampling2D((2, 3)), layers.Conv2D(1, 2)],
    "global average": [layers.Conv2D(2, 3, strides=3), layers.GlobalAveragePooling2D()],
    "global max": [layers.Cropping2D(2), layers.GlobalMaxPooling2D(keepdims=True)],
    "dense": [layers.MaxPooling2D(2), layers.Flatten(), layers.Dense(3)],
    "dense on maps": [layers.Conv2D(2, 3), layers.Dense(3)],
    "pointwise": [layers.Conv2D(2, 3), layers.Rescaling(2.0), layers.ReLU(), layers.Dropout(0.5)],
    "articles": [
        layers.Conv2D(1, 2), layers.MaxPooling2D(2), layers.Conv2D(1, 2), layers.MaxPooling2D(2),
    ],
    "deep": [
        layers.Conv2D(2, 3, padding="same"), layers.AveragePooling2D(2, padding="same"),
        layers.DepthwiseConv2D(2), layers.ZeroPadding2D(1), layers.Conv2D(1, 2, dilation_rate=2),
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", CHAINS)
def test_chains_are_exact(name: str) -> None:
    """A chain of layers sees exactly the pixels that change it."""
    check_exact(stack(*CHAINS[name]))


def test_channels_count_together() -> None:
    """With several channels a pixel counts when any of its values does."""
    check_exact(stack(layers.Conv2D(2, 3), layers.MaxPooling2D(2), shape=(7, 6, 3)))


def branched(*branches: list[layers.Layer], join: layers.Layer) -> keras.Model:
    """Return a model whose branches start at the image and meet in ``join``."""
    image = keras.Input(SHAPE)
    ends = []
    for parts in branches:
        x = image
        for part in parts:
            x = part(x)
        ends.append(x)
    return positive(keras.Model(image, join(ends)))


@pytest.mark.parametrize("join", [layers.Add(), layers.Concatenate(), layers.Maximum()])
def test_residual_branches_are_exact(join: layers.Layer) -> None:
    """A skip connection and two convolutions of one centre: the union is the larger window."""
    check_exact(branched([], [layers.Conv2D(1, 3, padding="same")], join=type(join)()))
    check_exact(
        branched(
            [layers.Conv2D(1, 3, padding="same")], [layers.Conv2D(1, 5, padding="same")], join=join
        )
    )


def test_broadcast_attention_sees_everything() -> None:
    """Maps that are scaled by a global average see the whole image."""
    image = keras.Input(SHAPE)
    x = layers.Conv2D(2, 3, padding="same")(image)
    squeezed = layers.GlobalAveragePooling2D(keepdims=True)(x)
    model = positive(keras.Model(image, layers.Multiply()([x, squeezed])))
    found = predicted(fp.ModelProbe(model, input_space=RAW))
    assert found.all()
    base = np.random.default_rng(0).random(SHAPE, dtype=np.float32)
    assert answers(model, base).all()


class Unknown(layers.Layer):
    """A layer type that the library has never seen: it looks at the row above."""

    def call(self, inputs: Any) -> Any:
        """Roll by one row."""
        return inputs + ops.roll(inputs, 1, axis=1)


SUPERSETS = {
    "crossed windows": branched(
        [layers.Conv2D(1, (1, 3), padding="same")],
        [layers.Conv2D(1, (3, 1), padding="same")],
        join=layers.Add(),
    ),
    "bilinear": stack(layers.MaxPooling2D(2), layers.UpSampling2D(2, interpolation="bilinear")),
    "bilinear 3": stack(layers.UpSampling2D(3, interpolation="bilinear"), layers.Conv2D(1, 2)),
    "bicubic": stack(layers.UpSampling2D(2, interpolation="bicubic")),
    "transpose": stack(layers.Conv2DTranspose(1, 3, strides=2)),
    "transpose of a crop": stack(layers.Cropping2D(2), layers.Conv2DTranspose(1, 3)),
    "own layer": stack(layers.Cropping2D(1), Unknown(), layers.Conv2D(1, 2)),
    "permuted": stack(layers.Cropping2D(((3, 0), (0, 2))), layers.Permute((2, 1, 3))),
    "reshaped": stack(layers.Conv2D(1, 2), layers.Reshape((7, 8, 1)), layers.Conv2D(1, 2)),
    "resized": stack(layers.Resizing(5, 5), layers.Conv2D(1, 2)),
    "from a vector": stack(layers.Flatten(), layers.Dense(12), layers.Reshape((3, 4, 1))),
    "softmax over rows": stack(layers.Conv2D(1, 2), layers.Softmax(axis=1)),
    "softmax over places": stack(layers.Conv2D(1, 2), layers.Softmax(axis=(1, 2))),
    "unit norm": stack(layers.Conv2D(1, 2), layers.UnitNormalization(axis=(1, 2, 3))),
    "layer norm": stack(layers.Conv2D(1, 2), layers.LayerNormalization(axis=(1, 2, 3))),
    "rows joined": branched(
        [layers.Cropping2D(((0, 5), (0, 0)))],
        [layers.Cropping2D(((4, 0), (0, 0)))],
        join=layers.Concatenate(axis=1),
    ),
    "1-D": stack(layers.Reshape((9, 8)), layers.Conv1D(2, 3)),
}


@pytest.mark.parametrize("name", SUPERSETS)
def test_a_field_is_never_too_small(name: str) -> None:
    """Where windows are no rectangles, or a layer is unknown, the field may only be too large."""
    model = SUPERSETS[name]
    probe = fp.ModelProbe(model, input_space=RAW)
    found, union = predicted(probe), probe.network.live_box(Read(fp.OUTPUT)) > 0
    base = np.random.default_rng(0).random(SHAPE, dtype=np.float32) + 0.5
    for height in (0.7, -0.7):
        seen = answers(model, base, height)
        assert seen.any()
        assert not (seen.any(axis=(0, 1)) & ~union).any()
        if seen.shape[:2] == found.shape[:2]:
            assert not (seen & ~found).any()


def test_random_gradients_of_max_pooling() -> None:
    """With random signs and ReLUs, gradients of many draws together fill the field, and no more."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(6, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(4, 2),
        ]
    )
    images = tf.constant(np.random.default_rng(0).normal(size=(200, 8, 8, 1)), tf.float32)
    found = predicted(fp.ModelProbe(model, input_space=RAW))
    for row, col in ((0, 0), (1, 0), (1, 1)):
        with tf.GradientTape() as tape:
            tape.watch(images)
            node = tf.reduce_sum(model(images)[:, row, col])
        touched = np.asarray(tape.gradient(node, images))[..., 0] != 0
        np.testing.assert_array_equal(touched.any(axis=0), found[row, col])


def test_sizes_and_jumps_of_the_articles_cnn() -> None:
    """3/1, 4/2, 8/2, 10/4, 18/4; the whole image behind Flatten."""
    rows = list(fp.samples.mnist_probe().summary())
    fields = [(row.receptive_field, row.jump) for row in rows]
    expected = [((s, s), (j, j)) for s, j in ((3, 1), (4, 2), (8, 2), (10, 4), (18, 4))]
    assert fields == expected + [(None, None)] * 3


@pytest.mark.parametrize("name", sorted(set(CHAINS) - {"nearest"}))  # windows of two sizes there
def test_size_and_jump_are_those_of_the_windows(name: str) -> None:
    """Away from the border a window is as large, and as far from the next, as the table says."""
    again = [type(part).from_config(part.get_config()) for part in CHAINS[name]]
    model = keras.Sequential([keras.Input((51, 50, 1)), *again])
    probe = fp.ModelProbe(model, input_space=RAW)
    row = probe.summary().rows[-1]
    if row.receptive_field is None:
        assert len(row.shape) == 1 or row.shape[:2] == (1, 1)
        return
    field = probe.network.fields[probe.network.graph.number_of(row.path)]
    for axis, size, jump in zip(field, row.receptive_field, row.jump, strict=True):
        spans = [np.flatnonzero(reach)[[0, -1]] for reach in axis.reach if reach.any()]
        inner = [(a, b) for a, b in spans if a >= size and b < axis.reach.shape[1] - size]
        assert len(inner) >= 3
        assert {b - a + 1 for a, b in inner} == {size}
        assert {after[0] - a[0] for a, after in pairwise(inner)} == {jump}


@pytest.mark.parametrize("layer", ["Conv2D_3", "Flatten", "Dense_1", "Dense_2"])
def test_dead_rows_and_columns_of_the_articles_cnn(layer: str) -> None:
    """Rows and columns 26 and 27 cannot reach the last maps; changing them changes nothing."""
    probe = fp.samples.mnist_probe()
    alive = np.ones((28, 28), np.float32)
    alive[26:] = alive[:, 26:] = 0
    np.testing.assert_array_equal(probe.network.live_box(Read(layer)), alive)
    digits = fp.samples.mnist_digits()[0][:3].astype(np.float32)
    noise = np.random.default_rng(0).uniform(0, 255, digits.shape)
    changed = np.where(alive[..., None] > 0, digits, noise)
    assert (changed != digits).any()
    same = probe.activations(digits, layer)
    np.testing.assert_array_equal(probe.activations(changed, layer), same)
    changed[:, 25] = noise[:, 25]
    assert (probe.activations(changed, layer) != same).any()


def test_a_node_of_the_articles_cnn() -> None:
    """A node of Conv2D_3 sees 18 x 18 pixels that start at 4 times its place."""
    box = fp.samples.mnist_probe().network.live_box(Read("Conv2D_3", row=2, col=1, channel=5))
    expected = np.zeros((28, 28))
    expected[8:26, 4:22] = 1
    np.testing.assert_array_equal(box, expected)


def test_a_row_alone_sees_its_rows() -> None:
    """An axis that is left open counts with all its places."""
    probe = fp.samples.mnist_probe()
    box = probe.network.live_box(Read("Conv2D_3", row=0, channel=5))
    assert box[:18, :26].all()
    assert box.sum() == 18 * 26


def test_another_input_sees_no_pixels() -> None:
    """What follows from another input alone has an empty field."""
    image, other = keras.Input((5, 5, 1), name="image"), keras.Input((4, 4, 1), name="other")
    side = layers.Conv2D(1, 2, name="side")(other)
    main = layers.Conv2D(1, 3, name="main")(image)
    model = keras.Model([image, other], layers.Add(name="both")([side, main]))
    probe = fp.ModelProbe(
        model, input_space=RAW, image_input="image", other_inputs={"other": np.zeros((4, 4, 1))}
    )
    assert not probe.network.live_box(Read("side")).any()
    np.testing.assert_array_equal(
        probe.network.live_box(Read("both", row=1, col=0)),
        probe.network.live_box(Read("main", row=1, col=0)),
    )
