"""transform_from: a plain function as a transform, for notebooks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from featureprobe._arguments import checked
from featureprobe._lifting import Lifted
from featureprobe.step import Step
from featureprobe.transforms.base import Transform
from featureprobe.types import Tensor


@dataclass(frozen=True)
class LiftedTransform(Lifted, Transform):
    """What :func:`transform_from` makes."""

    kind: ClassVar[str] = "lifted_transform"
    function: Callable[[Tensor, Step], Tensor]

    def view(self, images: Tensor, step: Step) -> Tensor:
        """Return what the function gives, (N, *spatial, C)."""
        return self.function(images, step)


@checked
def transform_from(function: Callable[[Tensor, Step], Tensor]) -> LiftedTransform:
    """Return a transform that runs ``function(images, step) -> images``.

    It runs at once and is recorded as provenance only; to save and re-run it, write a class.

    Raises:
        ConfigError: When ``function`` cannot be called.

    Example:
        >>> import featureprobe as fp
        >>> wave = fp.transform_from(lambda images, step: 0.9 * images)
    """
    return LiftedTransform(function)
