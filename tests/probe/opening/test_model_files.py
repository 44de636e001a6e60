"""Files of models: old ones are mended, others are named, and none is ever trusted."""

import json
import shutil
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
from keras import layers

import featureprobe as fp

RAW = fp.InputSpace.identity(low=0, high=1)
IMAGES = np.random.default_rng(0).random((2, 8, 8, 3), dtype=np.float32)
Edit = Callable[[dict[str, Any]], Any]


def net() -> keras.Model:
    """A model with the layers whose configs have changed since Keras 2."""
    return keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.DepthwiseConv2D(3, name="depthwise"),
            layers.SeparableConv2D(4, 3, name="separable"),
            layers.Conv2DTranspose(2, 3, name="transposed"),
            layers.Flatten(name="flat"),
            layers.Dense(2, name="out"),
        ]
    )


def saved(model: keras.Model, path: Path) -> Path:
    """Save a model without Keras' remark on old formats."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.save(path)
    return path


def edited(path: Path, edit: Edit) -> None:
    """Change the architecture in a file, as another version of Keras would have written it."""
    if path.suffix == ".keras":
        with zipfile.ZipFile(path) as file:
            parts = {name: file.read(name) for name in file.namelist()}
        config = json.loads(parts["config.json"])
        edit(config)
        parts["config.json"] = json.dumps(config).encode()
        with zipfile.ZipFile(path, "w") as file:
            for name, content in parts.items():
                file.writestr(name, content)
        return
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        edit(config)
        file.attrs["model_config"] = json.dumps(config)


def with_groups(config: dict[str, Any]) -> None:
    """Keras 2 wrote what all convolutions have into their subclasses."""
    for layer in config["config"]["layers"]:
        if layer["class_name"] in ("DepthwiseConv2D", "SeparableConv2D", "Conv2DTranspose"):
            layer["config"]["groups"] = 1
        if layer["class_name"] == "SeparableConv2D":
            layer["config"] |= {"kernel_initializer": "zeros", "kernel_regularizer": None,
                                "kernel_constraint": None}  # fmt: skip


def without_input(config: dict[str, Any]) -> None:
    """Keras 2 kept the shape of the input in the first layer."""
    shape = config["config"]["layers"].pop(0)["config"]["batch_shape"]
    config["config"]["layers"][0]["config"]["batch_input_shape"] = shape


def as_list(config: dict[str, Any]) -> None:
    """Up to Keras 2.2.2, the config of a Sequential model was a list."""
    without_input(config)
    config["config"] = config["config"]["layers"]


def old_input(config: dict[str, Any]) -> None:
    """Keras 2 called the shape of an Input another name."""
    own = config["config"]["layers"][0]["config"]
    own["batch_input_shape"] = own.pop("batch_shape")
    own.pop("optional", None)


OLD: dict[str, Edit] = {
    "groups": with_groups, "no input layer": without_input, "a list": as_list, "old input": old_input,
    "all of it": lambda config: (with_groups(config), as_list(config)),
}  # fmt: skip


@pytest.mark.parametrize("suffix", [".h5", ".keras"])
@pytest.mark.parametrize("name", OLD)
def test_old_architectures_are_mended(tmp_path: Path, suffix: str, name: str) -> None:
    """The model computes what it computed, and the file stays as it is."""
    model = net()
    path = saved(model, tmp_path / f"net{suffix}")
    edited(path, OLD[name])
    before = path.read_bytes()
    probe = fp.ModelProbe.load(path, input_space=RAW)
    np.testing.assert_array_equal(probe.predict(IMAGES), model(IMAGES))
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_nested_models_are_mended(tmp_path: Path) -> None:
    """As Teachable Machine saves them: models in models, the first shape in the first layer."""
    inner = keras.Sequential([keras.Input((8, 8, 3)), layers.DepthwiseConv2D(3)], name="inner")
    model = keras.Sequential(
        [keras.Input((8, 8, 3)), inner, keras.Sequential([layers.Flatten(), layers.Dense(2)])]
    )
    path = saved(model, tmp_path / "keras_model.h5")

    def old(config: dict[str, Any]) -> None:
        with_groups(config["config"]["layers"][1])
        without_input(config["config"]["layers"][1])

    edited(path, old)
    probe = fp.ModelProbe.load(path, input_space=RAW)
    np.testing.assert_allclose(probe.predict(IMAGES), model(IMAGES), atol=1e-6)


def test_functional_models_are_mended(tmp_path: Path) -> None:
    """A MobileNet of Keras 2 in small."""
    image = keras.Input((8, 8, 3))
    value = layers.DepthwiseConv2D(3, padding="same")(image)
    model = keras.Model(image, layers.Add()([value, image]))
    path = saved(model, tmp_path / "net.h5")
    edited(path, with_groups)
    probe = fp.ModelProbe.load(path, input_space=RAW)
    np.testing.assert_array_equal(probe.predict(IMAGES), model(IMAGES))


def test_groups_that_mean_something_stay(tmp_path: Path) -> None:
    """Two groups are another computation: Keras' reason is told, with its end."""
    path = saved(net(), tmp_path / "net.h5")
    edited(path, lambda c: c["config"]["layers"][1]["config"].update(groups=2))
    with pytest.raises(
        fp.DataError, match=r"Unrecognized keyword arguments.*'groups': 2"
    ) as caught:
        fp.ModelProbe.load(path, input_space=RAW)
    assert len(str(caught.value)) < 1200


@pytest.mark.parametrize("wrong", [".keras", ".h5", ".hdf5", ".H5", ".KERAS", ".model", ""])
@pytest.mark.parametrize("right", [".keras", ".h5"])
def test_the_content_says_what_a_file_is(tmp_path: Path, right: str, wrong: str) -> None:
    """Whatever its name ends in."""
    model = net()
    path = tmp_path / f"renamed{wrong}"
    shutil.move(saved(model, tmp_path / f"a{right}"), path)
    np.testing.assert_array_equal(
        fp.ModelProbe.load(path, input_space=RAW).predict(IMAGES), model(IMAGES)
    )


def refused(path: Path, *says: str) -> str:
    """Load a file that is refused; no advice opens the door."""
    with pytest.raises((fp.ModelError, fp.DataError)) as caught:
        fp.ModelProbe.load(path, input_space=RAW)
    text = str(caught.value)
    assert path.name in text
    for part in says:
        assert part in text
    return text


def hostile(**layer: Any) -> Edit:
    """Return an edit that puts something else where a layer was."""
    return lambda config: config["config"]["layers"][1].update({"module": None, **layer})


HOSTILE: dict[str, tuple[Edit, str]] = {
    "eval": (hostile(module="builtins", class_name="eval", config={}), "builtins.eval"),
    "exec": (hostile(class_name="exec", config={}), "builtins.exec"),
    "system": (hostile(module="os", class_name="system", config={"command": "touch x"}), "os.system"),
    "run": (hostile(module="subprocess", class_name="run", config={}), "subprocess.run"),
    "pickle": (hostile(module="pickle", class_name="loads", config={}), "pickle.loads"),
    "deeper": (
        hostile(module="keras.layers", class_name="Activation",
                config={"activation": {"module": "os", "class_name": "system", "config": {}}}),
        "os.system",
    ),
    "a vocabulary": (
        hostile(module="keras.layers", class_name="StringLookup",
                config={"name": "l", "vocabulary": "/etc/passwd"}),
        "'/etc/passwd'",
    ),
    "whole numbers": (
        hostile(module="keras.layers", class_name="IntegerLookup",
                config={"name": "l", "vocabulary": "/etc/passwd"}),
        "'/etc/passwd'",
    ),
    "TFSMLayer": (
        hostile(module="keras.layers", class_name="TFSMLayer", config={"filepath": "/tmp/x"}),
        "runs a SavedModel",
    ),
}  # fmt: skip


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize("name", HOSTILE)
def test_what_no_model_needs_is_never_trusted(tmp_path: Path, suffix: str, name: str) -> None:
    """The true reason, and no word of loading it otherwise."""
    path = saved(net(), tmp_path / f"net{suffix}")
    edit, says = HOSTILE[name]
    edited(path, edit)
    text = refused(path, says)
    assert "safe_mode" not in text
    assert "unsafe" not in text
    assert "custom_objects" not in text
    assert "trust" not in text


def test_a_lambda_does_not_hide_what_is_worse(tmp_path: Path) -> None:
    """A file with a Lambda layer and a function of Python is refused for the latter."""
    path = saved(net(), tmp_path / "net.keras")
    edited(path, hostile(module="os", class_name="system", config={}))
    edited(
        path,
        lambda c: c["config"]["layers"][2].update(
            class_name="Lambda", module="keras.layers", config={"function": "x"}
        ),
    )
    assert "safe_mode" not in refused(path, "os.system")


def test_a_word_in_a_config_is_no_reason(tmp_path: Path) -> None:
    """A layer that is called unsafe_lambda does not make a missing class a Lambda layer."""
    path = saved(net(), tmp_path / "net.keras")
    edited(path, hostile(module="mylab", class_name="Own", config={"name": "unsafe_lambda"}))
    assert "safe_mode" not in refused(path, "custom_objects={'Own': Own}")


def test_a_users_class_may_be_called_anything(tmp_path: Path) -> None:
    """What the user passes is used, also where its module is called like one of Python's."""

    class Own(layers.Layer):
        def call(self, inputs: Any) -> Any:
            return inputs

    path = saved(net(), tmp_path / "net.keras")
    own = {"name": "own", "trainable": True}
    edited(path, hostile(module="code", class_name="Own", registered_name="Own", config=own))
    with pytest.raises(fp.DataError, match="could not be loaded"):  # no depthwise weights fit it
        fp.ModelProbe.load(path, input_space=RAW, custom_objects={"Own": Own})


def test_functions_between_layers_are_named(tmp_path: Path) -> None:
    """TFOpLambda of Keras 2."""
    path = saved(net(), tmp_path / "net.h5")
    own = {"name": "tf.math.multiply", "trainable": True, "function": "math.multiply"}
    edited(path, hostile(class_name="TFOpLambda", config=own))
    refused(path, "TFOpLambda", "math.multiply", "Keras 2")


def test_weights_only(tmp_path: Path) -> None:
    """New and old files of weights."""
    model = net()
    model.save_weights(tmp_path / "net.weights.h5")
    refused(tmp_path / "net.weights.h5", "weights only", "load_weights")
    path = saved(model, tmp_path / "net.h5")
    with h5py.File(path, "r+") as file:
        del file.attrs["model_config"]
    refused(path, "weights only")


OTHERS: dict[str, tuple[bytes, str]] = {
    "net.tflite": (b"\x1c\0\0\0TFL3rest", "TensorFlow Lite"),
    "tflite.h5": (b"\x1c\0\0\0TFL3rest", "TensorFlow Lite"),
    "net.onnx": (b"\x08\x07", "ONNX"),
    "net.pb": (b"\x0a", "SavedModel"),
    "net.pt": (b"x", "PyTorch"),
    "net.pth": (b"x", "PyTorch"),
    "net.ckpt": (b"x", "checkpoint"),
    "net.ckpt-1.index": (b"x", "checkpoint"),
    "net.ckpt-1.data-00000-of-00001": (b"x", "checkpoint"),
    "net.safetensors": (b"x", "weights only"),
    "net.mlmodel": (b"x", "Core ML"),
    "net.pkl": (b"\x80\x04", "runs code"),
    "net.json": (b"{}", "without weights"),
    "labels.txt": (b"0 cat\n1 dog\n", "keras_model.h5"),
    "pointer.h5": (b"version https://git-lfs.github.com/spec/v1\noid", "git lfs pull"),
    "page.keras": (b"<!DOCTYPE html><html>", "web page"),
    "unknown.xyz": (b"x", "Convert other formats"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_files_are_named(tmp_path: Path, name: str) -> None:
    """What it is, and what to do."""
    content, says = OTHERS[name]
    (tmp_path / name).write_bytes(content)
    refused(tmp_path / name, says, ".keras, .h5")


def test_archives_are_named(tmp_path: Path) -> None:
    """Teachable Machine's zip, PyTorch's, any other, a model in a zip."""
    for name, members, says in (
        ("tm.zip", ["keras_model.h5", "labels.txt"], "open keras_model.h5"),
        ("net.pt", ["archive/data.pkl", "archive/version"], "PyTorch"),
        ("some.keras", ["readme.md"], "holds no Keras model"),
        ("saved.zip", ["net/saved_model.pb"], "SavedModel"),
    ):
        with zipfile.ZipFile(tmp_path / name, "w") as file:
            for member in members:
                file.writestr(member, b"x")
        refused(tmp_path / name, says)


def test_folders_are_named(tmp_path: Path) -> None:
    """A SavedModel, a checkpoint, a folder with a model in it."""
    (tmp_path / "holds").mkdir()
    (tmp_path / "holds" / "net.keras").touch()
    refused(tmp_path / "holds", "net.keras")
    (tmp_path / "training").mkdir()
    (tmp_path / "training" / "checkpoint").touch()
    refused(tmp_path / "training", "checkpoint")


def test_the_way_from_a_saved_model(tmp_path: Path) -> None:
    """The lines that the error gives open its output."""
    model = net()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.export(tmp_path / "net", verbose=False)
    text = refused(tmp_path / "net", "SavedModel", "only if you trust", "TFSMLayer")
    start, end = text.index("layer = "), text.index(". Only its output")
    *lines, last = text[start:end].split("; ")
    names = {"keras": keras, "fp": fp, "path": str(tmp_path / "net"), "height": 8, "width": 8,
             "channels": 3, "RAW": RAW}  # fmt: skip
    exec("\n".join([*lines, "probe = " + last.replace("=...", "=RAW")]), names)
    np.testing.assert_allclose(names["probe"].predict(IMAGES), model(IMAGES), atol=1e-5)


@pytest.mark.parametrize("name", ["n" * 300 + ".h5", "a\0.keras", "none.keras"])
def test_names_that_are_no_files(tmp_path: Path, name: str) -> None:
    """They do not exist."""
    with pytest.raises(fp.DataError, match="does not exist"):
        fp.ModelProbe.load(tmp_path / name, input_space=RAW)
