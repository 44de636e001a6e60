"""Crops and full images: cut what a chunk climbs, and put it back into its place."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from featureprobe._spatial import part_of, spatial_of
from featureprobe.ascent.plan.group import Chunk
from featureprobe.constraints.base import Constraint
from featureprobe.input_space import InputSpace
from featureprobe.results.state import Tree
from featureprobe.types import FloatArray


def cut(tree: Tree, chunk: Chunk) -> Tree:
    """Return a chunk's full images, and all that has their shape, as crops (N, *spatial, C)."""
    places = chunk.places
    if places is None:
        return tree
    size = spatial_of(chunk.shape)

    def crop(values: FloatArray) -> FloatArray:
        pairs = zip(values, places, strict=True)
        return np.stack([image[part_of(place, size)] for image, place in pairs])

    return _each_image(tree, crop, len(size) + 2)


def placed(part: Tree, chunk: Chunk, constraint: Constraint, space: InputSpace) -> Tree:
    """Return a carry of crops as one of full images.

    Outside its field an image is what the constraint set makes of it, a constant; what else has
    the shape of images is 0 there.
    """
    places = chunk.places
    if places is None:
        return part
    layer = chunk.layer

    def pasted(values: FloatArray, onto: FloatArray) -> FloatArray:
        for image, value, place in zip(onto, values, places, strict=True):
            image[part_of(place, spatial_of(value.shape))] = value
        return onto

    def zeros(values: FloatArray) -> FloatArray:
        shape = (len(values), *layer.shape[1:-1], values.shape[-1])
        return pasted(values, np.zeros(shape, values.dtype))

    def images(values: FloatArray) -> FloatArray:
        constant = constraint.beyond(values, chunk.data, space)
        full = np.where(layer > 0, constant, space.center)
        full = np.broadcast_to(full, (*full.shape[:-1], values.shape[-1])).astype(values.dtype)
        return pasted(values, full)

    return {
        "params": {"pixels": images(part["params"]["pixels"])},
        "slots": _each_image(part["slots"], zeros, layer.ndim),
        "best": part["best"] | {"images": images(part["best"]["images"])},
        "course": zeros(part["course"]),
    }


def _each_image(
    tree: Tree, change: Callable[[npt.NDArray[Any]], npt.NDArray[Any]], rank: int
) -> Tree:
    """Return nested arrays with those changed that have the rank of a batch of images."""
    if isinstance(tree, dict):
        return {name: _each_image(value, change, rank) for name, value in tree.items()}
    if isinstance(tree, tuple | list):
        return tuple(_each_image(value, change, rank) for value in tree)
    return change(tree) if np.ndim(tree) == rank else tree
