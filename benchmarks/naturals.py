"""Natural images that pictures are held against: MNIST's test set, crops of photographs."""

import os
import sys
from pathlib import Path

import numpy as np
from matplotlib.cbook import get_sample_data
from PIL import Image
from sklearn.datasets import load_sample_images


def data_folder(job: str) -> Path:
    """Return the folder that FEATUREPROBE_TEST_DATA names, or end with what to do."""
    folder = os.environ.get("FEATUREPROBE_TEST_DATA")
    if not folder or not (Path(folder) / "data" / "mnist.npz").exists():
        sys.exit(f"{job} needs data/mnist.npz in the folder that FEATUREPROBE_TEST_DATA names.")
    return Path(folder)


def test_digits(job: str) -> np.ndarray:
    """Return MNIST's 10,000 test images, (N, 28, 28, 1) uint8."""
    with np.load(data_folder(job) / "data" / "mnist.npz") as file:
        return file["x_test"][..., None]


def photographs(job: str) -> list[Image.Image]:
    """Return all photographs at hand: those of the folder, and those that scikit-learn and matplotlib bring."""
    paths = sorted((data_folder(job) / "images").glob("*.png"))
    with get_sample_data("grace_hopper.jpg") as file:
        portrait = Image.open(file).convert("RGB")
    scenes = [Image.fromarray(image) for image in load_sample_images().images]
    return [*(Image.open(path).convert("RGB") for path in paths), *scenes, portrait]


def photo_crops(job: str, count: int, size: int, seed: int = 0) -> np.ndarray:
    """Return crops of the photographs, (count, size, size, 3) uint8: any place, any scale.

    A crop is at least an eighth of the photograph's shorter side.
    """
    photos, rng, made = photographs(job), np.random.default_rng(seed), []
    for k in range(count):
        photo = photos[k % len(photos)]
        side = int(min(photo.size) * rng.uniform(0.125, 1.0))
        left, top = (rng.integers(0, length - side + 1) for length in photo.size)
        crop = photo.crop((left, top, left + side, top + side)).resize((size, size))
        flipped = np.asarray(crop)[:, :: rng.choice([-1, 1])]
        made.append(flipped)
    return np.stack(made)
