"""Seconds that ``import featureprobe`` adds to a fresh Python process; TensorFlow must not load."""

import statistics
import subprocess
import sys
import time

from machine import save

RUNS = 10


def seconds(code: str) -> float:
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - begin


def main() -> None:
    bare, ours = [], []
    seconds("import featureprobe")  # so that bytecode is written
    for _ in range(RUNS):
        bare.append(seconds("pass"))
        ours.append(seconds("import featureprobe"))
    check = "import featureprobe, sys; sys.exit('tensorflow' in sys.modules)"
    subprocess.run([sys.executable, "-c", check], check=True)
    added = statistics.median(ours) - statistics.median(bare)
    values = {
        "import_s": statistics.median(ours),
        "bare_s": statistics.median(bare),
        "added_s": added,
    }
    print("wrote", save("import_time", {**values, "tensorflow_loaded": False}), values)


if __name__ == "__main__":
    main()
