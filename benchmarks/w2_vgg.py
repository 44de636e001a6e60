"""W2: 8 map means of VGG16's topology (random weights), against loops written by hand.

Seconds a step are differences of two runs with different numbers of steps, so that fixed costs drop
out. All variants take turns in one process, each from the same start images, on the sphere. They do
the same work: normalized gradient of rate 0.2, projection, one judged image more than steps.
"""

import argparse
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

import featureprobe as fp
from handwritten import standardize, update
from machine import RESULTS, save, spread

Run = Callable[[int], np.ndarray]
"""``run(steps)`` returns the images (8, H, W, 3)."""

MAPS, MATRIX = 8, 4096
OURS = {"featureprobe, one chunk": 2**36, "featureprobe, default memory": 2**30}  # bytes
EAGER = ("eager, one image at a time", "eager, batch 8")


def vgg_probe(size: int) -> fp.ModelProbe:
    """Return VGG16's convolutions with seeded random weights, in their own units."""
    keras.utils.set_random_seed(0)
    model = keras.applications.VGG16(
        weights=None, include_top=False, input_shape=(size, size, 3), name="vgg16"
    )
    return fp.ModelProbe(model, input_space=fp.InputSpace.identity())


def our_runs(probe: fp.ModelProbe, layer: str) -> tuple[dict[str, Run], np.ndarray]:
    """Return our variants and the start images that all variants share."""
    targets = fp.MapMean.each(probe, layer)[:MAPS]

    def ascent(steps: int, memory: int) -> fp.Ascent:
        return fp.Ascent(
            steps=steps,
            starts=1,
            initializer=fp.PixelNoise(),
            search=None,
            remedies=(),
            regularizers=(),
            rule=fp.NormalizedGradient(0.2),
            constraint=fp.Sphere(),
            memory=memory,
        )

    def variant(memory: int) -> Run:
        def run(steps: int) -> np.ndarray:
            result = ascent(steps, memory).run(probe, targets, rng=7, progress=False)
            assert result.state is not None
            return np.asarray(result.state.params["pixels"])

        return run

    start = ascent(1, 2**30).start(probe, targets, rng=7).best["images"]
    return {name: variant(memory) for name, memory in OURS.items()}, start


def hand_step(probe: fp.ModelProbe, layer: str) -> Callable[..., tf.Tensor]:
    """Return ``step(images (N, H, W, 3), maps (N,))``, to run eagerly or to compile."""
    sub = keras.Model(probe.model.inputs, probe.model.get_layer(layer).output)

    def step(x: tf.Tensor, channels: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(x)
            answers = tf.gather(sub(x, training=False), channels[:, None], axis=3, batch_dims=1)
            loss = tf.reduce_sum(tf.reduce_mean(answers, axis=(1, 2, 3)))
        return standardize(update(x, tape.gradient(loss, x)))

    return step


def hand_runs(probe: fp.ModelProbe, layer: str, start: np.ndarray) -> dict[str, Run]:
    """Return what one would write by hand: two eager loops and the variants of ``tf.function``.

    Like ours, which judges the last image too, each does one gradient more than steps.
    """
    step, images, maps = hand_step(probe, layer), tf.constant(start), tf.range(MAPS)

    def in_python(function: Callable[..., tf.Tensor], size: int) -> Run:
        def climb(x: tf.Tensor, channels: tf.Tensor, steps: int) -> tf.Tensor:
            for _ in range(steps + 1):
                x, before = function(x, channels), x
            return before

        def run(steps: int) -> np.ndarray:
            parts = zip(tf.split(images, MAPS // size), tf.split(maps, MAPS // size), strict=True)
            return np.concatenate([climb(x, c, steps).numpy() for x, c in parts])

        return run

    @tf.function
    def loop(x: tf.Tensor, channels: tf.Tensor, steps: tf.Tensor) -> tf.Tensor:
        body = lambda i, x, _: (i + 1, step(x, channels), x)  # noqa: E731
        return tf.while_loop(lambda i, *_: i <= steps, body, (0, x, x))[2]

    def threads(steps: int) -> np.ndarray:
        with ThreadPoolExecutor(2) as pool:
            halves = zip(tf.split(images, 2), tf.split(maps, 2), strict=True)
            made = pool.map(lambda half: loop(*half, tf.constant(steps)).numpy(), halves)
            return np.concatenate(list(made))

    traced = tf.function(step)
    return {
        EAGER[0]: in_python(step, 1),
        EAGER[1]: in_python(step, MAPS),
        "tf.function, one image at a time": in_python(traced, 1),
        "tf.function, batch 8": in_python(traced, MAPS),
        "tf.while_loop, batch 8": lambda s: loop(images, maps, tf.constant(s)).numpy(),
        "tf.while_loop, two threads of 4": threads,
    }


def nominal_flop(probe: fp.ModelProbe, layer: str) -> float:
    """Return the FLOP of one image-step: forward and input gradient of each convolution."""
    flop = 0
    for path in probe.layers[: probe.layers.index(layer) + 1]:
        conv = probe.model.get_layer(path)
        if isinstance(conv, keras.layers.Conv2D):
            rows, cols, _ = probe.shape_of(path)
            flop += 2 * rows * cols * int(np.prod(conv.kernel.shape))
    return 2.0 * flop


def seconds_of(call: Callable[[], object]) -> float:
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def measure(probe: fp.ModelProbe, layer: str, rounds: int, counts: tuple[int, int]) -> dict:
    """Return the figures of one layer."""
    low, high = counts
    ours, start = our_runs(probe, layer)
    runs = ours | hand_runs(probe, layer, start)
    matrix = tf.random.stateless_normal((MATRIX, MATRIX), seed=(1, 2))
    first = {name: seconds_of(lambda run=run: run(low)) for name, run in runs.items()}
    seconds_of(lambda: tf.matmul(matrix, matrix).numpy())
    steps: dict[str, list[float]] = {name: [] for name in runs}
    matmul = []
    for number in range(rounds):
        for name, run in runs.items():
            run(low)  # not timed: what ran before leaves caches and free pages in its own way
            taken = [seconds_of(lambda run=run, n=n: run(n)) for n in counts]
            steps[name].append((taken[1] - taken[0]) / (high - low))
        matmul.append(seconds_of(lambda: tf.matmul(matrix, matrix).numpy()))
        print(layer, "round", number, {n: round(s[-1], 3) for n, s in steps.items()}, flush=True)
    images = {name: runs[name](low) for name in (next(iter(OURS)), "tf.while_loop, batch 8")}
    return {
        "rounds": rounds,
        "step_counts": counts,
        "first_call_s": first,
        **figures(steps, matmul, nominal_flop(probe, layer)),
        f"mean_score_after_{low}_steps": {n: score(probe, layer, x) for n, x in images.items()},
    }


def figures(steps: Mapping[str, list[float]], matmul: list[float], flop: float) -> dict[str, Any]:
    """Return medians, quartiles and ratios; ratios are taken round by round."""
    median = {name: float(np.median(s)) for name, s in steps.items()}
    by_hand = [name for name in steps if name not in (*OURS, *EAGER)]
    best, eager = (min(names, key=lambda name: median[name]) for names in (by_hand, EAGER))
    rates = {name: [MAPS * flop / s / 1e9 for s in own] for name, own in steps.items()}
    gemm = [2 * MATRIX**3 / s / 1e9 for s in matmul]

    def faster(other: str) -> dict[str, dict[str, float]]:
        return {name: spread(np.divide(steps[other], steps[name]).tolist()) for name in OURS}

    return {
        "s_per_step": {name: spread(own) for name, own in steps.items()},
        "best_by_hand": best,
        "best_eager": eager,
        "times_as_fast_as_best_by_hand": faster(best),
        "times_as_fast_as_best_eager": faster(eager),
        "nominal_gflop_per_image_step": flop / 1e9,
        "nominal_gflop_per_s": {name: spread(own) for name, own in rates.items()},
        f"matmul_{MATRIX}_gflop_per_s": spread(gemm),
        "share_of_matmul": {n: spread(np.divide(rates[n], gemm).tolist()) for n in steps},
    }


def score(probe: fp.ModelProbe, layer: str, images: np.ndarray) -> float:
    """Return the mean over images k of the mean of map k."""
    answers = probe.activations(images, layer)[..., :MAPS].mean(axis=(1, 2))
    return float(np.diag(answers).mean())


def draw(values: Mapping[str, Any], name: str) -> None:
    """Draw seconds per step of all variants: medians and quartiles."""
    figure, axes = plt.subplots(
        1, len(values), figsize=(6.0 * len(values), 3.6), sharey=True, squeeze=False,
        layout="constrained",
    )  # fmt: skip
    for ax, (layer, found) in zip(axes[0], values.items(), strict=True):
        for place, (variant, own) in enumerate(found["s_per_step"].items()):
            color = "C1" if variant in OURS else "C7" if variant in EAGER else "C0"
            ax.plot([own["q1"], own["q3"]], [place, place], color=color, linewidth=2)
            ax.plot(own["median"], place, "o", color=color)
            ax.annotate(
                f"{own['median']:.2f} s", (own["q3"], place), (6, 0),
                textcoords="offset points", va="center", fontsize=8,
            )  # fmt: skip
        ax.set_yticks(range(len(found["s_per_step"])), list(found["s_per_step"]))
        ax.set_xlim(0, 1.2 * max(own["q3"] for own in found["s_per_step"].values()))
        ax.set(xlabel="seconds per step, 8 images", title=f"VGG16 topology, {layer}")
        ax.grid(axis="x", alpha=0.3)
    axes[0, 0].invert_yaxis()
    figure.supxlabel("median and quartiles over interleaved rounds", fontsize=9)
    figure.savefig(RESULTS / f"{name}.png", dpi=130)
    plt.close(figure)


def main() -> None:
    """Measure both layers, print, write table and plot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--layers", nargs="+", default=["block3_conv3", "block5_conv3"])
    parser.add_argument("--rounds", nargs="+", type=int, default=[5, 3], help="for each layer")
    parser.add_argument("--steps", nargs=2, type=int, default=[1, 4])
    parser.add_argument("--size", type=int, default=224, help="rows and columns of an image")
    parser.add_argument("--quick", action="store_true", help="smoke test: 32 px, 2 rounds")
    options = parser.parse_args()
    if options.quick:
        options.size, options.rounds = 32, [2, 2]
    probe = vgg_probe(options.size)
    values = {
        layer: measure(probe, layer, rounds, tuple(options.steps))
        for layer, rounds in zip(options.layers, options.rounds, strict=True)
    }
    name = "w2_vgg" + "_quick" * options.quick
    job = f"{MAPS} map means, {options.size} x {options.size} x 3, 1 start"
    print("wrote", save(name, {"job": job, **values}))
    draw(values, name)
    for layer, found in values.items():
        for key in ("best_by_hand", "times_as_fast_as_best_by_hand", "times_as_fast_as_best_eager"):
            print(layer, key, found[key])


if __name__ == "__main__":
    main()
