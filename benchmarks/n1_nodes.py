"""N1: one interior node of VGG16's topology, climbed on its receptive field and on the full image.

Warm seconds a step, from differences of two runs with different numbers of steps; both ways take
turns in one process. And how far value and gradient differ between the two.
"""

import argparse
import time
from collections.abc import Mapping
from typing import Any

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

import featureprobe as fp
from featureprobe.probe.network.crop_plan import Crop, plan_crop
from featureprobe.probe.network.cropped_network import CroppedNetwork
from machine import RESULTS, save, spread

LAYERS = ("block2_conv2", "block3_conv3", "block4_conv3")
BARS = {"block2_conv2": 150, "block3_conv3": 40}
CONSTRAINTS = {"sphere": fp.Sphere(), "box": fp.Box()}
FULL, CROP = (
    (1, 4),
    {"block2_conv2": (50, 550), "block3_conv3": (50, 550), "block4_conv3": (10, 60)},
)


def make_probe() -> fp.ModelProbe:
    """Return VGG16's convolutions with seeded random weights; pixels take -2..2, about noise."""
    keras.utils.set_random_seed(0)
    model = keras.applications.VGG16(
        weights=None, include_top=False, input_shape=(224, 224, 3), name="vgg16"
    )
    return fp.ModelProbe(model, input_space=fp.InputSpace.identity(low=-2.0, high=2.0))


def living_node(probe: fp.ModelProbe, layer: str) -> fp.Node:
    """Return the node in the middle of the map that answers most to noise."""
    rows, cols, _ = probe.shape_of(layer)
    noise = np.random.default_rng(0).normal(size=(1, *probe.image_shape)).astype(np.float32)
    answers = probe.activations(noise, layer)[0, rows // 2, cols // 2]
    return fp.Node(layer, row=rows // 2, col=cols // 2, channel=int(answers.argmax()))


def differences(probe: fp.ModelProbe, node: fp.Node, images: int) -> dict[str, float]:
    """Return the largest differences between crop and full image, over some noise images.

    The value of all channels at the node's place, relative to the layer's maximum; the gradient of
    the node, relative to the gradient's maximum.
    """
    crop = plan_crop(probe.network, node.reads())
    assert isinstance(crop, Crop), crop
    wanted, cropped = ((node.layer, False),), CroppedNetwork(probe.network, crop.geometry)
    (top, left), (height, width, _) = crop.place, crop.geometry.shape
    down, right = dict(crop.offsets)[node.layer]

    def run(network: Any, image: tf.Tensor, row: int, col: int) -> tuple[np.ndarray, ...]:
        network.prepare(wanted)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(image)
            layer = network.forward(image, wanted)[0]
            value = layer[:, row, col, node.channel]
        return layer.numpy(), layer[:, row, col].numpy(), tape.gradient(value, image).numpy()

    found = {"value": 0.0, "gradient": 0.0}
    rng = np.random.default_rng(1)
    for _ in range(images):
        image = tf.constant(rng.normal(size=(1, *probe.image_shape)), tf.float32)
        layer, values, gradient = run(probe.network, image, node.row, node.col)
        part = image[:, top : top + height, left : left + width]
        _, there, partial = run(cropped, part, node.row - down, node.col - right)
        placed = np.zeros_like(gradient)
        placed[:, top : top + height, left : left + width] = partial
        for name, a, b, scale in (
            ("value", values, there, np.abs(layer).max()),
            ("gradient", gradient, placed, np.abs(gradient).max()),
        ):
            assert scale > 0, f"no {name} to compare"
            found[name] = max(found[name], float(np.abs(a - b).max() / scale))
    return found | {"crop_pixels": height, "images": images}


def climb(
    probe: fp.ModelProbe, node: fp.Node, constraint: str, *, crop: bool, steps: int
) -> tuple[float, fp.AscentResult]:
    """Return seconds and result of one run."""
    ascent = fp.Ascent(
        steps=steps,
        starts=1,
        search=None,
        remedies=(),
        regularizers=(),
        constraint=CONSTRAINTS[constraint],
        crop=crop,
    )
    begin = time.perf_counter()
    result = ascent.run(probe, node, rng=0, progress=False)
    return time.perf_counter() - begin, result


def measure(
    probe: fp.ModelProbe, node: fp.Node, constraint: str, counts: tuple[int, int], rounds: int
) -> dict[str, Any]:
    """Return seconds a step of both ways, and their ratio round by round."""
    ways = {"crop": counts, "full": FULL}
    first, scores = {}, {}
    for way in ways:
        first[way], result = climb(probe, node, constraint, crop=way == "crop", steps=FULL[1])
        scores[way] = float(result.scores[0, 0])
    steps: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way, (low, high) in ways.items():
            taken = [
                climb(probe, node, constraint, crop=way == "crop", steps=n)[0] for n in (low, high)
            ]
            steps[way].append((taken[1] - taken[0]) / (high - low))
    ratios = np.divide(steps["full"], steps["crop"]).tolist()
    return {
        "rounds": rounds,
        "step_counts": ways,
        "crop_ms_per_step": spread([1e3 * s for s in steps["crop"]]),
        "full_ms_per_step": spread([1e3 * s for s in steps["full"]]),
        "times_as_fast": spread(ratios),
        "first_call_s": first,
        f"score_after_{FULL[1]}_steps": scores,
    }


def draw(values: Mapping[str, Any], name: str) -> None:
    """Draw how many times as fast the crop is."""
    figure, ax = plt.subplots(figsize=(7, 3.8), layout="constrained")
    for place, (layer, found) in enumerate(values.items()):
        for number, constraint in enumerate(CONSTRAINTS):
            own, at = found[constraint]["times_as_fast"], place + 0.3 * number - 0.15
            label = constraint if place == 0 else None
            ax.plot([at, at], [own["q1"], own["q3"]], color=f"C{number}", linewidth=2)
            ax.plot(at, own["median"], "o", color=f"C{number}", label=label)
            ax.annotate(f"{own['median']:.0f}x", (at, own["median"]), (6, 0),
                        textcoords="offset points", va="center", fontsize=8)  # fmt: skip
        if layer in BARS:
            bar = "bar" if place == 0 else None
            ax.hlines(BARS[layer], place - 0.4, place + 0.4, "C3", "dashed", label=bar)
    sizes = [f"{layer}\n{v['equality']['crop_pixels']} px of 224" for layer, v in values.items()]
    ax.set_xticks(range(len(values)), sizes)
    ax.set_xlim(-0.5, len(values) - 0.5)
    ax.set_yscale("log")
    ax.set(ylabel="seconds a step, full image / crop",
           title="One interior node of VGG16's topology, batch 1")  # fmt: skip
    ax.grid(axis="y", which="both", alpha=0.3)
    ax.legend(title="median and quartiles")
    figure.savefig(RESULTS / f"{name}.png", dpi=130)
    plt.close(figure)


def main() -> None:
    """Measure the layers, print, write table and plot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--layers", nargs="+", default=list(LAYERS))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--images", type=int, default=5, help="to compare value and gradient on")
    parser.add_argument("--quick", action="store_true", help="smoke test: few steps, 2 rounds")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.images = 2, 1
    probe, values = make_probe(), {}
    for layer in options.layers:
        node, counts = living_node(probe, layer), CROP[layer]
        counts = (counts[0] // 10, counts[1] // 10) if options.quick else counts
        values[layer] = {"node": node.label, "equality": differences(probe, node, options.images)}
        for name in CONSTRAINTS:
            values[layer][name] = found = measure(probe, node, name, counts, options.rounds)
            print(layer, name, found["times_as_fast"], values[layer]["equality"], flush=True)
    name = "n1_nodes" + "_quick" * options.quick
    print("wrote", save(name, {"job": "one node, batch 1, 224 x 224 x 3", **values}))
    draw(values, name)


if __name__ == "__main__":
    main()
