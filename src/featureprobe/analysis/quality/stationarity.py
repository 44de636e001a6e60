"""Whether a picture is a maximum at all, whoever made it: how far a short climb gets from it."""

from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from featureprobe.analysis.quality.batching import portion
from featureprobe.analysis.quality.natural import Whole
from featureprobe.analysis.quality.units import UnitScore
from featureprobe.ascent.problem.masks import live_pixels
from featureprobe.constraints.base import Constraint
from featureprobe.constraints.live_pixels import LivePixels
from featureprobe.probe.layers.boundary import climbed
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.types import FloatArray, Read

Floats = npt.NDArray[np.float64]
_STEPS, _STRIDE = 20, 0.02  # of the climb; the stride is an RMS in typical spreads
_MOST = 256  # images at once


def certificates(
    probe: ModelProbe,
    pictures: FloatArray,
    score: UnitScore,
    units: Whole,
    constraint: Constraint,
) -> Floats:
    """Return (K,): 1 where a short climb gets nowhere, a maximum; 0 where it goes straight on.

    Twenty steps along the normalized gradient, each of 2 % of the typical spread, with a projection on
    the set after each. Found is one minus the distance between both ends as a share of the length of
    the steps. At a maximum steps go back and forth, also at the edges of rectified units, where a
    single gradient says nothing, or the set takes them back. Pictures that are off by more than the
    climb's length, 40 % of the spread, count as other than the maximum.

    Args:
        probe: The opened model.
        pictures: (K, H, W, C), pixel units; they are brought into the set first.
        score: How images are scored.
        units: (K,) the unit of each picture.
        constraint: The set.

    Returns:
        (K,), 0 where the unit has no gradient.
    """
    space, dtype, live = probe.input_space, probe.network.dtype, _live(probe, score)

    def projected(images: npt.ArrayLike) -> Floats:
        tensor = tf.cast(images, dtype)
        return np.asarray(constraint.project(tensor, live, space), np.float64)

    start = projected(space.to_model(pictures))
    count = float(tf.reduce_sum(live.field)) * probe.image_shape[2]
    size = _STRIDE * space.spread * np.sqrt(max(count, 1.0))
    end, rises = start, np.zeros(len(start), np.bool_)
    for _ in range(_STEPS):
        slopes = tf.cast(_slopes(probe, end, score, units), dtype)
        tangent = np.asarray(constraint.tangent(slopes, live), np.float64)
        norm = _norms(tangent)
        rises |= norm > 0
        unit = tangent / np.where(norm > 0, norm, 1)[:, None, None, None]
        end = projected(end + size * unit)
    left = 1 - _norms(end - start) / (_STEPS * size)
    return np.where(rises, np.maximum(left, 0), 0.0)


def _norms(images: Floats) -> Floats:
    return np.asarray(np.sqrt((images**2).sum(axis=(1, 2, 3))))


def _live(probe: ModelProbe, score: UnitScore) -> LivePixels:
    """Return which pixels count: all pictures read the same place of the same layer."""
    network = probe.network
    layer, field = (network.live_box(read) for read in (Read(score.layer), score.read()))
    return live_pixels(network, layer, field, probe.input_space)


def _slopes(probe: ModelProbe, images: Floats, score: UnitScore, units: Whole) -> FloatArray:
    """Return (K, H, W, C) the gradient of each picture's own score, images in model units."""
    network = probe.network
    call, parts = _traced(probe, score), []
    size = portion(probe, (score.layer, score.pre), most=_MOST, gradients=True)
    for first in range(0, len(images), size):
        some = slice(first, first + size)
        batch = tf.cast(images[some], network.dtype)
        parts.append(np.asarray(call(batch, tf.constant(units[some], tf.int32)), np.float32))
    return np.concatenate(parts)


def _traced(probe: ModelProbe, score: UnitScore) -> Any:
    network = probe.network
    wanted = ((score.layer, score.pre),)
    network.prepare(wanted)

    def slopes(images: tf.Tensor, units: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(images)
            run = partial(network.forward, wanted=wanted)
            (values,) = climbed(run, images, half=network.half)
            own = tf.gather(score.over(values, tf.reduce_mean), units, batch_dims=1)
        return tape.gradient(own, images, unconnected_gradients="zero")

    spec = [
        tf.TensorSpec((None, *probe.image_shape), network.dtype),
        tf.TensorSpec((None,), tf.int32),
    ]
    return network.compiled(
        ("slopes", score),
        lambda: tf.function(slopes, input_signature=spec, autograph=False).get_concrete_function(),
    )
