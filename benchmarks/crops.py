"""Neurons of a large net on their crops, under the default regularizers: how much sooner, and the same?

Eight neurons in the middle of a layer of a net of VGG16's size (224 x 224 pixels, random weights), each once
on the part of the image that it sees, with what the blur reaches around it, and once on the full image. A
pass before each measured one compiles it. Seconds are of the net in float32. Scores are compared in float64
too: convolutions of another size round differently, and where that crosses the kink of a ReLU or changes
the pixel that a pooling picks, two runs in float32 part, with or without regularizers.

    python benchmarks/crops.py                        # 12 steps each, some minutes on two cores
    python benchmarks/crops.py --steps 64 --layers block3_conv3
"""

import argparse
import time
from typing import Any

import keras
import numpy as np

import featureprobe as fp

LAYERS = ("block3_conv3", "block4_conv1")
LEAST = 5.0
"""Times sooner that the first layer must be."""
MOST = 1e-4
"""Relative difference of scores, in float64."""


def large_probe(dtype: str = "float32") -> fp.ModelProbe:
    """Return a net of VGG16's size with fixed random weights."""
    keras.utils.set_random_seed(0)
    net = _built("float32")
    if dtype != "float32":
        weights = net.get_weights()
        net = _built(dtype)
        net.set_weights(weights)
    return fp.ModelProbe(net, input_space=fp.InputSpace.identity(low=-2.0, high=2.0))


def _built(dtype: str) -> keras.Model:
    keras.config.set_dtype_policy(dtype)
    return keras.applications.VGG16(weights=None, include_top=False, input_shape=(224, 224, 3))


def measured(probe: fp.ModelProbe, layer: str, steps: int, *, full: bool) -> dict[str, Any]:
    """Return what eight neurons of a layer take on crops and on full images, and how scores differ.

    Args:
        probe: The net.
        layer: Its layer.
        steps: Steps of the default ascent.
        full: Whether its search, trials and 4 starts take part too.
    """
    rows, cols, channels = probe.shape_of(layer)
    own = np.linspace(0, channels - 1, 8).astype(int)
    nodes = [fp.Node(layer, row=rows // 2, col=cols // 2, channel=int(c)) for c in own]
    brief: dict[str, Any] = {} if full else {"search": None, "remedies": (), "starts": 1}
    results, seconds = {}, {}
    for crop in (True, False):
        fp.Ascent(steps=1, crop=crop, **brief).run(probe, nodes, rng=7, progress=False)
        begin = time.perf_counter()
        ascent = fp.Ascent(steps=steps, crop=crop, **brief)
        results[crop] = ascent.run(probe, nodes, rng=7, progress=False)
        seconds[crop] = time.perf_counter() - begin
    on_crops, whole = results[True].scores, results[False].scores
    return {
        "crop": results[True].crops[0],
        "seconds_on_crops": seconds[True],
        "seconds_on_full_images": seconds[False],
        "times_sooner": seconds[False] / seconds[True],
        "alive": int((whole > 0).sum()),
        "relative_score_gap": float(np.max(np.abs(on_crops - whole) / np.maximum(whole, 1e-12))),
    }


def main() -> None:
    """Measure, print and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--layers", nargs="*", default=LAYERS)
    parser.add_argument("--full", action="store_true", help="with search, trials and all starts")
    options = parser.parse_args()
    found = {}
    for layer in options.layers:
        single, double = (
            measured(large_probe(dtype), layer, options.steps, full=options.full)
            for dtype in ("float32", "float64")
        )
        exact, rounded = (own["relative_score_gap"] for own in (double, single))
        found[layer] = single | {"relative_score_gap_in_float64": exact}
        print(
            f"8 neurons of {layer}, {single['crop']}: {single['seconds_on_crops']:.1f} s, on full images "
            f"{single['seconds_on_full_images']:.1f} s, {single['times_sooner']:.1f} times sooner; "
            f"{single['alive']} alive, scores within {exact:.1e} in float64 and {rounded:.1e} in float32",
            flush=True,
        )
    from machine import save  # noqa: PLC0415  (loads matplotlib)

    save("crops", {"least": LEAST, "most": MOST, "steps": options.steps, "layers": found})


if __name__ == "__main__":
    main()
