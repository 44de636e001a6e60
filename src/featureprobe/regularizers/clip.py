"""Clip: cut values off at the ends of a range."""

from dataclasses import dataclass
from typing import ClassVar

import tensorflow as tf

from featureprobe import _checks
from featureprobe.errors import ConfigError
from featureprobe.regularizers.base import Regularizer
from featureprobe.step import Step
from featureprobe.types import Tensor


@dataclass(frozen=True)
class Clip(Regularizer):
    """Cut pixel values off at the range of the input space, or at a number of deviations.

    Args:
        deviations: Allowed distance from the middle in units of the input space's spread, > 0;
            None for the input space's own range.

    Raises:
        ConfigError: On use, when the input space has an open range and no deviations are given.

    Example:
        >>> Clip(3.0)
        Clip(deviations=3.0)
    """

    kind: ClassVar[str] = "clip"
    reach: ClassVar[int | None] = 0
    deviations: float | None = None

    def __post_init__(self) -> None:
        if self.deviations is not None:
            value = _checks.number("deviations", self.deviations, above=0.0)
            object.__setattr__(self, "deviations", value)

    def apply(self, images: Tensor, step: Step) -> Tensor:
        """Return clipped images, (N, *spatial, C)."""
        if self.deviations is not None:
            most = self.deviations * step.space.spread
            middle = step.space.center
            return tf.clip_by_value(images, middle - most, middle + most)
        if step.space.bounds is None:
            raise ConfigError(
                "Clip() cuts at the range of the input space, which is open here. "
                "Give low= and high= to the InputSpace, or use Clip(deviations=3)."
            )
        low, high = (tf.constant(end, images.dtype) for end in step.space.bounds)
        return tf.clip_by_value(images, low, high)
