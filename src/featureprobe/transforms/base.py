"""Transform: a random view of the image before the model."""

from abc import ABC, abstractmethod

from featureprobe._component import Component
from featureprobe.step import Step
from featureprobe.types import Tensor


class Transform(Component, ABC):
    """A random view of images, drawn for each image by itself.

    The gradient flows through the view; the image itself stays. Implement :meth:`view` in a frozen
    dataclass with its own ``kind``.
    """

    @abstractmethod
    def view(self, images: Tensor, step: Step) -> Tensor:
        """Return a view of each image.

        Args:
            images: (N, H, W, C), model units.
            step: Draw with ``step.uniform`` and ``step.normal`` (one key per image); its
                ``gradient`` is None.

        Returns:
            (N, H, W, C) of the same dtype.
        """
