"""The house in numbers: lines of code by room, circles of imports, files that one warm run calls.

``python benchmarks/house.py [other checkout]``; with another checkout, lines of code there and here.
A line of code is neither blank nor a comment nor part of a docstring.
"""

import ast
import collections
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "architecture"))


def lines_of_code(text: str) -> int:
    """Return how many lines hold code."""
    rows = text.splitlines()
    code = {n for n, row in enumerate(rows, 1) if row.strip() and not row.strip().startswith("#")}
    for node in ast.walk(ast.parse(text)):
        text_alone = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if text_alone and isinstance(node.value.value, str):
            code -= set(range(node.lineno, (node.end_lineno or 0) + 1))
    return len(code)


def by_room(checkout: Path) -> collections.Counter[str]:
    """Return the lines of code of each room of a checkout."""
    source, counted = checkout / "src" / "featureprobe", collections.Counter[str]()
    for file in source.rglob("*.py"):
        inner = file.relative_to(source).parts
        counted[inner[0] if len(inner) > 1 else "(root)"] += lines_of_code(
            file.read_text(encoding="utf-8")
        )
    return counted


def files_called() -> list[str]:
    """Return the files under src of which one warm default run of one target calls a function."""
    import featureprobe as fp  # noqa: PLC0415

    probe = fp.samples.mnist_probe()
    target, called = fp.MapMean("Conv2D_3", channel=5), set()
    source = str(Path(fp.__file__).parent) + "/"

    def note(frame, event, arg):
        if event == "call" and frame.f_code.co_filename.startswith(source):
            called.add(frame.f_code.co_filename.removeprefix(source))

    fp.Ascent().run(probe, target, rng=0, progress=False)
    sys.setprofile(note)
    fp.Ascent().run(probe, target, rng=1, progress=False)
    sys.setprofile(None)
    return sorted(called)


def main() -> None:
    """Print all of it."""
    from test_arrows import circles, imports, modules  # noqa: PLC0415

    here = by_room(ROOT)
    before = by_room(Path(sys.argv[1])) if sys.argv[1:] else collections.Counter[str]()
    for room in sorted(here | before):
        print(f"{room:20} {before[room]:7} {here[room]:7}")
    print(f"{'all':20} {before.total():7} {here.total():7}")
    print("circles of imports, type-checking imports counted:", len(circles(imports(modules()))))
    called = files_called()
    print("files called in one warm default run of one target:", len(called))
    print(*called, sep="\n")


if __name__ == "__main__":
    main()
