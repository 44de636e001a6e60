"""Whether a network that was read off the user's own code makes what the model makes."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
import tensorflow as tf
from keras import tree

from featureprobe.input_space import InputSpace
from featureprobe.probe.graph.own_inputs import own_inputs
from featureprobe.probe.layers.boundary import at_rest
from featureprobe.probe.network.network import Network

_MOST, _MOST_HALF = 1e-4, 3e-2  # differences, as shares of the largest value


def agrees(network: Network, model: Any, space: InputSpace) -> bool:
    """Whether a network answers what its model answers to images of noise, one row for each.

    Code of the user's own may do what its calls do not tell: draw or count in Python, say.
    True where the model itself does not run.

    Args:
        network: The network.
        model: The model, which is run, and not changed.
        space: The space of the images.
    """
    struct, symbols = own_inputs(model)
    declared = next((t.shape[0] for t in symbols.values() if t.shape[0] is not None), None)
    rows = declared or 2
    noise = np.random.default_rng(0).standard_normal((rows, *network.image_shape))
    low, high = space.bounds or (-np.inf, np.inf)
    images = tf.constant(np.clip(space.center + space.spread * noise, low, high), network.dtype)
    wanted = tuple((path, False) for call in network.graph.calls for path in call.names)
    feeds = [
        value if len(t.shape) == len(value.shape) else tf.reshape(value, (rows, *t.shape[1:]))
        for value, t in zip(network.feeds(images), symbols.values(), strict=True)
    ]
    # Traced for any number of images: Keras takes values (k, 1) for a bias where k are known.
    spec = tf.TensorSpec((declared, *network.image_shape), network.dtype)
    run = tf.function(lambda x: network.at_once(x, wanted), autograph=False)
    true = _tried(lambda: model(tree.pack_sequence_as(struct, feeds), training=False))
    if true is None:
        return True
    made = _tried(lambda: run.get_concrete_function(spec)(images))
    if made is None:
        return False
    numbers = [number for call in network.graph.calls for number in call.results]
    by_number = dict(zip(numbers, made, strict=True))
    answers = [by_number.get(number) for number in network.graph.outputs]
    if len(answers) != len(true) or any(len(v) != rows for v in made if len(v.shape)):
        return False
    most = _MOST_HALF if network.half else _MOST
    return all(a is None or _same(a, b, most) for a, b in zip(answers, true, strict=True))


def _tried(run: Callable[[], Any]) -> list[Any] | None:
    """Return what a call makes; None where it fails, which the trial of the rows then says."""
    with suppress(Exception), at_rest():  # whatever a user's code raises
        return list(tree.flatten(run()))
    return None


def _same(one: Any, other: Any, most: float) -> bool:
    a, b = (np.asarray(tf.cast(v, tf.float64)) for v in (one, other))
    size = np.abs(b, where=np.isfinite(b), out=np.zeros(b.shape)).max(initial=0.0)
    return a.shape == b.shape and np.allclose(a, b, rtol=0, atol=most * size, equal_nan=True)
