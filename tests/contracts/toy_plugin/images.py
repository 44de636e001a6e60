"""Stripes to start from, a fading of what pixels gain, and parts of the image to look at."""

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

import numpy as np

import featureprobe as fp


@dataclass(frozen=True)
class Stripes(fp.InputInitializer):
    """Vertical stripes at a random phase, with a contrast for each channel.

    Args:
        period: Width of a light and a dark stripe, pixels.
        contrast: Amplitude in units of the input space's spread.
    """

    kind: ClassVar[str] = "toy.stripes"
    period: float
    _: KW_ONLY
    contrast: float = 1.0

    def draw(
        self, shape: tuple[int, int, int], space: fp.InputSpace, rng: np.random.Generator
    ) -> np.ndarray:
        """Return one image (H, W, C) in pixel units."""
        phase = rng.uniform(0, 2 * np.pi)
        wave = np.sin(phase + 2 * np.pi * np.arange(shape[1]) / self.period)[None, :, None]
        pattern = np.broadcast_to(wave * rng.uniform(0.5, 1.0, shape[2]), shape)
        return space.to_pixels(space.center + self.contrast * space.spread * pattern)


@dataclass(frozen=True)
class Fade(fp.Regularizer):
    """Draw each pixel a little towards the middle of the space, more so in later steps.

    Args:
        strength: Share of the distance at step 1; it grows with the root of the step.
    """

    kind: ClassVar[str] = "toy.fade"
    strength: float

    def apply(self, images: fp.Tensor, step: fp.Step) -> fp.Tensor:
        """Return faded images, (N, H, W, C)."""
        import tensorflow as tf  # noqa: PLC0415  (so that Stripes need no TensorFlow)

        grown = self.strength * tf.sqrt(tf.cast(step.index, images.dtype))
        middle = step.space.center
        return middle + (images - middle) * (1 - tf.minimum(grown, 1))


@dataclass(frozen=True)
class ResizedCrop(fp.Transform):
    """A random part of each image, brought to a size that need not be the image's.

    Args:
        size: Rows and columns of the views.
        least: The least share of the image's length that is shown.
    """

    kind: ClassVar[str] = "toy.resized_crop"
    size: tuple[int, int]
    _: KW_ONLY
    least: float = 0.5

    def view(self, images: fp.Tensor, step: fp.Step) -> fp.Tensor:
        """Return parts of the images, (N, *size, C)."""
        import tensorflow as tf  # noqa: PLC0415

        draw = tf.cast(step.uniform((3,)), tf.float32)
        length = self.least + (1 - self.least) * draw[:, :1]
        first = draw[:, 1:] * (1 - length)
        boxes = tf.concat([first, first + length], axis=1)
        parts = tf.image.crop_and_resize(
            tf.cast(images, tf.float32), boxes, tf.range(tf.shape(images)[0]), self.size
        )
        return tf.cast(parts, images.dtype)
