"""Crops: a part of the image with the value and the gradient of the whole."""

import os
from pathlib import Path

import keras
import numpy as np
import pytest
from cropping import assert_same, crop_of

import featureprobe as fp
from featureprobe.probe.network.crop_plan import plan_crop

L = keras.layers


def small_net(*layers, shape=(24, 20, 2)) -> fp.ModelProbe:
    """A net with random weights and biases, so that padding can be told from the image."""
    keras.utils.set_random_seed(5)
    model = keras.Sequential([keras.Input(shape), *layers])
    for weight in model.weights:
        weight.assign(np.random.default_rng(1).normal(size=weight.shape) * 0.4 + 0.05)
    return fp.ModelProbe(model, input_space=fp.InputSpace.identity())


WINDOWS = {
    "valid": [L.Conv2D(3, 3, activation="tanh"), L.Conv2D(4, 3, name="out")],
    "same": [L.Conv2D(3, 3, padding="same", activation="tanh"), L.Conv2D(4, 5, padding="same", name="out")],
    "strides": [L.Conv2D(3, 3, strides=2, padding="same"), L.Conv2D(4, 3, strides=(3, 1), padding="same", name="out")],
    "even kernels": [L.Conv2D(3, 4, padding="same"), L.Conv2D(4, (2, 4), padding="same", name="out")],
    "dilation": [L.Conv2D(3, 3, dilation_rate=2, padding="same"), L.Conv2D(4, 2, dilation_rate=3, name="out")],
    "max pooling": [L.Conv2D(3, 3, padding="same"), L.MaxPooling2D(3, 2, padding="same"), L.Conv2D(4, 3, padding="same", name="out")],
    "average pooling": [L.AveragePooling2D(3, 2, padding="same"), L.Conv2D(4, 3, padding="same", name="out")],
    "depthwise": [L.DepthwiseConv2D(3, padding="same", activation="tanh"), L.SeparableConv2D(4, 3, padding="same", name="out")],
    "padding and cropping": [L.ZeroPadding2D(((1, 2), (0, 3))), L.Conv2D(4, 4), L.Cropping2D(1), L.Conv2D(4, 3, name="out")],
    "normalization": [L.Conv2D(3, 3, padding="same"), L.BatchNormalization(), L.ReLU(6.0), L.PReLU(shared_axes=[1, 2]), L.Conv2D(4, 3, name="out")],
}  # fmt: skip


@pytest.mark.parametrize("name", WINDOWS)
def test_value_and_gradient_are_those_of_the_full_image(name):
    """Corners, borders and the middle, for every kind of window."""
    # Layers belong to one model: made anew from their config for each test.
    layers = [type(layer).from_config(layer.get_config()) for layer in WINDOWS[name]]
    probe = small_net(*layers)
    rows, cols, _ = probe.shape_of("out")
    for row in {0, rows // 2, rows - 1}:
        for col in {0, cols // 2, cols - 1}:
            assert_same(probe, "out", row, col, pre=row == 0)


def test_branches_take_what_each_needs():
    """Residual adds, concatenations and a value that is used twice with different windows."""
    keras.utils.set_random_seed(3)
    image = keras.Input((26, 26, 2))
    x = L.Conv2D(4, 3, padding="same", activation="tanh")(image)
    wide = L.Conv2D(4, 5, padding="same", activation="tanh")(x)
    thin = L.Conv2D(4, 1, activation="tanh")(x)
    x = L.Concatenate()([thin, wide, L.Add()([x, thin])])
    shared = L.Conv2D(12, 3, padding="same", name="twice")
    x = shared(shared(x)) + x * 0.5
    probe = fp.ModelProbe(
        keras.Model(image, L.Conv2D(3, 3, name="out")(x)), input_space=fp.InputSpace.identity()
    )
    for place in ((0, 0), (12, 11), (23, 10)):
        assert_same(probe, "out", *place)


def test_sizes_on_the_reference_net_and_equal_geometry():
    """A node of the last convolution sees 18 x 18 pixels, 4 pixels further for each node."""
    probe = fp.samples.mnist_probe()
    crops = {
        (r, c): crop_of(probe, fp.Read("Conv2D_3", row=r, col=c))
        for r in range(3)
        for c in range(3)
    }
    for (row, col), crop in crops.items():
        assert crop.place == (4 * row, 4 * col)
        assert crop.geometry.shape == (18, 18, 1)
    assert len({crop.geometry for crop in crops.values()}) == 1


def test_interior_nodes_of_a_padded_net_share_their_geometry():
    """VGG16's topology: 14, 40 and 92 pixels; border nodes see less."""
    model = keras.applications.VGG16(weights=None, include_top=False, input_shape=(224, 224, 3))
    probe = fp.ModelProbe(model, input_space=fp.InputSpace.identity())
    for layer, size, interior in (
        ("block2_conv2", 14, range(40, 44)),
        ("block3_conv3", 40, range(20, 24)),
        ("block4_conv3", 92, range(13, 15)),
    ):
        crops = [crop_of(probe, fp.Read(layer, row=i, col=i)) for i in interior]
        assert {crop.geometry.shape for crop in crops} == {(size, size, 3)}
        assert len({crop.geometry for crop in crops}) == 1
        assert crop_of(probe, fp.Read(layer, row=0, col=0)).geometry.shape[0] < size


def test_two_nodes_need_the_hull_of_both():
    """One crop holds all that a target reads."""
    probe = fp.samples.mnist_probe()
    both = [fp.Read("Conv2D_2", row=1, col=0), fp.Read("Conv2D_1", row=12, col=9)]
    crop = crop_of(probe, *both)
    assert crop.place == (2, 0)
    assert crop.geometry.shape == (13, 12, 1)
    assert dict(crop.offsets) == {"Conv2D_2": (1, 0), "Conv2D_1": (2, 0)}


@pytest.mark.parametrize(
    ("layer", "read", "why"),
    [
        ("dense", {"index": 1}, "depends on the whole image"),
        ("conv", {"channel": 1}, "receptive field"),
        ("scaled", {"row": 3, "col": 3}, "'scaled' depends on the whole image"),
    ],
)
def test_what_sees_everything_says_why(layer, read, why):
    """A flattening, a whole map, weights that differ from place to place."""
    image = keras.Input((12, 12, 1))
    x = L.Conv2D(3, 3, padding="same", name="conv")(image)
    scaled = L.PReLU(name="scaled")(x)  # one slope a position
    model = keras.Model(image, [L.Dense(2, name="dense")(L.Flatten()(x)), scaled])
    probe = fp.ModelProbe(model, input_space=fp.InputSpace.identity())
    found = plan_crop(probe.network, [fp.Read(layer, **read)])
    assert isinstance(found, str)
    assert why in found


def test_squeezenet_nodes():
    """Fire modules of a real net, at the middle and at the corner."""
    data = os.environ.get("FEATUREPROBE_TEST_DATA")
    if not data:
        pytest.skip("FEATUREPROBE_TEST_DATA is not set: there is no larger net to test on")
    path = Path(data) / "models" / "squeezenet_v1_1_imagenet.keras"
    probe = fp.ModelProbe.load(path, input_space=fp.InputSpace.caffe())
    for layer, middle in (("fire3_concat", 28), ("fire5_concat", 13)):
        for at in (0, middle):
            assert_same(probe, layer, at, at)
