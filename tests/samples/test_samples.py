"""The bundled nets and digits: what they promise, and that a damaged file is noticed."""

import hashlib
import json
import os
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from featureprobe import samples
from featureprobe.errors import ConfigError, DataError
from featureprobe.image_source import source_of
from featureprobe.samples import bundled

FOLDER = Path(str(bundled.DATA))
NAMES = ("a", "b")
NETS = [f"mnist_cnn_{name}.keras" for name in NAMES]
SHAPES = {
    "Conv2D_1": (26, 26, 32),
    "Max_Pool_1": (13, 13, 32),
    "Conv2D_2": (11, 11, 64),
    "Max_Pool_2": (5, 5, 64),
    "Conv2D_3": (3, 3, 128),
    "Flatten": (1152,),
    "Dense_1": (100,),
    "Dense_2": (10,),
}


@pytest.fixture(scope="module", params=NAMES)
def net(request: pytest.FixtureRequest) -> Any:
    """One of the nets, loaded once for all tests that only read it."""
    return samples.mnist_cnn(request.param)


@pytest.fixture(scope="module")
def mnist_test() -> Iterator[tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]]:
    """The whole test set, from the folder that FEATUREPROBE_TEST_DATA names."""
    folder = os.environ.get("FEATUREPROBE_TEST_DATA")
    if not folder:
        pytest.skip("FEATUREPROBE_TEST_DATA is not set: no full MNIST test set to compare with")
    with np.load(Path(folder) / "data" / "mnist.npz") as data:
        yield data["x_test"][..., None], data["y_test"]


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the bundled files, which the samples read instead of their own."""
    folder = shutil.copytree(FOLDER, tmp_path / "data")
    monkeypatch.setattr(bundled, "DATA", folder)
    return folder


def accuracy(net: Any, images: npt.NDArray[np.uint8], labels: npt.NDArray[Any]) -> float:
    """Share of images that the net names rightly, standardized as the manifest says."""
    pixels = bundled.manifest_entry(f"{net.name}.keras")["pixels"]
    standardized = (images.astype(np.float32) - pixels["mean"]) / pixels["std"]
    guesses = net.predict(standardized, batch_size=500, verbose=0).argmax(axis=1)
    return float(np.mean(guesses == labels))


def test_parameter_count(net: Any) -> None:
    """The nets have exactly the parameters of the articles' CNN."""
    assert net.count_params() == 208_982


def test_layer_names_order_and_shapes(net: Any) -> None:
    """The layers bear the documented names and shapes, in order."""
    assert {layer.name: layer.output.shape[1:] for layer in net.layers} == SHAPES
    assert [layer.name for layer in net.layers] == list(SHAPES)


def test_nets_carry_no_training_baggage(net: Any) -> None:
    """A loaded net is not compiled and has no penalties on its weights."""
    assert not net.compiled
    assert all(getattr(layer, "kernel_regularizer", None) is None for layer in net.layers)


@pytest.mark.parametrize("file", NETS)
def test_no_optimizer_state_and_no_date_in_the_file(file: str) -> None:
    """The archive holds the weights of the layers and nothing of the training or its time."""
    with zipfile.ZipFile(FOLDER / file) as archive:
        assert set(archive.namelist()) == {"config.json", "metadata.json", "model.weights.h5"}
        assert not json.loads(archive.read("config.json"))["compile_config"]
        assert set(json.loads(archive.read("metadata.json"))) == {"keras_version"}
        assert b"optimizer" not in archive.read("model.weights.h5")


def test_accuracy_on_the_bundled_digits(net: Any) -> None:
    """Both nets recognise at least 98.5 % of the sample."""
    assert accuracy(net, *samples.mnist_digits()) >= 0.985


def test_accuracy_on_the_whole_test_set(net: Any, mnist_test: Any) -> None:
    """Both nets recognise at least 99.2 % of the test set, and as many as the manifest says."""
    measured = accuracy(net, *mnist_test)
    assert measured >= 0.992
    assert measured == pytest.approx(
        bundled.manifest_entry(f"{net.name}.keras")["test_accuracy"], abs=2e-4
    )


def test_the_two_nets_differ() -> None:
    """The nets are two trainings, not one twice, and say which they are."""
    a, b = samples.mnist_cnn("a"), samples.mnist_cnn("b")
    assert (a.name, b.name) == ("mnist_cnn_a", "mnist_cnn_b")
    for first, second in zip(a.get_weights(), b.get_weights(), strict=True):
        assert np.abs(first - second).max() > 1e-3


def test_each_call_loads_a_fresh_net() -> None:
    """What one caller does to a net does not reach the next one."""
    spoiled = samples.mnist_cnn()
    spoiled.set_weights([np.zeros_like(weights) for weights in spoiled.get_weights()])
    assert np.abs(samples.mnist_cnn().get_weights()[0]).max() > 0


def test_probe_standardizes_pixels() -> None:
    """A probe fed with pixels answers as the net fed with standardized images."""
    images = samples.mnist_digits()[0][:5]
    pixels = bundled.manifest_entry("mnist_cnn_b.keras")["pixels"]
    standardized = (images.astype(np.float32) - pixels["mean"]) / pixels["std"]
    np.testing.assert_allclose(
        samples.mnist_probe("b").activations(images, "Dense_2"),
        samples.mnist_cnn("b").predict(standardized, verbose=0),
        atol=1e-5,
    )


@pytest.mark.parametrize("function", [samples.mnist_cnn, samples.mnist_probe])
def test_unknown_net(function: Any) -> None:
    """An unknown name is answered with the known ones."""
    with pytest.raises(ConfigError, match=r"'a' or 'b'.*'c'"):
        function("c")


def test_digits_are_balanced() -> None:
    """Every digit comes 200 times, in the documented shapes and types."""
    images, labels = samples.mnist_digits()
    assert (images.shape, images.dtype) == ((2000, 28, 28, 1), np.uint8)
    assert (labels.shape, labels.dtype) == ((2000,), np.int64)
    assert np.bincount(labels).tolist() == [200] * 10
    assert (images.min(), images.max()) == (0, 255)


def test_indices_are_places_in_the_test_set() -> None:
    """The indices are distinct, increasing and inside the test set."""
    indices = samples.mnist_digit_indices()
    assert (indices.shape, indices.dtype) == ((2000,), np.int64)
    assert np.all(np.diff(indices) > 0)
    assert indices[0] >= 0
    assert indices[-1] < 10_000


def test_digits_equal_the_test_set_at_their_indices(mnist_test: Any) -> None:
    """The sample is the official test set, at the recorded places, unchanged."""
    images, labels = samples.mnist_digits()
    indices = samples.mnist_digit_indices()
    np.testing.assert_array_equal(images, mnist_test[0][indices])
    np.testing.assert_array_equal(labels, mnist_test[1][indices])


def test_digits_are_known_by_name() -> None:
    """An image of the sample tells its place in the test set, also as a float copy."""
    images, _ = samples.mnist_digits()
    source = source_of(images[3].astype(np.float32))
    assert (source.name, source.index) == ("MNIST test", samples.mnist_digit_indices()[3])


def test_manifest_covers_every_data_file() -> None:
    """Each net and array file is recorded, with the hash that it has."""
    manifest = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))
    files = {path.name: path for path in FOLDER.iterdir() if path.suffix in (".keras", ".npz")}
    assert set(manifest) == set(files) == {*NETS, "mnist_digits.npz"}
    for name, path in files.items():
        assert manifest[name]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        assert {"script", "seed", "versions"} <= set(manifest[name])


def test_digits_come_with_their_licence() -> None:
    """The manifest and the notice beside the images name the same licence."""
    license_id = bundled.manifest_entry("mnist_digits.npz")["license"]
    assert license_id == "CC-BY-SA-3.0"
    assert license_id in (FOLDER / "LICENSE-MNIST.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("file", "read"),
    [
        ("mnist_cnn_a.keras", samples.mnist_cnn),
        ("mnist_cnn_a.keras", samples.mnist_probe),
        ("mnist_digits.npz", samples.mnist_digits),
        ("mnist_digits.npz", samples.mnist_digit_indices),
    ],
)
def test_a_damaged_file_is_refused(copied: Path, file: str, read: Any) -> None:
    """One changed byte, and the file is named and not read."""
    content = bytearray((copied / file).read_bytes())
    read()
    content[len(content) // 2] ^= 1
    (copied / file).write_bytes(content)
    with pytest.raises(DataError, match=f"'{file}' is damaged"):
        read()


def test_a_missing_file_is_named(copied: Path) -> None:
    """A file that is not there is reported by name."""
    (copied / "mnist_digits.npz").unlink()
    with pytest.raises(DataError, match=r"'mnist_digits.npz' is missing"):
        samples.mnist_digits()


@pytest.mark.parametrize("content", ["{", "{}"])
def test_an_unreadable_manifest_is_reported(copied: Path, content: str) -> None:
    """A broken manifest, or one without the file, is a DataError too."""
    (copied / "manifest.json").write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=r"no readable entry for 'mnist_cnn_a.keras'"):
        samples.mnist_cnn()
