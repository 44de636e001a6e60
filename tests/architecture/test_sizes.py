"""Sizes: files stay short enough to read, functions short enough to see."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "featureprobe"
FILES = sorted(SOURCE.rglob("*.py"))
MOST_LINES = 250
MOST_CODE = 40  # lines of a function without its docstring

# What is longer, and why. Numbers are caps.
LONG_FILES: dict[str, tuple[int, str]] = {
    "analysis/optima/node_map.py": (252, "its finding has more fields than any other"),
}
LONG_FUNCTIONS: dict[str, tuple[int, str]] = {
    "plotting/side_by_side.py:show_grids_side_by_side": (48, "its signature takes 15 lines"),
    "ascent/outcome/assembly.py:assemble": (45, "one line a field of AscentResult"),
}


def functions(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield (name, lines without the docstring) of every function."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first, lines = node.body[0], (node.end_lineno or 0) - node.lineno + 1
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                lines -= (first.end_lineno or 0) - first.lineno + 1
            yield node.name, lines


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(SOURCE)))
def test_file_is_short(file: Path) -> None:
    """A file holds one idea: at most 250 lines, and 40 lines of code a function."""
    name = str(file.relative_to(SOURCE))
    text = file.read_text(encoding="utf-8")
    cap, _ = LONG_FILES.get(name, (MOST_LINES, ""))
    assert len(text.splitlines()) <= cap, f"{name} is longer than {cap} lines. Split it by idea."
    for function, lines in functions(ast.parse(text)):
        cap, _ = LONG_FUNCTIONS.get(f"{name}:{function}", (MOST_CODE, ""))
        assert lines <= cap, f"{name}: {function} has {lines} lines of code, the cap is {cap}."


def test_exceptions_are_needed() -> None:
    """Nothing is excused that has become short."""
    for name in LONG_FILES:
        assert len((SOURCE / name).read_text(encoding="utf-8").splitlines()) > MOST_LINES, name
    for name in LONG_FUNCTIONS:
        file, _, function = name.partition(":")
        found = dict(functions(ast.parse((SOURCE / file).read_text(encoding="utf-8"))))
        assert found[function] > MOST_CODE, name


def test_a_long_function_is_noticed() -> None:
    """Lines of code count, lines of the docstring do not (sabotage)."""
    doc = '    """One\n\n    two."""\n'
    text = "def long():\n" + doc + "    a = 1\n" * (MOST_CODE + 1)
    assert dict(functions(ast.parse(text))) == {"long": MOST_CODE + 2}
