"""PixelNoise: every pixel by itself."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from featureprobe._arguments import NotNegative
from featureprobe.initializers.base import InputInitializer
from featureprobe.input_space import InputSpace
from featureprobe.types import FloatArray, ImageShape


@dataclass(frozen=True)
class PixelNoise(InputInitializer):
    """Independent normal noise around the middle of the input space.

    Deep maps of small nets often have no gradient at such an image; see :class:`MultiScaleNoise`.

    Args:
        amount: Standard deviation in units of the input space's spread, at least 0.

    Example:
        >>> import numpy as np
        >>> import featureprobe as fp
        >>> space = fp.InputSpace.identity(low=0, high=255)
        >>> PixelNoise(0.5).draw((4, 4, 1), space, np.random.default_rng(0)).shape
        (4, 4, 1)
    """

    kind: ClassVar[str] = "pixel_noise"
    amount: NotNegative = 1.0

    def draw(self, shape: ImageShape, space: InputSpace, rng: np.random.Generator) -> FloatArray:
        """Return one image (*spatial, C) in pixel units."""
        noise = rng.standard_normal(shape) * self.amount
        return space.to_pixels(space.center + space.spread * noise)
