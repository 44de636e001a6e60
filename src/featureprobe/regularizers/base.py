"""Regularizer: an operator on the image after the update."""

from abc import ABC, abstractmethod
from typing import ClassVar

from featureprobe._component import Component
from featureprobe.step import Step
from featureprobe.types import Tensor


class Regularizer(Component, ABC):
    """An operator on images after the update and before the projection.

    Implement :meth:`apply` in a frozen dataclass with its own ``kind``. It has no memory; its
    randomness comes from the step. To run one now and then, wrap it: ``Every(8, op)``.

    Attributes:
        pointwise: Whether each pixel depends on that pixel only. Then single nodes can be climbed
            on a crop.
    """

    pointwise: ClassVar[bool] = False

    @abstractmethod
    def apply(self, images: Tensor, step: Step) -> Tensor:
        """Return changed images.

        Args:
            images: (N, H, W, C), model units.
            step: The step that this happens in; ``step.space.spread`` is one typical deviation.

        Returns:
            (N, H, W, C) of the same dtype; image k depends on image k alone.
        """
