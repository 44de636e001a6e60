"""Regularizer: an operator on the image after the update."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import tensorflow as tf

from featureprobe._component import Component
from featureprobe.step import Step
from featureprobe.types import Tensor


class Regularizer(Component, ABC):
    """An operator on images after the update and before the projection.

    Implement :meth:`apply` in a frozen dataclass with its own ``kind``. It has no memory; its
    randomness comes from the step. To run one now and then, wrap it: ``Every(8, op)``.

    Attributes:
        reach: How many pixels away, along each spatial axis, a pixel can be that has an effect
            on another one: 0 when each pixel is changed by itself, n for a window of 2n + 1 pixels,
            None (the default) for the whole image. With a reach, neurons are solved on the part
            of the image that they see and ``reach`` pixels around it. So what a pixel becomes may
            depend on its neighborhood and on what the border of the image does to that, but not
            on where in the image it lies, nor on the size of the image: an operator that draws numbers
            of the image's shape, uses its mean or moves it around has the reach None. The arrays of
            the step, such as ``step.gradient``, are cut like the image. Give it as a class
            attribute, as a field or as a property; an operator that runs others adds up theirs.

    Example:
        >>> from dataclasses import dataclass
        >>> from typing import ClassVar
        >>> import tensorflow as tf
        >>> @dataclass(frozen=True)
        ... class After(Regularizer):
        ...     kind: ClassVar[str] = "mylab.after"
        ...     n: int
        ...     regularizer: Regularizer
        ...
        ...     @property
        ...     def reach(self):
        ...         return self.regularizer.reach
        ...
        ...     def due(self, index):
        ...         return (index > self.n) & self.regularizer.due(index)
        ...
        ...     def apply(self, images, step):
        ...         run = lambda: self.regularizer.apply(images, step)
        ...         return tf.cond(self.due(step.index), run, lambda: images)
        >>> from featureprobe.regularizers import GaussianBlur
        >>> After(16, GaussianBlur(0.6)).reach
        3
    """

    if TYPE_CHECKING:  # so that it may be a class attribute, a field and a property alike

        @property
        def reach(self) -> int | None:
            """How many pixels away what has an effect on a pixel can be."""
    else:
        reach = None

    @abstractmethod
    def apply(self, images: Tensor, step: Step) -> Tensor:
        """Return changed images.

        Args:
            images: (N, *spatial, C), model units; the spatial sizes are those of a part of the image where
                neurons are solved on such a part.
            step: The step that this happens in; ``step.space.spread`` is one typical deviation.

        Returns:
            (N, *spatial, C) of the same dtype; image k depends on image k alone. The images as they are
            where :meth:`due` is False.
        """

    def due(self, index: Tensor) -> Tensor:
        """Return whether it runs after step ``index``; by default after each.

        Override it in an operator that runs at some steps only. The best image is kept anew some
        steps after it ran and before it runs again, so that the result is not an image of before.

        Args:
            index: int32 scalar tensor, from 1.

        Returns:
            Boolean scalar tensor, which depends on the index alone.
        """
        return tf.constant(value=True)
