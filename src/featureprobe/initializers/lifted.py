"""initializer_from: a plain function as an initializer, for notebooks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from featureprobe._arguments import checked
from featureprobe._lifting import Lifted
from featureprobe.initializers.base import InputInitializer
from featureprobe.input_space import InputSpace
from featureprobe.types import FloatArray, ImageShape

Draw = Callable[[ImageShape, InputSpace, np.random.Generator], FloatArray]


@dataclass(frozen=True)
class LiftedInitializer(Lifted, InputInitializer):
    """What :func:`initializer_from` makes."""

    kind: ClassVar[str] = "lifted_initializer"
    function: Draw

    def draw(self, shape: ImageShape, space: InputSpace, rng: np.random.Generator) -> FloatArray:
        """Return what the function gives, (*spatial, C) in pixel units."""
        return np.asarray(self.function(shape, space, rng), dtype=np.float32)


@checked
def initializer_from(function: Draw) -> LiftedInitializer:
    """Return an initializer that runs ``function(shape, space, rng) -> image``.

    It runs at once and is recorded as provenance only; to save and re-run it, write a class.

    Raises:
        ConfigError: When ``function`` cannot be called.

    Example:
        >>> import numpy as np
        >>> import featureprobe as fp
        >>> grey = fp.initializer_from(lambda shape, space, rng: np.full(shape, 127.0))
    """
    return LiftedInitializer(function)
