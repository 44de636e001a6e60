"""Scores of returned images, measured in one way for everybody."""

import numpy as np

import featureprobe as fp


def clean_scores(probe: fp.ModelProbe, images: np.ndarray, layer: str) -> np.ndarray:
    """Return (maps,): the mean of each map on its best image, after the projection on the box.

    Args:
        probe: The net; its range is the box.
        images: (copies x maps, H, W, C) pixel units, of any range: map 0, 1, ..., 0, 1, ...
        layer: A layer with maps.
    """
    space = probe.input_space
    boxed = np.clip(images, space.low, space.high)
    # A tool may return NaN where it divided by the range of a constant image: that scores nothing.
    answers = probe.activations(np.nan_to_num(boxed), layer).mean(axis=(1, 2))
    maps = answers.shape[1]
    return answers[np.arange(len(answers)), np.arange(len(answers)) % maps].reshape(-1, maps).max(0)
