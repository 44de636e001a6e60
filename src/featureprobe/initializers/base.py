"""InputInitializer: what an image starts from."""

from abc import ABC, abstractmethod

import numpy as np

from featureprobe._component import Component
from featureprobe.input_space import InputSpace
from featureprobe.types import FloatArray, ImageShape


class InputInitializer(Component, ABC):
    """Draws start images. Implement :meth:`draw` in a frozen dataclass with its own ``kind``."""

    @abstractmethod
    def draw(self, shape: ImageShape, space: InputSpace, rng: np.random.Generator) -> FloatArray:
        """Return one start image.

        Args:
            shape: (*spatial, C): one to three spatial axes.
            space: The probe's input space; ``space.center`` and ``space.spread`` say, in model
                units, where typical data lies, ``space.to_pixels`` brings that to pixel units.
            rng: All randomness comes from here; it is made from (seed, number of the start).

        Returns:
            (*spatial, C) float32, pixel units, finite.
        """
