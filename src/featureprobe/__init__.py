"""featureprobe: what do the maps and nodes of a trained convolutional network answer to?

A :class:`ModelProbe` opens a trained Keras model. An :class:`ActivationGrid` shows what its maps
answer to an image. An :class:`Ascent` runs the question backwards: from an
:class:`InputInitializer` it climbs an :class:`Objective` under :class:`Regularizer` operators until
the image shows what a map or node answers to; the :class:`AscentResult` says how far to believe it.

Importing this package loads no TensorFlow: names are looked up when they are used.
The names and their homes are listed in ``__init__.pyi``, once: type checkers read it, and so does this file.
"""

import ast
import importlib
from pathlib import Path
from typing import Any

__version__ = "0.1.0"


def _homes() -> dict[str, str]:
    """Return by public name the module that it is imported from; a room's is this package."""
    listed = ast.parse(Path(__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
    lines = [line for line in listed.body if isinstance(line, ast.ImportFrom)]
    return {entry.name: str(line.module) for line in lines for entry in line.names}


_HOMES = _homes()
__all__ = sorted([*_HOMES, "__version__"])  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'featureprobe' has no attribute {name!r}")
    if _HOMES[name] == __name__:
        return importlib.import_module(f"{__name__}.{name}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
