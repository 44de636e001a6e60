"""E1: evidence of all maps and dense nodes of all layers, 10,000 MNIST images, one pass.

The full MNIST test set where FEATUREPROBE_TEST_DATA names a folder with ``data/mnist.npz``, else the
bundled digits, five times. Memory is the peak of the process above what it held before, for 10,000 and
for 50,000 images.
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
from machine import save, spread

MIB = 2**20


def digits(count: int) -> np.ndarray:
    """Return uint8 images (count, 28, 28, 1)."""
    folder = os.environ.get("FEATUREPROBE_TEST_DATA")
    if folder and (Path(folder) / "data" / "mnist.npz").exists():
        with np.load(Path(folder) / "data" / "mnist.npz") as file:
            images = np.concatenate([file["x_test"], file["x_train"]])[..., None]
    else:
        images = fp.samples.mnist_digits()[0]
    return np.resize(images, (count, 28, 28, 1))


def memory_of(line: str) -> int:
    """Return bytes of a line of this process's status."""
    text = Path("/proc/self/status").read_text()
    return 1024 * int(next(row for row in text.splitlines() if row.startswith(line)).split()[1])


def measure(count: int) -> dict[str, Any]:
    """Return seconds and memory of this process."""
    probe, images = fp.samples.mnist_probe(), digits(count)
    layers = [row.path for row in probe.summary() if row.kind != "Flatten"]
    fp.Evidence.collect(probe, images[:512], layers)  # traced
    Path("/proc/self/clear_refs").write_text("5")
    before = memory_of("VmRSS")
    begin = time.perf_counter()
    evidence = fp.Evidence.collect(probe, images, layers)
    seconds = time.perf_counter() - begin
    return {
        "s": seconds,
        "peak_mib": (memory_of("VmHWM") - before) / MIB,
        "units": sum(own.units for own in evidence.layers.values()),
        "layers": layers,
    }


def in_fresh_process(count: int) -> dict[str, Any]:
    """Return what ``measure`` gives in a process of its own."""
    command = [sys.executable, __file__, str(count)]
    made = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(made.stdout.splitlines()[-1])
    print(count, {k: v for k, v in found.items() if k != "layers"}, flush=True)
    return found


def main() -> None:
    """Measure in fresh processes, print and write the table."""
    if len(sys.argv) > 1:
        print(json.dumps(measure(int(sys.argv[1]))))
        return
    few, many = [in_fresh_process(10_000) for _ in range(3)], in_fresh_process(50_000)
    values = {
        "job": "top 16 of every unit, 10,000 images of 28 x 28",
        "layers": few[0]["layers"],
        "units": few[0]["units"],
        "s": spread([run["s"] for run in few]),
        "peak_mib": spread([run["peak_mib"] for run in few]),
        "s_of_50000_images": many["s"],
        "peak_mib_of_50000_images": many["peak_mib"],
    }
    print("wrote", save("e1_evidence", values))


if __name__ == "__main__":
    main()
