"""Every: run a regularizer now and then."""

from dataclasses import dataclass
from typing import ClassVar

import tensorflow as tf

from featureprobe import _checks
from featureprobe.errors import ConfigError
from featureprobe.regularizers.base import Regularizer
from featureprobe.step import Step
from featureprobe.types import Tensor


@dataclass(frozen=True)
class Every(Regularizer):
    """Run a regularizer after steps n, 2n, 3n, ..., counted from 1.

    Args:
        n: Period in steps, at least 1.
        regularizer: What to run.

    Example:
        >>> import featureprobe as fp
        >>> fp.Every(8, fp.GaussianBlur(0.6)).n
        8
    """

    kind: ClassVar[str] = "every"
    n: int
    regularizer: Regularizer

    def __post_init__(self) -> None:
        _checks.whole("n", self.n, least=1)
        if not isinstance(self.regularizer, Regularizer):
            raise ConfigError(
                f"Every(n, op) wraps a regularizer. Received: {self.regularizer!r}. "
                "Write fp.Every(8, fp.GaussianBlur(0.6))."
            )

    @property
    def reach(self) -> int | None:
        """The reach of the regularizer that it runs, in pixels; None for the whole image."""
        return self.regularizer.reach

    def due(self, index: Tensor) -> Tensor:
        """Return whether it runs after step ``index``."""
        return tf.equal(index % self.n, 0) & self.regularizer.due(index)

    def apply(self, images: Tensor, step: Step) -> Tensor:
        """Return the regularizer's images when it is due, else the same images."""
        if self.n == 1:
            return self.regularizer.apply(images, step)
        return tf.cond(
            self.due(step.index),
            lambda: self.regularizer.apply(images, step),
            lambda: images,
        )
