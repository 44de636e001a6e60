"""InputNorm: how far an image is from the middle of its space."""

from dataclasses import dataclass
from typing import ClassVar

import tensorflow as tf

from featureprobe import _checks
from featureprobe._spatial import inner_axes
from featureprobe.objectives.base import Objective
from featureprobe.objectives.seen import Seen
from featureprobe.types import Read, Tensor


@dataclass(frozen=True)
class InputNorm(Objective):
    """Mean of ``|(pixel - center) / spread| ** power`` over all pixels.

    A penalty: subtract it. With ``power=2`` it is the squared L2 norm per pixel of Simonyan et al.
    2013 (1.0 for standardized images); large powers keep single pixels from growing (Mahendran
    and Vedaldi 2015 use 6).

    Args:
        power: Exponent, at least 1.

    Example:
        >>> InputNorm(6.0)
        InputNorm(power=6.0)
    """

    kind: ClassVar[str] = "input_norm"
    power: float = 2.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "power", _checks.number("power", self.power, least=1.0))

    def reads(self) -> tuple[Read, ...]:
        """Return nothing: only images count."""
        return ()

    def value(self, seen: Seen) -> Tensor:
        """Return the norm, (N,), at least 0."""
        distance = tf.abs(seen.images - seen.space.center) / seen.space.spread
        return tf.reduce_mean(distance**self.power, axis=inner_axes(len(distance.shape)))
