"""Nets for the engine's tests: the bundled one, and a smooth one in float64."""

import keras
import numpy as np
import pytest

import featureprobe as fp


@pytest.fixture(scope="session")
def reference() -> fp.ModelProbe:
    """The bundled MNIST net."""
    return fp.samples.mnist_probe()


def small_net(activation: str, dtype: str = "float64") -> keras.Model:
    """A small net with every kind of layer that objectives read; fixed random weights."""
    keras.utils.set_random_seed(3)
    kwargs = {"dtype": dtype}
    image = keras.Input((11, 9, 2), dtype=dtype, name="image")
    x = keras.layers.Conv2D(5, 3, activation=activation, name="conv", **kwargs)(image)
    x = keras.layers.AveragePooling2D(2, name="pool", **kwargs)(x)
    x = keras.layers.Conv2D(4, 2, activation=activation, name="deep", **kwargs)(x)
    x = keras.layers.Flatten(name="flat", **kwargs)(x)
    x = keras.layers.Dense(6, activation=activation, name="dense", **kwargs)(x)
    return keras.Model(image, keras.layers.Dense(3, activation="softmax", name="out", **kwargs)(x))


@pytest.fixture(scope="session")
def smooth() -> fp.ModelProbe:
    """A float64 net without kinks."""
    return fp.ModelProbe(small_net("softplus"), input_space=fp.InputSpace(0.1, std=2.0))


@pytest.fixture(scope="session")
def kinked() -> fp.ModelProbe:
    """A float64 net with ReLUs."""
    return fp.ModelProbe(small_net("relu"), input_space=fp.InputSpace(0.1, std=2.0))


@pytest.fixture
def rng() -> np.random.Generator:
    """Fixed randomness for a test."""
    return np.random.default_rng(11)
