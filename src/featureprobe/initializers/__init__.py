"""Room of the initializers: the images that an ascent starts from.

What lives here: noise of several kinds, given images; one idea a file.
May import: `_component`, `_checks`, `input_space`, `types`, `errors`, numpy. Never TensorFlow.
To add one: a file named after the idea, a frozen dataclass with `kind` and `draw`, one entry-point
line in pyproject.toml, one example in `testing.examples`. The contract test runs by itself.
"""

from featureprobe.initializers.base import InputInitializer
from featureprobe.initializers.from_image import FromImage
from featureprobe.initializers.from_images import FromImages
from featureprobe.initializers.lifted import initializer_from
from featureprobe.initializers.moved import Moved
from featureprobe.initializers.multi_scale_noise import MultiScaleNoise
from featureprobe.initializers.pixel_noise import PixelNoise
from featureprobe.initializers.spectral_noise import SpectralNoise

__all__ = [
    "FromImage",
    "FromImages",
    "InputInitializer",
    "Moved",
    "MultiScaleNoise",
    "PixelNoise",
    "SpectralNoise",
    "initializer_from",
]
