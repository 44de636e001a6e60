"""Crops of random small nets: value and gradient of a node are those of the full image."""

from functools import partial
from typing import Any

import keras
import numpy as np
import pytest
from cropping import assert_same
from hypothesis import HealthCheck, assume, given, settings, strategies as st
from keras import layers, ops

import featureprobe as fp
from featureprobe.probe.network.crop_plan import Crop, plan_crop

SHAPE = (21, 18, 3)  # two channels, normalized, are always 1 and -1: no gradient but rounding
PAIR = st.tuples(st.integers(1, 3), st.integers(1, 3))
SIZES = st.integers(1, 3)
PADDING = st.sampled_from(["valid", "same"])
ACTIVATION = st.sampled_from(["relu", "tanh", "linear"])


def window(kind: Any, kernel: Any, stride: int, dilation: int, padding: str, act: str) -> Any:
    """Return a maker of a convolution; strides and dilation exclude each other."""
    config = {
        "strides": stride,
        "dilation_rate": dilation if stride == 1 else 1,
        "padding": padding,
        "activation": act,
    }
    if kind is layers.DepthwiseConv2D:
        return partial(kind, kernel, **config)
    return partial(kind, 3, kernel, **config)


WINDOWS = st.builds(
    window,
    st.sampled_from([layers.Conv2D, layers.DepthwiseConv2D, layers.SeparableConv2D]),
    SIZES,
    SIZES,
    SIZES,
    PADDING,
    ACTIVATION,
)
UNEVEN = st.builds(
    window, st.just(layers.Conv2D), PAIR, st.just(1), st.just(1), PADDING, ACTIVATION
)
POOLS = st.builds(
    lambda kind, size, stride, padding: partial(kind, size, strides=stride, padding=padding),
    st.sampled_from([layers.MaxPooling2D, layers.AveragePooling2D]),
    PAIR,
    PAIR,
    PADDING,
)
FRAMES = st.builds(
    lambda kind, rows, cols: partial(kind, (rows, cols)),
    st.sampled_from([layers.ZeroPadding2D, layers.Cropping2D]),
    PAIR,
    PAIR,
)
ALONE = st.sampled_from(
    [layers.ReLU, layers.BatchNormalization, partial(layers.PReLU, shared_axes=[1, 2])]
)


def branched(size: int, act: str, join: Any, value: Any) -> Any:
    """Join a value with a convolution of itself."""
    return join(
        [value, layers.Conv2D(value.shape[-1], size, padding="same", activation=act)(value)]
    )


BRANCHES = st.builds(
    lambda size, act, join: partial(partial, branched, size, act, join),
    st.integers(1, 4),
    ACTIVATION,
    st.sampled_from([layers.add, layers.concatenate, layers.maximum, layers.multiply]),
)
GROWING = st.one_of(
    st.builds(
        lambda size, way: partial(layers.UpSampling2D, size, interpolation=way),
        PAIR,
        st.sampled_from(["nearest", "bilinear", "bicubic"]),
    ),
    st.builds(
        lambda size, stride, padding, act: partial(
            layers.Conv2DTranspose, 3, size, strides=stride, padding=padding, activation=act
        ),
        st.integers(1, 4),
        SIZES,
        PADDING,
        ACTIVATION,
    ),
)


def moved(change: Any) -> Any:
    """Return a maker of a block that is one operation."""
    return partial(partial, change)


MOVES = st.sampled_from(
    [
        moved(lambda value: value[:, 1:, ::2]),
        moved(lambda value: value[:, ::-1]),
        moved(lambda value: ops.pad(value, ((0, 0), (1, 0), (0, 2), (0, 0)))),
        moved(lambda value: ops.pad(value, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="reflect")),
        moved(lambda value: ops.repeat(value, 2, axis=2)),
        moved(lambda value: ops.softmax(value, axis=-1)),
        layers.LayerNormalization,
        layers.RandomFlip,
    ]
)
BLOCKS = st.one_of(WINDOWS, UNEVEN, POOLS, FRAMES, ALONE, BRANCHES, GROWING, MOVES)


def opened(blocks: list[Any]) -> fp.ModelProbe:
    """Build and open a net; sizes that do not work out are not examples."""
    image = value = keras.Input(SHAPE)
    try:
        for block in blocks:
            value = block()(value)
            assume(0 not in value.shape[1:])
    except ValueError:
        assume(False)  # a window was larger than what was left of the image
    out = layers.Conv2D(2, 1, name="out")(value)
    model = keras.Model(image, out)
    rng = np.random.default_rng(7)
    for weight in model.weights:
        low = 0.5 if "variance" in weight.path else -0.5
        weight.assign(rng.uniform(low, low + 1.0, weight.shape))
    return fp.ModelProbe(model, input_space=fp.InputSpace.identity())


@pytest.mark.long
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.filter_too_much])
@given(st.lists(BLOCKS, min_size=1, max_size=4), st.data())
def test_random_nets_have_exact_crops(blocks: list[Any], data: st.DataObject) -> None:
    """Any stride, dilation, padding, pooling and joining, at any node that has a crop."""
    probe = opened(blocks)
    rows, cols, _ = probe.shape_of("out")
    row, col = data.draw(st.integers(0, rows - 1)), data.draw(st.integers(0, cols - 1))
    assume(isinstance(plan_crop(probe.network, [fp.Read("out", row=row, col=col)]), Crop))
    assert_same(probe, "out", row, col, moves=False)
