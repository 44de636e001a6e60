"""Whether a picture excites its unit the way natural images do: layer by layer, map by map."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from featureprobe._extras import need
from featureprobe.analysis.quality.batching import portion
from featureprobe.analysis.quality.natural import Natural
from featureprobe.analysis.quality.units import UnitScore
from featureprobe.probe.graph.layer_graph import Wanted
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.types import FloatArray, Floats, Whole

PIXELS = "pixels"
SEPARATE = 0.05
"""A layer counts where a unit's top images are more alike than others by at least this much."""

_NODES = 20_000  # of a layer, at most: drawn once
_MOST = 256  # images at once


@dataclass(frozen=True, eq=False)
class Likeness:
    """How alike a picture and a unit's top natural images are, for K pictures and L layers.

    Attributes:
        own: (K, L) mean likeness of the picture and the top images, -1..1.
        same: (K, L) of two different top images.
        other: (K, L) of a top image and a random one.
    """

    own: Floats
    same: Floats
    other: Floats

    @property
    def normalized(self) -> Floats:
        """(K, L): 1 as alike as top images are, 0 as random ones; NaN where those hardly differ."""
        gap = self.same - self.other
        clear = gap >= SEPARATE
        return np.where(clear, (self.own - self.other) / np.where(clear, gap, 1), np.nan)


def activation_likeness(
    probe: ModelProbe,
    pictures: FloatArray,
    natural: Natural,
    tops: Whole,
    others: Whole,
    layers: Sequence[str],
    seed: int,
) -> Likeness:
    """Compare all activations of each layer by Spearman's rank correlation.

    Source: Geirhos et al., "Don't trust your eyes: on the (un)reliability of feature
    visualizations", ICML 2024.

    Args:
        probe: The opened model.
        pictures: (K, *spatial, C), pixel units.
        natural: Natural images.
        tops: (K, n) the top images of each picture's unit.
        others: (m,) random images.
        layers: L paths; ``"pixels"`` is the image itself.
        seed: Chooses nodes of layers with more than 20,000.
    """
    unique, where = np.unique(tops, return_inverse=True)
    where = where.reshape(tops.shape)
    sets = [pictures, natural.images[unique], natural.images[others]]
    columns = []
    for layer in layers:
        own, top, other = (_unit_ranks(probe, images, layer, seed) for images in sets)
        top = top[where]
        columns.append((_cosines(own[:, None], top), _cosines(top), _cosines(top, other[None])))
    return Likeness(*(np.stack(part, axis=1) for part in zip(*columns, strict=True)))  # fmt: skip


def _unit_ranks(probe: ModelProbe, images: npt.ArrayLike, layer: str, seed: int) -> FloatArray:
    """Return (N, J) ranks of the layer's nodes, centred and of norm 1."""
    rank = need("scipy.stats", what="Path naturalness", extra="analysis").rankdata
    pixels, parts = np.asarray(images), []
    size = _MOST if layer == PIXELS else portion(probe, (layer, False), most=_MOST)
    for first in range(0, len(pixels), size):
        some = pixels[first : first + size]
        values = some if layer == PIXELS else probe.activations(some, layer)
        flat = values.reshape(len(some), -1)
        if flat.shape[1] > _NODES:
            chosen = np.random.default_rng(seed).choice(flat.shape[1], _NODES, replace=False)
            flat = flat[:, np.sort(chosen)]
        parts.append(_unit(rank(flat, axis=1).astype(np.float32)))
    return np.concatenate(parts)


def _unit(values: FloatArray) -> FloatArray:
    centred = values - values.mean(axis=1, keepdims=True)
    norm = np.linalg.norm(centred, axis=1, keepdims=True)
    return np.asarray(centred / np.where(norm > 0, norm, 1), np.float32)


def shared_sources(
    probe: ModelProbe,
    pictures: FloatArray,
    natural: Natural,
    tops: Whole,
    others: Whole,
    layers: Sequence[str],
    score: UnitScore,
    units: Whole,
) -> Floats:
    """Say how far the unit's answer comes through the maps that it comes through in natural images.

    A map's contribution is the sum over its nodes of activation times slope of the unit's strongest
    node before its activation; where the net between is piecewise linear, contributions and biases
    add up to it. Contributions are compared by the cosine, normalized as :attr:`Likeness.normalized`,
    times how much of the answer comes through the layer, as a share of what does in the top natural
    images, at most 1: a hidden way beside the layer leaves little.

    Args:
        probe: The opened model.
        pictures: (K, *spatial, C), pixel units.
        natural: Natural images.
        tops: (K, n) the top images of each picture's unit.
        others: (m,) random images.
        layers: L paths before the unit's layer.
        score: How images are scored.
        units: (K,) the unit of each picture.

    Returns:
        (K, L), 1 as in natural images, 0 as in any images or by another way; NaN where the top
        images are no more alike than any.
    """
    n, m = tops.shape[1], len(others)
    images = [
        pictures,
        natural.images[tops.ravel()],
        np.tile(natural.images[others], (len(units), *(1,) * (natural.images.ndim - 1))),
    ]
    numbers = [units, np.repeat(units, n), np.repeat(units, m)]
    made = [
        _contributions(probe, i, u, score, layers) for i, u in zip(images, numbers, strict=True)
    ]
    columns = []
    for layer in range(len(layers)):
        own, top, other = (
            values[layer].reshape(len(units), count, -1)
            for values, count in zip(made, (1, n, m), strict=True)
        )
        alike = Likeness(_cosines(own, top), _cosines(top), _cosines(top, other)).normalized
        flows = [
            _flow(values[layer], values[-1]).reshape(len(units), count)
            for values, count in zip(made[:2], (1, n), strict=True)
        ]
        usual = np.median(flows[1], axis=1)
        through = np.minimum(1, flows[0][:, 0] / np.where(usual > 0, usual, np.inf))
        columns.append(alike * through)
    return np.stack(columns, axis=1)


def _flow(contributions: FloatArray, answers: FloatArray) -> FloatArray:
    """Return (N,) the positive contributions as a share of the answers, 0 where these are not positive."""
    positive = np.maximum(contributions, 0).sum(axis=1)
    return np.asarray(positive / np.where(answers > 0, answers, np.inf))


def _cosines(first: FloatArray, second: FloatArray | None = None) -> Floats:
    """Return (K,) mean cosines of the rows of (K, a, J) and (K, b, J), or among those of one set.

    A row of zeros is like nothing.
    """
    sets = (first,) if second is None else (first, second)
    unit = [v / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1e-30) for v in sets]
    if second is not None:
        means = [v.mean(axis=1, dtype=np.float64) for v in unit]
        return np.asarray((means[0] * means[1]).sum(axis=1))
    count = first.shape[1]
    total = (unit[0].sum(axis=1, dtype=np.float64) ** 2).sum(axis=1)
    return np.asarray((total - (unit[0] ** 2).sum(axis=(1, 2))) / (count * (count - 1)))


def _contributions(
    probe: ModelProbe, images: npt.ArrayLike, units: Whole, score: UnitScore, layers: Sequence[str]
) -> list[FloatArray]:
    """Return for each layer (N, maps) contributions to the units' strongest nodes, and these (N,)."""
    pixels, parts = np.asarray(images), []
    call = _traced(probe, score, tuple(layers))
    size = portion(probe, *_wanted(probe, score, layers), most=_MOST, gradients=True)
    for first in range(0, len(pixels), size):
        some = slice(first, first + size)
        values = probe.input_space.to_model(np.asarray(pixels[some], np.float32))
        batch = tf.cast(values, probe.network.dtype)
        parts.append([np.asarray(v) for v in call(batch, tf.constant(units[some], tf.int32))])
    return [np.concatenate(values) for values in zip(*parts, strict=True)]


def _wanted(probe: ModelProbe, score: UnitScore, layers: Sequence[str]) -> tuple[Wanted, ...]:
    return (*((layer, False) for layer in layers), (score.layer, score.sees_before(probe)))


def _traced(probe: ModelProbe, score: UnitScore, layers: tuple[str, ...]) -> Any:
    network = probe.network
    wanted = _wanted(probe, score, layers)
    network.prepare(wanted)

    def contributions(images: tf.Tensor, units: tf.Tensor) -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(images)
            *lower, top = network.at_once(images, wanted)
            strongest = tf.gather(score.over(top, tf.reduce_max), units, batch_dims=1)
        slopes = tape.gradient(strongest, lower, unconnected_gradients="zero")
        by_map = [
            tf.reduce_sum(value * slope, axis=tuple(range(1, value.shape.rank - 1)))
            for value, slope in zip(lower, slopes, strict=True)
        ]
        return [*by_map, strongest]

    def in_parts(images: tf.Tensor, units: tf.Tensor) -> list[tf.Tensor]:
        if network.rows is None:
            return contributions(images, units)
        shapes = [*((network.shape_of(layer)[-1],) for layer in layers), ()]
        return network.rows.in_parts(contributions, [images, units], shapes, network.dtype)

    spec = [
        tf.TensorSpec((None, *probe.image_shape), network.dtype),
        tf.TensorSpec((None,), tf.int32),
    ]
    return network.compiled(
        ("contributions", score, layers),
        lambda: tf.function(
            in_parts, input_signature=spec, autograph=False
        ).get_concrete_function(),
    )
