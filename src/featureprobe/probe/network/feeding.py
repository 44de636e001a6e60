"""Feeding: what each input of a graph gets, the image or a constant."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from featureprobe.joint_space import JointSpace
from featureprobe.probe.network.joint_images import in_own_units
from featureprobe.types import ImageShape, Tensor


@dataclass(frozen=True, eq=False)
class Feeding:
    """What the inputs of a graph get, by their numbers.

    Attributes:
        images: Numbers of the inputs that take images: all of them get the same, or each its own.
        others: A constant for each other input, without the batch axis, of that input's dtype.
        dtypes: The dtype of each input.
        joint: The inputs that each get an image of their own, in the order of ``images``; None where
            there is but one image.
    """

    images: tuple[int, ...]
    others: Mapping[int, npt.NDArray[Any]]
    dtypes: Mapping[int, str]
    joint: JointSpace | None = None

    def values(self, images: Tensor) -> dict[int, Tensor]:
        """Return what all inputs get for images (N, ...)."""
        return self.shown(images) | self.constants(images)

    def shown(self, images: Tensor) -> dict[int, Tensor]:
        """Return what the inputs that take images get, in the dtype of each."""
        own = [images] * len(self.images)
        if self.joint is not None:
            own = in_own_units(self.joint, images)
        pairs = zip(self.images, own, strict=True)
        return {number: tf.cast(values, self.dtypes[number]) for number, values in pairs}

    def image_shapes(self, shape: ImageShape) -> dict[int, ImageShape]:
        """Return the shape of what each of these inputs gets, for images of a shape."""
        if self.joint is not None:
            return dict(zip(self.images, self.joint.shapes, strict=True))
        return dict.fromkeys(self.images, shape)

    def constants(self, like: Tensor) -> dict[int, Tensor]:
        """Return the values of all other inputs, repeated for each of ``like`` (N, ...)."""
        found = {}
        for number, other in self.others.items():
            dtype = self.dtypes[number]
            count = tf.shape(like)[0] if like.shape[0] is None else like.shape[0]
            repeats = [count, *([1] * np.ndim(other))]
            constant = (
                tf.cast(tf.constant(other), dtype) if "float" in dtype else tf.constant(other)
            )
            found[number] = tf.tile(constant[None], repeats)
        return found
