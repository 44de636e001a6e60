"""What is saved: a JSON header and arrays; and files of them, npz without pickle, whole or not at all."""

import json
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import numpy as np
import numpy.typing as npt

from featureprobe._header import (
    SPARE_VALUES,
    VALUES_A_BYTE,
    check_depth,
    count_values,
    parse,
)
from featureprobe._members import MOST_PACKED, SPARE_BYTES, DictMembers, FileMembers, Members
from featureprobe._saving import write_whole
from featureprobe.errors import ConfigError, DataError, FeatureProbeError, PluginError

Made = TypeVar("Made")
Packed = tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]
"""A JSON header, and arrays by name: what is saved, before it is a file."""

_HEADER = "header"
# What makes something of each sort of file and of a header with arrays, and a name that only its
# header has.
_SORTS = {
    "AscentResult": ("fp.AscentResult.load(path)", "recipe"),
    "Evidence": ("fp.Evidence.load(path)", "fingerprint"),
    "Finding": ("fp.analysis.load(path)", "kind"),
    "AscentState": ("fp.AscentState.unpack(header, arrays)", "start_origins"),
    "Recipe": ("fp.Recipe.unpack(header, arrays)", "objectives"),
}


def pack(what: str, schema: int, header: Mapping[str, Any], arrays: Mapping[str, Any]) -> Packed:
    """Return a header of plain JSON values, and arrays that cannot be written to.

    Args:
        what: What is packed, for messages, such as ``"Evidence"``.
        schema: The number of this layout.
        header: JSON values.
        arrays: Arrays without objects, by name; they are not copied.

    Raises:
        DataError: When the header is no JSON, or an array holds objects.
    """
    try:
        text = json.dumps({"schema": schema, **header}, allow_nan=False)
        check_depth(header)
    except (TypeError, ValueError, RecursionError) as cause:
        raise DataError(
            f"This {what} cannot be saved: what describes it is no JSON ({cause}). "
            "Use finite numbers, texts and arrays."
        ) from cause
    found = {name: np.asarray(array).view() for name, array in arrays.items()}
    for name, array in found.items():
        if array.dtype.hasobject:
            raise DataError(f"This {what} cannot be saved: {name!r} holds objects, not numbers.")
        array.setflags(write=False)
    plain: dict[str, Any] = json.loads(text)
    return plain, found


def unpack(
    header: Mapping[str, Any],
    arrays: Mapping[str, npt.ArrayLike],
    what: str,
    schema: int,
    make: Callable[[dict[str, Any], Members], Made],
) -> Made:
    """Return what :func:`pack` packed; arguments and errors as of :func:`read`."""
    with _explained(what):
        text = json.dumps(dict(header), allow_nan=False).encode()
        return _made(parse(len(text), text), DictMembers(arrays), what, schema, make)


def write(
    path: str | Path, what: str, header: Mapping[str, Any], arrays: Mapping[str, Any]
) -> None:
    """Write what :func:`pack` returned; the file appears whole or not at all.

    Args:
        path: Ends in ``.npz``.
        what: What is saved, for messages, such as ``"Evidence"``.
        header: JSON values.
        arrays: Arrays without objects, by name.

    Raises:
        DataError: When the name does not end in ``.npz``, or its folder is missing.
        SaveError: When the file cannot be written.
    """
    path = Path(path)
    if path.suffix != ".npz":
        name = _a(what)
        raise DataError(
            f"{name[0].upper()}{name[1:]} is saved as .npz. Received: {path.name}. Rename it."
        )
    text = json.dumps(header, allow_nan=False).encode()
    stored = {_HEADER: np.frombuffer(text, np.uint8), **arrays}
    plain = count_values(text) > SPARE_VALUES + VALUES_A_BYTE // 2 * len(zlib.compress(text))
    write_whole(path, lambda file: _write_arrays(file, stored, plain))


def _write_arrays(file: BinaryIO, stored: Mapping[str, Any], plain: bool) -> None:
    """Write arrays packed, or plain where so few bytes would be refused as a trap on reading."""
    if not plain:
        np.savez_compressed(file, allow_pickle=False, **stored)
        whole = sum(np.asarray(array).nbytes for array in stored.values())
        plain = whole > SPARE_BYTES // 2 + MOST_PACKED * file.tell()
    if plain:
        file.seek(0)
        file.truncate()
        np.savez(file, allow_pickle=False, **stored)


def read(
    path: str | Path, what: str, schema: int, make: Callable[[dict[str, Any], Members], Made]
) -> Made:
    """Return what a file holds.

    Args:
        path: The file.
        what: What should be in it, for messages, such as ``"AscentResult"``.
        schema: The number of the layout that can be read.
        make: Makes it of the header and the arrays. It asks for every array that belongs to the
            file; others are refused. KeyError, TypeError, ValueError and the like mean a damaged file.

    Raises:
        DataError: When the file is missing, damaged, or holds something else.
        ConfigError: When it has another schema.
    """
    path = Path(path)
    if not _is_file(path):
        raise DataError(f"There is no file {path}. Check the path.")
    with _explained(what, path), path.open("rb") as raw:
        members = FileMembers(raw)
        return _made(_header(members), members, what, schema, make)


def _made(
    header: dict[str, Any],
    members: Members,
    what: str,
    schema: int,
    make: Callable[[dict[str, Any], Members], Made],
) -> Made:
    _check_sort(what, header)
    if header.get("schema") != schema:
        raise _OfAnother(
            f"has the schema {header.get('schema')!r}; this version of featureprobe reads {schema}. "
            "Install the version that wrote it.",
            ConfigError,
        )
    made = make(header, members)
    members.refuse_others()
    return made


class _OfAnother(Exception):  # noqa: N818  (never leaves this file)
    """What is wrong with a header as such; where it comes from is said in front."""

    def __init__(self, text: str, error: type[FeatureProbeError]) -> None:
        super().__init__(text)
        self.error = error


@contextmanager
def _explained(what: str, path: Path | None = None) -> Iterator[None]:
    """Raise whatever goes wrong as an error that names the file, or the header where there is none."""
    try:
        yield
    except _OfAnother as cause:
        if path is None:
            text = f"The header {cause}".replace("load(path)", "unpack(header, arrays)")
            raise cause.error(text) from cause
        raise cause.error(f"{path.name} {cause}") from cause
    except FeatureProbeError as cause:
        if not isinstance(cause, DataError | ConfigError | PluginError):  # parts that do not fit
            raise broken(path, what, str(cause).rstrip(".")) from cause
        if path is None or path.name in str(cause):
            raise
        raise type(cause)(f"{path.name}: {cause}") from cause
    except Exception as cause:  # zlib.error, BadZipFile, RecursionError, MemoryError, ...
        raise broken(path, what, _reason(cause)) from cause


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that is too long, a NUL
        return False


def _header(members: FileMembers) -> dict[str, Any]:
    shape, dtype = members.head(_HEADER)
    if len(shape) != 1 or dtype != np.uint8:
        raise ValueError("the header, which is no text")
    return parse(members.packed(_HEADER), members[_HEADER].tobytes())


def _reason(cause: Exception) -> str:
    """Return what is wrong with a file, in words."""
    if isinstance(cause, zipfile.BadZipFile) and "not a zip" in str(cause):
        return "it is no npz file"
    if isinstance(cause, RecursionError):
        return "its header is nested too deeply"
    if isinstance(cause, zipfile.BadZipFile | zlib.error | OSError | EOFError | MemoryError):
        return f"it cannot be read ({type(cause).__name__}: {cause})"
    return f"it lacks or garbles {cause}"


def _check_sort(what: str, header: Mapping[str, Any]) -> None:
    """Raise when a header is that of another sort."""
    if what in _SORTS and _SORTS[what][1] in header:
        return
    for sort, (call, key) in _SORTS.items():
        if sort != what and key in header:
            raise _OfAnother(f"holds {_a(sort)}, not {_a(what)}. Use {call}.", DataError)


def _a(what: str) -> str:
    """Return a name with its article; evidence is not counted."""
    article = {"AscentResult": "an ", "AscentState": "an ", "Finding": "a ", "Recipe": "a "}.get(
        what, ""
    )
    return article + what


def broken(path: str | Path | None, what: str, why: str) -> DataError:
    """Return the error for a file, or a header and arrays, that are not what they should be."""
    if path is None:
        return DataError(
            f"This header and these arrays are no packed {what}: {why}. "
            "Pass what pack() returned, unchanged."
        )
    return DataError(
        f"{Path(path).name} is no saved {what}: {why}. It may be truncated or from another "
        "program; save it again."
    )
