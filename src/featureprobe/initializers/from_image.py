"""FromImage: start from a given image."""

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
class FromImage(InputInitializer):
    """A given image, with or without noise on it.

    Pixels from which no path leads to the layer keep this image's values in the result's pictures.

    Args:
        image: (*spatial, C), pixel units, of the model's input shape; an array is made an
            ``ArrayValue``.
        noise: Standard deviation of added normal noise in units of the input space's spread; with
            0 all starts are the same.

    Raises:
        ShapeError: When the image is no (*spatial, C) array of numbers, or, on drawing, not of the
            model's shape.

    Example:
        >>> import numpy as np
        >>> FromImage(np.zeros((28, 28, 1), "uint8"), noise=0.1).noise
        0.1
    """

    kind: ClassVar[str] = "from_image"
    image: ArrayValue
    _: KW_ONLY
    noise: float = 0.0

    def __post_init__(self) -> None:
        if not isinstance(self.image, ArrayValue):
            object.__setattr__(self, "image", ArrayValue(self.image))
        shape = self.image.array.shape
        if not is_image(shape):
            raise ShapeError(
                "FromImage takes one image (H, W, C), a series (L, C) or a volume (D, H, W, C). "
                f"Received the shape {shape}. Give one, with its channel axis."
            )
        _checks.images(self.image.array, shape, what="image")
        object.__setattr__(self, "noise", _checks.number("noise", self.noise, least=0.0))

    def draw(self, shape: ImageShape, space: InputSpace, rng: np.random.Generator) -> FloatArray:
        """Return the image, (*spatial, C) in pixel units."""
        image = self.image.array.astype(np.float32)
        if image.shape != tuple(shape):
            raise ShapeError(
                f"The model takes images of shape {tuple(shape)}. FromImage has one of shape "
                f"{image.shape}. Resize it first."
            )
        if self.noise == 0:
            return image
        noise = rng.standard_normal(shape) * self.noise * space.spread
        return space.to_pixels(space.to_model(image) + noise)
