"""Weights that are NaN or infinite are found on opening."""

import keras
import numpy as np
import pytest
from keras import layers

import featureprobe as fp

RAW = fp.InputSpace.identity(low=0, high=1)


class Masked(layers.Layer):
    """A layer of the user's own, which holds a mask on purpose."""

    def build(self, shape: object) -> None:
        """Make the mask."""
        self.mask = self.add_weight(shape=(4,), initializer="zeros", trainable=False, name="mask")

    def call(self, values: object) -> object:
        """Add it."""
        return keras.ops.maximum(values + self.mask, -1.0)


def model_with(value: float, path: str) -> keras.Model:
    """Return a model with one bad number in the first weight of a layer."""
    inner = keras.Sequential(
        [keras.Input((6, 6, 1)), layers.Conv2D(4, 3, activation="relu", name="conv")], name="inner"
    )
    image = keras.Input((6, 6, 1))
    norm = layers.BatchNormalization(name="norm")
    values = Masked(name="mine")(norm(inner(image)))
    spread = layers.TimeDistributed(layers.Dense(3, name="dense"), name="wrapped")
    model = keras.Model(image, spread(layers.Reshape((4, 16))(values)))
    layer = model.get_layer("inner").get_layer("conv") if path == "conv" else model.get_layer(path)
    weight = layer.weights[-1]
    array = weight.numpy()
    array.flat[1] = value
    weight.assign(array)
    return model


@pytest.mark.parametrize(("path", "named"), [("conv", "inner/conv"), ("norm", "norm"),
                                              ("wrapped", r"wrapped \(dense\)"), ("mine", "mine")])  # fmt: skip
def test_nan_is_refused_by_name(path: str, named: str) -> None:
    """Anywhere in the model: by the path of the call, with the weight and how many."""
    with pytest.raises(fp.ModelError, match=rf"{named}.*1 NaN of \d+ values.*earlier state"):
        fp.ModelProbe(model_with(np.nan, path), input_space=RAW)


@pytest.mark.parametrize("path", ["conv", "norm", "wrapped"])
def test_infinite_weights_of_kerass_own_layers_are_refused(path: str) -> None:
    """Of either sign."""
    with pytest.raises(fp.ModelError, match=r"1 infinite of \d+ values"):
        fp.ModelProbe(model_with(-np.inf, path), input_space=RAW)


def test_an_infinite_mask_of_the_users_is_a_warning() -> None:
    """It may be meant; the model opens and answers."""
    model = model_with(-np.inf, "mine")
    with pytest.warns(UserWarning, match="'mine' has 1 infinite of 4 values of 'mask'"):
        probe = fp.ModelProbe(model, input_space=RAW)
    assert np.isfinite(probe.predict(np.zeros((1, 6, 6, 1)))).all()


def test_large_weights_are_weights() -> None:
    """A sum that overflows is no reason: each value is looked at."""
    model = model_with(0.0, "conv")
    model.get_layer("inner").get_layer("conv").kernel.assign(np.full((3, 3, 1, 4), 3e38))
    fp.ModelProbe(model, input_space=RAW)
