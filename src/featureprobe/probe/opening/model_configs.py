"""The architecture in a model file: what in it must not be loaded, and what Keras 3 reads when mended."""

import builtins
import json
import shutil
import sys
import zipfile
from collections.abc import Container, Iterator
from pathlib import Path
from typing import Any

import h5py

_CONFIG = "config.json"
_MOST_CONFIG = 2**28  # bytes of an architecture
_ANY = object()
_ONE_GROUP = {"groups": 1}
_OF_KERNEL = {f"kernel_{what}": _ANY for what in ("initializer", "regularizer", "constraint")}
_BATCH_FIRST = {"time_major": False}
# What Keras 2 wrote into layers and Keras 3 does not take; it has no effect on a model that is loaded.
_WITHOUT_EFFECT: dict[str, dict[str, Any]] = {
    **dict.fromkeys(("DepthwiseConv1D", "DepthwiseConv2D"), _ONE_GROUP),
    **dict.fromkeys(("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"), _ONE_GROUP),
    **dict.fromkeys(("SeparableConv1D", "SeparableConv2D"), _ONE_GROUP | _OF_KERNEL),
    **dict.fromkeys(("LSTM", "GRU", "SimpleRNN"), _BATCH_FIRST),
}
_LOOKUPS = ("StringLookup", "IntegerLookup", "TextVectorization", "IndexLookup")


def read_config(path: Path, *, zipped: bool) -> Any:
    """Return the architecture of a model file; None when it holds none.

    Raises:
        Exception: What h5py, zipfile and json raise for damaged files.
    """
    if zipped:
        with zipfile.ZipFile(path) as file:
            if file.getinfo(_CONFIG).file_size > _MOST_CONFIG:
                raise ValueError(f"an architecture of more than {_MOST_CONFIG} bytes")
            return json.loads(file.read(_CONFIG))
    with h5py.File(path, "r") as file:
        text = file.attrs.get("model_config")
        return None if text is None else json.loads(text)


def write_config(source: Path, target: Path, config: Any, *, zipped: bool) -> None:
    """Write a model file again with another architecture and the same weights."""
    if not zipped:
        shutil.copyfile(source, target)
        with h5py.File(target, "r+") as file:
            file.attrs["model_config"] = json.dumps(config)
        return
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for info in old.infolist():
            if info.filename == _CONFIG:
                new.writestr(_CONFIG, json.dumps(config))
                continue
            with old.open(info) as reader, new.open(info.filename, "w", force_zip64=True) as writer:
                shutil.copyfileobj(reader, writer)


def danger_in(config: Any, known: Container[str] = ()) -> str | None:
    """Return what in an architecture is code or reads this system's files; None for nothing.

    Args:
        config: The architecture.
        known: Names of the classes that the user gave.
    """
    for part in _parts(config):
        name, module = str(part["class_name"]), str(part.get("module") or "")
        own = part["config"] if isinstance(part.get("config"), dict) else {}
        if name not in known and _is_python(name, module):
            return (
                f"names {module or 'builtins'}.{name}, a part of Python and no layer. No model needs "
                "that: do not load the file in any way"
            )
        if name in _LOOKUPS and isinstance(own.get("vocabulary"), str):
            return (
                f"has a {name} layer that reads {own['vocabulary']!r}, a file of the computer that "
                "opens it. Do not load it in any way; ask for a model that holds its vocabulary"
            )
        if name == "TFSMLayer":
            return (
                f"has a TFSMLayer, which runs a SavedModel that lies elsewhere "
                f"({own.get('filepath')!r}): a program, not layers. Ask for the Keras model that it "
                "was made of"
            )
    return None


def _is_python(name: str, module: str) -> bool:
    """Whether a class is one of Python's own modules, which no layer comes from."""
    if not module:
        return name in dir(builtins)
    if (module, name) == ("builtins", "function"):  # Keras' word for its own functions
        return False
    return module.split(".", maxsplit=1)[0] in sys.stdlib_module_names


def old_operations_in(config: Any) -> list[str]:
    """Return the names of TensorFlow's functions that Keras 2 recorded as layers."""
    kinds = ("TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer")
    parts = [part for part in _parts(config) if part["class_name"] in kinds]
    return sorted({str((p.get("config") or {}).get("function", p["class_name"])) for p in parts})


def holds_lambda(config: Any) -> bool:
    """Whether there is a Lambda layer."""
    return any(part["class_name"] == "Lambda" for part in _parts(config))


def mended(config: Any) -> Any:
    """Return an architecture of Keras 1 or 2 as Keras 3 reads it; what it computes is the same.

    Lists of layers become mappings; the shape that a first layer carries becomes an Input; words
    without an effect, such as the one group of a depthwise convolution, are left out.
    """
    if isinstance(config, list):
        return [mended(part) for part in config]
    if not isinstance(config, dict):
        return config
    found = {name: mended(part) for name, part in config.items()}
    own = found.get("config")
    kind = found.get("class_name")
    if kind == "Sequential" and isinstance(own, list):
        found["config"] = own = {"name": "sequential", "layers": own}
    if kind == "Sequential" and isinstance(own, dict) and own.get("layers"):
        own["layers"] = _with_input(own["layers"])
    if isinstance(own, dict) and kind == "InputLayer" and "batch_input_shape" in own:
        own["batch_shape"] = own.pop("batch_input_shape")
    if isinstance(own, dict):
        for name, value in _WITHOUT_EFFECT.get(str(kind), {}).items():
            if name in own and value in (_ANY, own[name]):
                del own[name]
    return found


def _with_input(layers: list[Any]) -> list[Any]:
    """Return the layers of a Sequential model, the shape that the first one carries as an Input."""
    own = layers[0].get("config") if isinstance(layers[0], dict) else None
    if layers[0].get("class_name") == "InputLayer" or not isinstance(own, dict):
        return layers
    shape = own.pop("batch_input_shape", None)
    if shape is None:
        return layers
    entry = {"batch_shape": shape, "dtype": "float32", "name": f"{own.get('name', 'first')}_input"}
    added: dict[str, Any] = {"class_name": "InputLayer", "config": entry}
    if "module" in layers[0]:
        added |= {"module": "keras.layers", "registered_name": None}
    return [added, *layers]


def _parts(config: Any) -> Iterator[dict[str, Any]]:
    """Yield every mapping that names a class."""
    waiting = [config]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            if "class_name" in part:
                yield part
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
