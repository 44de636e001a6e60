"""RegularizerContract: what every regularizer keeps."""

from typing import ClassVar

from featureprobe._component import Component
from featureprobe.ascent.ascent import Ascent
from featureprobe.ascent.step.image_step import ImageStep
from featureprobe.objectives.base import Objective
from featureprobe.regularizers.base import Regularizer
from featureprobe.testing.operators import OperatorContract
from featureprobe.types import Tensor


class RegularizerContract(OperatorContract):
    """What holds for every regularizer.

    Example:
        >>> import featureprobe as fp
        >>> class TestBlur(fp.testing.RegularizerContract):
        ...     def make(self):
        ...         return fp.GaussianBlur(0.6, size=3)
        >>> TestBlur().test_is_finite_on_a_constant_image()
    """

    group: ClassVar[str] = "regularizers"
    base: ClassVar[type[Component]] = Regularizer

    def run(self, images: Tensor, step: ImageStep) -> Tensor:
        """Return the regularized images."""
        return self.make().apply(images, step)

    def setting(self) -> tuple[Ascent, Objective]:
        """Return an Ascent with the regularizer."""
        return self._ascent(regularizers=(self.make(),)), self._target()
