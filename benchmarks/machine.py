"""A note on the machine and the versions, kept beside every result."""

import json
import os
import platform
import statistics
from importlib.metadata import version
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


def machine_note() -> dict[str, object]:
    """Return processor, cores and versions."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line.split(":")[1].strip() for line in info.read_text().splitlines()
                 if line.startswith("model name")]  # fmt: skip
        cpu = names[0] if names else cpu
    packages = ("featureprobe", "tensorflow", "keras", "numpy")
    return {
        "cpu": cpu,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        **{name: version(name) for name in packages},
    }


def spread(values: list[float]) -> dict[str, float]:
    """Return median, quartiles, minimum and maximum."""
    low, median, high = statistics.quantiles(values, n=4)
    return {"median": median, "q1": low, "q3": high, "min": min(values), "max": max(values)}


def save(name: str, values: dict[str, object]) -> Path:
    """Write a result with the machine note to ``benchmarks/results/<name>.json``."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps({"machine": machine_note(), **values}, indent=2) + "\n")
    return path
