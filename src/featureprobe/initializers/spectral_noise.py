"""SpectralNoise: noise whose amplitude falls with frequency, as in natural images."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from functools import lru_cache, reduce
from typing import ClassVar

import numpy as np

from featureprobe._arguments import NotNegative
from featureprobe.initializers.base import InputInitializer
from featureprobe.initializers.standardized import unit
from featureprobe.input_space import InputSpace
from featureprobe.types import FloatArray, Floats, ImageShape


@dataclass(frozen=True)
class SpectralNoise(InputInitializer):
    """Noise with an amplitude spectrum of ``1 / frequency ** alpha`` and random phases.

    Natural images have alpha near 1; 0 is pixel noise, and larger values are smoother.

    Args:
        alpha: Exponent of the spectrum, at least 0.
        amount: Standard deviation of the result in units of the input space's spread, at least 0.

    Source: Field 1987 (spectra of natural images).

    Example:
        >>> import numpy as np
        >>> import featureprobe as fp
        >>> space = fp.InputSpace.identity(low=0, high=255)
        >>> SpectralNoise(1.0).draw((8, 6, 3), space, np.random.default_rng(0)).shape
        (8, 6, 3)
    """

    kind: ClassVar[str] = "spectral_noise"
    alpha: NotNegative = 1.0
    _: KW_ONLY
    amount: NotNegative = 1.0

    def draw(self, shape: ImageShape, space: InputSpace, rng: np.random.Generator) -> FloatArray:
        """Return one image (*spatial, C) in pixel units."""
        spatial = shape[:-1]
        axes = tuple(range(len(spatial)))
        spectrum = np.fft.rfftn(rng.standard_normal(shape), axes=axes)
        falling = spectrum * _weights(spatial, self.alpha)[..., None]
        noise = unit(np.fft.irfftn(falling, s=spatial, axes=axes)) * self.amount
        return space.to_pixels(space.center + space.spread * noise)


@lru_cache(maxsize=64)
def _weights(spatial: tuple[int, ...], alpha: float) -> Floats:
    """Return the weight of each coefficient of a real image."""
    frequency = _frequencies(spatial)
    # The mean has frequency 0; it is taken out of the noise, so any finite weight will do.
    frequency[(0,) * len(spatial)] = 1.0
    return np.asarray(frequency**-alpha)


def _frequencies(spatial: Sequence[int]) -> Floats:
    """Return the frequency of each coefficient of a real image, in cycles per pixel."""
    *others, last = spatial
    along = [*map(np.fft.fftfreq, others), np.fft.rfftfreq(last)]
    return np.asarray(reduce(np.hypot, np.meshgrid(*along, indexing="ij")))
