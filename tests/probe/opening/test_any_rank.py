"""Series and volumes: what input is the image, of what size, and that layers give what Keras' do."""

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

import featureprobe as fp

SPACE = fp.InputSpace.identity(low=-3, high=3)


def net(rank: int, shape: tuple[int | None, ...], channels: int = 2) -> Any:
    """Return a small net of images with so many spatial axes."""
    keras.utils.set_random_seed(3)
    kinds = {name: getattr(layers, f"{name}{rank}D") for name in ("Conv", "MaxPooling")}
    given = keras.Input((*shape, channels), name="given")
    value = kinds["Conv"](3, 3, padding="same", activation="elu", name="conv")(given)
    value = kinds["MaxPooling"](2, name="pool")(value)
    value = layers.Dense(2, activation="relu", name="each")(value)
    flat = layers.Flatten() if None not in shape else getattr(layers, f"GlobalMaxPooling{rank}D")()
    return keras.Model(given, layers.Dense(2, name="out")(flat(value)))


@pytest.mark.parametrize("shape", [(9,), (6, 5), (4, 5, 6)])
def test_layers_give_what_keras_layers_give(shape: tuple[int, ...]) -> None:
    """Of images of any rank, alone and in a batch."""
    model = net(len(shape), shape)
    probe = fp.ModelProbe(model, input_space=SPACE)
    assert probe.image_shape == (*shape, 2)
    images = np.random.default_rng(0).normal(size=(3, *shape, 2)).astype(np.float32)
    for path in ("conv", "pool", "each", "out"):
        want = keras.Model(model.inputs, model.get_layer(path).output).predict_on_batch(images)
        np.testing.assert_allclose(probe.activations(images, path), want, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(
            probe.activations(images[0], path), want[:1], rtol=1e-5, atol=1e-6
        )


@pytest.mark.parametrize("shape", [(9,), (6, 5), (4, 5, 6)])
def test_open_sizes_are_chosen(shape: tuple[int, ...]) -> None:
    """One number for each spatial axis; anything else says what is wanted."""
    model = net(len(shape), (None,) * len(shape))
    assert fp.ModelProbe(model, input_space=SPACE, size=shape).image_shape == (*shape, 2)
    with pytest.raises(fp.ShapeError, match=r"any size.*size=\("):
        fp.ModelProbe(model, input_space=SPACE)
    with pytest.raises(fp.ShapeError, match=r"size=\(.*Received"):
        fp.ModelProbe(model, input_space=SPACE, size=(*shape, 1))


def test_which_input_is_the_image() -> None:
    """A picture before a series; of two series, the one that was asked for."""
    picture, series = keras.Input((6, 5, 1), name="picture"), keras.Input((9, 2), name="series")
    other = keras.Input((9, 2), name="other")
    strips = [layers.GlobalMaxPooling1D()(layers.Conv1D(2, 3)(x)) for x in (series, other)]
    maps = layers.GlobalMaxPooling2D()(layers.Conv2D(2, 3)(picture))
    mixed = keras.Model([series, picture], layers.Add()([strips[0], maps]))
    probe = fp.ModelProbe(mixed, input_space=SPACE, other_inputs={"series": np.ones((9, 2))})
    assert probe.image_shape == (6, 5, 1)
    asked = fp.ModelProbe(
        mixed,
        input_space=SPACE,
        image_input="series",
        other_inputs={"picture": np.ones((6, 5, 1))},
    )
    assert asked.image_shape == (9, 2)
    two = keras.Model([series, other], layers.Add()(strips))
    with pytest.raises(fp.ModelError, match="image_input='series'"):
        fp.ModelProbe(two, input_space=SPACE)


def test_a_vector_that_becomes_a_series() -> None:
    """The model's own reshaping says what it is; an image stays one."""
    vector = keras.Input((30,))
    strips = layers.Conv1D(2, 3, name="conv")(layers.Reshape((30, 1))(vector))
    probe = fp.ModelProbe(keras.Model(vector, strips), input_space=SPACE)
    assert probe.image_shape == (30, 1)
    rows = keras.Input((6, 5))
    maps = layers.Conv2D(2, 3)(layers.Reshape((6, 5, 1))(rows))
    assert fp.ModelProbe(keras.Model(rows, maps), input_space=SPACE).image_shape == (6, 5, 1)
    split = layers.Conv1D(2, 3)(layers.Reshape((3, 10))(rows))
    assert fp.ModelProbe(keras.Model(rows, split), input_space=SPACE).image_shape == (6, 5)
