"""regularizer_from: a plain function as a regularizer, for notebooks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from featureprobe._arguments import checked
from featureprobe._lifting import Lifted
from featureprobe.regularizers.base import Regularizer
from featureprobe.step import Step
from featureprobe.types import Tensor


@dataclass(frozen=True)
class LiftedRegularizer(Lifted, Regularizer):
    """What :func:`regularizer_from` makes."""

    kind: ClassVar[str] = "lifted_regularizer"
    function: Callable[[Tensor, Step], Tensor]

    def apply(self, images: Tensor, step: Step) -> Tensor:
        """Return what the function gives, (N, *spatial, C)."""
        return self.function(images, step)


@checked
def regularizer_from(function: Callable[[Tensor, Step], Tensor]) -> LiftedRegularizer:
    """Return a regularizer that runs ``function(images, step) -> images``.

    It runs at once and is recorded as provenance only; to save and re-run it, write a class.

    Raises:
        ConfigError: When ``function`` cannot be called.

    Example:
        >>> import featureprobe as fp
        >>> fade = fp.regularizer_from(lambda images, step: 0.99 * images)
    """
    return LiftedRegularizer(function)
