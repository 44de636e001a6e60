"""MultiScaleNoise: fluctuations on several length scales."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np

from featureprobe import _checks
from featureprobe._arguments import check_fields
from featureprobe.errors import ConfigError
from featureprobe.initializers.base import InputInitializer
from featureprobe.initializers.interpolated import interpolated
from featureprobe.initializers.standardized import unit
from featureprobe.input_space import InputSpace
from featureprobe.types import FloatArray, Floats, ImageShape


@dataclass(frozen=True)
class MultiScaleNoise(InputInitializer):
    """A weighted sum of random grids of several widths, smoothly enlarged to the image.

    Deep maps answer to structure as large as their receptive field; noise that has none leaves
    them without a gradient. Each grid is drawn from a normal distribution, enlarged with linear
    interpolation, and scaled to unit deviation; the sum is standardized.

    Args:
        scales: Grid cells along the image's shorter side, each at least 1. A scale of the image's
            size or more is pixel noise; a small one is large blobs. In volumes and films it is the
            shorter of the two longer sides, and the shortest has as many.
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
        """Return one image (*spatial, C) in pixel units."""
        total = np.zeros(shape)
        for scale, weight in zip(self.scales, self.weights or (), strict=True):
            total += weight * unit(_enlarged_grid(scale, shape, rng))
        noise = unit(total) * self.amount
        return space.to_pixels(space.center + space.spread * noise)


def _enlarged_grid(scale: int, shape: ImageShape, rng: np.random.Generator) -> Floats:
    spatial = shape[:-1]
    cells = [round(length / cell) or 1 for length, cell in zip(spatial, _cells(scale, spatial))]
    grid = rng.standard_normal((*cells, shape[-1]))
    return interpolated(grid, [_centres(*sizes) for sizes in zip(spatial, cells, strict=True)])


def _cells(scale: int, spatial: Sequence[int]) -> list[float]:
    """Return the length of a cell along each axis, at least 1.

    Cells are as long as they are wide. An axis that is shorter than two others, such as that of the
    frames of a short film, is cut into as many as the shorter of the two: with cells as long as
    those, nothing would ever change along it.
    """
    side = sorted(spatial)[-2:][0]
    return [max(1.0, min(length, side) / scale) for length in spatial]


@lru_cache(maxsize=256)  # a search draws thousands of images of one shape
def _centres(length: int, cells: int) -> Floats:
    """Return (length,): where pixels lie between the centres of the cells."""
    centres = (np.arange(length) + 0.5) * cells / length - 0.5
    return np.asarray(np.clip(centres, 0, cells - 1))
