"""What objectives see of images that are optimized together: those of each input."""

import tensorflow as tf

from featureprobe.joint_space import JointSpace
from featureprobe.objectives.seen import Extras, Seen
from featureprobe.probe.network.joint_images import in_own_units
from featureprobe.types import Tensor


def seen_of_inputs(seen: Seen) -> list[Seen]:
    """Return what an objective is evaluated on; its values are added up.

    One that reads layers sees images as a dict by input name. One that reads none, such as a total
    variation, is about images alone: it sees each input's.
    """
    space = seen.space
    if not isinstance(space, JointSpace):
        return [seen]
    own = _images(space, seen.images)
    if seen.values:
        return [Seen(seen.values, own, space, extras=seen.extras)]
    found = []
    for part in space.parts:
        start = f"{part.name}/"
        beside = {
            name.removeprefix(start): value
            for name, value in seen.extras.items()
            if name.startswith(start)
        }
        found.append(Seen((), own[part.name], part.space, extras=Extras(beside)))
    return found


def _images(space: JointSpace, images: Tensor) -> dict[str, Tensor]:
    """Return the images of each input by name, in its model units; groups (N, G, ...) stay groups."""
    leading = tf.shape(images)[:-3]
    flat = in_own_units(space, tf.reshape(images, [-1, *space.shape]))
    if len(images.shape) == len(space.shape) + 1:
        return dict(zip(space.names, flat, strict=True))
    return {
        part.name: tf.ensure_shape(
            tf.reshape(own, tf.concat([leading, part.shape], axis=0)), (None, None, *part.shape)
        )
        for part, own in zip(space.parts, flat, strict=True)
    }
