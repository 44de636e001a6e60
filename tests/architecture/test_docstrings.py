"""Docstrings: every public name has one, with an example; every example runs."""

import doctest
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import pytest

import featureprobe as fp

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
ROOMS = ("analysis", "plotting", "plugins", "samples", "testing")
MODULES = [m.name for m in pkgutil.walk_packages(fp.__path__, "featureprobe.")]
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE

# Public, and no class or function that a user makes or calls.
WITHOUT_EXAMPLE = {
    "featureprobe.testing.ComponentContract": "authors subclass the contract of their room",
    "featureprobe.Step": "made by the engine; its use is shown on the pages of the contracts",
    "featureprobe.Live": "made by the engine; part of a Step",
}


def public() -> Iterator[tuple[str, object]]:
    """Yield (name, object) of the public classes and functions."""
    for name in fp.__all__:
        yield f"featureprobe.{name}", getattr(fp, name)
    for room in ROOMS:
        module = getattr(fp, room)
        for name in getattr(module, "__all__", dir(module)):
            thing = getattr(module, name)
            own = hasattr(module, "__all__") or (
                inspect.isfunction(thing) and thing.__module__ == module.__name__
            )
            if own and not name.startswith("_"):
                yield f"featureprobe.{room}.{name}", thing


CALLABLES = [
    (name, thing)
    for name, thing in public()
    if (inspect.isclass(thing) or inspect.isfunction(thing)) and thing is not fp.Tensor  # Any
]


@pytest.mark.parametrize(("name", "thing"), CALLABLES, ids=[name for name, _ in CALLABLES])
def test_public_name_has_a_docstring(name: str, thing: object) -> None:
    """A docstring of its own, not what ``@dataclass`` makes up or a parent says."""
    own = vars(thing).get("__doc__") if inspect.isclass(thing) else thing.__doc__
    assert own, f"{name} has no docstring."
    assert not own.startswith(name.rpartition(".")[2] + "("), f"{name} has no docstring."


@pytest.mark.parametrize(("name", "thing"), CALLABLES, ids=[name for name, _ in CALLABLES])
def test_public_name_has_an_example(name: str, thing: object) -> None:
    """An example in the docstring; a contract is shown by a page that subclasses it, which runs."""
    if name in WITHOUT_EXAMPLE or (inspect.isclass(thing) and issubclass(thing, Exception)):
        return
    if inspect.isabstract(thing):
        used = re.compile(rf"\({re.escape(name.replace('featureprobe.', 'fp.'))}\)")
        assert any(used.search(page.read_text("utf-8")) for page in DOCS.rglob("*.rst")), (
            f"No page of docs/ subclasses {name}. Add an example to docs/reference/contracts."
        )
        return
    assert ">>> " in (thing.__doc__ or ""), f"{name} has no Example section in its docstring."


def test_exceptions_are_needed() -> None:
    """No name is excused that has an example, or is no longer public."""
    known = dict(CALLABLES)
    for name in WITHOUT_EXAMPLE:
        assert ">>> " not in (known[name].__doc__ or ""), f"{name} has an example now."


@pytest.mark.pages
@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every example in the module's docstrings prints what it says."""
    monkeypatch.chdir(tmp_path)
    report: list[str] = []
    runner = doctest.DocTestRunner(optionflags=FLAGS, verbose=False)
    for test in doctest.DocTestFinder(exclude_empty=True).find(importlib.import_module(name)):
        runner.run(test, out=report.append)
    plt.close("all")
    assert not runner.failures, "".join(report)


def test_every_module_says_what_it_is() -> None:
    """Every module has a docstring that ends its first line like a sentence."""
    for name in MODULES:
        text = importlib.import_module(name).__doc__ or ""
        assert text.split("\n")[0].endswith("."), f"{name}: {text[:60]!r}"


def rooms() -> list[str]:
    """Return the rooms: the packages inside featureprobe."""
    return [m.name for m in pkgutil.walk_packages(fp.__path__, "featureprobe.") if m.ispkg]


@pytest.mark.parametrize("name", rooms())
def test_room_says_what_it_is(name: str) -> None:
    """A room's docstring answers in six lines: what lives here, what it may import, how to add."""
    head, _, body = (importlib.import_module(name).__doc__ or "").partition("\n\n")
    text = " ".join(body.split())
    assert head
    assert "\n" not in head
    assert "What lives here:" in text
    assert "May import:" in text
    assert re.search(r"\b[Tt]o (add|teach)\b", text)
    assert 4 <= len(body.strip().splitlines()) <= 7
