"""The documentation runs: every Python block of every page, in order, in one namespace a page."""

import doctest
import inspect
import re
import textwrap
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE

RST_BLOCK = re.compile(r"^\.\. code-block:: (\w+)\n(?:\n|   .*\n)*", re.MULTILINE)
MARKDOWN_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def pages() -> list[Path]:
    """Return the pages that carry code, in order; what Sphinx generates is not ours to run."""
    written = [p for p in DOCS.rglob("*.rst") if not any(f.startswith("_") for f in p.parts)]
    coded = [p for p in written if re.search(r"code-block:: python|>>> ", p.read_text("utf-8"))]
    return sorted(p.relative_to(DOCS) for p in coded)


def blocks_of(text: str) -> Iterator[tuple[str, str, int]]:
    """Yield (language, text, lines before) of a page; what is between blocks is ``text``."""
    done = 0
    for match in RST_BLOCK.finditer(text):
        yield "text", text[done : match.start()], text.count("\n", 0, done)
        _, _, body = match.group().partition("\n")
        yield match.group(1), textwrap.dedent(body), text.count("\n", 0, match.start()) + 1
        done = match.end()
    yield "text", text[done:], text.count("\n", 0, done)


def run_page(text: str, name: str) -> dict[str, Any]:
    """Run a page's blocks and examples; return its namespace.

    Raises:
        AssertionError: When an example prints something else than the page says.
    """
    space: dict[str, Any] = {"__name__": "__main__"}
    runner = doctest.DocTestRunner(optionflags=FLAGS, verbose=False)
    report: list[str] = []
    for language, block, line in blocks_of(text):
        if language == "python":
            # Empty lines first, so that a traceback names the line of the page.
            exec(compile("\n" * line + block, name, "exec"), space)
        elif language == "toml":
            tomllib.loads(block)
        elif language == "text":
            examples = doctest.DocTestParser().get_doctest(block, space, name, name, line)
            runner.run(examples, out=report.append, clear_globs=False)
            space.update(examples.globs)
    assert not runner.failures, "".join(report)
    return space


def run_contracts(space: dict[str, Any]) -> int:
    """Run the test classes that a page defines; return how many tests there were."""
    ran = 0
    for name, cls in list(space.items()):
        if name.startswith("Test") and inspect.isclass(cls):
            for method in dir(cls):
                if method.startswith("test_"):
                    getattr(cls(), method)()
                    ran += 1
    return ran


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Pages write into a folder of their own; their figures are closed."""
    monkeypatch.chdir(tmp_path)
    yield
    plt.close("all")


@pytest.mark.pages
@pytest.mark.parametrize("page", pages(), ids=str)
def test_page_runs(page: Path) -> None:
    """Every Python block and every example of the page runs and prints what the page says."""
    text = (DOCS / page).read_text(encoding="utf-8")
    space = run_page(text, str(page))
    assert ("class Test" in text) == (run_contracts(space) > 0)


@pytest.mark.pages
def test_readme_runs() -> None:
    """The Python blocks of README.md run, in order."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = [code for language, code in MARKDOWN_BLOCK.findall(text) if language == "python"]
    assert blocks
    space: dict[str, Any] = {"__name__": "__main__"}
    for block in blocks:
        exec(compile(block, "README.md", "exec"), space)


def test_pages_are_found() -> None:
    """The pages that carry code are among those that run."""
    names = {str(page) for page in pages()}
    assert {"tutorials/first-look.rst", "how-to/write-a-plugin.rst", "index.rst"} <= names


@pytest.mark.parametrize(
    "page",
    [
        ">>> 1 + 1\n3\n",
        ".. code-block:: python\n\n   number = 1\n\n>>> number\n2\n",
    ],
)
def test_a_wrong_page_is_noticed(page: str) -> None:
    """A page that promises what does not come fails (sabotage)."""
    with pytest.raises(AssertionError, match="Expected"):
        run_page(page, "wrong")


def test_a_block_that_raises_is_noticed() -> None:
    """A block that raises fails the page (sabotage)."""
    with pytest.raises(ZeroDivisionError):
        run_page(".. code-block:: python\n\n   1 / 0\n\nText.\n", "wrong")


def test_a_contract_that_fails_is_noticed() -> None:
    """A test class on a page that fails, fails the page (sabotage)."""

    class TestWrong:
        def test_it(self) -> None:
            raise AssertionError("no")

    with pytest.raises(AssertionError, match="no"):
        run_contracts({"TestWrong": TestWrong})
