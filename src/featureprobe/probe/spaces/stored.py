"""What normalizing layers remember of their training, and how well what reaches them now agrees with it.

A BatchNormalization layer holds the mean and the variance of each channel that it was given while the
net was trained, a Normalization layer those of the data. Taken as two normal distributions, what it holds and what
comes now overlap by a number from 0 to 1 (Bhattacharyya's coefficient), whatever the channel's scale.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

import keras
import numpy as np

from featureprobe.input_space import InputSpace
from featureprobe.probe.layers.keras_own import is_keras_own
from featureprobe.probe.network.network import Network
from featureprobe.types import FloatArray, Floats

MOST_LAYERS = 8  # the first ones: further down, what a picture shows counts for more
_CHUNK = 16  # images at a time: what first layers make is large


@dataclass(frozen=True, eq=False)
class Remembered:
    """What one layer holds of what it was given in training.

    Attributes:
        path: The layer's path.
        source: The path of the layer before it; None where it takes the images themselves.
        mean: (C,) stored.
        variance: (C,) stored.
        epsilon: What the layer adds to variances.
    """

    path: str
    source: str | None
    mean: Floats
    variance: Floats
    epsilon: float


def remembered(network: Network) -> tuple[Remembered, ...]:
    """Return the first layers that hold statistics of their training; none where there are none."""
    return tuple(islice(_trained(network), MOST_LAYERS))


def _trained(network: Network) -> Iterator[Remembered]:
    graph = network.graph
    names = {number: path for call in graph.calls for path, number in zip(call.names, call.results)}
    for call in graph.calls:
        number = next(iter(call.sources), None)
        source = None if number in network.image_inputs else names.get(number or 0)
        if number is None or (source is None and number not in network.image_inputs):
            continue
        shape = network.image_shape if source is None else network.shape_of(source)
        held = _held(call.layer, len(shape))
        if held is None or any(values.size not in (1, shape[-1]) for values in held[:2]):
            continue
        mean, variance = (np.broadcast_to(values, (shape[-1],)) for values in held[:2])
        if mean.any() or np.ptp(variance):  # 0 and 1 throughout: never trained
            yield Remembered(call.path, source, mean, variance, held[2])


def _held(layer: Any, last: int) -> tuple[Floats, Floats, float] | None:
    """Return (mean, variance, epsilon) that a layer holds for the last axis of its input."""
    if not is_keras_own(layer):
        return None
    if type(layer) is keras.layers.BatchNormalization and layer.axis in (-1, last):
        return _flat(layer.moving_mean), _flat(layer.moving_variance), float(layer.epsilon)
    if type(layer) is keras.layers.Normalization and not layer.invert:
        return _flat(layer.mean), _flat(layer.variance), 0.0
    return None


def _flat(values: Any) -> Floats:
    return np.asarray(keras.ops.convert_to_numpy(values), np.float64).reshape(-1)


class Moments(NamedTuple):
    """Mean and mean square of each image's values, (N, C) each, of one layer's input."""

    first: Floats
    second: Floats


def moments(
    network: Network, space: InputSpace, images: FloatArray, layers: tuple[Remembered, ...]
) -> list[Moments]:
    """Return what reaches each of the layers when images (N, *spatial, C) are fed in a space."""
    sources = tuple(dict.fromkeys(layer.source for layer in layers if layer.source is not None))
    parts: list[list[Moments]] = []
    for first in range(0, len(images), _CHUNK):
        fed = space.to_model(images[first : first + _CHUNK], network.dtype)
        made = network.run(fed, tuple((path, False) for path in sources)) if sources else []
        values: dict[str | None, FloatArray] = {None: fed, **dict(zip(sources, made))}
        parts.append([_of_each(values[layer.source]) for layer in layers])
    return [
        Moments(*(np.concatenate(several) for several in zip(*layer, strict=True)))
        for layer in zip(*parts, strict=True)
    ]


def _of_each(values: FloatArray) -> Moments:
    flat = values.reshape(len(values), -1, values.shape[-1]).astype(np.float64)
    return Moments(flat.mean(axis=1), (flat**2).mean(axis=1))


def overlaps(layers: tuple[Remembered, ...], found: list[Moments], share: Floats) -> Floats:
    """Return (R,) how far what came agrees with what is held, 0..1, the mean over layers and channels.

    Args:
        layers: What is held.
        found: What came.
        share: (R, N) how much each image counts; rows add up to 1.
    """
    every = [_overlap(layer, here, share) for layer, here in zip(layers, found, strict=True)]
    return np.asarray(np.mean(every, axis=0), np.float64)


def _overlap(layer: Remembered, found: Moments, share: Floats) -> Floats:
    mean = share @ found.first
    variance = np.maximum(share @ found.second - mean**2, 0.0) + layer.epsilon
    held = layer.variance + layer.epsilon
    total = np.maximum(variance + held, np.finfo(np.float64).tiny)
    near = np.exp(-((mean - layer.mean) ** 2) / (4 * total))
    return np.asarray((np.sqrt(2 * np.sqrt(variance * held) / total) * near).mean(axis=1))
