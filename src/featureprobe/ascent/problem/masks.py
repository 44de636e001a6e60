"""Masks: which pixels reach a layer, and which of them a target."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from featureprobe._spatial import is_place, spatial_of
from featureprobe.constraints.live_pixels import LivePixels
from featureprobe.input_space import InputSpace
from featureprobe.objectives.base import Objective, reads_of
from featureprobe.probe.network.network import Network
from featureprobe.types import FloatArray, Read


def live_pixels(
    network: Network, layer: FloatArray, field: FloatArray, space: InputSpace
) -> LivePixels:
    """Return live pixels that all images share, from (*spatial,) masks; outside is the centre."""
    masks = [tf.constant(mask[None, ..., None], network.dtype) for mask in (layer, field)]
    channels, one = network.image_shape[-1], [1] * (len(network.image_shape) + 1)
    count = tf.reshape(tf.maximum(tf.reduce_sum(masks[0]) * channels, 1.0), one)
    beyond = tf.reshape(tf.reduce_sum(masks[0] - masks[1]) * channels, one)
    fill = tf.fill(one, tf.constant(space.center, network.dtype))
    return LivePixels(masks[0], masks[1], count, beyond, fill)


def masks_of(network: Network, objective: Objective) -> tuple[FloatArray, FloatArray]:
    """Return the (*spatial,) masks ``layer`` and ``field`` of one target.

    An objective that reads nothing is about all pixels.
    """
    reads, layer = reads_of(objective), layer_mask_of(network, objective)
    if not any(is_place(axis) for read in reads for axis in read.axes):
        return layer, layer
    return layer, np.max([network.live_box(read) for read in reads], axis=0)


def layer_mask_of(network: Network, objective: Objective) -> FloatArray:
    """Return the (*spatial,) mask of what reaches the layers that a target reads."""
    layers = tuple(dict.fromkeys(read.layer for read in reads_of(objective)))
    # The same array for all targets of a layer: thousands of them would take more than the images.
    return network.remembered(("layer mask", layers), lambda: _layer_mask(network, layers))


def _layer_mask(network: Network, layers: Sequence[str]) -> FloatArray:
    if not layers:
        return np.ones(spatial_of(network.image_shape), dtype=np.float32)
    return np.asarray(np.max([network.live_box(Read(layer)) for layer in layers], axis=0))


def stack_masks(masks: Sequence[FloatArray], starts: int) -> npt.NDArray[np.bool_]:
    """Return (1, *spatial, 1) when all masks are equal, else (targets * starts, *spatial, 1).

    As booleans: for thousands of targets the masks of all rows would fill the memory as floats.
    """
    first = masks[0]
    if all(mask is first or np.array_equal(mask, first) for mask in masks):
        return first[None, ..., None] > 0
    return np.repeat(np.stack([mask > 0 for mask in masks])[..., None], starts, axis=0)
