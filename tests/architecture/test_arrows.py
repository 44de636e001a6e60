"""Imports go one way between files, those for type checking included: no circles."""

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"


def modules() -> dict[str, str]:
    """Return the text of each module by its name."""
    files = sorted((SOURCE / "featureprobe").rglob("*.py"))
    names = [".".join(f.relative_to(SOURCE).with_suffix("").parts) for f in files]
    return {
        name.removesuffix(".__init__"): f.read_text(encoding="utf-8")
        for name, f in zip(names, files, strict=True)
    }


def imports(texts: dict[str, str]) -> dict[str, set[str]]:
    """Return which modules each imports, in functions and under TYPE_CHECKING too."""
    found: dict[str, set[str]] = {}
    for name, text in texts.items():
        nodes = list(ast.walk(ast.parse(text)))
        pairs = [
            (n.module or "", a.name)
            for n in nodes
            if isinstance(n, ast.ImportFrom)
            for a in n.names
        ]
        named = {f"{home}.{part}" if f"{home}.{part}" in texts else home for home, part in pairs}
        named |= {a.name for n in nodes if isinstance(n, ast.Import) for a in n.names}
        found[name] = named & set(texts) - {name}
    return found


def circles(graph: dict[str, set[str]]) -> list[set[str]]:
    """Return the groups of modules in which each reaches each."""
    reach = {name: set(own) for name, own in graph.items()}
    for through in graph:
        for name, own in reach.items():
            if through in own:
                reach[name] = own | reach[through]
    groups = {
        frozenset({name} | {o for o in own if name in reach[o]}) for name, own in reach.items()
    }
    return [set(group) for group in groups if len(group) > 1]


def test_no_circles() -> None:
    """Nothing imports, by whatever way, what imports it."""
    assert circles(imports(modules())) == []


@pytest.mark.parametrize("line", ["from p import a", "if TYPE_CHECKING:\n    from p.a import X"])
def test_a_circle_is_noticed(line: str) -> None:
    """Two files that know of each other (sabotage)."""
    assert circles(imports({"p": "", "p.a": "import p.b", "p.b": line})) == [{"p.a", "p.b"}]
