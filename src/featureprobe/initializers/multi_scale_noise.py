"""MultiScaleNoise: fluctuations on several length scales."""

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from featureprobe import _checks
from featureprobe._arguments import check_fields
from featureprobe.errors import ConfigError
from featureprobe.initializers.base import InputInitializer
from featureprobe.initializers.standardized import unit
from featureprobe.input_space import InputSpace
from featureprobe.types import FloatArray, ImageShape


@dataclass(frozen=True)
class MultiScaleNoise(InputInitializer):
    """A weighted sum of random grids of several widths, smoothly enlarged to the image.

    Deep maps answer to structure as large as their receptive field; noise that has none leaves
    them without a gradient. Each grid is drawn from a normal distribution, enlarged with linear
    interpolation, and scaled to unit deviation; the sum is standardized.

    Args:
        scales: Grid cells along the image's shorter side, each at least 1. A scale of the image's
            size or more is pixel noise; a small one is large blobs.
        weights: Amplitude of each scale, at least 0 and not all 0; all equal by default.
        amount: Standard deviation of the result in units of the input space's spread.

    Raises:
        ConfigError: When scales and weights do not fit.

    Source: articles IX and X of the MNIST series (fluctuations on up to four length scales).

    Example:
        >>> import numpy as np
        >>> import featureprobe as fp
        >>> space = fp.InputSpace.identity(low=0, high=255)
        >>> start = MultiScaleNoise((3, 7), weights=(2, 1))
        >>> start.draw((28, 28, 1), space, np.random.default_rng(0)).dtype
        dtype('float32')
    """

    kind: ClassVar[str] = "multi_scale_noise"
    scales: tuple[int, ...] = (3, 5, 7, 14)
    _: KW_ONLY
    weights: tuple[float, ...] | None = None
    amount: float = 1.0

    def __post_init__(self) -> None:
        check_fields(self)
        scales = tuple(_checks.whole("A scale", s, least=1) for s in self.scales)
        given = (1.0,) * len(scales) if self.weights is None else self.weights
        weights = tuple(_checks.number("A weight", w, least=0.0) for w in given)
        if not scales or len(weights) != len(scales) or sum(weights) == 0:
            raise ConfigError(
                "MultiScaleNoise needs at least one scale and one weight for each, not all 0. "
                f"Received: scales={self.scales}, weights={self.weights}."
            )
        object.__setattr__(self, "scales", scales)
        object.__setattr__(self, "weights", weights)
        object.__setattr__(self, "amount", _checks.number("amount", self.amount, least=0.0))

    def draw(self, shape: ImageShape, space: InputSpace, rng: np.random.Generator) -> FloatArray:
        """Return one image (H, W, C) in pixel units."""
        total = np.zeros(shape)
        for scale, weight in zip(self.scales, self.weights or (), strict=True):
            total += weight * unit(_enlarged_grid(scale, shape, rng))
        noise = unit(total) * self.amount
        return space.to_pixels(space.center + space.spread * noise)


def _enlarged_grid(
    scale: int, shape: ImageShape, rng: np.random.Generator
) -> npt.NDArray[np.float64]:
    rows, cols, channels = shape
    cell = max(1.0, min(rows, cols) / scale)
    grid = rng.standard_normal((round(rows / cell) or 1, round(cols / cell) or 1, channels))
    tall = np.tensordot(_interpolation(rows, grid.shape[0]), grid, axes=(1, 0))
    return np.asarray(np.einsum("wk,hkc->hwc", _interpolation(cols, grid.shape[1]), tall))


def _interpolation(length: int, cells: int) -> npt.NDArray[np.float64]:
    """Return (length, cells): linear interpolation between the centres of the cells."""
    centres = (np.arange(length) + 0.5) * cells / length - 0.5
    at = np.clip(centres, 0, cells - 1)
    distance = np.abs(at[:, None] - np.arange(cells))
    return np.maximum(0.0, 1.0 - distance)
