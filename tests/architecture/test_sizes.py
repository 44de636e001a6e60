"""Sizes: files stay short enough to read, functions short enough to see; lines of code count."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "featureprobe"
FILES = sorted(SOURCE.rglob("*.py"))
MOST_LINES = 200  # lines of code of a file: no blank ones, comments or docstrings
MOST_CODE = 40  # of a function

# What is longer, and why. Numbers are caps.
LONG_FUNCTIONS: dict[str, tuple[int, str]] = {
    "plotting/side_by_side.py:show_grids_side_by_side": (48, "its signature takes 15 lines"),
    "ascent/outcome/assembly.py:assemble": (45, "one line a field of AscentResult"),
}

Scope = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def lines_of_code(text: str) -> set[int]:
    """Return the numbers of the lines that hold code."""
    rows = text.splitlines()
    code = {n for n, row in enumerate(rows, 1) if row.strip() and not row.strip().startswith("#")}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, Scope) and node.body:
            first = node.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                code -= set(range(first.lineno, (first.end_lineno or 0) + 1))
    return code


def functions(text: str) -> Iterator[tuple[str, int]]:
    """Yield (name, lines of code) of every function."""
    code = lines_of_code(text)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, len(code & set(range(node.lineno, (node.end_lineno or 0) + 1)))


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(SOURCE)))
def test_file_is_short(file: Path) -> None:
    """A file holds one idea: at most 200 lines of code, and 40 a function."""
    name, text = str(file.relative_to(SOURCE)), file.read_text(encoding="utf-8")
    length = len(lines_of_code(text))
    assert length <= MOST_LINES, f"{name} has {length} lines of code. Split it by idea."
    for function, lines in functions(text):
        cap, _ = LONG_FUNCTIONS.get(f"{name}:{function}", (MOST_CODE, ""))
        assert lines <= cap, f"{name}: {function} has {lines} lines of code, the cap is {cap}."


def test_exceptions_are_needed() -> None:
    """Nothing is excused that has become short."""
    for name in LONG_FUNCTIONS:
        file, _, function = name.partition(":")
        found = dict(functions((SOURCE / file).read_text(encoding="utf-8")))
        assert found[function] > MOST_CODE, name


def test_a_long_function_is_noticed() -> None:
    """Lines of code count; blank lines, comments and docstrings do not (sabotage)."""
    doc = '    """One\n\n    two."""\n\n    # three\n'
    text = "def long():\n" + doc + "    a = 1\n" * (MOST_CODE + 1)
    assert dict(functions(text)) == {"long": MOST_CODE + 2}
