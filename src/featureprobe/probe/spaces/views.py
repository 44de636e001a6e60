"""How far the answers to a few shifted views of each image agree, and tell the images apart.

Of a net that holds no statistics this is what is left without labels. Fed on the wrong scale, most nets give
all images the same answer, or one answer here and another a few pixels on. Both are seen in how much, in nats, the
answer to one view says about the answer to another, beyond what the mean answer says: at most the
logarithm of the number of images. It cannot tell apart what a net answers alike.
"""

import itertools

import numpy as np

from featureprobe.input_space import InputSpace
from featureprobe.probe.network.network import Network
from featureprobe.probe.spaces.answers import Shares
from featureprobe.types import OUTPUT, FloatArray, Floats

_SHIFT = 0.04  # of an image's side
_FLOOR = 1e-3  # of an answer is given to all classes alike, so that no logarithm is of 0


def views(images: FloatArray) -> list[FloatArray]:
    """Return images (N, *spatial, C) as they are, and shifted along all axes one way and the other."""
    sizes = images.shape[1:-1]
    steps = [max(1, round(_SHIFT * size)) if size > 2 else 0 for size in sizes]
    padded = np.pad(images, [(0, 0), *((step, step) for step in steps), (0, 0)], mode="edge")
    signs = [(0,) * len(sizes), (1,) * len(sizes), (-1,) * len(sizes)]
    cuts = [
        tuple(slice(t + s * t, t + s * t + n) for s, t, n in zip(sign, steps, sizes, strict=True))
        for sign in signs
    ]
    return [np.ascontiguousarray(padded[(slice(None), *cut)]) for cut in cuts]


def told_by_views(
    network: Network, space: InputSpace, several: list[FloatArray], shares: Shares
) -> Floats:
    """Return (N,) how much the answer to one view of each image tells of the others, in nats.

    Args:
        network: A net that ends in classes.
        space: How the images are fed.
        several: The views.
        shares: What makes shares (N, K) of classes of what the net gives.
    """
    given = [
        shares(network.run(space.to_model(view, network.dtype), ((OUTPUT, False),))[0])
        for view in several
    ]
    count = given[0].shape[-1]
    logs = [np.log((1 - _FLOOR) * p + _FLOOR / count) for p in given]
    mean = np.mean(given, axis=(0, 1))
    usual = np.log((1 - _FLOOR) * mean + _FLOOR / count)
    pairs = itertools.permutations(range(len(given)), 2)
    told = [(given[i] * (logs[j] - usual)).sum(axis=1) for i, j in pairs]
    return np.asarray(np.mean(told, axis=0), np.float64)
