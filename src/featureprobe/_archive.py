"""Files of arrays with a JSON header: npz without pickle, written whole or not at all."""

import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from featureprobe.errors import ConfigError, DataError

Arrays = dict[str, npt.NDArray[Any]]
_HEADER = "header"


def write(
    path: str | Path, what: str, schema: int, header: Mapping[str, Any], arrays: Mapping[str, Any]
) -> None:
    """Write arrays and a header; the file appears whole or not at all.

    Args:
        path: Ends in ``.npz``.
        what: What is saved, for messages, such as ``"result"``.
        schema: The number of this layout.
        header: JSON values.
        arrays: Arrays without objects, by name.

    Raises:
        DataError: When the name does not end in ``.npz``, or its folder is missing.
    """
    path = Path(path)
    if path.suffix != ".npz":
        raise DataError(f"A {what} is saved as .npz. Received: {path.name}. Rename it.")
    if not path.parent.is_dir():
        raise DataError(f"There is no folder {path.parent} to save {path.name} in. Make it first.")
    text = json.dumps({"schema": schema, **header}, allow_nan=False).encode()
    # No tempfile: its files are for their owner only, and so would be every saved file.
    partial = path.with_name(f"{path.stem}-{secrets.token_hex(4)}.part")
    try:
        with partial.open("xb") as file:
            stored = {_HEADER: np.frombuffer(text, np.uint8), **arrays}
            np.savez_compressed(file, allow_pickle=False, **stored)
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


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
        reason = f"it cannot be read ({type(cause).__name__}: {cause})"
        raise broken(path, what, reason) from cause
    if not isinstance(header, dict):
        raise broken(path, what, "its header is not a mapping")
    if header.get("schema") != schema:
        raise ConfigError(
            f"{path.name} has the schema {header.get('schema')!r}; this version of featureprobe "
            f"reads {schema}. Install the version that wrote it."
        )
    return header, stored


def broken(path: str | Path, what: str, why: str) -> DataError:
    """Return the error for a file that is not what it should be."""
    return DataError(
        f"{Path(path).name} is no saved {what}: {why}. It may be truncated or from another "
        "program; save it again."
    )
