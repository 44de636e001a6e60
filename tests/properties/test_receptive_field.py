"""Receptive fields of random chains of layers: what is predicted is what answers."""

from typing import Any

import keras
import numpy as np
from hypothesis import assume, given, settings, strategies as st
from keras import layers

import featureprobe as fp
from featureprobe.types import Read

ROWS, COLS = 11, 8
PAIR = st.tuples(st.integers(1, 3), st.integers(1, 3))
PADDING = st.sampled_from(["valid", "same"])


def window(kind: Any, kernel: Any, stride: int, dilation: Any, padding: str) -> Any:
    """Return a layer maker; strides and dilation exclude each other.

    Strides are equal: Keras wants that of depthwise convolutions, and TensorFlow's oneDNN leaves
    memory unwritten in some ordinary ones, so that there is nothing to compare with.
    """
    arguments = {
        "strides": stride,
        "dilation_rate": dilation if stride == 1 else 1,
        "padding": padding,
    }
    if kind is layers.Conv2D:
        return lambda: kind(1, kernel, **arguments)
    return lambda: kind(kernel, **arguments)


LAYERS = st.one_of(
    st.builds(
        window,
        st.sampled_from([layers.Conv2D, layers.DepthwiseConv2D]),
        PAIR,
        st.integers(1, 3),
        PAIR,
        PADDING,
    ),
    st.builds(
        lambda kind, size, stride, padding: lambda: kind(size, strides=stride, padding=padding),
        st.sampled_from([layers.MaxPooling2D, layers.AveragePooling2D]),
        PAIR,
        PAIR,
        PADDING,
    ),
    st.builds(
        lambda kind, rows, cols: lambda: kind((rows, cols)),
        st.sampled_from([layers.ZeroPadding2D, layers.Cropping2D]),
        st.tuples(st.integers(0, 2), st.integers(0, 2)),
        st.tuples(st.integers(0, 2), st.integers(0, 2)),
    ),
    st.builds(lambda size: lambda: layers.UpSampling2D(size), PAIR),
    st.just(lambda: layers.UpSampling2D(2, interpolation="bilinear")),
    st.builds(
        lambda size, stride, padding: (
            lambda: layers.Conv2DTranspose(1, size, strides=stride, padding=padding)
        ),
        st.integers(1, 4),
        st.integers(1, 3),
        PADDING,
    ),
    st.sampled_from(
        [
            layers.RandomFlip,
            lambda: layers.Dropout(0.5),
            lambda: layers.CenterCrop(3, 3),
            lambda: layers.GaussianNoise(1.0),
            lambda: layers.Rescaling(2.0),
        ]
    ),
)


def enlarges(layer: Any) -> bool:
    """Whether a CenterCrop gets less than it is to cut out."""
    crops = isinstance(layer, layers.CenterCrop)
    return crops and min(layer.input.shape[1:3]) < min(layer.height, layer.width)


@settings(deadline=None, max_examples=40)
@given(st.lists(LAYERS, min_size=1, max_size=4))
def test_random_chains_are_exact(makers: list[Any]) -> None:
    """Each node of each layer sees exactly the pixels that change it."""
    try:
        model = keras.Sequential([keras.Input((ROWS, COLS, 1)), *(make() for make in makers)])
    except ValueError:
        assume(False)  # a window was larger than what was left of the image
    assume(all(0 not in layer.output.shape[1:] for layer in model.layers))
    assume(model.output_shape[1] * model.output_shape[2] <= 400)
    # CenterCrop enlarges what is smaller, by resizing: its field is then "whole".
    assume(not any(enlarges(layer) for layer in model.layers))
    rng = np.random.default_rng(0)
    for weight in model.weights:
        bias = weight.path.endswith("bias")
        weight.assign(np.zeros(weight.shape) if bias else rng.uniform(0.5, 1.0, weight.shape))
    network = fp.ModelProbe(model, input_space=fp.InputSpace()).network
    values = np.eye(ROWS * COLS, dtype=np.float32).reshape(-1, ROWS, COLS, 1)
    for layer in model.layers:
        values = np.asarray(layer(values, training=False))
        answers = (values != 0).any(axis=-1).reshape(ROWS, COLS, *values.shape[1:3])
        rows, cols = (axis.reach for axis in network.fields[network.graph.number_of(layer.name)])
        np.testing.assert_array_equal(np.einsum("ip,jq->pqij", rows, cols), answers)
        box = network.live_box(Read(layer.name))
        np.testing.assert_array_equal(box > 0, answers.any(axis=(2, 3)))
