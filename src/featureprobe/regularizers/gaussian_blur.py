"""GaussianBlur: suppress high spatial frequencies."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from featureprobe import _checks
from featureprobe._arguments import checked
from featureprobe._spatial import axes_of
from featureprobe.errors import RangeError
from featureprobe.regularizers.base import Regularizer
from featureprobe.step import Step
from featureprobe.types import Floats, Tensor, Whole

_LONG = 2048  # of longer axes the matrices would be larger than images


@dataclass(frozen=True)
class GaussianBlur(Regularizer):
    """A Gaussian blur of each channel; images are mirrored at their borders.

    A constant image stays as it is. Runs as one small matrix product for each spatial axis, which on
    a CPU is faster than a depthwise convolution and has no limit on channels; along axes of more
    than 2048 pixels as a convolution.

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
        """Return blurred images, (N, *spatial, C)."""
        if self.reach == 0:
            return images
        axes = axes_of(len(images.shape) - 2)
        for axis in (axis for axis in axes if images.shape[axis] > _LONG):
            images = self._along(images, axis)
        short = [axis for axis in axes if images.shape[axis] <= _LONG]
        return self._by_matrices(images, short) if short else images

    def _by_matrices(self, images: Tensor, axes: Sequence[int]) -> Tensor:
        """Return images blurred along some axes at once."""
        names = "nhwdc"[: len(images.shape) - 1] + "c"
        renamed = dict(zip((names[axis] for axis in axes), "ijk", strict=False))
        made = "".join(renamed.get(name, name) for name in names)
        first, *others = (
            (new + old, tf.constant(self.matrix(images.shape[axis]), images.dtype))
            for (old, new), axis in zip(renamed.items(), axes, strict=True)
        )
        terms = (first, (names, images), *others)
        equation = f"{','.join(term for term, _ in terms)}->{made}"
        return tf.einsum(equation, *(values for _, values in terms), optimize="greedy")

    def _along(self, images: Tensor, axis: int) -> Tensor:
        """Return images blurred along one long axis, by a convolution."""
        length, dtype = images.shape[axis], images.dtype
        at = _mirrored(np.arange(-self.reach, length + self.reach), length)
        padded = tf.gather(images, tf.constant(at), axis=axis)
        order = [*(a for a in range(len(images.shape)) if a != axis), axis]
        last = tf.transpose(padded, order)
        kernel = tf.reshape(tf.constant(self._weights(), dtype), (-1, 1, 1))
        made = tf.nn.conv1d(tf.reshape(last, (-1, len(at), 1)), kernel, 1, "VALID")
        blurred = tf.reshape(made, tf.concat([tf.shape(last)[:-1], [length]], axis=0))
        return tf.ensure_shape(tf.transpose(blurred, np.argsort(order)), images.shape)

    @checked
    def matrix(self, length: int) -> npt.NDArray[np.float64]:
        """Return (length, length): the blur along one axis, mirrored ends folded in."""
        offsets = np.arange(-self.reach, self.reach + 1)
        at = _mirrored(np.arange(length)[:, None] + offsets, length)
        matrix = np.zeros((length, length))
        np.add.at(matrix, (np.arange(length)[:, None], at), self._weights())
        return matrix

    def _weights(self) -> Floats:
        """Return the kernel, (2 * reach + 1,)."""
        offsets = np.arange(-self.reach, self.reach + 1)
        weights = np.exp(-0.5 * (offsets / self.sigma) ** 2)
        return np.asarray(weights / weights.sum())


def _mirrored(places: Whole, length: int) -> Whole:
    """Return which pixel stands at a place: ... 1 0 | 0 1 2 ... n-1 | n-1 n-2 ..."""
    at = places % (2 * length)
    return np.where(at < length, at, 2 * length - 1 - at)
