"""W1 against other tools: 128 maps of Conv2D_3, 128 steps, batch 128, no transforms, no penalties.

Each tool runs in a process and an environment of its own and waits while featureprobe runs: ours,
peer, ours, peer. Repeated in fresh processes, since buffers may lie well or badly for the whole
life of one. Tools climb in their own ways, so seconds compare, not scores; scores are of the
returned images, projected on the box 0..255 for everybody.
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
from machine import save, spread
from peers.bridge import plain_loop
from peers.scores import clean_scores
from peers.worker import Worker
from plots import draw_w1
from stats import clustered_interval

LAYER, MAPS, MATRIX = "Conv2D_3", 128, 4096
FLOP = 12.35e6  # an image-step: forward and input gradient of the three convolutions
PEERS = {  # label: tool, job, share of the pairs
    "xplique, pixels": ("xplique", "plain", 1.0),
    "xplique, Fourier": ("xplique", "plain_fft", 0.5),
    "hand-written, xplique's TensorFlow": ("xplique", "hand", 0.5),
    "tf-keras-vis": ("vis", "plain", 0.25),
    "hand-written, tf-keras-vis' TensorFlow": ("vis", "hand", 0.5),
    "torch, eager, channels last": ("torch", "plain", 0.5),
}
BRIDGE = "hand-written, our TensorFlow"


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    """Return seconds and result of a call."""
    begin = time.perf_counter()
    result = call()
    return time.perf_counter() - begin, result


def setup(steps: int) -> tuple[fp.ModelProbe, Callable[[], np.ndarray], np.ndarray]:
    """Return the probe, our run, and its start images in model units."""
    probe = fp.samples.mnist_probe()
    targets = fp.MapMean.each(probe, LAYER)
    ascent = fp.Ascent(
        steps=steps,
        starts=1,
        initializer=fp.PixelNoise(),
        search=None,
        remedies=(),
        regularizers=(),
        rule=fp.NormalizedGradient(0.2),
        constraint=fp.Sphere(),
        stop=None,
    )
    starts = ascent.start(probe, targets, rng=7).best["images"]
    return probe, lambda: ascent.run(probe, targets, rng=7, progress=False).best(), starts


def compare(
    probe: fp.ModelProbe,
    ours: Callable[[], np.ndarray],
    theirs: Callable[[], tuple[float, np.ndarray]],
    pairs: int,
) -> dict[str, Any]:
    """Return seconds of interleaved runs, the peer's first call apart."""
    first, images = theirs()
    times = [(timed(ours)[0], theirs()[0]) for _ in range(pairs)]
    scores = clean_scores(probe, images, LAYER)
    return {
        "first_s": first,
        "ours_s": [a for a, _ in times],
        "peer_s": [b for _, b in times],
        "mean_score": float(scores.mean()),
        "maps_at_zero": int((scores <= 0).sum()),
    }


def limits(probe: fp.ModelProbe, ours: Callable[[], np.ndarray], rounds: int) -> dict[str, Any]:
    """Return what the machine can do, in turn with our runs."""
    sub = tf.keras.Model(probe.model.inputs, probe.model.get_layer(LAYER).output)
    forward = tf.function(lambda x: sub(x, training=False))
    images = tf.random.stateless_normal((MAPS, *probe.image_shape), seed=(1, 2))
    matrix = tf.random.stateless_normal((MATRIX, MATRIX), seed=(1, 2))
    array, passes = matrix.numpy(), 64

    def many() -> None:
        for _ in range(passes):
            answers = forward(images)
        answers.numpy()

    calls: dict[str, Callable[[], Any]] = {
        "ours_s": ours,
        "forward_s": many,
        "matmul_s": lambda: tf.matmul(matrix, matrix).numpy(),
        "sgemm_s": lambda: array @ array,
    }
    for call in calls.values():
        call()  # traced, and pages touched
    taken = [{name: timed(call)[0] for name, call in calls.items()} for _ in range(rounds)]
    return {
        "ours_s": [t["ours_s"] for t in taken],
        "forward_images_per_s": [passes * MAPS / t["forward_s"] for t in taken],
        "matmul_gflop_per_s": [2e-9 * MATRIX**3 / t["matmul_s"] for t in taken],
        "sgemm_gflop_per_s": [2e-9 * MATRIX**3 / t["sgemm_s"] for t in taken],
    }


def measure(pairs: int, steps: int) -> dict[str, Any]:
    """Return the figures of this process."""
    probe, ours, starts = setup(steps)
    first, images = timed(ours)
    scores = clean_scores(probe, images, LAYER)
    found: dict[str, Any] = {
        "first_s": first,
        "mean_score": float(scores.mean()),
        "maps_at_zero": int((scores <= 0).sum()),
        "limits": limits(probe, ours, pairs),
    }
    loop, given = plain_loop(probe.model, LAYER), tf.constant(starts)

    def by_hand() -> tuple[float, np.ndarray]:
        seconds, made = timed(lambda: loop(given, tf.constant(steps)).numpy())
        return seconds, probe.input_space.to_pixels(made)

    found["peers"] = {BRIDGE: compare(probe, ours, by_hand, max(2, pairs // 2))}
    for tool in ("xplique", "vis", "torch"):
        with Worker(tool, probe, LAYER, starts) as worker:
            for label, (_, job, share) in PEERS.items():
                if PEERS[label][0] == tool:
                    ask = lambda job=job: worker.ask(job, steps=steps)  # noqa: E731
                    found["peers"][label] = compare(probe, ours, ask, max(2, round(share * pairs)))
    return found


def in_fresh_process(options: argparse.Namespace) -> dict[str, Any]:
    """Return what ``measure`` gives in a process of its own."""
    command = [sys.executable, __file__, "--child", "--pairs", str(options.pairs)]
    made = subprocess.run(
        [*command, "--steps", str(options.steps)], check=True, stdout=subprocess.PIPE, text=True
    )
    found: dict[str, Any] = json.loads(made.stdout.splitlines()[-1])
    for label, peer in found["peers"].items():
        ratio = np.median(np.divide(peer["peer_s"], peer["ours_s"]))
        print(f"{label:40} {np.median(peer['peer_s']):7.2f} s  {ratio:6.2f}x", flush=True)
    return found


def peer_figures(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the figures of one peer over all processes."""
    ratios = [np.divide(run["peer_s"], run["ours_s"]).tolist() for run in runs]
    return {
        "pairs": sum(len(group) for group in ratios),
        "s": spread([s for run in runs for s in run["peer_s"]]),
        "times_ours": clustered_interval(ratios),
        "times_ours_by_process": [float(np.median(group)) for group in ratios],
        "first_call_s": [run["first_s"] for run in runs],
        "mean_score": runs[0]["mean_score"],
        "maps_at_zero": runs[0]["maps_at_zero"],
    }


def figures(runs: list[dict[str, Any]], steps: int) -> dict[str, Any]:
    """Return medians, ratios with intervals, and rates of the machine."""
    work = MAPS * steps
    own = [run["limits"] for run in runs]
    peers = {label: [run["peers"][label] for run in runs] for label in runs[0]["peers"]}
    ours = [s for part in (own, *peers.values()) for run in part for s in run["ours_s"]]
    steps_per_s = [work / np.asarray(run["ours_s"]) for run in own]
    halves = [np.asarray(run["forward_images_per_s"]) / 2 for run in own]
    rates = {
        name: spread([v for run in own for v in run[name]])
        for name in ("forward_images_per_s", "matmul_gflop_per_s", "sgemm_gflop_per_s")
    }
    gflops = [rate * FLOP / 1e9 for rate in steps_per_s]
    return {
        "job": f"{MAPS} maps x {steps} steps, 1 start",
        "processes": len(runs),
        "ours_s": spread(ours),
        "first_call_s": [run["first_s"] for run in runs],
        "image_steps_per_s": work / float(np.median(ours)),
        "nominal_gflop_per_s": work / float(np.median(ours)) * FLOP / 1e9,
        **rates,
        "share_of_half_forward": clustered_interval(
            [s / h for s, h in zip(steps_per_s, halves, strict=True)]
        ),
        "share_of_matmul": clustered_interval(
            [g / run["matmul_gflop_per_s"] for g, run in zip(gflops, own, strict=True)]
        ),
        "share_of_sgemm": clustered_interval(
            [g / run["sgemm_gflop_per_s"] for g, run in zip(gflops, own, strict=True)]
        ),
        "mean_score": runs[0]["mean_score"],
        "maps_at_zero": runs[0]["maps_at_zero"],
        "peers": {label: peer_figures(own) for label, own in peers.items()},
    }


def main() -> None:
    """Measure in fresh processes, print, write table and plot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--pairs", type=int, default=8)
    parser.add_argument("--steps", type=int, default=128)
    parser.add_argument("--quick", action="store_true", help="smoke test: 4 steps, 2 pairs")
    parser.add_argument("--child", action="store_true", help="measure here, print JSON")
    options = parser.parse_args()
    if options.child:
        print(json.dumps(measure(options.pairs, options.steps)))
        return
    if options.quick:
        options.processes, options.pairs, options.steps = 2, 2, 4
    runs = [in_fresh_process(options) for _ in range(options.processes)]
    values = figures(runs, options.steps)
    name = "w1_peers" + "_quick" * options.quick
    print("wrote", save(name, values), draw_w1(values, name))
    for key, value in values.items():
        if key != "peers":
            print(f"{key:24} {value}")


if __name__ == "__main__":
    main()
