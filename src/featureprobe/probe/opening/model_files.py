"""What a file is that is no model of Keras 3, and the shortest way to a model."""

import zipfile
from pathlib import Path

SUFFIXES = (".keras", ".h5", ".hdf5")
HDF5, ZIP = "an HDF5 file", "a zip file"
_HDF5_HEAD, _ZIP_HEAD = b"\x89HDF\r\n\x1a\n", b"PK\x03\x04"
_CONVERT = (
    "Convert it to Keras with a tool of its own, or build the net in Keras and copy its weights"
)
_TORCH = (
    "a PyTorch file. Build the same net in Keras, copy its weights, and pass it to fp.ModelProbe"
)
_CHECKPOINT = (
    "a checkpoint of TensorFlow: weights only. Build the model, restore them with "
    "tf.train.Checkpoint(model=model).restore(path), and pass it to fp.ModelProbe"
)
_SAVED_MODEL = (
    "a SavedModel: a program with its weights, not a Keras model. It was saved from one? Then save "
    "that as .keras. Else, and only if you trust where it comes from, as it runs: "
    "layer = keras.layers.TFSMLayer(path, call_endpoint='serving_default'); "
    "image = keras.Input((height, width, channels)); found = layer(image); "
    "found = list(found.values())[0] if isinstance(found, dict) else found; "
    "fp.ModelProbe(keras.Model(image, found), input_space=...). Only its output can be read then"
)
_BY_SUFFIX = {
    ".onnx": f"an ONNX file. {_CONVERT}",
    ".pb": "a graph of TensorFlow. If it is the saved_model.pb of a SavedModel, give its folder; else "
    "load the Keras model that it was made of",
    ".pbtxt": f"a graph of TensorFlow. {_CONVERT}",
    ".pt": _TORCH,
    ".pth": _TORCH,
    ".ckpt": "a checkpoint, of PyTorch or TensorFlow: weights only. Build the model and load them",
    ".index": _CHECKPOINT,
    ".safetensors": "a file of weights only. Build the model in Keras and copy them",
    ".npz": "a file of arrays. Build the model and set them with model.set_weights",
    ".npy": "a file of one array. Build the model and set it with layer.set_weights",
    ".mlmodel": f"a Core ML file. {_CONVERT}",
    ".mlpackage": f"a Core ML model. {_CONVERT}",
    ".caffemodel": f"a file of Caffe. {_CONVERT}",
    ".prototxt": f"a file of Caffe. {_CONVERT}",
    ".params": f"a file of MXNet. {_CONVERT}",
    ".engine": "a TensorRT engine, made for one processor. Open the model that it was made of",
    ".pkl": "a pickle, which runs code when it is opened. Save the model as .keras instead",
    ".pickle": "a pickle, which runs code when it is opened. Save the model as .keras instead",
    ".joblib": "a pickle, which runs code when it is opened. Save the model as .keras instead",
    ".yaml": "an architecture without weights. Build the model, load its weights, and pass it to "
    "fp.ModelProbe",
    ".json": "an architecture without weights (or a model of TensorFlow.js). Build the model with "
    "keras.models.model_from_json, load its weights, and pass it to fp.ModelProbe",
    ".txt": "a text. A labels.txt of Teachable Machine names the classes; the model beside it is "
    "keras_model.h5",
}


def kind_of(path: Path) -> str | None:
    """Return ``HDF5``, ``ZIP``, or what else the file is and what to do; None when that is unknown.

    Args:
        path: A file or a folder.
    """
    if path.is_dir():
        return _kind_of_folder(path)
    with path.open("rb") as file:
        head = file.read(512)
    if head.startswith(_HDF5_HEAD):
        return HDF5
    if head.startswith(_ZIP_HEAD):
        return _kind_of_zip(path)
    if head[4:8] == b"TFL3" or path.suffix.lower() == ".tflite":
        return (
            "a TensorFlow Lite file, made for running only: it has no gradients. Open the Keras model "
            "that it was made of"
        )
    if head.startswith(b"version https://git-lfs"):
        return "a pointer of Git LFS, not the file itself. Fetch it with git lfs pull"
    if head.lstrip()[:15].lower().startswith((b"<!doctype html", b"<html")):
        return "a web page: the download went wrong. Download the file itself"
    if ".data-" in path.name or path.name == "checkpoint":
        return _CHECKPOINT
    return _BY_SUFFIX.get(path.suffix.lower())


def _kind_of_folder(path: Path) -> str:
    if (path / "saved_model.pb").is_file():
        return _SAVED_MODEL
    found = sorted(p for p in path.iterdir() if p.suffix.lower() in SUFFIXES)
    if found:
        return f"a folder. Give the file in it: {', '.join(p.name for p in found[:3])}"
    if (path / "checkpoint").is_file() or any(path.glob("*.index")):
        return _CHECKPOINT
    if (path / "model.json").is_file():
        return f"a model of TensorFlow.js. {_CONVERT}"
    return "a folder. Give a file"


def _kind_of_zip(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as file:
            names = file.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return ZIP
    models = [name for name in names if Path(name).suffix.lower() in SUFFIXES]
    if "config.json" in names:
        return ZIP
    if models and models != ["model.weights.h5"]:
        return (
            "a zip file, as Teachable Machine gives one. Unpack it and open "
            f"{models[0]}; a labels.txt beside it names the classes"
        )
    if any(name.endswith("data.pkl") for name in names):
        return _TORCH
    if any(name.endswith("saved_model.pb") for name in names):
        return f"a zip file. Unpack it; what it holds is {_SAVED_MODEL}"
    return "a zip file that holds no Keras model"
