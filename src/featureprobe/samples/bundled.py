"""The bundled files: what the manifest says about them, and a path only to undamaged ones."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from featureprobe.errors import DataError

DATA: Traversable = resources.files("featureprobe.samples") / "data"

_REMEDY = "Reinstall featureprobe, or make the file again with the script that the manifest names."


def manifest_entry(name: str) -> dict[str, Any]:
    """Return what the manifest records about a bundled file.

    Args:
        name: File name, such as ``"mnist_cnn_a.keras"``.

    Returns:
        The hash (``sha256``), how the file was made, and with which versions.

    Raises:
        DataError: When the manifest cannot be read or does not know the file.
    """
    try:
        manifest = json.loads((DATA / "manifest.json").read_text(encoding="utf-8"))
        entry: dict[str, Any] = manifest[name]
    except (OSError, ValueError, KeyError) as error:
        raise DataError(
            f"The manifest of the bundled files has no readable entry for {name!r}. "
            f"Received: {type(error).__name__}: {error}. Reinstall featureprobe."
        ) from error
    return entry


@contextmanager
def checked_file(name: str) -> Iterator[Path]:
    """Give the path of a bundled file, once its content agrees with the manifest.

    Args:
        name: File name, such as ``"mnist_cnn_a.keras"``.

    Yields:
        A path that is valid inside the ``with`` block.

    Raises:
        DataError: When the file is missing or differs from the one that was recorded.
    """
    expected = manifest_entry(name)["sha256"]
    file = DATA / name
    if not file.is_file():
        raise DataError(f"The bundled file {name!r} is missing. Expected it in {DATA}. {_REMEDY}")
    with resources.as_file(file) as path:
        received = hashlib.sha256(path.read_bytes()).hexdigest()
        if received != expected:
            raise DataError(
                f"The bundled file {name!r} is damaged. Received a file with sha256 {received}, "
                f"the manifest records {expected}. {_REMEDY}"
            )
        yield path
