"""Load a saved Keras model in safe mode, with errors that say what is missing."""

import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras

from featureprobe.errors import DataError, FeatureProbeError, ModelError
from featureprobe.probe.opening.model_configs import (
    danger_in,
    holds_lambda,
    mended,
    old_operations_in,
    read_config,
    write_config,
)
from featureprobe.probe.opening.model_files import HDF5, SUFFIXES, ZIP, kind_of

_LONGEST = 600  # characters of a message of Keras, whose reason stands at its end
_KERAS_2 = "Open it with Keras 2 (python -m pip install tf_keras; set TF_USE_LEGACY_KERAS=1)"


def load_model(path: str | Path, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Return the model in ``path``, uncompiled.

    Files of Keras 1 and 2 are mended where what the model computes stays the same; no code of a file
    is ever run.

    Args:
        path: A ``.keras`` file, or a legacy ``.h5`` / ``.hdf5`` file.
        custom_objects: Classes that Keras does not know, by name.

    Raises:
        DataError: When there is no such file, it is damaged, or no Keras model.
        ModelError: When a custom class is missing, the file holds code that safe mode refuses, or
            only weights.
    """
    path = Path(path)
    zipped = _is_zipped(path)
    config = None
    try:
        config = read_config(path, zipped=zipped)
        _refuse(path, config, {**(custom_objects or {}), **keras.saving.get_custom_objects()})
        return _loaded(path, config, dict(custom_objects or {}), zipped=zipped)
    except FeatureProbeError:
        raise
    except (
        Exception
    ) as cause:  # Keras raises TypeError, ValueError, OSError, BadZipFile, KeyError ...
        raise _explained(path, config, str(cause).replace(str(path), path.name)) from cause


def _is_zipped(path: Path) -> bool:
    """Whether a model file is one of the two kinds that Keras reads.

    Raises:
        DataError: When it is neither, in words that say what it is.
    """
    formats = f"A model is a file ending in {', '.join(SUFFIXES)}."
    try:
        exists = path.exists()
    except (OSError, ValueError):  # a name that no file can have
        exists = False
    if not exists:
        raise DataError(f"{formats} Received: {path}, which does not exist. Check the path.")
    try:
        kind = kind_of(path)
    except OSError as cause:
        raise DataError(
            f"{path} cannot be read: {cause.strerror}. Check its permissions."
        ) from cause
    if path.is_dir():
        raise DataError(f"{formats} Received: {path}, which is {kind}.")
    if kind in (HDF5, ZIP):
        return kind == ZIP
    if kind is None and path.suffix.lower() in SUFFIXES:  # damaged: whoever reads it says how
        return path.suffix.lower() == ".keras"
    what = f"which is {kind}." if kind else "which is none. Convert other formats with Keras first."
    raise DataError(f"{formats} Received: {path}, {what}")


def _refuse(path: Path, config: Any, known: Mapping[str, Any]) -> None:
    """Raise ModelError for what must not be loaded, or cannot be in any way."""
    if config is None:
        raise ModelError(
            f"The file {path.name} holds weights only, no model. Build the model in Python, then "
            f"model.load_weights({path.name!r}), and pass it to fp.ModelProbe."
        )
    danger = danger_in(config, known)
    if danger is not None:
        raise ModelError(f"The model in {path.name} {danger}.")
    old = old_operations_in(config)
    if old and "TFOpLambda" not in known:
        raise ModelError(
            f"The model in {path.name} has functions of TensorFlow between its layers, which only "
            f"Keras 2 keeps as layers (TFOpLambda): {', '.join(old[:5])}. {_KERAS_2} and rebuild it "
            "with layers, or build it in Keras 3 and load its weights."
        )


def _loaded(path: Path, config: Any, custom_objects: dict[str, Any], *, zipped: bool) -> Any:
    suffix = ".keras" if zipped else ".h5"
    better = mended(config)
    if better == config and path.suffix in ((".keras",) if zipped else (".h5", ".hdf5")):
        return _load(path, custom_objects)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / f"model{suffix}"
        write_config(path, copy, better, zipped=zipped)
        return _load(copy, custom_objects)


def _load(path: Path, custom_objects: dict[str, Any]) -> Any:
    return keras.models.load_model(
        path, custom_objects=custom_objects, compile=False, safe_mode=True
    )


def _explained(path: Path, config: Any, message: str) -> Exception:
    missing = re.search(
        r"Could not locate (class|function) '([^']+)'|Unknown layer: '?([\w>]+)", message
    )
    if missing:
        name = (missing.group(2) or missing.group(3)).split(">")[-1]
        return ModelError(
            f"The model in {path.name} uses the {missing.group(1) or 'class'} {name!r}, which Keras "
            "does not know. "
            f"Import it and pass custom_objects={{{name!r}: {name}}}."
        )
    if holds_lambda(config) and re.search("lambda|unsafe|safe_mode", message, re.IGNORECASE):
        return ModelError(
            f"The model in {path.name} holds Python code (a Lambda layer), which Keras' safe mode "
            "refuses to run. If you trust the file, load it with keras.models.load_model(path, "
            "safe_mode=False) and pass the model to fp.ModelProbe."
        )
    if len(message) > _LONGEST:
        message = f"{message[: _LONGEST // 3]} ... {message[-2 * _LONGEST // 3 :]}"
    return DataError(
        f"The file {path.name} could not be loaded as a Keras model: {message} "
        "It may be damaged, or made by a version of Keras that is not installed. "
        f"If it was made by Keras 2: {_KERAS_2.lower()} and save it as .h5."
    )
