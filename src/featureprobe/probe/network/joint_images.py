"""Images that are optimized together, as tensors: taken apart for each input, and put side by side."""

from collections.abc import Sequence

import tensorflow as tf

from featureprobe.joint_space import JointSpace
from featureprobe.types import Tensor


def taken_apart(space: JointSpace, values: Tensor) -> list[Tensor]:
    """Return (N, *spatial, C) of each input, of values (N, 1, P, 1) as they are."""
    flat = tf.reshape(values, [-1, space.shape[1]])
    return [tf.reshape(flat[:, part.first : part.stop], [-1, *part.shape]) for part in space.parts]


def side_by_side(space: JointSpace, values: Sequence[Tensor]) -> Tensor:
    """Return (N, 1, P, 1) of values (N, *spatial, C) of each input."""
    flat = [
        tf.reshape(own, [-1, part.stop - part.first])
        for own, part in zip(values, space.parts, strict=True)
    ]
    return tf.reshape(tf.concat(flat, axis=1), [-1, *space.shape])


def in_own_units(space: JointSpace, packed: Tensor) -> list[Tensor]:
    """Return the images of each input in its model units, of packed ones in spreads."""
    return [
        own * part.space.spread + part.space.center
        for own, part in zip(taken_apart(space, packed), space.parts, strict=True)
    ]


def in_spreads(space: JointSpace, images: Sequence[Tensor]) -> Tensor:
    """Return packed images in spreads, of those of each input in its model units."""
    return side_by_side(
        space,
        [
            (own - part.space.center) / part.space.spread
            for own, part in zip(images, space.parts, strict=True)
        ],
    )
