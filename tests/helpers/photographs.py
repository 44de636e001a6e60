"""Trained nets of photographs, and photographs whose classes are known, in the folder of the test data."""

from pathlib import Path

import numpy as np
from PIL import Image

import featureprobe as fp

SQUEEZENET = ("squeezenet_v1_1_imagenet", 227, fp.InputSpace.caffe())
EFFICIENTNET = (
    "efficientnet_lite1_imagenet",
    240,
    fp.InputSpace(127.0, std=128.0, low=0, high=255),
)
"""File, side of its images in pixels, and the space that the net was trained in."""

RIGHT: dict[str, set[int]] = {
    "coffee": {967}, "chelsea": {281, 282, 285}, "brushes": {696}, "forest_stream": {979},
    "dune_grass": {998}, "clock": {892},
}  # fmt: skip
"""The classes of some photographs, by the name of the file."""


def photographs(folder: Path) -> list[Path]:
    """Return the files of all photographs, in order."""
    return sorted(p for p in (folder / "images").rglob("*") if p.suffix in (".png", ".jpg"))


def square(path: Path, size: int) -> np.ndarray:
    """Return the centre square of a photograph, resized, (size, size, 3) uint8."""
    image = Image.open(path).convert("RGB")
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    part = image.crop((left, top, left + side, top + side))
    return np.asarray(part.resize((size, size), Image.Resampling.BILINEAR))
