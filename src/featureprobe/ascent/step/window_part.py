"""The part of a window that the net runs on: the crop, without what only regularizers reach."""

from collections.abc import Mapping

import tensorflow as tf

from featureprobe.types import ImageShape, Tensor


def crop_inside(images: Tensor, data: Mapping[str, Tensor], shape: ImageShape) -> Tensor:
    """Return crops (N, *spatial, C) of the windows of a chunk; other images as they are.

    Args:
        images: (N, *spatial, C).
        data: The chunk's numbers: ``inside`` is where the crops begin in their windows.
        shape: (*spatial, C) of what the net runs on.
    """
    if "inside" not in data:
        return images
    begin = tf.pad(data["inside"][0], [[1, 1]])
    return tf.ensure_shape(tf.slice(images, begin, [-1, *shape]), (None, *shape))
