"""Pixels: climb the image itself."""

from dataclasses import dataclass
from typing import ClassVar

from featureprobe.input_space import InputSpace
from featureprobe.parameterizations.base import Parameterization, Params
from featureprobe.step import Step
from featureprobe.types import ImageShape, Tensor


@dataclass(frozen=True)
class Pixels(Parameterization):
    """The image is its own parameter.

    Example:
        >>> Pixels().exact
        True
    """

    kind: ClassVar[str] = "pixels"

    def fit(self, images: Tensor, shape: ImageShape, space: InputSpace, keys: Tensor) -> Params:
        """Return ``{"pixels": images}``."""
        return {"pixels": images}

    def render(self, params: Params, step: Step | None) -> Tensor:
        """Return the pixels, (N, *spatial, C)."""
        return params["pixels"]
