"""Does ``probe.check`` find the space that a net was trained in?

The two bundled nets on digits; SqueezeNet and EfficientNet-Lite1 on photographs, from the folder that
FEATUREPROBE_TEST_DATA names, with the classes of six of them and without. The table goes into the docs.
"""

import argparse
import csv
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np

import featureprobe as fp

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "helpers"))
from photographs import EFFICIENTNET, RIGHT, SQUEEZENET, photographs, square

TABLE = Path(__file__).parents[1] / "docs" / "reference" / "check_input.csv"
COLUMNS = ("net", "images", "labels", "compared by", "place", "figure", "next", "not told apart")


def digits() -> Iterator[tuple[str, fp.InputCheck, bool]]:
    """Yield (net, check, labelled) of the bundled nets."""
    images, labels = fp.samples.mnist_digits()
    for which in ("a", "b"):
        probe = fp.samples.mnist_probe(which)
        for count in (20, 200, 2000):
            yield f"MNIST {which}", probe.check(images[:count], labels[:count]), True
        yield f"MNIST {which}", probe.check(images), False


def photos(folder: Path) -> Iterator[tuple[str, fp.InputCheck, bool]]:
    """Yield (net, check, labelled) of the nets that know photographs."""
    files = photographs(folder)
    known = {path.stem: path for path in files}
    for name, (file, size, space) in {
        "SqueezeNet": SQUEEZENET,
        "EfficientNet-Lite1": EFFICIENTNET,
    }.items():
        model: Any = keras.models.load_model(folder / "models" / f"{file}.keras", compile=False)
        probe = fp.ModelProbe(model, input_space=space)
        six = np.stack([square(known[stem], size) for stem in RIGHT])
        yield name, probe.check(six, list(RIGHT.values())), True
        yield name, probe.check(np.stack([square(path, size) for path in files])), False


def row(net: str, check: fp.InputCheck, labelled: bool) -> dict[str, Any]:
    """Return a line of the table; the probe was opened with the true space."""
    place = list(check).index(check.given)
    following = next((r for r in check if not r.given), check.best)
    return {
        "net": net,
        "images": check.images,
        "labels": "yes" if labelled else "no",
        "compared by": check.measure,
        "place": f"{place + 1} of {len(check)}",
        "figure": f"{check.given.figures[check.measure]:.3g}",
        "next": f"{following.name}: {following.figures[check.measure]:.3g}",
        "not told apart": ", ".join(r.name for r in check.ties if not r.given),
    }


def main() -> None:
    """Print all checks, and write the table when all nets are there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dry", action="store_true", help="do not write the table")
    dry = parser.parse_args().dry
    folder = os.environ.get("FEATUREPROBE_TEST_DATA")
    rows = []
    for source in (digits(), photos(Path(folder)) if folder else iter(())):
        for net, check, labelled in source:
            print(f"\n{net}\n{check}", flush=True)
            rows.append(row(net, check, labelled))
    for line in rows:
        print(line)
    if folder and not dry:
        with TABLE.open("w", newline="", encoding="utf-8") as file:
            table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            table.writeheader()
            table.writerows(rows)


if __name__ == "__main__":
    main()
