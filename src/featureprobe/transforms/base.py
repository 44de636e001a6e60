"""Transform: a random view of the image before the model."""

from abc import ABC, abstractmethod

from featureprobe._component import Component
from featureprobe.step import Step
from featureprobe.types import Tensor


class Transform(Component, ABC):
    """A random view of images, drawn for each image by itself.

    The gradient flows through the view; the image itself stays. Implement :meth:`view` in a frozen
    dataclass with its own ``kind``.

    N images give N views; ``fp.Ascent(views=)`` shows several views of each. Views may be of another
    size than the images, such as a crop, as long as it is one size for all, known when the step is
    compiled: compute it from ``images.shape`` and fields, in Python numbers. The next transform gets
    views of that size, and then the net, if its layers can run on it: convolutions and global
    poolings can, a ``Dense`` behind a ``Flatten`` cannot and needs a transform that resizes back. An
    objective that reads at a position, or holds an array of a layer's shape, needs the images' own
    size too. Scores, and what is kept, are of the image itself.
    """

    @abstractmethod
    def view(self, images: Tensor, step: Step) -> Tensor:
        """Return a view of each image.

        Args:
            images: (N, *spatial, C), model units: images, or views that an earlier transform made; all
                sizes are known but N. With several views a step, an image stands here several times,
                each with a key of its own.
            step: Draw with ``step.uniform`` and ``step.normal`` (one key per view); its ``gradient`` is
                None, and its ``live`` pixels are those of images before any transform.

        Returns:
            (N, *spatial, C) of the same dtype, with as many spatial axes.
        """
