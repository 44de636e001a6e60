"""Until: an operator that works in the first steps only."""

from dataclasses import dataclass
from typing import ClassVar

import tensorflow as tf

from featureprobe import _checks
from featureprobe.errors import ConfigError
from featureprobe.regularizers.base import Regularizer
from featureprobe.step import Step
from featureprobe.types import Tensor


@dataclass(frozen=True)
class Until(Regularizer):
    """Apply an operator in the steps up to ``n``, and none after.

    A blur in the first steps spreads structure to pixels that no gradient has reached yet; left
    out later, it does not keep the image from its maximum.

    Args:
        n: Last step in which it works, at least 1.
        regularizer: What to run.

    Example:
        >>> import featureprobe as fp
        >>> Until(24, fp.Every(8, fp.GaussianBlur(0.6))).n
        24
    """

    kind: ClassVar[str] = "until"
    n: int
    regularizer: Regularizer

    def __post_init__(self) -> None:
        _checks.whole("n", self.n, least=1)
        if not isinstance(self.regularizer, Regularizer):
            raise ConfigError(
                f"Until(n, op) wraps a regularizer. Received: {self.regularizer!r}. "
                "Write fp.Until(24, fp.GaussianBlur(0.6))."
            )

    @property
    def reach(self) -> int | None:
        """The reach of the regularizer that it runs, in pixels; None for the whole image."""
        return self.regularizer.reach

    def due(self, index: Tensor) -> Tensor:
        """Return whether it runs after step ``index``."""
        return (index <= self.n) & self.regularizer.due(index)

    def apply(self, images: Tensor, step: Step) -> Tensor:
        """Return the images with the regularizer applied while it works, (N, *spatial, C)."""
        return tf.cond(
            self.due(step.index),
            lambda: self.regularizer.apply(images, step),
            lambda: images,
        )
