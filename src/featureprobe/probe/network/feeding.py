"""Feeding: what each input of a graph gets, the image or a constant."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from featureprobe.types import Tensor


@dataclass(frozen=True, eq=False)
class Feeding:
    """What the inputs of a graph get, by their numbers.

    Attributes:
        images: Numbers of the inputs that take the image; all of them get the same.
        others: A constant for each other input, without the batch axis, of that input's dtype.
        dtypes: The dtype of each input.
    """

    images: tuple[int, ...]
    others: Mapping[int, npt.NDArray[Any]]
    dtypes: Mapping[int, str]

    def values(self, images: Tensor) -> dict[int, Tensor]:
        """Return what all inputs get for images (N, ...)."""
        return self.shown(images) | self.constants(images)

    def shown(self, images: Tensor) -> dict[int, Tensor]:
        """Return what the inputs that take the image get, in the dtype of each."""
        return {number: tf.cast(images, self.dtypes[number]) for number in self.images}

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
