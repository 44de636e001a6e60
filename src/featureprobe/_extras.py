"""Packages that only some functions need."""

import importlib
from typing import Any

from featureprobe.errors import MissingExtraError


def need(module: str, *, what: str, extra: str) -> Any:
    """Import a module of an optional package, or say how to get it.

    Args:
        module: Such as ``"scipy.stats"``.
        what: What needs it, such as ``"compare_classes"``.
        extra: The extra of this package that brings it.

    Raises:
        MissingExtraError: When the package is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as cause:
        package = module.partition(".")[0]
        raise MissingExtraError(
            f"{what} needs {package}, which is not installed. "
            f"Run: pip install 'featureprobe[{extra}]'."
        ) from cause
