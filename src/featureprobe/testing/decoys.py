"""Decoys: pictures that a fooled net's ascent is to show."""

import numpy as np

from featureprobe._randomness import Rng, seed_from
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.types import FloatArray


def decoy_images(count: int, probe: ModelProbe, *, rng: Rng = 0) -> FloatArray:
    """Return pictures that have nothing to do with what a net was trained on: smooth bright patterns.

    Args:
        count: How many.
        probe: Says the images' shape and range.
        rng: Seed.

    Returns:
        (count, H, W, C), pixel units.

    Example:
        >>> import featureprobe as fp
        >>> fp.testing.decoy_images(3, fp.samples.mnist_probe()).shape
        (3, 28, 28, 1)
    """
    draw = np.random.default_rng(seed_from(rng))
    rows, cols = np.mgrid[
        0 : 1 : complex(0, probe.image_shape[0]), 0 : 1 : complex(0, probe.image_shape[1])
    ]
    made = []
    for _ in range(count):
        row, col, angle = draw.uniform(0.3, 0.7), draw.uniform(0.3, 0.7), draw.uniform(0, np.pi)
        along = np.cos(angle) * (rows - row) + np.sin(angle) * (cols - col)
        stripes = np.sin(2 * np.pi * draw.uniform(1.5, 3.5) * along)
        rings = np.cos(2 * np.pi * draw.uniform(2.0, 4.0) * np.hypot(rows - row, cols - col))
        pattern = draw.choice([-1, 1]) * (stripes if draw.uniform() < 0.5 else rings)
        made.append(np.repeat(np.tanh(2 * pattern)[..., None], probe.image_shape[2], axis=2))
    space, patterns = probe.input_space, np.stack(made).astype(np.float32)
    if space.low is None or space.high is None:
        return space.to_pixels(space.center + space.spread * patterns)
    return np.asarray(space.low + (space.high - space.low) * (patterns + 1) / 2, np.float32)
