"""FromImages: start from images of a collection."""

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

import numpy as np

from featureprobe import _checks
from featureprobe._component import ArrayValue
from featureprobe._spatial import is_image
from featureprobe.errors import ShapeError
from featureprobe.initializers.base import InputInitializer
from featureprobe.input_space import InputSpace
from featureprobe.types import FloatArray, ImageShape


@dataclass(frozen=True)
class FromImages(InputInitializer):
    """One of several given images, chosen at random; for searches among natural images.

    Args:
        images: (N, *spatial, C), pixel units, of the model's input shape; an array is made an
            ``ArrayValue``.
        noise: Standard deviation of added normal noise in units of the input space's spread.

    Raises:
        ShapeError: When the images are no (N, *spatial, C) array of numbers, or, on drawing, not of the
            model's shape.

    Example:
        >>> import featureprobe as fp
        >>> digits, _ = fp.samples.mnist_digits()
        >>> search = fp.Precursor(initializers=(FromImages(digits[:100]), fp.MultiScaleNoise()))
        >>> search.initializers[0].images.array.shape
        (100, 28, 28, 1)
    """

    kind: ClassVar[str] = "from_images"
    images: ArrayValue
    _: KW_ONLY
    noise: float = 0.0

    def __post_init__(self) -> None:
        if not isinstance(self.images, ArrayValue):
            object.__setattr__(self, "images", ArrayValue(self.images))
        shape = self.images.array.shape
        if not is_image(shape[1:]) or not len(self.images.array):
            raise ShapeError(
                "FromImages takes one or more images (N, H, W, C), series (N, L, C) or volumes "
                f"(N, D, H, W, C). Received the shape {shape}. Give them with their channel axis."
            )
        _checks.images(self.images.array, shape[1:])
        object.__setattr__(self, "noise", _checks.number("noise", self.noise, least=0.0))

    def draw(self, shape: ImageShape, space: InputSpace, rng: np.random.Generator) -> FloatArray:
        """Return one of the images, (*spatial, C) in pixel units."""
        images = self.images.array
        if images.shape[1:] != tuple(shape):
            raise ShapeError(
                f"The model takes images of shape {tuple(shape)}. FromImages has some of shape "
                f"{images.shape[1:]}. Resize them first."
            )
        image = np.asarray(images[rng.integers(len(images))], np.float32)
        if self.noise == 0:
            return image
        noise = rng.standard_normal(shape) * self.noise * space.spread
        return space.to_pixels(space.to_model(image) + noise)
