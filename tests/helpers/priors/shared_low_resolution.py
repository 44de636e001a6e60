"""What all starts of a target have in common, and what each adds to it."""

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

import tensorflow as tf

import featureprobe as fp


@dataclass(frozen=True)
class SharedLowResolution(fp.Parameterization):
    """An enlarged small image that the starts of a target share, plus an image of their own.

    Source: Olah et al. 2017, Lucid's shared parameterization ("lowres_tensor").
    """

    kind: ClassVar[str] = "priors.shared_low_resolution"
    exact: ClassVar[bool] = False
    shared: ClassVar[tuple[str, ...]] = ("common",)
    _: KW_ONLY
    side: int = 4

    def fit(self, images, shape, space, keys):
        """Return the small image, and what is missing from it."""
        common = self._sized(images, (self.side, self.side))
        return {"common": common, "own": images - self._sized(common, shape[:2])}

    def render(self, params, step):
        """Return the sum, (N, H, W, C)."""
        own = params["own"]
        return own + self._sized(params["common"], own.shape[1:3])

    @staticmethod
    def _sized(images, size):
        return tf.cast(tf.image.resize(images, size), images.dtype)
