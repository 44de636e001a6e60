"""TransformContract: what every transform keeps."""

from typing import ClassVar

import numpy as np
import tensorflow as tf

from featureprobe._component import Component
from featureprobe._spatial import inner_axes
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

    def test_keeps_shape_and_dtype(self) -> None:
        """N images give N views with their channels and dtype, all of one size that is fixed."""
        self._claim_kept("float32")
        kept = self.probe().image_shape[-1]
        spec = tf.TensorSpec((None, *self.probe().image_shape), tf.float32)
        step = self.step()
        traced = attempt(
            lambda: tf.function(
                lambda images: self.run(images, step), input_signature=[spec], autograph=False
            ).get_concrete_function(),
            f"{self.make()!r} cannot be traced for any number of images.",
        )
        shape = traced.output_shapes
        claim(
            shape.rank == spec.shape.rank and None not in shape[1:] and shape[-1] == kept,
            f"{self.make()!r} makes {shape} of {spec.shape}, traced for any number of images. The size "
            "of views must be known when the step is compiled: compute it in Python numbers.",
        )
        images = make_images(self.probe(), 3)
        sizes = {
            tuple(self._made(images, self.step(index=index)).shape[1:-1]) for index in range(1, 9)
        }
        claim(
            len(sizes) == 1,
            f"{self.make()!r} makes views of several sizes, {sorted(sizes)}. Bring them to one size.",
        )

    def _claim_kept(self, dtype: str) -> None:
        images = make_images(self.probe(), 3, dtype=dtype)
        made = self._made(images, self.step(dtype=dtype))
        fits = made.shape.rank == images.shape.rank and (made.shape[0], made.shape[-1]) == (
            3,
            images.shape[-1],
        )
        claim(
            fits and made.dtype == images.dtype,
            f"{self.make()!r} makes {made.shape} {made.dtype.name} of {images.shape} {dtype}. Give one "
            "view of each image, with its channels and dtype; tf.cast what you add to images.dtype.",
        )
        claim_finite(np.asarray(made), f"{self.make()!r} on noise images.")

    def test_a_gradient_flows_through_the_view(self) -> None:
        """The gradient of a view with respect to its image is finite, and not 0."""
        images, step = make_images(self.probe(), 3), self.step()
        with tf.GradientTape() as tape:
            tape.watch(images)
            views = attempt(lambda: self.run(images, step), f"{self.make()!r} fails.")
            weights = np.random.default_rng(9).normal(size=views.shape)
            total = tf.reduce_sum(views * tf.constant(weights, views.dtype))
        gradient = tape.gradient(total, images, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        claim_finite(gradient, f"The gradient through {self.make()!r} is not finite.")
        claim(
            np.any(np.asarray(gradient) != 0, axis=inner_axes(len(gradient.shape))).all(),
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
