"""PatternMatch: what a whole pattern of activations looks like to the net."""

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

import numpy as np
import tensorflow as tf

from featureprobe import _checks
from featureprobe._arguments import check_fields
from featureprobe._component import ArrayValue, PerTarget
from featureprobe.errors import DataError, ShapeError
from featureprobe.objectives.base import Objective
from featureprobe.objectives.seen import Seen
from featureprobe.types import Read, Tensor

_LEAST = 0.1  # of the cosine, so that an image that matches badly still has a way up


@dataclass(frozen=True)
class PatternMatch(Objective):
    """How strongly a layer answers with a given pattern, and how purely.

    The score is the activations' part along the pattern times a power of their cosine with it:
    ``(a . p / |p|) * max(cos(a, p), 0.1) ** power``. With power 0 only strength counts; the larger
    it is, the more an image must leave other nodes silent. Patterns of a class are what
    ``analysis.Patterns.mean_of`` gives; a difference of two asks for what sets them apart.

    Args:
        layer: Path of the layer.
        pattern: Activations in the layer's shape, without the batch axis; an array is made an
            ``ArrayValue``. Not all 0.
        power: Of the cosine, at least 0.

    Source: the "dot x cosine^p" objective of activation atlases, Carter et al. 2019.

    Example:
        >>> import featureprobe as fp
        >>> probe, (images, labels) = fp.samples.mnist_probe(), fp.samples.mnist_digits()
        >>> patterns = fp.analysis.Patterns.of(probe, images, labels, "Conv2D_3")
        >>> four = PatternMatch("Conv2D_3", pattern=patterns.mean_of(4) - patterns.mean_of(9))
        >>> result = fp.Ascent(steps=4, starts=1).run(probe, four, rng=0)
        >>> int(probe.predict(result.best())[0].argmax())
        4
    """

    kind: ClassVar[str] = "pattern_match"
    layer: str
    _: KW_ONLY
    pattern: PerTarget
    power: float = 1.0

    def __post_init__(self) -> None:
        if not isinstance(self.pattern, ArrayValue):
            object.__setattr__(self, "pattern", ArrayValue(self.pattern))
        check_fields(self)
        values = self.pattern.array
        if not values.size or not np.isfinite(values).all() or not values.any():
            raise DataError(
                "The pattern of a PatternMatch is finite and not all 0. Received the shape "
                f"{values.shape} with {int(np.count_nonzero(values))} values other than 0."
            )
        object.__setattr__(self, "power", _checks.number("power", self.power, least=0.0))

    @property
    def label(self) -> str:
        """The layer, and by what the pattern can be told from others."""
        return f"{self.layer} pattern {self.pattern.sha256[:8]}"

    def reads(self) -> tuple[Read, ...]:
        """Return the whole layer."""
        return (Read(self.layer),)

    def value(self, seen: Seen) -> Tensor:
        """Return the match, (N,)."""
        pattern = tf.cast(self.pattern, seen[0].dtype)  # (N, ...)
        wanted, given = tuple(seen[0].shape[1:]), tuple(pattern.shape[1:])
        if wanted != given:
            raise ShapeError(
                f"The layer {self.layer!r} gives {wanted}; the pattern has the shape {given}. "
                "Take the pattern from that layer."
            )
        size = int(np.prod(given))
        unit, flat = _unit(tf.reshape(pattern, [-1, size])), tf.reshape(seen[0], [-1, size])
        along = tf.reduce_sum(flat * unit, axis=1)
        if self.power == 0:
            return along
        squares = tf.reduce_sum(flat**2, axis=1)
        # A silent layer has no direction, and its norm no gradient.
        silent = squares <= 0
        norm = tf.sqrt(tf.where(silent, tf.ones_like(squares), squares))
        cosine = tf.where(silent, tf.zeros_like(along), along / norm)
        return along * tf.maximum(cosine, _LEAST) ** self.power


def _unit(rows: Tensor) -> Tensor:
    """Return (N, k) with each row of length 1; scaled first, as squares may leave the range."""
    rows /= tf.reduce_max(tf.abs(rows), axis=1, keepdims=True)
    return rows / tf.norm(rows, axis=1, keepdims=True)
