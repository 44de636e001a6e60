"""Fail the build when a public name has no docstring or no place in the reference."""

import inspect
import sys
from collections.abc import Iterator
from functools import cache
from types import ModuleType

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError
from sphinx.pycode import ModuleAnalyzer
from sphinx.util import logging
from sphinx.util.typing import ExtensionMetadata

import featureprobe

ROOMS = ("analysis", "plotting", "plugins", "samples", "testing")
NOT_PAGES = {"featureprobe.__version__"}

logger = logging.getLogger(__name__)


def public_names() -> Iterator[tuple[str, object]]:
    """Yield (full name, object) of everything that users may import."""
    for name in featureprobe.__all__:
        yield f"featureprobe.{name}", getattr(featureprobe, name)
    for room in ROOMS:
        module = getattr(featureprobe, room)
        for name in names_of(module):
            yield f"featureprobe.{room}.{name}", getattr(module, name)


def names_of(module: ModuleType) -> list[str]:
    """Return ``__all__`` of a module, or its own public functions."""
    if hasattr(module, "__all__"):
        return sorted(module.__all__)
    own = inspect.getmembers(module, inspect.isfunction)
    return [n for n, f in own if f.__module__ == module.__name__ and not n.startswith("_")]


def problems(documented: set[str]) -> Iterator[str]:
    """Yield one sentence for each public name that is not documented.

    Args:
        documented: Full names that have a place in the reference.
    """
    for name, thing in public_names():
        if name in NOT_PAGES:
            continue
        if name not in documented:
            yield f"{name} has no place in docs/reference"
        if not _has_docstring(name.rpartition(".")[2], thing):
            yield f"{name} has no docstring"


def _has_docstring(name: str, thing: object) -> bool:
    if isinstance(thing, ModuleType):
        return bool(thing.__doc__)
    if inspect.isclass(thing) or inspect.isfunction(thing):
        # A dataclass without a docstring gets its signature as one.
        return bool(thing.__doc__) and not thing.__doc__.startswith(f"{name}(")
    return any(("", name) in documented for documented in _constants())


@cache
def _constants() -> list[dict[tuple[str, str], list[str]]]:
    """Return what the strings below assignments document, module by module."""
    loaded = [m for m in sys.modules if m.startswith("featureprobe.")]
    return [ModuleAnalyzer.for_module(m).find_attr_docs() for m in sorted(loaded)]


def _check(app: Sphinx, env: BuildEnvironment) -> None:
    domain = env.domains.python_domain
    missing = list(problems(set(domain.objects) | set(domain.modules)))
    if missing:
        raise ExtensionError("The documentation is not complete:\n  " + "\n  ".join(missing))
    logger.info("coverage check: %d public names documented", len(list(public_names())))


def setup(app: Sphinx) -> ExtensionMetadata:
    """Check once all pages are read."""
    app.connect("env-check-consistency", _check)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
