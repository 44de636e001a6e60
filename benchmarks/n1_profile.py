"""Where the time of a cropped step goes: the least that TensorFlow takes, and each operation's share.

*Bare* is a hand-written compiled loop on the same crop that does nothing but the crop's forward pass, its
gradient, a normalized step and a clip. Rates are of nominal FLOP, those of the convolutions. Times of
operations come from TensorFlow's profiler; several run at once, so they may add up to more than the step.
"""

import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.tsl.profiler.protobuf import xplane_pb2

import featureprobe as fp
from featureprobe.probe.network.crop_plan import Crop, plan_crop
from featureprobe.probe.network.cropped_network import CroppedNetwork
from machine import save
from n1_nodes import climb, living_node, make_probe

LAYERS, COUNTS, ROUNDS = ("block2_conv2", "block3_conv3"), (50, 350), 7


def bare_loop(probe: fp.ModelProbe, node: fp.Node) -> tuple[Any, tf.Tensor, float]:
    """Return ``loop(images, steps)``, a start, and the crop's share of the full image's FLOP."""
    crop = plan_crop(probe.network, node.reads())
    assert isinstance(crop, Crop), crop
    network, wanted = CroppedNetwork(probe.network, crop.geometry), ((node.layer, False),)
    network.prepare(wanted)
    down, right = dict(crop.offsets)[node.layer]

    def body(i: tf.Tensor, x: tf.Tensor, total: tf.Tensor) -> tuple[tf.Tensor, ...]:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(x)
            made = network.forward(x, wanted)[0]
            value = made[:, node.row - down, node.col - right, node.channel]
        g = tape.gradient(value, x)
        g *= tf.math.rsqrt(tf.reduce_mean(g * g) + 1e-12)
        return i + 1, tf.clip_by_value(x + 0.1 * g, -2.0, 2.0), total + value

    @tf.function(autograph=False)
    def loop(x: tf.Tensor, steps: tf.Tensor) -> tf.Tensor:
        return tf.while_loop(lambda i, *_: i < steps, body, (0, x, tf.zeros(1)))[1]

    start = tf.random.stateless_normal((1, *crop.geometry.shape), seed=(1, 2))
    return (
        loop,
        start,
        conv_flop(probe, node.layer, crop.geometry.shape[0])
        / conv_flop(probe, node.layer, probe.image_shape[0]),
    )


def conv_flop(probe: fp.ModelProbe, layer: str, size: int) -> float:
    """Return FLOP of a step, forward and input gradient; below the full size without padding."""
    flop, full = 0.0, size == probe.image_shape[0]
    for path in probe.layers[: probe.layers.index(layer) + 1]:
        found = probe.model.get_layer(path)
        if type(found).__name__ == "MaxPooling2D":
            size //= 2
        elif type(found).__name__ == "Conv2D":
            size -= 0 if full else 2
            flop += 4.0 * size * size * float(np.prod(found.kernel.shape))
    return flop


def seconds(call: Any, low: int, high: int) -> float:
    """Return seconds a step, from two runs."""
    taken = []
    for steps in (low, high):
        begin = time.perf_counter()
        call(steps)
        taken.append(time.perf_counter() - begin)
    return (taken[1] - taken[0]) / (high - low)


def operations(run: Any, steps: int) -> dict[str, float]:
    """Return microseconds a step of the slowest operations."""
    with tempfile.TemporaryDirectory() as folder:
        tf.profiler.experimental.start(folder)
        run(steps)
        tf.profiler.experimental.stop()
        space = xplane_pb2.XSpace()
        space.ParseFromString(next(Path(folder).rglob("*.xplane.pb")).read_bytes())
    spent: Counter[str] = Counter()
    for plane in space.planes:
        names = {key: value.name for key, value in plane.event_metadata.items()}
        for line in plane.lines:
            for event in line.events:
                spent[names[event.metadata_id]] += event.duration_ps / 1e6 / steps
    kernels = {n: t for n, t in spent.items() if ":" in n and "::" not in n and "Eager" not in n}
    return {n: round(t, 1) for n, t in sorted(kernels.items(), key=lambda p: -p[1])[:16]}


def main() -> None:
    """Measure both layers, print and write the table."""
    probe, values = make_probe(), {}
    for layer in LAYERS:
        node = living_node(probe, layer)
        loop, start, share = bare_loop(probe, node)
        flop = conv_flop(probe, layer, probe.image_shape[0])
        calls = {
            "bare": lambda n, loop=loop, start=start: loop(start, tf.constant(n)).numpy(),
            "ours": lambda n, node=node: climb(probe, node, "box", crop=True, steps=n),
            "full": lambda n, node=node: climb(probe, node, "box", crop=False, steps=n),
        }
        taken: dict[str, list[float]] = {name: [] for name in calls}
        for call in calls.values():
            call(4)
        for _ in range(ROUNDS):
            for name, call in calls.items():
                taken[name].append(seconds(call, *((1, 4) if name == "full" else COUNTS)))
        ms = {name: 1e3 * float(np.median(own)) for name, own in taken.items()}
        values[layer] = {
            "ms_per_step": ms,
            "full_over_ours": ms["full"] / ms["ours"],
            "full_over_bare": ms["full"] / ms["bare"],
            "flop_full_over_crop": 1 / share,
            "gflop_per_s": {
                name: flop * (1 if name == "full" else share) / ms[name] / 1e6 for name in ms
            },
            "us_per_step_of_operations": operations(calls["ours"], 200),
        }
        print(layer, values[layer], flush=True)
    print("wrote", save("n1_profile", values))


if __name__ == "__main__":
    main()
