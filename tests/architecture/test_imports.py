"""What is imported when: the front door is cheap, numpy-only rooms need no TensorFlow."""

import importlib.util
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONTRACTS = PYPROJECT["tool"]["importlinter"]["contracts"]
NUMPY_ROOMS = next(c["source_modules"] for c in CONTRACTS if c["type"] == "forbidden")

HEAVY = ("tensorflow", "keras", "matplotlib", "numpy", "tqdm", "PIL")

# Put before the imports under test: TensorFlow and Keras cannot be found.
WITHOUT_TENSORFLOW = """
import importlib, sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("tensorflow", "keras"):
            raise ImportError(f"{name} is not installed here")
sys.meta_path.insert(0, Absent())
"""


def run(code: str) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh interpreter."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_front_door_is_cheap() -> None:
    """``import featureprobe`` loads neither TensorFlow, Keras, matplotlib nor numpy."""
    done = run("import featureprobe, sys; print(*sorted(sys.modules))")
    assert done.returncode == 0, done.stderr
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert "featureprobe" in loaded
    assert not loaded & set(HEAVY)


def test_names_are_listed_without_loading() -> None:
    """``dir(featureprobe)`` knows every public name and loads no TensorFlow."""
    done = run(
        "import featureprobe, sys\n"
        "assert set(featureprobe.__all__) <= set(dir(featureprobe))\n"
        "assert 'tensorflow' not in sys.modules"
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("room", NUMPY_ROOMS)
def test_room_needs_no_tensorflow(room: str) -> None:
    """The room imports where TensorFlow and Keras are not installed."""
    done = run(WITHOUT_TENSORFLOW + f"importlib.import_module({room!r})")
    assert done.returncode == 0, done.stderr


def test_absence_is_real() -> None:
    """The check would notice a room that needs TensorFlow (sabotage)."""
    done = run(WITHOUT_TENSORFLOW + "importlib.import_module('featureprobe.objectives')")
    assert done.returncode != 0
    assert "is not installed here" in done.stderr


def test_import_rules() -> None:
    """import-linter finds the rooms in order: imports point down only."""
    if importlib.util.find_spec("importlinter") is None:
        pytest.skip("import-linter is not installed; `make imports` installs and runs it")
    code = "from importlinter.cli import lint_imports_command as run; run(['--no-cache'])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stdout + done.stderr
