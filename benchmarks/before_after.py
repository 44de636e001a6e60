"""The same work by two checkouts in turn: is what is here now as fast as it was, and the same?

Each checkout has a warm worker process of its own, and the two are asked in turn, so that a slow
minute of the machine falls on both. A process may be slow for all its life by chance, so the pairs
come from several pairs of processes, and the interval is drawn over these.

    git worktree add ../before <commit>
    python benchmarks/before_after.py ../before
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1]
MOST = 1.05  # the upper end of the interval of after : before


def tasks() -> dict[str, Callable[[], Any]]:
    """Return what is timed: each call gives a result with images and scores."""
    import keras  # noqa: PLC0415  (of the worker's checkout alone)

    import featureprobe as fp  # noqa: PLC0415

    probe = fp.samples.mnist_probe()
    maps = fp.MapMean.each(probe, "Conv2D_3")
    w1 = fp.Ascent(
        steps=128,
        starts=1,
        initializer=fp.PixelNoise(),
        search=None,
        remedies=(),
        regularizers=(fp.Every(8, fp.GaussianBlur(0.6)),),
        rule=fp.NormalizedGradient(0.2),
        constraint=fp.Sphere(),
    )
    q1 = fp.Ascent(
        constraint=fp.Box(),
        search=fp.revive({"kind": "precursor", "climbs": 32}),
        steps=32,
        starts=8,
        polish=24,
    )
    rows, cols, channels = probe.shape_of("Conv2D_2")
    nodes = [
        fp.Node("Conv2D_2", row=r, col=c, channel=k)
        for r, c, k in np.ndindex(rows, cols, channels)
        if not (r or c) or (r + c + k) % 8 == 0
    ][:968]
    keras.utils.set_random_seed(0)
    vgg = keras.applications.VGG16(weights=None, include_top=False, input_shape=(224, 224, 3))
    wide = fp.ModelProbe(vgg, input_space=fp.InputSpace.identity(low=-2.0, high=2.0))
    n1 = fp.Ascent(
        steps=100, starts=1, search=None, remedies=(), regularizers=(), constraint=fp.Box()
    )
    node = fp.Node("block2_conv2", row=56, col=56, channel=3)
    quiet: dict[str, Any] = {"rng": 7, "progress": False}
    return {
        "W1: 128 maps, 128 plain steps": lambda: w1.run(probe, maps, **quiet),
        "Q1: 128 maps, its settings": lambda: q1.run(probe, maps, **quiet),
        "N1: a node of a large net, on its crop": lambda: n1.run(wide, node, **quiet),
        "Ascent(), 1 map": lambda: fp.Ascent().run(probe, maps[5], **quiet),
        "Ascent(), 128 maps": lambda: fp.Ascent().run(probe, maps, **quiet),
        "Ascent(), 968 nodes": lambda: fp.Ascent().run(probe, nodes, **quiet),
    }


def work() -> None:
    """Answer questions from standard input: a task's name gives its seconds and what came out."""
    known = tasks()
    print(json.dumps(list(known)), flush=True)
    for line in sys.stdin:
        begin = time.perf_counter()
        result = known[json.loads(line)]()
        seconds = time.perf_counter() - begin
        images = np.ascontiguousarray(result.images)
        said = {
            "seconds": seconds,
            "images": hashlib.sha256(images.tobytes()).hexdigest(),
            "scores": result.scores.max(axis=1).tolist(),
        }
        print(json.dumps(said), flush=True)


class Worker:
    """A process that runs tasks with one checkout's code.

    Args:
        checkout: The folder.
    """

    def __init__(self, checkout: Path) -> None:
        env = os.environ | {"PYTHONPATH": str(checkout.resolve() / "src")}
        self._process = subprocess.Popen(
            [sys.executable, __file__, "--worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=env,
        )
        self.tasks: list[str] = self._read()

    def ask(self, task: str) -> dict[str, Any]:
        """Run a task; return its seconds, the hash of its images and its scores."""
        assert self._process.stdin is not None
        print(json.dumps(task), file=self._process.stdin, flush=True)
        return self._read()

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def _read(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("A worker ended; its message stands above.")
        return json.loads(line)


def measure(before: Path, processes: int, pairs: int, only: str) -> dict[str, Any]:
    """Return per task the ratios of each pair of processes, and whether results are equal."""
    found: dict[str, Any] = {}
    for process in range(processes):
        workers = {"before": Worker(before), "after": Worker(ROOT)}
        for task in [t for t in workers["after"].tasks if only in t]:
            first = {name: worker.ask(task) for name, worker in workers.items()}  # traces
            own = found.setdefault(
                task, {"ratios": [], "before_s": [], "after_s": [], "equal_bits": True}
            )
            own["equal_bits"] &= first["before"]["images"] == first["after"]["images"]
            gaps = np.subtract(first["after"]["scores"], first["before"]["scores"])
            scale = np.maximum(np.abs(first["before"]["scores"]), 1e-12)
            own["worst_score_gap"] = float(np.max(np.abs(gaps) / scale))
            ratios = []
            for pair in range(pairs):
                order = ["before", "after"] if pair % 2 else ["after", "before"]
                seconds = {name: workers[name].ask(task)["seconds"] for name in order}
                ratios.append(seconds["after"] / seconds["before"])
                for name in order:
                    own[f"{name}_s"].append(seconds[name])
            own["ratios"].append(ratios)
            print(f"{process + 1}/{processes} {task}: {np.median(ratios):.3f}", flush=True)
        for worker in workers.values():
            worker.close()
    return found


def main() -> None:
    """Time both checkouts and save the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("before", type=Path, nargs="?", help="a checkout of what was before")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--processes", type=int, default=3)
    parser.add_argument("--pairs", type=int, default=7, help="in each pair of processes")
    parser.add_argument("--only", default="", help="part of a task's name")
    options = parser.parse_args()
    if options.worker:
        work()
        return
    if options.before is None:
        parser.error("name the folder of the checkout to compare with")
    from machine import save  # noqa: PLC0415  (loads matplotlib, which workers do not need)
    from stats import clustered_interval  # noqa: PLC0415

    found = measure(options.before, options.processes, options.pairs, options.only)
    for task, own in found.items():
        own["interval"] = clustered_interval(own["ratios"])
        low, middle, high = (own["interval"][name] for name in ("low", "median", "high"))
        same = "equal bits" if own["equal_bits"] else f"scores within {own['worst_score_gap']:.1e}"
        seconds = np.median(own["before_s"]), np.median(own["after_s"])
        print(
            f"{task}: {seconds[0]:.2f} s before, {seconds[1]:.2f} s after, ratio {middle:.3f} "
            f"({low:.3f}, {high:.3f}){'' if high <= MOST else '  SLOWER'}; {same}"
        )
    if not options.only:
        save("before_after", {"most": MOST, "tasks": found})


if __name__ == "__main__":
    main()
