"""The constraint sets: where an image may be. Without one a maximum does not exist.

A ReLU net is piecewise affine, so its answers grow without bound along most rays. On a compact set
a maximum exists, and there is a certificate for having reached a stationary point.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from featureprobe._component import Component
from featureprobe._spatial import inner_axes
from featureprobe.constraints.live_pixels import LivePixels
from featureprobe.input_space import InputSpace
from featureprobe.types import FloatArray, Tensor

Masks = Mapping[str, Any]

_TINY = 1e-30


class Constraint(Component, ABC):
    """A set of images; a closed choice of :class:`Sphere` and :class:`Box`."""

    @abstractmethod
    def project(self, images: Tensor, live: LivePixels, space: InputSpace) -> Tensor:
        """Return the images (N, *spatial, C) of the set that stand for the given ones."""

    @abstractmethod
    def tangent(self, gradient: Tensor, live: LivePixels) -> Tensor:
        """Return the gradient (N, *spatial, C) without what the set's equations take back at once."""

    @abstractmethod
    def feasible(
        self, direction: Tensor, images: Tensor, live: LivePixels, space: InputSpace
    ) -> Tensor:
        """Return the part of a tangent direction (N, *spatial, C) along which images can go."""

    def pull_back(
        self, gradient: Tensor, images: Tensor, live: LivePixels, space: InputSpace
    ) -> Tensor:
        """Return what a gradient (N, *spatial, C) at projected images says of those before."""
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(images)
            projected = self.project(images, live, space)
        return tape.gradient(projected, images, output_gradients=gradient)

    @abstractmethod
    def certificate(
        self, gradient: Tensor, images: Tensor, live: LivePixels, space: InputSpace
    ) -> Tensor:
        """Return (N,): 1 at a stationary point of the set; 0 where the gradient is 0."""

    @abstractmethod
    def beyond(self, images: FloatArray, data: Masks, space: InputSpace) -> FloatArray:
        """Return (N, 1, ..., 1): the constant outside the field, for projected crops.

        Args:
            images: Model units, arrays.
            data: ``field``, ``beyond`` and ``fill`` of :class:`LivePixels`, as arrays.
            space: The input space.
        """

    def check(self, space: InputSpace) -> None:
        """Raise ConfigError when the space lacks what the set needs."""


def dot(a: Tensor, b: Tensor) -> Tensor:
    """Return (N,) inner products of images; as a matrix product it would take ten times longer."""
    return tf.reduce_sum(a * b, axis=inner_axes(len(a.shape)))
