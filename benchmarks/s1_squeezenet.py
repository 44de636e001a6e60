"""S1: all maps of two fire modules of SqueezeNet 1.1 (ImageNet): what ends alive, and what not.

The default ``fp.Ascent`` in the box 0..255, but for the number of starts and steps, and for how long
it searches, which are options: the defaults of this job are what ends in ten minutes on two cores.
Each layer runs in a process of its own, whose peak memory is reported. The net is not part of this
repository: FEATUREPROBE_TEST_DATA names the folder that holds it.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np

import featureprobe as fp
from machine import RESULTS, save

MODEL = "models/squeezenet_v1_1_imagenet.keras"
LAYERS = ("fire5_concat", "fire9_concat")
GREY = 1.0  # in units of 0..255: pictures whose values spread less show nothing
SHOWN = 64


def model_path() -> Path:
    """Return the file of the net, or end with what to do."""
    folder = os.environ.get("FEATUREPROBE_TEST_DATA")
    if not folder or not (Path(folder) / MODEL).exists():
        sys.exit(
            f"S1 needs {MODEL} in the folder that the environment variable FEATUREPROBE_TEST_DATA "
            f"names. Received: {folder!r}. Set it, or leave this job out."
        )
    return Path(folder) / MODEL


def own_word(result: fp.AscentResult, target: int) -> dict[str, Any]:
    """Return what the result says of one map."""
    start = int(result.best_starts()[target])
    status = result.status[target, start]
    image = result.images[target, start]
    return {
        "map": result.recipe.objectives[target]["channel"],
        "score": float(result.scores[target, start]),
        "score_of_start": float(result.score_trace[0, target, start]),
        "dead_threshold": float(result.dead_thresholds[target]),
        "std": float(image.std()),
        "peak_to_peak": float(np.ptp(image)),
        "status": str(status),
        "reason": getattr(status, "advice", ""),
        "origin": str(result.origins[target, start]),
    }


def measure(layer: str, options: argparse.Namespace) -> dict[str, Any]:
    """Climb the maps of one layer, draw some, and return the figures."""
    probe = fp.ModelProbe.load(model_path(), input_space=fp.InputSpace.caffe())
    targets = list(fp.MapMean.each(probe, layer))[: options.maps]
    ascent = fp.Ascent(
        steps=options.steps,
        starts=options.starts,
        search=fp.Precursor(candidates=options.candidates, trials=options.climbs),
        constraint=fp.Box(),
    )
    begin = time.perf_counter()
    result = ascent.run(probe, targets, rng=7, progress=False)
    seconds = time.perf_counter() - begin
    peak = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    draw(result, layer, options)
    words = [own_word(result, t) for t in range(len(result))]
    conspicuous = [w for w in words if w["std"] < GREY or w["status"] == fp.Status.DEAD]
    statuses = Counter(word["status"] for word in words)
    return {
        "maps": len(words),
        "share_alive": 1 - statuses[str(fp.Status.DEAD)] / len(words),
        "statuses": dict(statuses),
        "statuses_of_all_starts": dict(Counter(str(s) for s in result.status.ravel())),
        "grey": sum(word["std"] < GREY for word in words),
        "grey_or_dead": conspicuous,
        "without_status_or_reason": [
            word["map"] for word in conspicuous if not (word["status"] and word["reason"])
        ],
        "grey_yet_not_dead": [
            w["map"] for w in conspicuous if w["std"] < GREY and w["status"] != fp.Status.DEAD
        ],
        "no_better_than_their_start": sum(w["score"] <= w["score_of_start"] for w in words),
        "revived_by": dict(Counter(remedy_of(word["origin"]) for word in words)),
        "smallest_std": min(word["std"] for word in words),
        "seconds_first_call": seconds,
        "peak_memory_mib": peak / 2**20,
    }


def remedy_of(origin: str) -> str:
    """Return the remedy that an origin names, or that there was none."""
    named = [r.__name__ for r in (fp.RedirectedGradients, fp.PreActivation) if r.name in origin]
    return ", ".join(named) or "no remedy"


def draw(result: fp.AscentResult, layer: str, options: argparse.Namespace) -> None:
    """Draw 64 maps, spread over the layer, with score and status."""
    shown = np.linspace(0, len(result) - 1, min(SHOWN, len(result))).round().astype(int)
    figure, ax = plt.subplots(figsize=(14, 8), layout="constrained")
    title = (
        f"SqueezeNet 1.1, {layer}: {len(shown)} of {len(result)} maps, box 0..255, "
        f"starts {options.starts}, steps {options.steps}"
    )
    result[shown.tolist()].plot(ax=ax, contrast=True, columns=12, title=title)
    figure.savefig(RESULTS / f"{job_name(options)}_{layer}.png", dpi=110)
    plt.close(figure)


def job_name(options: argparse.Namespace) -> str:
    """Return the stem of the files that are written."""
    return "s1_squeezenet" + "_quick" * options.quick


def in_fresh_process(layer: str, arguments: list[str]) -> dict[str, Any]:
    """Return what ``measure`` gives in a process of its own."""
    command = [sys.executable, __file__, *arguments, "--child", layer]
    made = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(made.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Run both layers, print, write tables and mosaics."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--layers", nargs="+", default=list(LAYERS))
    parser.add_argument("--starts", type=int, default=1)
    parser.add_argument("--steps", type=int, default=16)
    parser.add_argument("--candidates", type=int, default=256, help="of the search")
    parser.add_argument("--climbs", type=int, default=0, help="starts tried out for each map")
    parser.add_argument("--maps", type=int, help="only so many of each layer")
    parser.add_argument("--quick", action="store_true", help="smoke test: 8 maps, 4 steps")
    parser.add_argument("--child", help="measure this layer here, print JSON")
    options = parser.parse_args()
    if options.quick:
        options.maps, options.steps, options.candidates = options.maps or 8, 4, 32
    model_path()
    RESULTS.mkdir(exist_ok=True)
    if options.child:
        print(json.dumps(measure(options.child, options)))
        return
    values = {}
    for layer in options.layers:
        values[layer] = found = in_fresh_process(layer, sys.argv[1:])
        brief = {name: value for name, value in found.items() if name != "grey_or_dead"}
        print(layer, json.dumps(brief, indent=2), flush=True)
    names = ("starts", "steps", "candidates", "climbs", "maps")
    job = {name: getattr(options, name) for name in names}
    print("wrote", save(job_name(options), {"job": job, "seed": 7, **values}))
    missing = {layer: found["without_status_or_reason"] for layer, found in values.items()}
    if any(missing.values()):
        sys.exit(f"maps that ended grey or dead without a status and a reason: {missing}")


if __name__ == "__main__":
    main()
