"""Inputs that the model itself reshapes to images: what the image is, and what it gives."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, ops

import featureprobe as fp

SPACE = fp.InputSpace.identity(low=0, high=1)


def rest(image: Any) -> Any:
    """Return a small classifier's output."""
    value = layers.Conv2D(3, 3, padding="same", activation="relu", name="conv")(image)
    return layers.Dense(4, activation="softmax", name="out")(layers.GlobalMaxPooling2D()(value))


def branches(x: Any) -> Any:
    """Return what two convolutions make of the same image, reshaped twice."""
    first = layers.Conv2D(3, 3, name="conv")(layers.Reshape((6, 5, 1))(x))
    second = layers.Conv2D(3, 3)(ops.reshape(x, (-1, 6, 5, 1)))
    return rest_of(layers.Add()([first, second]))


def rest_of(value: Any) -> Any:
    """Return classes."""
    return layers.Dense(4, activation="softmax", name="out")(layers.GlobalMaxPooling2D()(value))


Make = Callable[[Any], Any]
READ: dict[str, tuple[tuple[int, ...], Make, tuple[int, int, int]]] = {
    "Reshape": ((30,), lambda x: rest(layers.Reshape((6, 5, 1))(x)), (6, 5, 1)),
    "Reshape of rows": ((6, 5), lambda x: rest(layers.Reshape((6, 5, 1))(x)), (6, 5, 1)),
    "colours": ((90,), lambda x: rest(layers.Reshape((6, 5, 3))(x)), (6, 5, 3)),
    "Reshape to -1": ((30,), lambda x: rest(layers.Reshape((6, -1, 1))(x)), (6, 5, 1)),
    "ops.reshape": ((30,), lambda x: rest(ops.reshape(x, (-1, 6, 5, 1))), (6, 5, 1)),
    "expand_dims": ((6, 5), lambda x: rest(ops.expand_dims(x, -1)), (6, 5, 1)),
    "a new axis": ((6, 5), lambda x: rest(x[..., None]), (6, 5, 1)),
    "a new axis, all slices": ((6, 5), lambda x: rest(x[:, :, :, None]), (6, 5, 1)),
    "scaled first": (
        (30,),
        lambda x: rest(layers.Reshape((6, 5, 1))(layers.Rescaling(1 / 255)(x))),
        (6, 5, 1),
    ),
    "divided first": ((6, 5), lambda x: rest(ops.expand_dims(x / 255.0, -1)), (6, 5, 1)),
    "nested": (
        (30,),
        keras.Sequential([keras.Input((30,)), layers.Reshape((6, 5, 1))]),
        (6, 5, 1),
    ),
    "two branches": ((30,), branches, (6, 5, 1)),
}
UNREAD: dict[str, tuple[tuple[int, ...], Make]] = {
    "dense net": ((784,), layers.Dense(3)),
    "generator": (
        (10,),
        lambda x: layers.Conv2D(1, 3)(layers.Reshape((4, 4, 1))(layers.Dense(16)(x))),
    ),
    "one branch of two": (
        (30,),
        lambda x: layers.Concatenate()([rest(layers.Reshape((6, 5, 1))(x)), layers.Dense(2)(x)]),
    ),
    "two readings": (
        (30,),
        lambda x: layers.Concatenate()(
            [rest_of(layers.Reshape((6, 5, 1))(x)), layers.Flatten()(layers.Reshape((5, 6, 1))(x))]
        ),
    ),
    "columns in front": (
        (30,),
        lambda x: rest(layers.Reshape((6, 5, 1))(layers.LayerNormalization()(x))),
    ),
}


def opened(shape: tuple[int, ...], make: Make) -> Any:
    """Return a model with random weights."""
    keras.utils.set_random_seed(2)
    given = keras.Input(shape, name="given")
    return keras.Model(given, make(given))


@pytest.mark.parametrize("name", READ)
def test_the_first_layers_say_what_the_image_is(name: str) -> None:
    """The output is that of the model on the reshaped images; fields and crops are those of images."""
    shape, make, wanted = READ[name]
    model = opened(shape, make)
    probe = fp.ModelProbe(model, input_space=SPACE)
    assert probe.image_shape == wanted
    images = np.random.default_rng(1).random((3, *wanted), dtype=np.float32)
    expected = model.predict_on_batch(images.reshape(3, *shape))
    np.testing.assert_allclose(probe.predict(images), expected, rtol=1e-5, atol=1e-6)
    for row in probe.summary():
        assert probe.activations(images, row.path).shape[1:] == row.shape
        if row.path.split("/")[-1] == "conv":
            assert row.receptive_field == (3, 3)


@pytest.mark.parametrize("name", UNREAD)
def test_where_nothing_says_it_three_lines_help(name: str) -> None:
    """The lines of the message are run as they stand, and open the model."""
    shape, make = UNREAD[name]
    model = opened(shape, make)
    with pytest.raises(fp.ModelError, match=r"One input takes images") as caught:
        fp.ModelProbe(model, input_space=SPACE)
    lines = [line.strip() for line in str(caught.value).splitlines()[1:]]
    assert len(lines) == 3
    names = {"keras": keras, "fp": fp, "model": model, "SPACE": SPACE}
    exec("\n".join(lines).replace("input_space=...", "input_space=SPACE"), names)
    probe = names["probe"]
    images = np.random.default_rng(1).random((2, *probe.image_shape), dtype=np.float32)
    expected = model.predict_on_batch(images.reshape(2, *shape))
    np.testing.assert_allclose(probe.predict(images), expected, rtol=1e-5, atol=1e-6)


def test_it_is_climbed_and_cropped() -> None:
    """A node's crop is the full image's, and a logit has a gradient."""
    model = opened((900,), lambda x: rest(layers.Reshape((30, 30, 1))(x)))
    probe = fp.ModelProbe(model, input_space=SPACE)
    targets = [fp.Logit(1), fp.Node("conv", row=9, col=9, channel=1, pre=True)]
    ascent = fp.Ascent(steps=2, starts=1, search=None, regularizers=())
    result = ascent.run(probe, targets, rng=1, progress=False)
    assert result.images.shape[2:] == (30, 30, 1)
    node = probe.activations(result.images[1], "conv", pre=True)[:, 9, 9, 1]
    np.testing.assert_allclose(result.scores[1], node, rtol=1e-4, atol=1e-6)


def test_among_several_inputs() -> None:
    """An image is an image; else the one that is reshaped, or the one that was asked for."""
    image, vector = keras.Input((6, 5, 1), name="image"), keras.Input((30,), name="vector")
    shaped = layers.Reshape((6, 5, 1))(vector)
    both = keras.Model([image, vector], rest(layers.Add()([image, shaped])))
    first = fp.ModelProbe(both, input_space=SPACE, other_inputs={"vector": np.ones(30)})
    asked = fp.ModelProbe(
        both, input_space=SPACE, image_input="vector", other_inputs={"image": np.ones((6, 5, 1))}
    )
    shown = np.random.default_rng(1).random((2, 6, 5, 1), dtype=np.float32)
    ones = np.ones((2, 6, 5, 1), np.float32)
    expected = both.predict_on_batch([shown, ones.reshape(2, 30)])
    np.testing.assert_allclose(first.predict(shown), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(asked.predict(shown), expected, rtol=1e-5, atol=1e-6)
    other = keras.Input((30,), name="other")
    two = keras.Model(
        [vector, other], rest(layers.Add()([shaped, layers.Reshape((6, 5, 1))(other)]))
    )
    with pytest.raises(fp.ModelError, match=r"reshapes 2 of its inputs.*image_input='vector'"):
        fp.ModelProbe(two, input_space=SPACE)


def test_the_range_is_read_off_behind_the_reshaping() -> None:
    """As it is of a model of images."""
    model = opened((30,), lambda x: rest(layers.Rescaling(1 / 255)(layers.Reshape((6, 5, 1))(x))))
    assert fp.ModelProbe(model).input_space.high == 255


def test_targets_of_what_has_no_maps_are_refused() -> None:
    """``each`` gives nothing that could not run."""
    image = keras.Input((8, 8, 1))
    value = layers.Conv2D(2, 3, name="conv")(image)
    value = layers.Reshape((2, 3, 3, 2, 2), name="volume")(value)
    probe = fp.ModelProbe(keras.Model(image, value), input_space=SPACE)
    for each in (fp.MapMean.each, fp.Node.each):
        with pytest.raises(fp.ShapeError, match=r"'volume' gives \(2, 3, 3, 2, 2\)"):
            each(probe, "volume")
    open_image = keras.Input((None, None, 1))
    pooled = layers.MaxPooling2D(4, name="pool")(layers.Conv2D(2, 3, name="conv")(open_image))
    small = fp.ModelProbe(keras.Model(open_image, pooled), input_space=SPACE, size=(5, 5))
    for each in (fp.MapMean.each, fp.Node.each):
        with pytest.raises(fp.ShapeError, match="size"):
            each(small, "pool")


@pytest.mark.parametrize(
    ("shape", "image"), [((6, 6), (6, 6, 1)), ((6, 5), (6, 5)), ((6, 6, 2), (6, 6, 2))]
)
@pytest.mark.parametrize("first", [[], [layers.Rescaling(0.5)]], ids=["bare", "rescaled"])
def test_a_square_that_is_flattened_is_a_picture(shape, image, first):
    """Rows and columns of a net without convolutions, which nothing tells from channels."""
    model = keras.Sequential([keras.Input(shape), *first, layers.Flatten(), layers.Dense(3)])
    probe = fp.ModelProbe(model, input_space=fp.InputSpace.identity(low=0, high=1))
    values = np.random.default_rng(0).random((2, *shape)).astype(np.float32)
    assert probe.image_shape == image
    found = probe.predict(values.reshape(2, *image))
    np.testing.assert_allclose(found, model.predict_on_batch(values), rtol=1e-5, atol=1e-6)
