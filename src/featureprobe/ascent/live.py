"""Live pixels: which pixels can matter to a target."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from featureprobe.input_space import InputSpace
from featureprobe.objectives.base import Objective
from featureprobe.probe.network import Network
from featureprobe.types import FloatArray, Read, Tensor


@dataclass(frozen=True, eq=False)
class LivePixels:
    """Masks of one chunk; M is 1 where all images share them, else N.

    Attributes:
        layer: (M, H, W, 1) 1.0 where a pixel can reach the read layers at all, else 0.0.
        field: (M, H, W, 1) 1.0 inside the receptive field of what the target reads.
        count: (M, 1, 1, 1) live values: live pixels times channels, at least 1.
        beyond: (M, 1, 1, 1) those of them outside the field; a crop leaves them out, but on the
            sphere they count.
        fill: (N, 1, 1, 1) the constant outside the field in a Box, model units.
        whole: Whether field and layer are known to be the same, which saves work.
    """

    layer: Tensor
    field: Tensor
    count: Tensor
    beyond: Tensor
    fill: Tensor
    whole: bool = False

    def prepared(self) -> Self:
        """Return these masks with :attr:`outside` computed now, not in a loop."""
        _ = self.outside
        return self

    @cached_property
    def outside(self) -> Tensor:
        """(M, H, W, 1) 1.0 where a pixel reaches the layer, but not the target."""
        return self.layer - self.field


def live_pixels(
    network: Network, layer: FloatArray, field: FloatArray, space: InputSpace
) -> LivePixels:
    """Return live pixels that all images share, from their (H, W) masks; outside is the centre."""
    masks = [tf.constant(mask[None, :, :, None], network.dtype) for mask in (layer, field)]
    channels = network.image_shape[2]
    count = tf.reshape(tf.maximum(tf.reduce_sum(masks[0]) * channels, 1.0), (1, 1, 1, 1))
    beyond = tf.reshape(tf.reduce_sum(masks[0] - masks[1]) * channels, (1, 1, 1, 1))
    fill = tf.fill((1, 1, 1, 1), tf.constant(space.typical_center, network.dtype))
    return LivePixels(masks[0], masks[1], count, beyond, fill)


def masks_of(network: Network, objective: Objective) -> tuple[FloatArray, FloatArray]:
    """Return the (H, W) masks ``layer`` and ``field`` of one target.

    An objective that reads nothing is about all pixels.
    """
    reads = objective.reads()
    layers = tuple(dict.fromkeys(read.layer for read in reads))
    # The same array for all targets of a layer: thousands of them would take more than the images.
    layer = network.remembered(("layer mask", layers), lambda: _layer_mask(network, layers))
    if all(read.row is None and read.col is None for read in reads):
        return layer, layer
    return layer, np.max([network.live_box(read) for read in reads], axis=0)


def _layer_mask(network: Network, layers: Sequence[str]) -> FloatArray:
    if not layers:
        return np.ones(network.image_shape[:2], dtype=np.float32)
    return np.asarray(np.max([network.live_box(Read(layer)) for layer in layers], axis=0))


def stack_masks(masks: Sequence[FloatArray], starts: int) -> npt.NDArray[np.bool_]:
    """Return (1, H, W, 1) when all (H, W) masks are equal, else (targets * starts, H, W, 1).

    As booleans: for thousands of targets the masks of all rows would fill the memory as floats.
    """
    first = masks[0]
    if all(mask is first or np.array_equal(mask, first) for mask in masks):
        return first[None, :, :, None] > 0
    return np.repeat(np.stack([mask > 0 for mask in masks])[..., None], starts, axis=0)
