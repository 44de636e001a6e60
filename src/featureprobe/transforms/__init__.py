"""Room of the transforms: random views of the image before the model.

What lives here: jitter and noise; one idea a file.
May import: `_component`, `_checks`, `input_space`, `types`, `errors` and TensorFlow.
To add one: a file named after the idea, a frozen dataclass with `kind` and `view`, one entry-point
line in pyproject.toml, one example in `testing.examples`. The contract test runs by itself.
"""

from featureprobe.transforms.base import Transform
from featureprobe.transforms.jitter import Jitter
from featureprobe.transforms.lifted import transform_from
from featureprobe.transforms.noise import Noise

__all__ = ["Jitter", "Noise", "Transform", "transform_from"]
