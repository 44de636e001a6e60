"""P1: one class pair at one layer, 10,000 images: frequencies, effects, null of 1,000 rounds, shares.

5,000 fours and 5,000 nines of MNIST (FEATUREPROBE_TEST_DATA names the folder with ``data/mnist.npz``), at
Conv2D_3. Each round in a fresh process. The shares are checked against the margin in float64. The
classifiers by layer are timed apart.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

import featureprobe as fp
from featureprobe import analysis
from machine import save, spread

LAYER, FIRST, SECOND, EACH, ROUNDS = "Conv2D_3", 4, 9, 5_000, 1_000
GIB = 2**30


def pair() -> tuple[np.ndarray, np.ndarray]:
    """Return images (N, 28, 28, 1) and labels of both classes."""
    folder = os.environ.get("FEATUREPROBE_TEST_DATA")
    path = Path(folder or "") / "data" / "mnist.npz"
    if not folder or not path.exists():
        sys.exit("P1 needs data/mnist.npz in the folder that FEATUREPROBE_TEST_DATA names.")
    with np.load(path) as file:
        images = np.concatenate([file["x_test"], file["x_train"]])[..., None]
        labels = np.concatenate([file["y_test"], file["y_train"]]).astype(int)
    some = np.concatenate([np.flatnonzero(labels == c)[:EACH] for c in (FIRST, SECOND)])
    return images[some], labels[some]


def memory_of(line: str) -> int:
    """Return bytes of a line of this process's status."""
    text = Path("/proc/self/status").read_text()
    return 1024 * int(next(row for row in text.splitlines() if row.startswith(line)).split()[1])


def float64_margin(model: Any, values: np.ndarray) -> np.ndarray:
    """Return the margin from the layer on, in float64."""
    (w, b), (v, c) = (
        [np.asarray(x, np.float64) for x in model.get_layer(name).get_weights()]
        for name in ("Dense_1", "Dense_2")
    )
    logits = np.maximum(values.reshape(len(values), -1).astype(np.float64) @ w + b, 0) @ v + c
    return logits[:, FIRST] - logits[:, SECOND]


def measure() -> dict[str, Any]:
    """Return the figures of this process."""
    images, labels = pair()
    probe = fp.samples.mnist_probe()
    before, marks = memory_of("VmRSS"), [time.perf_counter()]
    patterns = analysis.Patterns.of(probe, images, labels, LAYER)
    marks.append(time.perf_counter())
    found = analysis.compare_classes(patterns, FIRST, SECOND, rounds=ROUNDS)
    marks.append(time.perf_counter())
    shares = analysis.split_margin(probe, images, LAYER, FIRST, SECOND)
    marks.append(time.perf_counter())
    peak = memory_of("VmHWM")
    flat = shares.contributions.reshape(len(images), -1).astype(np.float64)
    gap = np.abs(flat.sum(axis=1) + shares.bias - float64_margin(probe.model, patterns.values))
    error = float((gap / (np.abs(flat).sum(axis=1) + np.abs(shares.bias))).max())
    begin = time.perf_counter()
    layers = ["pixels", "Max_Pool_1", "Max_Pool_2", LAYER, "Dense_1", "Dense_2"]
    some = np.r_[:500, EACH : EACH + 500]
    clear = analysis.linear_probes(probe, images[some], labels[some], layers)
    return {
        "s": marks[-1] - marks[0],
        "s_of_parts": dict(
            zip(("activations", "comparison", "shares"), np.diff(marks).tolist(), strict=True)
        ),
        "peak_gib": peak / GIB,
        "above_loaded_process_gib": (peak - before) / GIB,
        "largest_error_of_shares": error,
        "verdict": found.verdict,
        "classifiers_s": time.perf_counter() - begin,
        "classifiers": clear.verdict,
    }


def main() -> None:
    """Measure in fresh processes, print and write the table."""
    if "--child" in sys.argv:
        print(json.dumps(measure()))
        return
    runs = []
    for _ in range(3):
        command = [sys.executable, __file__, "--child"]
        made = subprocess.run(command, check=True, capture_output=True, text=True)
        runs.append(json.loads(made.stdout.splitlines()[-1]))
        print(runs[-1], flush=True)
    values = {
        "job": f"{FIRST} against {SECOND} at {LAYER}, {2 * EACH} images, {ROUNDS} rounds",
        **{name: spread([run[name] for run in runs])
           for name in ("s", "peak_gib", "above_loaded_process_gib", "classifiers_s")},
        "largest_error_of_shares": max(run["largest_error_of_shares"] for run in runs),
        **{name: runs[0][name] for name in ("s_of_parts", "verdict", "classifiers")},
    }  # fmt: skip
    print("wrote", save("p1_patterns", values))


if __name__ == "__main__":
    main()
