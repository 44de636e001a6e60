"""A small net from coordinates to colours: a compositional pattern-producing network."""

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

import tensorflow as tf

import featureprobe as fp


@dataclass(frozen=True)
class CPPN(fp.Parameterization):
    """The weights of a net that paints an image point by point; each start draws its own.

    Source: Stanley 2007; Mordvintsev et al. 2018, Differentiable Image Parameterizations.
    """

    kind: ClassVar[str] = "priors.cppn"
    exact: ClassVar[bool] = False
    constants: ClassVar[tuple[str, ...]] = ("points",)
    _: KW_ONLY
    hidden: int = 12

    def fit(self, images, shape, space, keys):
        """Return weights that follow from the keys, and the points (N, H, W, 4)."""
        rows, cols, channels = shape
        y, x = tf.meshgrid(
            tf.linspace(-2.0, 2.0, rows), tf.linspace(-2.0, 2.0, cols), indexing="ij"
        )
        points = tf.cast(
            tf.stack([y, x, tf.sqrt(x**2 + y**2), tf.ones_like(x)], axis=-1), images.dtype
        )
        sizes = {"first": (4, self.hidden), "second": (self.hidden, self.hidden)}
        sizes["colors"] = (self.hidden, channels)
        made = {"points": points + tf.zeros_like(images[..., :1])}
        for salt, (name, size) in enumerate(sizes.items()):

            def one(key, size=size, salt=salt):
                return tf.random.stateless_normal(size, tf.random.fold_in(key, salt))

            drawn = tf.map_fn(one, keys, fn_output_signature=tf.TensorSpec(size, tf.float32))
            made[name] = tf.cast(drawn, images.dtype)
        return made

    def render(self, params, step):
        """Return what the net paints, (N, H, W, C)."""
        value = tf.tanh(tf.einsum("nhwi,nij->nhwj", params["points"], params["first"]))
        value = tf.tanh(tf.einsum("nhwi,nij->nhwj", value, params["second"]))
        return tf.einsum("nhwi,nij->nhwj", value, params["colors"])

    def spreads(self, shape, space):
        """Return how large the weights are."""
        return {"first": 1.0, "second": 1.0, "colors": 1.0}
