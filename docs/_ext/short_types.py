"""Signatures as people write them, ``NDArray[float32]``, and shapes as ``(N, *spatial, C)``."""

import dataclasses
import inspect
import re
from typing import Any

import numpy.typing as npt
from sphinx.application import Sphinx
from sphinx.util.inspect import signature as signature_of, stringify_signature
from sphinx.util.typing import ExtensionMetadata, stringify_annotation

from featureprobe import Component

_ARRAY_LIKE = stringify_annotation(npt.ArrayLike, "smart")
_ARRAY = re.compile(
    r"~?(?:numpy\.)?ndarray\[tuple\[~?(?:typing\.)?Any, \.\.\.\], "
    r"~?(?:numpy\.)?dtype\[~?(?:numpy\.)?(\w+)\]\]"
)


def _shorten(
    app: Sphinx, what: str, name: str, obj: Any, options: Any, signature: str, returns: str
) -> tuple[str, str] | None:
    if inspect.isclass(obj) and issubclass(obj, Component):
        signature = _fields_of(obj)
    elif getattr(obj, "_is_protocol", False):
        signature = "()"
    if signature is None:
        return None
    return _short(signature), returns and _short(returns)


# The range stands in the docstring.
_RANGE = re.compile(r"~typing\.Annotated\[float, Within\([^)]*\)\]")
_OWN = re.compile(
    r"~?(?:types|typing)\.Annotated\[(.*?), <featureprobe\._kinds\.\w+ object at \w+>\]"
)
_MARKED = {
    "~typing.Annotated[int, Index]": "Index",
    "~typing.Annotated[~featureprobe._component.ArrayValue, PerTarget]": "PerTarget",
    "~typing.Annotated[ArrayValue, PerTarget]": "PerTarget",
}


def _fields_of(cls: type) -> str:
    """Return the signature of ``__init__``; ``Component.__new__`` takes anything and hides it."""
    if not dataclasses.is_dataclass(cls):
        return "()"
    made = signature_of(cls.__init__, bound_method=True)
    return stringify_signature(made, show_return_annotation=False, unqualified_typehints=True)


def _short(text: str) -> str:
    text = _ARRAY.sub(lambda m: f"NDArray[{m.group(1).rstrip('_')}]", text)
    # Defaults that are made anew for each instance have no value to show.
    text = text.replace(_ARRAY_LIKE, "ArrayLike").replace("<factory>", "...")
    text = _OWN.sub(r"\1", _RANGE.sub("float", text))
    for long, short in _MARKED.items():
        text = text.replace(long, short)
    return text


# ``(N, *spatial, C)`` reads well as text; reStructuredText takes the star for emphasis.
_STARRED = re.compile(r"(?<![\\\w*`])\*(?=(?:new )?spatial\b)")


def _escape(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    for number, line in enumerate(lines):
        parts = line.split("``")
        parts[::2] = [_STARRED.sub(r"\\*", part) for part in parts[::2]]  # literals stay
        lines[number] = "``".join(parts)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Hook into autodoc."""
    app.connect("autodoc-process-signature", _shorten)
    app.connect("autodoc-process-docstring", _escape, priority=400)  # before napoleon
    return {"version": "2", "parallel_read_safe": True, "parallel_write_safe": True}
