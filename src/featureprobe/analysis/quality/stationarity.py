"""Whether a picture is a maximum at all: its certificate, whoever made it."""

from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from featureprobe.analysis.quality.standard import Whole
from featureprobe.analysis.quality.targets import UnitScore
from featureprobe.ascent.constraints import Constraint
from featureprobe.ascent.live import LivePixels
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.types import FloatArray, Read

_STEPS, _STRIDE = 20, 0.02  # of the short walk, and their RMS in typical spreads
_MEMORY = 0.9  # as the ascent's own certificate: taken of about ten gradients
_BATCH = 256


def certificates(
    probe: ModelProbe,
    pictures: FloatArray,
    score: UnitScore,
    units: Whole,
    constraint: Constraint,
) -> npt.NDArray[np.float64]:
    """Return (K,): 1 at a stationary point of the constraint set, 0 where nothing rises.

    A score of rectified units has edges, and maxima lie on them: gradients beside an edge point
    across it, and only their mean tells. As in an ascent it is taken along the way, here of twenty
    steps of 2 % of the typical spread from the picture on.

    Args:
        probe: The opened model.
        pictures: (K, H, W, C), pixel units, of the constraint set.
        score: How images are scored.
        units: (K,) the unit of each picture.
        constraint: The set.
    """
    space, dtype, live = probe.input_space, probe.network.dtype, _live(probe, score)
    images = np.asarray(space.to_model(pictures), np.float32)
    moved, course = images, np.zeros(images.shape)
    size = _STRIDE * space.typical_spread * np.sqrt(images[0].size)
    for _ in range(_STEPS):
        slopes = tf.constant(_slopes(probe, moved, score, units), dtype)
        slopes = np.asarray(constraint.tangent(slopes, live), np.float64)
        norm = np.sqrt((slopes**2).sum(axis=(1, 2, 3), keepdims=True))
        unit = slopes / np.where(norm > 0, norm, 1)
        course = _MEMORY * course + (1 - _MEMORY) * unit
        ahead = tf.constant(moved + size * unit, dtype)
        moved = np.asarray(constraint.project(ahead, live, space), np.float32)
    mean, own = tf.constant(course, dtype), tf.constant(images, dtype)
    return np.asarray(constraint.certificate(mean, own, live, space), np.float64)


def _live(probe: ModelProbe, score: UnitScore) -> LivePixels:
    """Return which pixels count: all pictures read the same place of the same layer."""
    network, channels = probe.network, probe.image_shape[2]
    row, col = score.place or (None, None)
    layer, field = (
        tf.constant(network.live_box(read)[None, :, :, None], network.dtype)
        for read in (Read(score.layer), Read(score.layer, row=row, col=col))
    )
    count = tf.reshape(tf.maximum(tf.reduce_sum(layer) * channels, 1.0), (1, 1, 1, 1))
    beyond = tf.reshape(tf.reduce_sum(layer - field) * channels, (1, 1, 1, 1))
    fill = tf.fill((1, 1, 1, 1), tf.constant(probe.input_space.typical_center, network.dtype))
    return LivePixels(layer, field, count, beyond, fill)


def _slopes(probe: ModelProbe, images: FloatArray, score: UnitScore, units: Whole) -> FloatArray:
    """Return (K, H, W, C) the gradient of each picture's own score, images in model units."""
    call, parts = _traced(probe, score), []
    for first in range(0, len(images), _BATCH):
        some = slice(first, first + _BATCH)
        batch = tf.cast(images[some], probe.network.dtype)
        parts.append(np.asarray(call(batch, tf.constant(units[some], tf.int32)), np.float32))
    return np.concatenate(parts)


def _traced(probe: ModelProbe, score: UnitScore) -> Any:
    network = probe.network
    wanted = ((score.layer, score.pre),)
    network.prepare(wanted)

    def slopes(images: tf.Tensor, units: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(images)
            (values,) = network.forward(images, wanted)
            if score.place is not None:
                values = values[:, score.place[0], score.place[1]]
            elif values.shape.rank > 2:
                values = tf.reduce_mean(values, axis=(1, 2))
            own = tf.gather(values, units, batch_dims=1)
        return tape.gradient(own, images, unconnected_gradients="zero")

    spec = [
        tf.TensorSpec((None, *probe.image_shape), network.dtype),
        tf.TensorSpec((None,), tf.int32),
    ]
    return network.compiled(
        ("slopes", score),
        lambda: tf.function(slopes, input_signature=spec, autograph=False).get_concrete_function(),
    )
