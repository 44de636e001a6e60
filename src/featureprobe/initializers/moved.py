"""Moved: what another initializer draws, shifted and magnified at random."""

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

import numpy as np

from featureprobe._arguments import AtLeastOne, Share
from featureprobe.errors import ConfigError
from featureprobe.initializers.base import InputInitializer
from featureprobe.initializers.interpolated import interpolated
from featureprobe.input_space import InputSpace
from featureprobe.types import FloatArray, Floats, ImageShape


@dataclass(frozen=True)
class Moved(InputInitializer):
    """Draw from another initializer, then shift and magnify the image at random.

    A map may wait for a structure of a certain size at a certain place. Pixels that come from
    outside the image repeat its border.

    Args:
        initializer: What to draw from.
        shift: Largest shift as a share of the image, 0 to 1.
        zoom: Largest magnification, at least 1; the smallest is one over it.

    Example:
        >>> import numpy as np
        >>> import featureprobe as fp
        >>> space = fp.InputSpace.identity(low=0, high=255)
        >>> start = Moved(fp.MultiScaleNoise((3, 7)), shift=0.2)
        >>> start.draw((8, 8, 1), space, np.random.default_rng(0)).shape
        (8, 8, 1)
    """

    kind: ClassVar[str] = "moved"
    initializer: InputInitializer
    _: KW_ONLY
    shift: Share = 0.25
    zoom: AtLeastOne = 2.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.initializer, InputInitializer):
            raise ConfigError(
                f"Moved wraps an initializer. Received: {self.initializer!r}. "
                "Write fp.Moved(fp.MultiScaleNoise())."
            )

    def draw(self, shape: ImageShape, space: InputSpace, rng: np.random.Generator) -> FloatArray:
        """Return one image (*spatial, C) in pixel units."""
        image = self.initializer.draw(shape, space, rng)
        scale = self.zoom ** rng.uniform(-1, 1)
        spatial = shape[:-1]
        offsets = rng.uniform(-self.shift, self.shift, len(spatial)) * spatial
        places = [_places(*given, scale) for given in zip(spatial, offsets, strict=True)]
        moved = interpolated(np.asarray(image, np.float64), places)
        return np.asarray(moved, np.float32)


def _places(length: int, offset: float, scale: float) -> Floats:
    """Return (length,): the magnified and shifted places along an axis."""
    middle = (length - 1) / 2
    at = middle + (np.arange(length) - middle) / scale + offset
    return np.asarray(np.clip(at, 0, length - 1))
