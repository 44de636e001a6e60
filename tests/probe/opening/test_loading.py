"""ModelProbe.load: .keras and .h5 in safe mode; what is missing or dangerous is named."""

import os
import warnings
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

import featureprobe as fp

RAW = fp.InputSpace.identity(low=0, high=1)
SUFFIXES = pytest.mark.parametrize("suffix", [".keras", ".h5"])


class Doubler(layers.Layer):
    """A custom layer."""

    def call(self, inputs: Any) -> Any:
        """Double."""
        return 2.0 * inputs


def cube(x: Any) -> Any:
    """Return a custom activation's value."""
    return x**3


def saved(path: Path, *stack: layers.Layer) -> tuple[Path, keras.Model]:
    """Save a small model and return both."""
    model = keras.Sequential([keras.Input((5, 5, 1)), layers.Conv2D(2, 3, name="conv"), *stack])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.save(path)
    return path, model


@pytest.mark.parametrize("suffix", [".keras", ".h5", ".hdf5"])
@pytest.mark.parametrize("as_text", [False, True])
def test_what_was_saved_is_opened(tmp_path: Path, suffix: str, as_text: bool) -> None:
    """All formats give the same activations as the saved model, by path or text."""
    path, model = saved(tmp_path / f"net{suffix}", layers.ReLU(name="relu"))
    probe = fp.ModelProbe.load(str(path) if as_text else path, input_space=RAW)
    images = np.random.default_rng(0).random((2, 5, 5, 1), dtype=np.float32)
    np.testing.assert_array_equal(probe.predict(images), model(images))
    assert isinstance(probe, fp.ModelProbe)


def test_options_reach_the_probe(tmp_path: Path) -> None:
    """Keywords of ModelProbe can be given to load."""
    model = keras.Sequential([keras.Input((None, None, 1)), layers.Conv2D(2, 3)])
    model.save(tmp_path / "net.keras")
    probe = fp.ModelProbe.load(tmp_path / "net.keras", input_space=RAW, size=(7, 5))
    assert probe.image_shape == (7, 5, 1)


@SUFFIXES
def test_a_missing_class_is_named(tmp_path: Path, suffix: str) -> None:
    """A custom layer is asked for by name; with custom_objects it works."""
    path, model = saved(tmp_path / f"net{suffix}", Doubler(name="double"))
    with pytest.raises(
        fp.ModelError, match=r"class 'Doubler'.*custom_objects={'Doubler': Doubler}"
    ):
        fp.ModelProbe.load(path, input_space=RAW)
    probe = fp.ModelProbe.load(path, custom_objects={"Doubler": Doubler}, input_space=RAW)
    images = np.ones((1, 5, 5, 1), np.float32)
    np.testing.assert_array_equal(probe.activations(images, "double"), model(images))


@SUFFIXES
def test_a_missing_function_is_named(tmp_path: Path, suffix: str) -> None:
    """A custom activation function is asked for by name; with custom_objects it works."""
    path, _ = saved(tmp_path / f"net{suffix}", layers.Conv2D(1, 2, activation=cube))
    with pytest.raises(fp.ModelError, match=r"function 'cube'.*custom_objects={'cube': cube}"):
        fp.ModelProbe.load(path, input_space=RAW)
    assert len(fp.ModelProbe.load(path, custom_objects={"cube": cube}, input_space=RAW).layers) == 2


@SUFFIXES
def test_code_in_a_file_is_refused(tmp_path: Path, suffix: str) -> None:
    """A Lambda layer is refused with an explanation, and never run."""
    marker = tmp_path / "was_run"
    name = str(marker)
    code = layers.Lambda(lambda x: (__import__("pathlib").Path(name).touch(), x)[1])
    path, _ = saved(tmp_path / f"net{suffix}", code)
    assert marker.exists(), "the layer would leave no trace"
    marker.unlink()
    with pytest.raises(fp.ModelError, match=r"Lambda layer.*If you trust the file"):
        fp.ModelProbe.load(path, input_space=RAW)
    assert not marker.exists()


@SUFFIXES
@pytest.mark.parametrize("damage", ["half", "start", "empty", "random"])
def test_a_damaged_file(tmp_path: Path, suffix: str, damage: str) -> None:
    """What cannot be read is called damaged, whatever the file's name says."""
    path, _ = saved(tmp_path / f"lambda_unsafe{suffix}")
    whole = path.read_bytes()
    content = {"half": whole[: len(whole) // 2], "start": whole[:10], "empty": b""}
    path.write_bytes(content.get(damage, os.urandom(999)))
    with pytest.raises(fp.DataError, match=r"could not be loaded.*may be damaged"):
        fp.ModelProbe.load(path, input_space=RAW)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("nothing.keras", "does not exist"),
        ("nothing.h5", "does not exist"),
        ("net.txt", "ending in .keras, .h5"),
        ("net", "ending in .keras, .h5"),
        ("folder.keras", "A model is a file"),
    ],
)
def test_no_model_file(tmp_path: Path, name: str, says: str) -> None:
    """A missing file, another kind of file and a folder are refused with the path."""
    (tmp_path / "net.txt").touch()
    (tmp_path / "net").touch()
    (tmp_path / "folder.keras").mkdir()
    with pytest.raises(fp.DataError, match=says) as caught:
        fp.ModelProbe.load(tmp_path / name, input_space=RAW)
    assert name in str(caught.value)
