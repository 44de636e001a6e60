"""One model of each family of keras.applications: does everything work, and are the numbers its own?

Random weights and small inputs, since it is the graphs that differ. Each model is opened and
summarized; the activations of three layers are compared with what Keras computes; a channel, a
neuron and a class are maximized; the neuron's score on its crop is compared with that on the full
image. The table goes into the docs.
"""

import argparse
import csv
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

import featureprobe as fp

TABLE = Path(__file__).parents[1] / "docs" / "reference" / "zoo.csv"
COLUMNS = (
    "family",
    "model",
    "input",
    "layers",
    "maps with a field",
    "activations",
    "crop",
    "seconds",
)
CLOSE = 1e-4  # relative, between crop and full image and between Keras and us
_OWN = None  # the model begins with its own Rescaling or Normalization


@dataclass(frozen=True)
class Family:
    """A family of keras.applications and the member that stands for it.

    Attributes:
        name: The family.
        member: Name of the function in keras.applications.
        side: Rows and columns of the input.
        space: Makes the input space; None where the model scales its input itself.
    """

    name: str
    member: str
    side: int
    space: Callable[[], fp.InputSpace] | None


FAMILIES = (
    Family("ConvNeXt", "ConvNeXtTiny", 64, _OWN),
    Family("DenseNet", "DenseNet121", 64, fp.InputSpace.torch),
    Family("EfficientNet", "EfficientNetB0", 64, _OWN),
    Family("EfficientNetV2", "EfficientNetV2B0", 64, _OWN),
    Family("InceptionResNetV2", "InceptionResNetV2", 107, fp.InputSpace.tf),
    Family("InceptionV3", "InceptionV3", 107, fp.InputSpace.tf),
    Family("MobileNet", "MobileNet", 64, fp.InputSpace.tf),
    Family("MobileNetV2", "MobileNetV2", 64, fp.InputSpace.tf),
    Family("MobileNetV3", "MobileNetV3Small", 64, _OWN),
    Family("NASNet", "NASNetMobile", 64, fp.InputSpace.tf),
    Family("ResNet", "ResNet50", 64, fp.InputSpace.caffe),
    Family("ResNetV2", "ResNet50V2", 64, fp.InputSpace.tf),
    Family("VGG", "VGG16", 64, fp.InputSpace.caffe),
    Family("Xception", "Xception", 107, fp.InputSpace.tf),
)
SMALLEST = ("MobileNet", "MobileNetV2", "MobileNetV3", "EfficientNet")


def opened(family: Family) -> fp.ModelProbe:
    """Return the family's member with seeded random weights, opened."""
    keras.utils.set_random_seed(0)
    shape = (family.side, family.side, 3)
    model = getattr(keras.applications, family.member)(weights=None, input_shape=shape, classes=10)
    space = family.space and family.space()
    probe = fp.ModelProbe(model, input_space=space)
    _settle(probe)
    return probe


def _settle(probe: fp.ModelProbe) -> None:
    """Give normalizations and scales numbers as training would, so that each layer counts."""
    rng = np.random.default_rng(0)
    for layer in probe.model._flatten_layers():
        for weight in layer._trainable_variables:
            if weight.name == "gamma":
                weight.assign(rng.uniform(0.8, 1.2, weight.shape))
            elif weight.name == "beta":
                weight.assign(rng.normal(0, 0.1, weight.shape))
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.0  # what it takes from the next batch is all it knows
    pixels = rng.uniform(0, 255, (16, *probe.image_shape))
    probe.model(probe.input_space.to_model(pixels), training=True)


def check(probe: fp.ModelProbe) -> dict[str, Any]:
    """Return the figures of a model; raise AssertionError where a number is not its own."""
    rows = list(probe.summary())
    return {
        "layers": len(rows),
        "maps with a field": known_fields(rows),
        "activations": activations_differ(probe, rows),
        "crop": crop_differs(probe, rows),
        **climbs(probe, rows),
    }


def known_fields(rows: list[fp.LayerRow]) -> float:
    """Return the share of all maps whose receptive field is known."""
    maps = [(row.maps, row.receptive_field is not None) for row in rows if row.maps is not None]
    return sum(n for n, known in maps if known) / sum(n for n, _ in maps)


def activations_differ(probe: fp.ModelProbe, rows: list[fp.LayerRow]) -> float:
    """Return the largest relative difference from Keras' own numbers, over three layers."""
    own = {layer.name for layer in probe.model.layers}
    names = [row.path for row in rows if row.maps is not None and row.path in own]
    chosen = [names[round(share * (len(names) - 1))] for share in (0.1, 0.5, 1.0)]
    outputs = [probe.model.get_layer(name).output for name in chosen]
    images = np.random.default_rng(1).uniform(0, 255, (2, *probe.image_shape)).astype("float32")
    part = keras.Model(probe.model.inputs[0], outputs)
    theirs = part(probe.input_space.to_model(images), training=False)
    ours = probe.activations(images, chosen)
    worst = 0.0
    for name, made in zip(chosen, theirs, strict=True):
        values = np.asarray(made)
        worst = max(worst, float(np.abs(ours[name] - values).max() / np.abs(values).max()))
    assert worst < CLOSE, f"activations of {chosen} differ from Keras' by {worst:.1e}"
    return worst


def crop_differs(probe: fp.ModelProbe, rows: list[fp.LayerRow]) -> float:
    """Return the relative difference of a neuron's score between its crop and the full image."""
    most = probe.image_shape[0] // 2
    fit = [row for row in rows if row.receptive_field and max(row.receptive_field) <= most]
    row = [r for r in fit if r.maps is not None and max(r.receptive_field or (0,)) > 1][-1]
    node = fp.Node(row.path, row=row.shape[0] // 2, col=row.shape[1] // 2, channel=0)
    scores = []
    for crop in (True, False):
        ascent = fp.Ascent(
            steps=4, starts=1, search=None, remedies=(), regularizers=(), crop=crop,
            constraint=fp.Sphere(),
        )  # fmt: skip
        scores.append(float(ascent.run(probe, node, rng=0, progress=False).scores[0, 0]))
    worst = abs(scores[0] - scores[1]) / max(abs(scores[1]), 1e-12)
    assert worst < CLOSE, f"{node}: {scores[0]} on the crop, {scores[1]} on the full image"
    return worst


def climbs(probe: fp.ModelProbe, rows: list[fp.LayerRow]) -> dict[str, float]:
    """Return by how much a channel's and a class' score rises, from a start and in 8 steps."""
    layer = [row.path for row in rows if row.maps is not None][-1]
    found = {}
    for name, target in (
        ("channel", fp.MapMean(layer, channel=0, pre=_can_be_pre(probe, layer))),
        ("class", fp.Logit(1)),
    ):
        ascent = fp.Ascent(
            steps=8, starts=1, search=None, remedies=(), constraint=fp.Sphere(),
            rule=fp.Backtracking(),
        )  # fmt: skip
        result = ascent.run(probe, target, rng=0, progress=False)
        trace = result.score_trace[:, 0, 0]
        assert np.isfinite(result.images).all(), f"{target}: pixels are not finite"
        assert result.scores[0, 0] > trace[0], f"{target}: {trace}"
        read = target.reads()[0]
        values = probe.activations(result.images[0], read.layer, pre=read.pre)
        score = values[0, 1] if name == "class" else values[0, ..., 0].mean()
        assert np.isclose(score, result.scores[0, 0], rtol=1e-3, atol=1e-5), (target, score)
        found[name] = float(result.scores[0, 0] - trace[0])
    return found


def _can_be_pre(probe: fp.ModelProbe, layer: str) -> bool:
    """Whether a layer's value before its activation can be read: a silent map climbs from there."""
    try:
        probe.activations(np.zeros((1, *probe.image_shape)), layer, pre=True)
    except fp.ModelError:
        return False
    return True


def _rows(families: tuple[Family, ...]) -> Iterator[dict[str, Any]]:
    for family in families:
        begin = time.perf_counter()
        figures = check(opened(family))
        seconds = time.perf_counter() - begin
        row = {"family": family.name, "model": family.member, "input": f"{family.side} px"}
        row |= figures | {"seconds": seconds}
        print(row, flush=True)
        yield row


def main() -> None:
    """Check all families and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", help="families; the table is not written then")
    only = parser.parse_args().only
    rows = list(_rows(tuple(f for f in FAMILIES if not only or f.name in only)))
    if only:
        return
    with TABLE.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        for row in rows:
            row["maps with a field"] = f"{row['maps with a field']:.0%}"
            row["activations"] = f"{row['activations']:.0e}"
            row["crop"] = f"{row['crop']:.0e}"
            row["seconds"] = f"{row['seconds']:.0f}"
            table.writerow([row[name] for name in COLUMNS])


if __name__ == "__main__":
    main()
