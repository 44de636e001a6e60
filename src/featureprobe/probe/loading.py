"""Load a saved Keras model in safe mode, with errors that say what is missing."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras

from featureprobe.errors import DataError, ModelError

_SUFFIXES = (".keras", ".h5", ".hdf5")


def load_model(path: str | Path, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Return the model in ``path``, uncompiled.

    Args:
        path: A ``.keras`` file, or a legacy ``.h5`` / ``.hdf5`` file.
        custom_objects: Classes that Keras does not know, by name.

    Raises:
        DataError: When there is no such file, or it is damaged.
        ModelError: When a custom class is missing, or the file holds code that safe mode refuses.
    """
    path = Path(path)
    if path.suffix not in _SUFFIXES or not path.is_file():
        raise DataError(
            f"A model is a file ending in {', '.join(_SUFFIXES)}. Received: {path}"
            f"{'' if path.exists() else ', which does not exist'}. Check the path; convert other "
            "formats with Keras first."
        )
    try:
        return keras.models.load_model(
            path, custom_objects=dict(custom_objects or {}), compile=False, safe_mode=True
        )
    except (
        Exception
    ) as cause:  # Keras raises TypeError, ValueError, OSError, BadZipFile, KeyError ...
        raise _explained(path, str(cause).replace(str(path), path.name)) from cause


def _explained(path: Path, message: str) -> Exception:
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
    reason = message.replace(path.name, "").lower()  # the file's name is no reason
    if "lambda" in reason or "unsafe" in reason or "safe_mode" in reason:
        return ModelError(
            f"The model in {path.name} holds Python code (a Lambda layer), which Keras' safe mode "
            "refuses to run. If you trust the file, load it with keras.models.load_model(path, "
            "safe_mode=False) and pass the model to fp.ModelProbe."
        )
    return DataError(
        f"The file {path.name} could not be loaded as a Keras model: {message[:300]} "
        "It may be damaged, or made by a version of Keras that is not installed."
    )
