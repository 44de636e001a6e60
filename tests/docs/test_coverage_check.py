"""The docs' coverage check notices what is not documented."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

EXTENSION = Path(__file__).parents[2] / "docs" / "_ext" / "coverage_check.py"


@pytest.fixture(scope="module")
def check() -> ModuleType:
    """The extension, loaded from its file."""
    pytest.importorskip("sphinx", reason="Sphinx is not installed; `make docs` installs it")
    spec = importlib.util.spec_from_file_location("coverage_check", EXTENSION)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_complete_documentation_passes(check: ModuleType) -> None:
    """With a place for every name there is nothing to say."""
    assert list(check.problems({name for name, _ in check.public_names()})) == []


@pytest.mark.parametrize("name", ["featureprobe.Ascent", "featureprobe.plotting.show_maps"])
def test_a_missing_place_is_noticed(check: ModuleType, name: str) -> None:
    """A name without a place in the reference is named (sabotage)."""
    places = {name for name, _ in check.public_names()} - {name}
    assert list(check.problems(places)) == [f"{name} has no place in docs/reference"]


def test_a_missing_docstring_is_noticed(check: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """A class whose docstring is missing or made up by ``@dataclass`` is named (sabotage)."""
    place = "featureprobe.Ghost"
    for text in (None, "Ghost(sigma: float)"):
        ghost = type("Ghost", (), {"__doc__": text})
        monkeypatch.setattr(check, "public_names", lambda g=ghost: iter([(place, g)]))
        assert list(check.problems({place})) == [f"{place} has no docstring"]
