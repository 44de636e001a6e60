"""TransformContract: what every transform keeps."""

from typing import ClassVar

import numpy as np
import tensorflow as tf

from featureprobe._component import Component
from featureprobe.ascent.ascent import Ascent
from featureprobe.ascent.step.image_step import ImageStep
from featureprobe.objectives.base import Objective
from featureprobe.testing._claims import attempt, claim, claim_finite
from featureprobe.testing.operators import OperatorContract
from featureprobe.testing.steps import make_images, make_step
from featureprobe.transforms.base import Transform
from featureprobe.types import Tensor

_COUNT = 8  # so many images that small random shifts are never all the same


class TransformContract(OperatorContract):
    """What holds for every transform.

    Attributes:
        random: Whether each image and step gets a view of its own.

    Example:
        >>> import featureprobe as fp
        >>> class TestJitter(fp.testing.TransformContract):
        ...     def make(self):
        ...         return fp.Jitter(2)
        >>> TestJitter().test_a_gradient_flows_through_the_view()
    """

    group: ClassVar[str] = "transforms"
    base: ClassVar[type[Component]] = Transform
    random: ClassVar[bool] = True

    def run(self, images: Tensor, step: ImageStep) -> Tensor:
        """Return the views."""
        return self.make().view(images, step)

    def step(self, *, index: int = 1, dtype: str = "float32") -> ImageStep:
        """Return a step before there is a gradient."""
        return make_step(self.probe(), 3, index=index, dtype=dtype, gradient=False)

    def test_a_gradient_flows_through_the_view(self) -> None:
        """The gradient of a view with respect to its image is finite, and not 0."""
        images, step = make_images(self.probe(), 3), self.step()
        with tf.GradientTape() as tape:
            tape.watch(images)
            views = attempt(lambda: self.run(images, step), f"{self.make()!r} fails.")
            total = tf.reduce_sum(views * make_images(self.probe(), 3, seed=9))
        gradient = tape.gradient(total, images, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        claim_finite(gradient, f"The gradient through {self.make()!r} is not finite.")
        claim(
            np.any(np.asarray(gradient) != 0, axis=(1, 2, 3)).all(),
            f"No gradient flows through {self.make()!r}. tf.round, integer casts and NumPy cut it.",
        )

    def test_each_image_and_step_gets_its_own_view(self) -> None:
        """Equal images get different views, and others in the next step; not if not random."""
        image = make_images(self.probe(), 1)
        images = tf.repeat(image, _COUNT, axis=0)
        first, second = (
            np.asarray(self._made(images, make_step(self.probe(), _COUNT, index=i, gradient=False)))
            for i in (1, 2)
        )
        varied = {
            "images of one step": bool(np.any(first != first[:1])),
            "steps": bool(np.any(first != second)),
        }
        for what, differ in varied.items():
            claim(
                differ is self.random,
                f"{self.make()!r} gives {'different views' if differ else 'the same view'} of one "
                f"image for different {what}, but random = {self.random} is declared in the test. "
                "Draw with step.uniform or step.normal, or correct the declaration.",
            )

    def setting(self) -> tuple[Ascent, Objective]:
        """Return an Ascent with the transform."""
        return self._ascent(transforms=(self.make(),)), self._target()
