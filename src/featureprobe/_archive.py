"""Files of arrays with a JSON header: npz without pickle, written whole or not at all."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from featureprobe._saving import write_whole
from featureprobe.errors import ConfigError, DataError

Arrays = dict[str, npt.NDArray[Any]]
_HEADER = "header"
# What a file of each sort is made by, and a name that only its header has.
_SORTS = {
    "AscentResult": ("fp.AscentResult.load(path)", "recipe"),
    "Evidence": ("fp.Evidence.load(path)", "fingerprint"),
    "Finding": ("fp.analysis.load(path)", "kind"),
}


def write(
    path: str | Path, what: str, schema: int, header: Mapping[str, Any], arrays: Mapping[str, Any]
) -> None:
    """Write arrays and a header; the file appears whole or not at all.

    Args:
        path: Ends in ``.npz``.
        what: What is saved, for messages, such as ``"Evidence"``.
        schema: The number of this layout.
        header: JSON values.
        arrays: Arrays without objects, by name.

    Raises:
        DataError: When the name does not end in ``.npz``, its folder is missing, or the header is no
            JSON.
        SaveError: When the file cannot be written.
    """
    path = Path(path)
    if path.suffix != ".npz":
        name = _a(what)
        raise DataError(
            f"{name[0].upper()}{name[1:]} is saved as .npz. Received: {path.name}. Rename it."
        )
    try:
        text = json.dumps({"schema": schema, **header}, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as cause:
        raise DataError(
            f"This {what} cannot be saved as {path.name}: what describes it is no JSON ({cause}). "
            "Use finite numbers, texts and arrays."
        ) from cause
    stored = {_HEADER: np.frombuffer(text, np.uint8), **arrays}
    write_whole(path, lambda file: np.savez_compressed(file, allow_pickle=False, **stored))


def read(path: str | Path, what: str, schema: int) -> tuple[dict[str, Any], Arrays]:
    """Return the header and the arrays of a file.

    Args:
        path: The file.
        what: What should be in it, for messages, such as ``"AscentResult"``.
        schema: The number of the layout that can be read.

    Raises:
        DataError: When the file is missing, truncated, or holds something else.
        ConfigError: When it has another schema.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"There is no file {path}. Check the path.")
    try:
        # Opened here: numpy leaves a file open that turns out to be damaged.
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            stored = {name: file[name] for name in file.files}
        header = json.loads(stored.pop(_HEADER).tobytes())
    except Exception as cause:  # zlib.error, BadZipFile, RecursionError, NotImplementedError, ...
        raise broken(path, what, f"it cannot be read ({_reason(cause)})") from cause
    if not isinstance(header, dict):
        raise broken(path, what, "its header is not a mapping")
    _check_sort(path, what, header)
    if header.get("schema") != schema:
        raise ConfigError(
            f"{path.name} has the schema {header.get('schema')!r}; this version of featureprobe "
            f"reads {schema}. Install the version that wrote it."
        )
    return header, stored


def _reason(cause: Exception) -> str:
    """Return why numpy could not read a file; it advises to load pickles, which is unsafe."""
    if "Object arrays" in str(cause):
        return "it holds objects, not numbers"
    if "pickle" in str(cause):  # what numpy takes any file for that is no zip file
        return "it is no npz file"
    return f"{type(cause).__name__}: {cause}"


def _check_sort(path: Path, what: str, header: Mapping[str, Any]) -> None:
    """Raise DataError when a header is that of another sort of file."""
    if what in _SORTS and _SORTS[what][1] in header:
        return
    for sort, (call, key) in _SORTS.items():
        if sort != what and key in header:
            raise DataError(f"{path.name} holds {_a(sort)}, not {_a(what)}. Use {call}.")


def _a(what: str) -> str:
    """Return a name with its article; evidence is not counted."""
    article = {"AscentResult": "an ", "Finding": "a "}.get(what, "")
    return article + what


def broken(path: str | Path, what: str, why: str) -> DataError:
    """Return the error for a file that is not what it should be."""
    return DataError(
        f"{Path(path).name} is no saved {what}: {why}. It may be truncated or from another "
        "program; save it again."
    )
