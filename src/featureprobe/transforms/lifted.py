"""transform_from: a plain function as a transform, for notebooks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from featureprobe._arguments import checked
from featureprobe._component import Arrays
from featureprobe._lifting import Lifted, check_function, provenance
from featureprobe.step import Step
from featureprobe.transforms.base import Transform
from featureprobe.types import Tensor


@dataclass(frozen=True)
class LiftedTransform(Lifted, Transform):
    """What :func:`transform_from` makes."""

    kind: ClassVar[str] = "lifted_transform"
    function: Callable[[Tensor, Step], Tensor]

    def view(self, images: Tensor, step: Step) -> Tensor:
        """Return what the function gives, (N, H, W, C)."""
        return self.function(images, step)

    def to_config(self, arrays: Arrays | None = None) -> dict[str, Any]:
        """Return where the function came from; it cannot be revived."""
        return provenance(self.kind, self.function)


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
    check_function("transform_from", function)
    return LiftedTransform(function)
