"""G1: time and peak memory of 16 to 4,096 targets, each case in a fresh process.

Targets are distinct nodes, a quarter of Conv2D_3 and the rest of Conv2D_2, on the full image; and
maps of a larger net when FEATUREPROBE_TEST_DATA names a folder with it. Memory is the peak of the
process less what it held after a run of 16 targets, with free heap pages given back, less what the
result holds.
"""

import argparse
import ctypes
import gc
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np

import featureprobe as fp
from machine import RESULTS, save, spread

SIZES, BUDGETS, WARM = (16, 64, 256, 1024, 4096), (2**28, 2**30), 16
LARGE_SIZES, MIB = (64, 256), 2**20
LARGE = "models/squeezenet_v1_1_imagenet.keras"


def large_net() -> Path | None:
    """Return the file of the larger net, or None."""
    folder = os.environ.get("FEATUREPROBE_TEST_DATA")
    return Path(folder) / LARGE if folder else None


def small_case(count: int) -> tuple[fp.ModelProbe, list[fp.Objective]]:
    """Return the bundled net and distinct nodes, spread over two layers in one proportion."""
    probe, rng = fp.samples.mnist_probe(), np.random.default_rng(0)
    nodes = []
    for layer, share in (("Conv2D_2", 3 * count // 4), ("Conv2D_3", count // 4)):
        own = fp.Node.each(probe, layer)
        nodes += [own[i] for i in rng.permutation(len(own))[:share]]
    return probe, nodes


def large_case(count: int) -> tuple[fp.ModelProbe, list[fp.Objective]]:
    """Return SqueezeNet and maps of its last fire module."""
    path = large_net()
    assert path is not None, "FEATUREPROBE_TEST_DATA is not set"
    probe = fp.ModelProbe.load(path, input_space=fp.InputSpace.caffe())
    return probe, list(fp.MapMean.each(probe, "fire9_concat"))[:count]


CASES = {"mnist": small_case, "squeezenet": large_case}


def memory_of(line: str) -> int:
    """Return a line of /proc/self/status (VmRSS, VmHWM) in bytes."""
    found = re.search(rf"^{line}:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert found is not None
    return 1024 * int(found[1])


def settle() -> int:
    """Give back what is free, restart the peak at the present size, and return that in bytes."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")
    return memory_of("VmRSS")


def held(value: Any, seen: dict[int, int] | None = None) -> int:
    """Return the bytes of all arrays that a result holds; views count once, as what they view."""
    seen = {} if seen is None else seen
    if isinstance(value, np.ndarray):
        while isinstance(value.base, np.ndarray):
            value = value.base
        seen[id(value)] = value.nbytes
    elif isinstance(value, Mapping):
        for part in value.values():
            held(part, seen)
    elif isinstance(value, tuple | list):
        for part in value:
            held(part, seen)
    elif isinstance(value, fp.AscentResult | fp.AscentState):
        held(vars(value), seen)
    return sum(seen.values())


def measure(
    case: str, count: int, steps: int, memory: int, repeats: int, *, whole: bool = False
) -> dict[str, Any]:
    """Return the figures of this process; ``whole``: of a default ``Ascent()``, 4 starts."""
    probe, targets = CASES[case](count)
    _, some = CASES[case](WARM)
    ascent = fp.Ascent(
        steps=steps, starts=1, search=None, remedies=(), crop=False, memory=memory, stop=None
    )
    if whole:
        ascent = fp.Ascent(starts=4, memory=memory)
    for _ in range(2):  # traced, then warm
        ascent.run(probe, some, rng=7, progress=False)
    before, seconds = settle(), []
    begin = time.perf_counter()
    result = ascent.run(probe, targets, rng=7, progress=False)
    seconds.append(time.perf_counter() - begin)
    peak, size = memory_of("VmHWM"), held(result)
    own = {name: value for name, value in vars(result).items() if name != "state"}
    del result
    for _ in range(repeats):
        begin = time.perf_counter()
        ascent.run(probe, targets, rng=7, progress=False)
        seconds.append(time.perf_counter() - begin)
    return {
        "targets": count,
        "budget": memory,
        "first_s": seconds[0],
        "s": float(np.median(seconds[1:] or seconds)),
        "before": before,
        "peak": peak,
        "result": size,
        "result_without_state": held(own),
        "of_budget": (peak - before - size) / memory,
        "of_budget_without_state": (peak - before - held(own)) / memory,
    }


def in_fresh_process(case: str, count: int, budget: int, options: Any) -> dict[str, Any]:
    """Return what ``measure`` gives in a process of its own."""
    steps, repeats = (options.steps, options.repeats) if case == "mnist" else (2, 0)
    command = [sys.executable, __file__, "--child", str(count), "--case", case]
    command += ["--memory", str(budget), "--steps", str(steps), "--repeats", str(repeats)]
    made = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(made.stdout.splitlines()[-1])
    print(f"{case:10} {count:5} targets  {budget // MIB:5} MiB  {found['s']:8.3f} s  "
          f"peak {(found['peak'] - found['before']) / MIB:6.0f} MiB, result "
          f"{found['result'] / MIB:5.0f} MiB: {found['of_budget']:5.2f} of the budget", flush=True)  # fmt: skip
    return found


def summary(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return medians over rounds by number of targets, and the exponents of time."""
    sizes = sorted({run["targets"] for run in runs})
    by_size = {n: [run for run in runs if run["targets"] == n] for n in sizes}
    time_of = {n: float(np.median([run["s"] for run in own])) for n, own in by_size.items()}

    def exponent(least: int) -> float | None:
        some = [n for n in sizes if n >= least]
        if len(some) < 2:
            return None
        return float(np.polyfit(np.log(some), np.log([time_of[n] for n in some]), 1)[0])

    table = {
        n: {
            "s": spread([run["s"] for run in own]) if len(own) > 1 else own[0]["s"],
            **{
                f"{name}_mib": float(np.median([run[name] for run in own])) / MIB
                for name in ("before", "peak", "result", "result_without_state")
            },
            "of_budget": max(run["of_budget"] for run in own),
            "of_budget_without_state": max(run["of_budget_without_state"] for run in own),
        }
        for n, own in by_size.items()
    }
    exponents = {"time_exponent": exponent(0), "time_exponent_from_256": exponent(256)}
    return exponents | {"largest_share_of_budget": max(r["of_budget"] for r in runs),
                        "by_targets": table}  # fmt: skip


def draw(values: Mapping[str, Any], name: str) -> None:
    """Draw time, and memory as a share of the budget, over the number of targets."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for label, found in values.items():
        sizes = list(found["by_targets"])
        rows = list(found["by_targets"].values())
        seconds = [row["s"]["median"] if isinstance(row["s"], dict) else row["s"] for row in rows]
        left.loglog(sizes, seconds, "o-", label=label)
        right.semilogx(sizes, [row["of_budget"] for row in rows], "o-", label=label)
    right.axhline(1.2, color="k", linestyle="dashed", label="bar")
    left.set(xlabel="targets", ylabel="seconds", title="time of a warm run")
    right.set(xlabel="targets", ylabel="share of the budget", ylim=(0, None),
              title="peak less loaded process and result")  # fmt: skip
    for ax in (left, right):
        ax.grid(alpha=0.3)
        ax.legend(fontsize=8)
    figure.savefig(RESULTS / f"{name}.png", dpi=130)
    plt.close(figure)


def main() -> None:
    """Run all cases in turn, print, write table and plot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=3, help="timed runs in each process")
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--quick", action="store_true", help="smoke test: 16 and 256 targets")
    parser.add_argument(
        "--whole", action="store_true", help="with --child: a default Ascent(), 4 starts"
    )
    parser.add_argument("--child", type=int, help="measure so many targets here, print JSON")
    parser.add_argument("--case", choices=CASES, default="mnist")
    parser.add_argument("--memory", type=int, default=2**30)
    options = parser.parse_args()
    if options.child:
        run = (options.case, options.child, options.steps, options.memory, options.repeats)
        print(json.dumps(measure(*run, whole=options.whole)))
        return
    sizes, rounds, budgets = SIZES, options.rounds, BUDGETS
    if options.quick:
        sizes, rounds, budgets, options.repeats = (16, 256), 1, BUDGETS[:1], 1
    jobs = [("mnist", n, b) for _ in range(rounds) for n in sizes for b in budgets]
    if large_net():
        jobs += [("squeezenet", n, b) for n in LARGE_SIZES[: len(budgets)] for b in budgets]
    runs: dict[str, list[dict[str, Any]]] = {}
    for case, count, budget in jobs:
        found = in_fresh_process(case, count, budget, options)
        runs.setdefault(f"{case}, {budget // MIB} MiB", []).append(found)
    values = {label: summary(own) for label, own in runs.items()}
    name = "g1_growth" + "_quick" * options.quick
    job = {"steps": options.steps, "rounds": rounds, "large_net": bool(large_net())}
    print("wrote", save(name, {"job": job, **values}))
    draw(values, name)


if __name__ == "__main__":
    main()
