"""What several test folders share: extra data, and probes that are opened once."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import pytest
from hypothesis import settings

import featureprobe as fp

# The same examples in each run: a change that fails has itself to blame. `make long` draws others.
settings.register_profile("seeded", derandomize=True, database=None, print_blob=True)
settings.register_profile("drawn", print_blob=True)
settings.load_profile("seeded")


@pytest.fixture(autouse=True, scope="session")
def _ctrl_c_is_heard() -> None:
    """Let SIGINT interrupt, as in a terminal: a shell's background job starts with it ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _no_figures_left() -> Iterator[None]:
    """Close what a test drew: pyplot keeps figures, and warns when they are many."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder with extra data that FEATUREPROBE_TEST_DATA names."""
    folder = os.environ.get("FEATUREPROBE_TEST_DATA")
    if not folder:
        pytest.skip("FEATUREPROBE_TEST_DATA is not set: no extra models and data to test with")
    return Path(folder)


@pytest.fixture(scope="session")
def small_probe() -> fp.ModelProbe:
    """A net in a moment: ``conv`` (4, 4, 3), ``pool`` (2, 2, 3), ``flat`` (12,), ``dense`` (4,)."""
    keras.utils.set_random_seed(5)
    model = keras.Sequential(
        [
            keras.Input((6, 6, 1), name="image"),
            keras.layers.Conv2D(3, 3, activation="relu", name="conv"),
            keras.layers.MaxPooling2D(2, name="pool"),
            keras.layers.Flatten(name="flat"),
            keras.layers.Dense(4, activation="softmax", name="dense"),
        ],
        name="small",
    )
    return fp.ModelProbe(model, input_space=fp.InputSpace(100.0, std=50.0, low=0, high=255))


@pytest.fixture
def small_images() -> np.ndarray:
    """Five uint8 images for the small probe."""
    return np.random.default_rng(2).integers(0, 256, (5, 6, 6, 1)).astype(np.uint8)


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
