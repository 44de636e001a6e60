"""Directions of one layer against the layer's maps: what an array of each target costs.

A direction is an array of one number a channel; its score is the mean over all positions of the
activations along it. 128 distinct directions should take at most 1.3 times what the layer's first 128
map means take, and 1,024 distinct ones 8 times that, with one trace. All are run in turn, several times,
after a first run of each that is traced; the medians are compared.

SqueezeNet is not part of this repository: FEATUREPROBE_TEST_DATA names the folder that holds it.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

import numpy as np
import tensorflow as tf

import featureprobe as fp
from machine import save
from s1_squeezenet import model_path

CAFFE = (103.939, 116.779, 123.68)


@dataclass(frozen=True)
class Direction(fp.Objective):
    """The mean over positions of a layer's activations along a direction."""

    kind: ClassVar[str] = "benchmark.direction"
    layer: str
    _: KW_ONLY
    direction: fp.PerTarget

    def reads(self) -> tuple[fp.Read, ...]:
        """Return the whole layer."""
        return (fp.Read(self.layer),)

    def value(self, seen: fp.Seen) -> fp.Tensor:
        """Return the mean along the direction, (N,)."""
        return tf.reduce_sum(tf.reduce_mean(seen[0], axis=(1, 2)) * self.direction, axis=1)


def opened(net: str) -> tuple[fp.ModelProbe, str]:
    """Return a probe and a layer of 128 maps."""
    if net == "mnist":
        return fp.samples.mnist_probe(), "Conv2D_3"
    space = fp.InputSpace.caffe()
    return fp.ModelProbe.load(model_path(), input_space=space), "fire5_expand3x3"


def directions(layer: str, channels: int, count: int) -> list[Direction]:
    """Return distinct directions of length 1."""
    rng = np.random.default_rng(0)
    drawn = rng.normal(size=(count, channels)).astype(np.float32)
    unit = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    return [Direction(layer, direction=fp.ArrayValue(own)) for own in unit]


def main() -> None:
    """Run all in turn, print and save the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--net", choices=("mnist", "squeezenet"), default="mnist")
    parser.add_argument("--steps", type=int, help="of each ascent; default: of fp.Ascent()")
    parser.add_argument("--starts", type=int, help="of each target; default: of fp.Ascent()")
    parser.add_argument("--candidates", type=int, help="of the search; default: of fp.Ascent()")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--many", type=int, default=1024, help="directions; 0 leaves them out")
    given = parser.parse_args()
    probe, layer = opened(given.net)
    fields = {n: getattr(given, n) for n in ("steps", "starts") if getattr(given, n)}
    if given.candidates:
        fields["search"] = fp.Precursor(candidates=given.candidates, rounds=1)
    ascent = fp.Ascent(**fields)
    channels = probe.shape_of(layer)[-1]
    targets = {
        "128 maps": [fp.MapMean(layer, channel=c) for c in range(128)],
        "128 directions": directions(layer, channels, 128),
    }
    if given.many:
        targets[f"{given.many:,} directions"] = directions(layer, channels, given.many)
    run: Callable[[str], object] = lambda name: ascent.run(  # noqa: E731
        probe, targets[name], rng=0, progress=False
    )
    traces = {}
    for name in targets:
        before = probe.network.traces
        run(name)
        traces[name] = probe.network.traces - before
    seconds: dict[str, list[float]] = {name: [] for name in targets}
    for _ in range(given.rounds):
        for name, own in seconds.items():
            begun = time.perf_counter()
            run(name)
            own.append(time.perf_counter() - begun)
            print(f"{name}: {own[-1]:.2f} s", flush=True)
    ratios = {}
    for name, own in seconds.items():
        share = len(targets[name]) / 128
        pairs = zip(own, seconds["128 maps"], strict=True)
        ratios[name] = statistics.median(mine / (maps * share) for mine, maps in pairs)
        print(f"{name}: median {statistics.median(own):.2f} s, {ratios[name]:.2f} x the maps "
              f"for each 128, new traces {traces[name]}")  # fmt: skip
    save(
        f"per_target_{given.net}",
        {"seconds": seconds, "ratios": ratios, "new_traces": traces, "recipe": ascent.to_config()},
    )


if __name__ == "__main__":
    main()
