"""Room of the regularizers: operators on the image after each update.

What lives here: blur, standardization, clipping, schedules; one idea a file.
May import: `_component`, `_checks`, `input_space`, `types`, `errors` and TensorFlow.
To add one: a file named after the idea, a frozen dataclass with `kind` and `apply`, one entry-point
line in pyproject.toml, one example in `testing.examples`. The contract test runs by itself.
"""

from featureprobe.regularizers.base import Regularizer
from featureprobe.regularizers.clip import Clip
from featureprobe.regularizers.every import Every
from featureprobe.regularizers.gaussian_blur import GaussianBlur
from featureprobe.regularizers.lifted import regularizer_from
from featureprobe.regularizers.standardize import Standardize
from featureprobe.regularizers.until import Until

__all__ = [
    "Clip",
    "Every",
    "GaussianBlur",
    "Regularizer",
    "Standardize",
    "Until",
    "regularizer_from",
]
