"""Pixels: climb the image itself."""

from dataclasses import dataclass
from typing import ClassVar

from featureprobe.parameterizations.base import Parameterization, Params
from featureprobe.types import Tensor


@dataclass(frozen=True)
class Pixels(Parameterization):
    """The image is its own parameter.

    Example:
        >>> Pixels().exact
        True
    """

    kind: ClassVar[str] = "pixels"

    def fit(self, images: Tensor) -> Params:
        """Return ``{"pixels": images}``."""
        return {"pixels": images}

    def render(self, params: Params) -> Tensor:
        """Return the pixels, (N, H, W, C)."""
        return params["pixels"]
