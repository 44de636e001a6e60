"""An image that may be transparent: against noise, only what matters stays opaque."""

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

import tensorflow as tf

import featureprobe as fp


@dataclass(frozen=True)
class AlphaChannel(fp.Parameterization):
    """Colours and their opacity, over noise while it climbs and over the mean when it is shown.

    Source: Mordvintsev et al. 2018, Differentiable Image Parameterizations.
    """

    kind: ClassVar[str] = "priors.alpha_channel"
    exact: ClassVar[bool] = False
    _: KW_ONLY
    contrast: float = 0.5

    def fit(self, images, shape, space, keys):
        """Return the image as colours, and logits of an opacity that is 0.9 all over."""
        return {"color": images, "logit": tf.zeros_like(images[..., :1]) + 2.2}

    def render(self, params, step):
        """Return the images, and ``alpha`` (N, H, W, 1) in 0..1."""
        color, alpha = params["color"], tf.sigmoid(params["logit"])
        behind = tf.zeros_like(color)
        if step is not None:
            noise = tf.cast(step.normal(color.shape[1:]), color.dtype)
            behind += self.contrast * step.space.spread * noise
        return alpha * color + (1 - alpha) * behind, {"alpha": alpha}

    def spreads(self, shape, space):
        """Return that logits are numbers around 1."""
        return {"logit": 1.0}


@dataclass(frozen=True)
class Opacity(fp.Objective):
    """The mean opacity; subtracted it is a penalty that only the extras show."""

    kind: ClassVar[str] = "priors.opacity"

    def reads(self):
        """Return nothing: it sees the extras alone."""
        return ()

    def value(self, seen):
        """Return the mean of alpha, (N,)."""
        return tf.reduce_mean(seen.extras["alpha"], axis=(1, 2, 3))
