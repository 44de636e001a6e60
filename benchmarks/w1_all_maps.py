"""W1: all 128 maps of Conv2D_3, 128 steps, 1 start, blur every 8 steps, on the sphere.

Interleaved pairs in one process: featureprobe, then a hand-written batched ``tf.function`` loop
that does the same work, without search, remedies or early stop. Repeated in fresh processes, since
the hand-written loop may run a third slower for the whole life of a process: it is a matter of
chance whether TensorFlow gives its pooling gradients the fast kernel. The plain eager loop is timed
on 4 maps and multiplied by 32. Other tools: ``w1_peers.py``.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

import featureprobe as fp
from handwritten import batched_loop, eager_loop
from machine import save, spread

LAYER, STEPS, MAPS = "Conv2D_3", 128, 128


def timed(call: Callable[[], object]) -> tuple[float, object]:
    """Return seconds and result of a call."""
    begin = time.perf_counter()
    result = call()
    return time.perf_counter() - begin, result


def measure(pairs: int, eager_maps: int) -> dict[str, Any]:
    """Return the figures of one process."""
    probe = fp.samples.mnist_probe()
    targets = fp.MapMean.each(probe, LAYER)
    ascent = fp.Ascent(
        steps=STEPS,
        starts=1,
        initializer=fp.PixelNoise(),
        search=None,
        remedies=(),
        regularizers=(fp.Every(8, fp.GaussianBlur(0.6)),),
        rule=fp.NormalizedGradient(0.2),
        constraint=fp.Sphere(),
    )
    start = tf.constant(ascent.start(probe, targets, rng=7).best["images"])
    by_hand = batched_loop(probe.model, LAYER)
    one = eager_loop(probe.model, LAYER)

    def ours() -> fp.AscentResult:
        return ascent.run(probe, targets, rng=7, progress=False)

    def hand() -> np.ndarray:
        return by_hand(start, tf.range(MAPS), tf.constant(STEPS)).numpy()

    first, result = timed(ours)
    first_hand, images = timed(hand)
    times = [(timed(ours)[0], timed(hand)[0]) for _ in range(pairs)]
    one(start[:1], 0, 2)
    eager = [timed(lambda k=k: one(start[k : k + 1], k, STEPS))[0] for k in range(eager_maps)]
    answers = probe.activations(probe.input_space.to_pixels(images), LAYER).mean(axis=(1, 2))
    return {
        "ours_s": [a for a, _ in times],
        "handwritten_s": [b for _, b in times],
        "eager_s": [seconds * MAPS for seconds in eager],
        "first_s": first,
        "first_handwritten_s": first_hand,
        "traces": probe.network.traces,
        "mean_score_ours": float(np.mean(result.scores)),
        "mean_score_handwritten": float(np.mean(np.diag(answers))),
    }


def in_fresh_process(pairs: int, eager_maps: int) -> dict[str, Any]:
    """Return what ``measure`` gives in a process of its own."""
    command = [sys.executable, __file__, "--child", "--pairs", str(pairs)]
    command += ["--eager-maps", str(eager_maps)]
    made = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(made.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Measure, print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=5)
    parser.add_argument("--pairs", type=int, default=15)
    parser.add_argument("--eager-maps", type=int, default=4)
    parser.add_argument("--child", action="store_true", help="measure here, print JSON")
    options = parser.parse_args()
    if options.child:
        print(json.dumps(measure(options.pairs, options.eager_maps)))
        return
    runs = [in_fresh_process(options.pairs, options.eager_maps) for _ in range(options.processes)]
    ours = [s for run in runs for s in run["ours_s"]]
    hand = [s for run in runs for s in run["handwritten_s"]]
    eager = [s for run in runs for s in run["eager_s"]]
    ratios = [a / b for a, b in zip(ours, hand, strict=True)]
    by_process = [float(np.median(np.divide(run["ours_s"], run["handwritten_s"]))) for run in runs]
    warm = float(np.median(ours))
    values = {
        "job": f"{MAPS} maps x {STEPS} steps, 1 start",
        "processes": len(runs),
        "pairs": len(ratios),
        "ours_s": spread(ours),
        "handwritten_s": spread(hand),
        "ratio_ours_to_handwritten": spread(ratios),
        "median_ratio_by_process": by_process,
        "image_steps_per_s": MAPS * STEPS / warm,
        "eager_one_map_at_a_time_s": float(np.median(eager)),
        "eager_maps_timed": options.eager_maps * len(runs),
        "times_faster_than_eager": float(np.median(eager)) / warm,
        "first_call_to_warm_by_process": [
            float(r["first_s"] / np.median(r["ours_s"])) for r in runs
        ],
        "first_call_s": [run["first_s"] for run in runs],
        "first_call_handwritten_s": [run["first_handwritten_s"] for run in runs],
        "traces": runs[0]["traces"],
        "mean_score_ours": runs[0]["mean_score_ours"],
        "mean_score_handwritten": runs[0]["mean_score_handwritten"],
    }
    print("wrote", save("w1_all_maps", values))
    for name, value in values.items():
        print(f"{name:30} {value}")


if __name__ == "__main__":
    main()
