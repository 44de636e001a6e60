"""GaussianBlur: suppress high spatial frequencies."""

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from featureprobe import _checks
from featureprobe._arguments import checked
from featureprobe.errors import RangeError
from featureprobe.regularizers.base import Regularizer
from featureprobe.step import Step
from featureprobe.types import Tensor


@dataclass(frozen=True)
class GaussianBlur(Regularizer):
    """A Gaussian blur of each channel; images are mirrored at their borders.

    A constant image stays as it is. Runs as two small matrix products, which on a CPU is faster
    than a depthwise convolution and has no limit on channels.

    Args:
        sigma: Standard deviation in pixels, at least 0; 0 changes nothing.
        size: Width of the kernel in pixels, odd; by default wide enough for 4 sigma to each side.

    Raises:
        RangeError: When sigma is negative or the size even.

    Source: Yosinski et al. 2015.

    Example:
        >>> GaussianBlur(0.6, size=3)
        GaussianBlur(sigma=0.6, size=3)
    """

    kind: ClassVar[str] = "gaussian_blur"
    sigma: float
    _: KW_ONLY
    size: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "sigma", _checks.number("sigma", self.sigma, least=0.0))
        if self.size is not None and _checks.whole("size", self.size, least=1) % 2 == 0:
            raise RangeError(
                f"size is an odd number of pixels. Received: {self.size}. Use {self.size + 1}."
            )

    @property
    def reach(self) -> int:
        """Half the width of the kernel, in pixels."""
        if self.sigma == 0:
            return 0
        return int(np.ceil(4 * self.sigma)) if self.size is None else self.size // 2

    def apply(self, images: Tensor, step: Step) -> Tensor:
        """Return blurred images, (N, H, W, C)."""
        if self.reach == 0:
            return images
        rows, cols = (tf.constant(self.matrix(n), images.dtype) for n in images.shape[1:3])
        return tf.einsum("ih,nhwc,jw->nijc", rows, images, cols, optimize="greedy")

    @checked
    def matrix(self, length: int) -> npt.NDArray[np.float64]:
        """Return (length, length): the blur along one axis, mirrored ends folded in."""
        offsets = np.arange(-self.reach, self.reach + 1)
        weights = np.exp(-0.5 * (offsets / self.sigma) ** 2)
        weights /= weights.sum()
        at = np.arange(length)[:, None] + offsets
        at = at % (2 * length)  # mirror: ... 1 0 | 0 1 2 ... n-1 | n-1 n-2 ...
        at = np.where(at < length, at, 2 * length - 1 - at)
        matrix = np.zeros((length, length))
        np.add.at(matrix, (np.arange(length)[:, None], at), weights)
        return matrix
