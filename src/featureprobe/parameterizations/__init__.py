"""Room of the parameterizations: the numbers that are really climbed.

What lives here: pixels, Fourier coefficients; one idea a file.
May import: `_component`, `_checks`, `types`, `errors` and TensorFlow.
To add one: a file named after the idea, a frozen dataclass with `kind`, `exact`, `fit` and
`render`, one entry-point line in pyproject.toml, one example in `testing.examples`. The contract
test runs by itself.
"""

from featureprobe.parameterizations.base import Parameterization
from featureprobe.parameterizations.fourier import Fourier
from featureprobe.parameterizations.pixels import Pixels

__all__ = ["Fourier", "Parameterization", "Pixels"]
