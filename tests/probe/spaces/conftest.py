"""Photographs and trained nets, where they are."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from PIL import Image

import featureprobe as fp
from featureprobe.probe.spaces.input_check import InputCheck

NETS = {
    "squeezenet": ("squeezenet_v1_1_imagenet", 227, fp.InputSpace.caffe(), "caffe"),
    "efficientnet": (
        "efficientnet_lite1_imagenet",
        240,
        fp.InputSpace(127.0, std=128.0, low=0, high=255),
        "-1..1",
    ),
}
GIVEN = {
    "0..1": fp.InputSpace(std=255.0, low=0, high=255),
    "-1..1 BGR": fp.InputSpace(127.5, std=127.5, low=0, high=255, order=(2, 1, 0)),
}
RIGHT = {
    "coffee": {967}, "chelsea": {281, 282, 285}, "brushes": {696}, "forest_stream": {979},
    "dune_grass": {998}, "clock": {892},
}  # fmt: skip


def square(path: Path, size: int) -> np.ndarray:
    """Return the centre square of a photograph, resized."""
    image = Image.open(path).convert("RGB")
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return np.asarray(
        image.crop((left, top, left + side, top + side)).resize((size, size), Image.BILINEAR)
    )


@pytest.fixture
def photo_check(data_folder: Path) -> Callable[[str, str, bool], tuple[InputCheck, str]]:
    """Return a function that opens a net in a space, checks photos, and names the true space."""

    def run(net: str, given: str, labelled: bool) -> tuple[InputCheck, str]:
        name, size, own, true = NETS[net]
        file = data_folder / "models" / f"{name}.keras"
        if not file.is_file():
            pytest.skip(f"FEATUREPROBE_TEST_DATA has no {file.name}")
        files = sorted(
            p for p in (data_folder / "images").rglob("*") if p.suffix in (".png", ".jpg")
        )
        known = {p.stem: p for p in files}
        chosen: list[Any] = [known[stem] for stem in RIGHT] if labelled else files
        images = np.stack([square(path, size) for path in chosen])
        model = keras.models.load_model(file, compile=False)
        probe = fp.ModelProbe(model, input_space=own if given == "own" else GIVEN[given])
        return probe.check(images, list(RIGHT.values()) if labelled else None), true

    return run
