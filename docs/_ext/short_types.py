"""Write numpy's long unions by their names: ``ArrayLike`` instead of a paragraph."""

from typing import Any

import numpy.typing as npt
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata, stringify_annotation

_LONG = {stringify_annotation(npt.ArrayLike, mode): "ArrayLike" for mode in ("smart", "fully-qualified")}


def _shorten(
    app: Sphinx, what: str, name: str, obj: Any, options: Any, signature: str, returns: str
) -> tuple[str, str] | None:
    if signature is None:
        return None
    for long, short in _LONG.items():
        signature = signature.replace(long, short)
        returns = returns and returns.replace(long, short)
    return signature, returns


def setup(app: Sphinx) -> ExtensionMetadata:
    """Hook into autodoc."""
    app.connect("autodoc-process-signature", _shorten)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
