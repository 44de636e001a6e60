"""OperatorContract: what regularizers and transforms have in common."""

from abc import abstractmethod
from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf

from featureprobe.ascent.step.image_step import ImageStep
from featureprobe.constraints.live_pixels import LivePixels
from featureprobe.testing._claims import attempt, claim, claim_close, claim_finite
from featureprobe.testing.components import ComponentContract
from featureprobe.testing.steps import at_step, make_images, make_step, take_image
from featureprobe.types import Tensor

_COUNT = 3
_INDICES = (1, 2, 3, 4, 8)


class OperatorContract(ComponentContract):
    """What holds for everything that turns images into images within a step."""

    @abstractmethod
    def run(self, images: Tensor, step: ImageStep) -> Tensor:
        """Return what the component makes of images (N, *spatial, C)."""

    def step(self, *, index: int = 1, dtype: str = "float32") -> ImageStep:
        """Return the step that the component runs in."""
        return make_step(self.probe(), _COUNT, index=index, dtype=dtype)

    def test_keeps_shape_and_dtype(self) -> None:
        """Images (N, *spatial, C) float32 come back as such, finite."""
        self._claim_kept("float32")

    def test_keeps_float64(self) -> None:
        """Nets that compute in float64 keep doing so."""
        self._claim_kept("float64")

    def test_is_finite_on_a_constant_image(self) -> None:
        """A grey square, on which deviations are 0, stays finite."""
        space = self.probe().input_space
        for value in (0.0, space.center, space.center + 3 * space.spread):
            images = tf.fill((_COUNT, *self.probe().image_shape), tf.constant(value, tf.float32))
            claim_finite(
                self._made(images, self.step()),
                f"{self.make()!r} on a constant image of {value:g}. Guard divisions by its "
                "standard deviation, as tf.math.divide_no_nan does.",
            )

    def test_no_image_affects_another(self) -> None:
        """Image k alone gives what image k in a batch gives, draws included."""
        images = make_images(self.probe(), _COUNT)
        for index in _INDICES:
            step = self.step(index=index)
            together = self._made(images, step)
            for k in range(_COUNT):
                alone = self._made(images[k : k + 1], take_image(step, k))
                claim_close(
                    together[k : k + 1],
                    alone,
                    f"{self.make()!r} treats an image differently alone and in a batch. Nothing "
                    "may reduce over the first axis; draw with step.uniform and step.normal, which "
                    "use one key per image.",
                )

    def test_same_step_same_images(self) -> None:
        """The same step gives the same images: no memory, no randomness of its own."""
        images = make_images(self.probe(), _COUNT)
        first, second = (self._made(images, self.step()) for _ in range(2))
        claim_close(
            first,
            second,
            f"{self.make()!r} gives two results for one step. Draw with step.uniform and "
            "step.normal, and keep nothing between calls.",
            tolerance=0.0,
        )

    def test_one_trace_serves_all_steps(self) -> None:
        """Traced once with a symbolic ``step.index``, it does what it does eagerly."""
        images, step = make_images(self.probe(), _COUNT), self.step()
        traced = self._traced(step)
        slope = images if step.gradient is None else step.gradient
        hint = (
            "step.index is a tensor: compare with tf.equal, choose with tf.where or tf.cond; "
            "shapes have None for N."
        )
        for index in _INDICES:
            now = at_step(step, tf.constant(index))
            graph = attempt(
                partial(traced, images, now.index, now.keys, slope, now.live.field),
                f"{self.make()!r} cannot be traced for any step. {hint}",
            )
            claim_close(
                graph,
                self._made(images, now),
                f"{self.make()!r}, traced once, is wrong at step {index}. {hint}",
            )

    def _made(self, images: Tensor, step: ImageStep) -> Tensor:
        return attempt(lambda: self.run(images, step), f"{self.make()!r} fails on {images.shape}.")

    def _claim_kept(self, dtype: str) -> None:
        images = make_images(self.probe(), _COUNT, dtype=dtype)
        made = self._made(images, self.step(dtype=dtype))
        claim(
            tuple(made.shape) == tuple(images.shape) and made.dtype == images.dtype,
            f"{self.make()!r} makes {made.shape} {made.dtype.name} of {images.shape} {dtype}. Keep "
            "shape and dtype: tf.cast what you add to images.dtype.",
        )
        claim_finite(np.asarray(made), f"{self.make()!r} on noise images.")

    def _traced(self, step: ImageStep) -> Any:
        """Compile the component as the engine does: any N, any step, one trace."""
        live = step.live

        def go(images: Tensor, index: Tensor, keys: Tensor, slope: Tensor, field: Tensor) -> Tensor:
            masks = LivePixels(live.layer, field, live.count, 0 * live.count, live.fill)
            gradient = None if step.gradient is None else slope
            return self.run(images, ImageStep(index, step.space, gradient, masks, keys, step.salt))

        image = tf.TensorSpec((None, *self.probe().image_shape), tf.float32)
        field = tf.TensorSpec((None, *live.field.shape[1:]), tf.float32)
        keys = tf.TensorSpec((None, 2), tf.int32)
        signature = [image, tf.TensorSpec((), tf.int32), keys, image, field]
        return tf.function(go, input_signature=signature, autograph=False)
