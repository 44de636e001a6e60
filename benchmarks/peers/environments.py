"""The peers' Python environments: made from pinned requirements when they are missing."""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
ENVIRONMENTS = FOLDER.parent / ".envs"
COMPLETE = ("vis", "xplique")  # pins that name tensorflow-cpu, no stand-in for tensorflow to pip
NAMES = (*COMPLETE, "torch")


def python_of(name: str) -> Path:
    """Return the interpreter of an environment, which is made when it is missing."""
    home = ENVIRONMENTS / name
    python = home / "bin" / "python"
    if not python.exists():
        print(f"making the environment {name!r}", flush=True)
        pins = str(FOLDER / f"requirements-{name}.txt")
        install = [str(python), "-m", "pip", "install", "--quiet", "-r", pins]
        try:
            subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
            subprocess.run(install + ["--no-deps"] * (name in COMPLETE), check=True)
        except subprocess.CalledProcessError:
            shutil.rmtree(home, ignore_errors=True)  # half an environment must not pass for one
            raise
    return python


def main() -> None:
    """Make the environments that are missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=NAMES)
    for name in parser.parse_args().names:
        print(name, python_of(name))


if __name__ == "__main__":
    main()
