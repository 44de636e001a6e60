"""W1: all 128 maps of Conv2D_3, 128 steps, 1 start, blur every 8 steps, on the sphere.

One process, interleaved pairs: featureprobe, then a hand-written batched ``tf.function`` loop that
does the same work. The plain eager loop is timed on 4 maps and multiplied by 32.
"""

import argparse
import time
from collections.abc import Callable

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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=15)
    parser.add_argument("--eager-maps", type=int, default=4)
    options = parser.parse_args()

    probe = fp.samples.mnist_probe()
    targets = fp.MapMean.each(probe, LAYER)
    ascent = fp.Ascent(
        steps=STEPS,
        starts=1,
        initializer=fp.PixelNoise(),
        regularizers=(fp.Every(8, fp.GaussianBlur(0.6)),),
        rule=fp.NormalizedGradient(0.2),
        constraint=fp.Sphere(),
    )
    ours = lambda: ascent.run(probe, targets, rng=7, progress=False)  # noqa: E731
    start = ascent.start(probe, targets, rng=7).best["images"]
    by_hand = batched_loop(probe.model, LAYER)
    images, maps = tf.constant(start), tf.range(MAPS)
    hand = lambda: by_hand(images, maps, tf.constant(STEPS)).numpy()  # noqa: E731

    first, result = timed(ours)
    first_hand, _ = timed(hand)
    pairs = []
    for _ in range(options.pairs):
        our_seconds, result = timed(ours)
        hand_seconds, by_hand_images = timed(hand)
        pairs.append((our_seconds, hand_seconds))
    ratios = [a / b for a, b in pairs]
    one = eager_loop(probe.model, LAYER)
    one(images[:1], 0, 2)
    eager = [
        timed(lambda k=k: one(images[k : k + 1], k, STEPS))[0] for k in range(options.eager_maps)
    ]
    eager_all = float(np.mean(eager)) * MAPS
    warm = float(np.median([a for a, _ in pairs]))
    answers = probe.activations(probe.input_space.to_pixels(by_hand_images), LAYER)
    hand_scores = answers.mean(axis=(1, 2))[np.arange(MAPS), np.arange(MAPS)]
    values = {
        "job": f"{MAPS} maps x {STEPS} steps, 1 start",
        "pairs": len(pairs),
        "ours_s": spread([a for a, _ in pairs]),
        "handwritten_s": spread([b for _, b in pairs]),
        "ratio_ours_to_handwritten": spread(ratios),
        "image_steps_per_s": MAPS * STEPS / warm,
        "eager_one_map_at_a_time_s": eager_all,
        "eager_maps_timed": options.eager_maps,
        "times_faster_than_eager": eager_all / warm,
        "first_call_s": first,
        "first_call_to_warm": first / warm,
        "first_call_handwritten_s": first_hand,
        "traces": probe.network.traces,
        "mean_score_ours": float(np.mean(result.scores)),
        "mean_score_handwritten": float(np.mean(hand_scores)),
    }
    print("wrote", save("w1_all_maps", values))
    for name, value in values.items():
        print(f"{name:28} {value}")


if __name__ == "__main__":
    main()
