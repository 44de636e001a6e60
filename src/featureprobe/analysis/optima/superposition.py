"""Superposition: how much of a map's optimum is a sum of shifted copies of a node's optimum."""

from typing import NamedTuple

import numpy as np

from featureprobe.analysis.optima.node_grid import Lattice, moved
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.types import FloatArray, Floats, Mask, Read


class Fits(NamedTuple):
    """Least-squares fits of M images by the copies of M templates.

    Attributes:
        r2: (M, M) share of the variance of image m that the copies of template k explain.
        weights: (M, R, C) of the copies of an image's own template.
        images: (M, H, W, C) the fit by an image's own template.
    """

    r2: Floats
    weights: Floats
    images: FloatArray


def templates_of(
    probe: ModelProbe, layer: str, images: FloatArray, place: tuple[int, int]
) -> FloatArray:
    """Return node optima (M, H, W, C) less their outside, and 0 there.

    Outside a node's receptive field its optimum is one constant: on the sphere the value that makes
    the mean 0, in a box the start's mean. It is read off the image, where pixels reach the layer but
    not the node; without such pixels it is the mean.
    """
    field = probe.network.live_box(Read(layer, row=place[0], col=place[1], channel=0)) > 0
    outside = (probe.network.live_box(Read(layer)) > 0) & ~field
    constant = images[:, outside if outside.any() else field].mean(axis=1, dtype=np.float64)
    return np.asarray((images - constant[:, None, None]) * field[..., None], np.float32)


def fit_copies(
    images: FloatArray, templates: FloatArray, lattice: Lattice, place: tuple[int, int]
) -> Fits:
    """Fit each image by the copies of each template at all nodes, and one constant a channel.

    Args:
        images: (M, H, W, C), the map optima.
        templates: (M, H, W, C), of :func:`templates_of`, at ``place``.
        lattice: The layer's.
        place: Row and column of the node that the templates are for.
    """
    live, channels = lattice.live, images.shape[3]
    wanted = images[:, live].reshape(len(images), -1).T.astype(np.float64)
    levels = np.tile(np.eye(channels), (int(live.sum()), 1))
    spread = ((wanted - levels @ (levels.T @ wanted) / live.sum()) ** 2).sum(axis=0)
    r2 = np.zeros((len(images), len(templates)))
    weights, fits = [], images.copy()
    for k, template in enumerate(templates):
        design = np.concatenate([_copies(template, lattice, place, live), levels], axis=1)
        found = np.linalg.lstsq(design, wanted, rcond=None)[0]
        left = ((wanted - design @ found) ** 2).sum(axis=0)
        r2[:, k] = 1 - np.divide(left, spread, out=np.ones_like(left), where=spread > 0)
        weights.append(found[: lattice.nodes, k].reshape(lattice.shape[:2]))
        fits[k, live] = (design @ found[:, k]).reshape(-1, channels)
    return Fits(r2, np.stack(weights), fits)


def _copies(template: FloatArray, lattice: Lattice, place: tuple[int, int], live: Mask) -> Floats:
    """Return (live values, R * C): the template moved to every node, what leaves the frame cut."""
    rows, cols = lattice.shape[:2]
    offsets = [
        ((row - place[0]) * lattice.period[0], (col - place[1]) * lattice.period[1])
        for row in range(rows)
        for col in range(cols)
    ]
    return np.stack([moved(template, *by)[live].ravel() for by in offsets], axis=1).astype(
        np.float64
    )
