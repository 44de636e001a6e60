"""A constraint set for each of several images that are optimized together."""

from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

import numpy as np
import tensorflow as tf

from featureprobe.constraints.base import Constraint, Masks
from featureprobe.constraints.live_pixels import LivePixels
from featureprobe.input_space import InputSpace
from featureprobe.joint_space import JointSpace, Part
from featureprobe.probe.network.joint_images import (
    in_own_units,
    in_spreads,
    side_by_side,
    taken_apart,
)
from featureprobe.types import FloatArray, Tensor

_SHARE = 1e-6  # of the gradient's square: inputs that hardly count have no say in the certificate


@dataclass(frozen=True)
class Jointly(Constraint):
    """One set for the images of each input, by itself.

    Its certificate is the least of the inputs that the target answers to.

    Args:
        each: The set.
        space: The inputs.
    """

    kind: ClassVar[str] = "jointly"
    each: Constraint
    _: KW_ONLY
    space: JointSpace

    def check(self, space: InputSpace) -> None:
        """Raise ConfigError when one of the spaces lacks what the set needs."""
        for part in self.space.parts:
            self.each.check(part.space)

    def project(self, images: Tensor, live: LivePixels, space: InputSpace) -> Tensor:
        """Return packed images (N, 1, P, 1), each input's brought into its set."""
        own = in_own_units(self.space, images)
        made = [self.each.project(v, at, p.space) for v, (p, at) in zip(own, self._lives(live))]
        return in_spreads(self.space, made)

    def tangent(self, gradient: Tensor, live: LivePixels) -> Tensor:
        """Return each input's tangent gradient."""
        own = taken_apart(self.space, gradient)
        made = [self.each.tangent(v, at) for v, (_, at) in zip(own, self._lives(live))]
        return side_by_side(self.space, made)

    def feasible(
        self, direction: Tensor, images: Tensor, live: LivePixels, space: InputSpace
    ) -> Tensor:
        """Return each input's feasible part of a direction."""
        ways = taken_apart(self.space, direction)
        own = in_own_units(self.space, images)
        made = [
            self.each.feasible(way * p.space.spread, v, at, p.space) / p.space.spread
            for way, v, (p, at) in zip(ways, own, self._lives(live))
        ]
        return side_by_side(self.space, made)

    def pull_back(
        self, gradient: Tensor, images: Tensor, live: LivePixels, space: InputSpace
    ) -> Tensor:
        """Return what a gradient at projected images says of those before, for each input."""
        slopes = taken_apart(self.space, gradient)
        own = in_own_units(self.space, images)
        made = [
            self.each.pull_back(g / p.space.spread, v, at, p.space) * p.space.spread
            for g, v, (p, at) in zip(slopes, own, self._lives(live))
        ]
        return side_by_side(self.space, made)

    def certificate(
        self, gradient: Tensor, images: Tensor, live: LivePixels, space: InputSpace
    ) -> Tensor:
        """Return (N,) the least certificate of the inputs that have a gradient, or 0."""
        slopes, own = taken_apart(self.space, gradient), in_own_units(self.space, images)
        found = [
            self.each.certificate(g, v, at, p.space)
            for g, v, (p, at) in zip(slopes, own, self._lives(live))
        ]
        squares = [tf.reduce_sum(tf.reshape(g, [tf.shape(g)[0], -1]) ** 2, axis=1) for g in slopes]
        whole = tf.add_n(squares)
        counts = [(square > 0) & (square >= _SHARE * whole) for square in squares]
        least = tf.reduce_min(
            tf.stack([tf.where(c, v, tf.ones_like(v)) for c, v in zip(counts, found)]), axis=0
        )
        return tf.where(whole > 0, least, tf.zeros_like(least))

    def beyond(self, images: FloatArray, data: Masks, space: InputSpace) -> FloatArray:
        """Return the constant outside the field; images of several inputs have no crops."""
        return np.asarray(data["fill"], np.float32)

    def _lives(self, live: LivePixels) -> Iterator[tuple[Part, LivePixels]]:
        return zip(self.space.parts, live_of_parts(self.space, live), strict=True)


def live_of_parts(space: JointSpace, live: LivePixels) -> list[LivePixels]:
    """Return the live pixels of each input, from those of all side by side."""
    masks = [taken_apart(space, mask) for mask in (live.layer, live.field)]
    found = []
    fills = in_own_units(space, live.fill + tf.zeros((1, *space.shape), live.fill.dtype))
    for part, layer, field, fill in zip(space.parts, *masks, fills, strict=True):
        axes = tuple(range(1, len(part.shape) + 1))
        count, reached = (tf.reduce_sum(m, axis=axes, keepdims=True) for m in (layer, field))
        found.append(
            LivePixels(
                layer[..., :1],
                field[..., :1],
                tf.maximum(count, 1.0),
                count - reached,
                fill,
                whole=live.whole,
            )
        )
    return found
