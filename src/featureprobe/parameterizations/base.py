"""Parameterization: between images and the numbers that are climbed."""

from abc import ABC, abstractmethod
from typing import ClassVar

from featureprobe._component import Component
from featureprobe.types import Tensor

Params = dict[str, Tensor]
"""Tensors with a leading N, by name."""


class Parameterization(Component, ABC):
    """How an image is made from the numbers that the ascent changes.

    Implement :meth:`fit` and :meth:`render` in a frozen dataclass with its own ``kind``, and say
    whether it is ``exact``.

    Attributes:
        exact: Whether fit, then render gives the same image (to float rounding). Regularizers and
            the projection then act on the rendered image, which is fitted again. If not,
            regularizers are refused and only the rendered image is projected.
    """

    exact: ClassVar[bool] = True

    @abstractmethod
    def fit(self, images: Tensor) -> Params:
        """Return the parameters of images (N, H, W, C) in model units."""

    @abstractmethod
    def render(self, params: Params) -> Tensor:
        """Return the images (N, H, W, C) of parameters; differentiable."""
