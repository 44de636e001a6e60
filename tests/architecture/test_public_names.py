"""The public names, as a list that changes on purpose only.

``python tests/architecture/test_public_names.py`` writes the list anew; a change also wants a line
in CHANGELOG.md and a place in ``docs/reference``.
"""

import inspect
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import featureprobe as fp

SNAPSHOT = Path(__file__).with_name("public_names.txt")
ROOMS = ("analysis", "plotting", "plugins", "samples", "testing")


def public_names() -> list[str]:
    """Return every name that users may import, sorted."""
    names = [f"featureprobe.{name}" for name in fp.__all__]
    for room in ROOMS:
        module = getattr(fp, room)
        names += [f"featureprobe.{room}.{name}" for name in _names_of(module)]
    return sorted(names)


def _names_of(module: ModuleType) -> Iterator[str]:
    if hasattr(module, "__all__"):
        yield from module.__all__
        return
    for name, function in inspect.getmembers(module, inspect.isfunction):
        if function.__module__ == module.__name__ and not name.startswith("_"):
            yield name


def test_names_are_the_recorded_ones() -> None:
    """No public name appears or vanishes unnoticed."""
    recorded, found = set(SNAPSHOT.read_text(encoding="utf-8").split()), set(public_names())
    assert found == recorded, (
        f"New: {sorted(found - recorded)}. Gone: {sorted(recorded - found)}. If this is meant, run "
        "`python tests/architecture/test_public_names.py`, and change CHANGELOG.md and docs/reference."
    )


def test_all_is_sorted_and_without_doubles() -> None:
    """``__all__`` lists each name once; what it lists exists."""
    assert len(set(fp.__all__)) == len(fp.__all__)
    assert all(hasattr(fp, name) for name in fp.__all__)


if __name__ == "__main__":
    SNAPSHOT.write_text("\n".join(public_names()) + "\n", encoding="utf-8")
    print(f"wrote {SNAPSHOT}")
