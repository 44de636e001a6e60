"""Crops of series, pictures and volumes: values and gradients are those of the full image."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from random_nets import random_net

import featureprobe as fp
from featureprobe._spatial import part_of, spatial_of
from featureprobe.probe.network.crop_plan import Crop, plan_crop
from featureprobe.probe.network.cropped_network import CroppedNetwork
from featureprobe.types import Read

SPACE = fp.InputSpace.identity(low=-3, high=3)


@pytest.mark.parametrize("shape", [(41,), (19, 17), (12, 11, 13)])
@pytest.mark.parametrize("seed", range(6))
def test_a_crop_is_the_full_image(seed: int, shape: tuple[int, ...]) -> None:
    """At corners, in the middle, and in between."""
    model = random_net(seed, shape, residual=seed % 2 > 0, depth=3)
    network, last = fp.ModelProbe(model, input_space=SPACE).network, model.layers[-1].name
    made, rng = network.shape_of(last), np.random.default_rng(seed)
    image = tf.constant(rng.normal(size=(2, *network.image_shape)), tf.float32)
    network.prepare([(last, False)])
    own = spatial_of(made)
    places = [(0,) * len(own), tuple(n // 2 for n in own), tuple(n - 1 for n in own)]
    crops = 0
    for place in {*places, tuple(int(rng.integers(n)) for n in own)}:
        found = plan_crop(network, [Read(last, position=place)])
        if not isinstance(found, Crop):
            continue
        crops += 1
        part = part_of(found.place, spatial_of(found.geometry.shape))
        cropped = CroppedNetwork(network, found.geometry)
        inside = tuple(p - o for p, o in zip(place, found.offsets[0][1], strict=True))
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(image)
            whole = network.forward(image, [(last, False)])[0][:, *place]
            few = cropped.forward(image[:, *part], [(last, False)])[0][:, *inside]
        scale = float(tf.reduce_max(tf.abs(whole))) + 1e-3
        np.testing.assert_allclose(few, whole, atol=2e-5 * scale)
        one, other = (tape.gradient(v, image).numpy() for v in (whole, few))
        np.testing.assert_allclose(other, one, atol=2e-5 * np.abs(one).max() + 1e-7)
    assert crops or "TimeDistributed" in {type(layer).__name__ for layer in model.layers}


@pytest.mark.parametrize("kind", ["MaxPooling", "AveragePooling"])
@pytest.mark.parametrize("shape", [(20,), (12, 11), (9, 8, 9)])
def test_padding_of_a_pooling_is_no_value(shape: tuple[int, ...], kind: str) -> None:
    """Of values below 0 the greatest is below 0 at the border, and means are of real values."""
    conv, pool = (getattr(keras.layers, f"{name}{len(shape)}D") for name in ("Conv", kind))
    given = keras.Input((*shape, 2))
    value = conv(2, 1, bias_initializer=keras.initializers.Constant(-9.0))(given)
    pooled = pool(3, strides=1, padding="same", name="pool")(value)
    network = fp.ModelProbe(keras.Model(given, pooled), input_space=SPACE).network
    image = tf.random.stateless_normal((2, *network.image_shape), seed=(1, 2))
    for corner in ((0,) * len(shape), tuple(n - 1 for n in shape)):
        found = plan_crop(network, [Read("pool", position=corner)])
        assert isinstance(found, Crop)
        part = part_of(found.place, spatial_of(found.geometry.shape))
        cropped = CroppedNetwork(network, found.geometry)
        few = cropped.forward(image[:, *part], [("pool", False)])[0]
        whole = network.forward(image, [("pool", False)])[0][:, *corner]
        np.testing.assert_allclose(np.reshape(few, whole.shape), whole, rtol=1e-5)
