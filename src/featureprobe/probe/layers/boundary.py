"""The boundary of a model: what enters, what leaves, and what must not change by it."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from featureprobe.probe.layers.own_gradient import with_own_gradient
from featureprobe.types import Tensor


def at_rest() -> Any:
    """Return a scope in which layers run without moving the model's variables.

    What a layer assigns (the state of a recurrent layer, a counter, the seed of a random layer)
    lasts until the scope ends, so that every run starts from the model as it is.
    """
    return keras.StatelessScope(initialize_variables=False)


def passed_on(values: Tensor, dtype: str) -> Tensor:
    """Return floats as they are inside a model, by way of the dtype outside.

    So that they have a slope by what is handed out of them.
    """
    return tf.cast(tf.cast(values, dtype), values.dtype) if values.dtype.is_floating else values


def climbed(
    run: Callable[[Tensor], Sequence[Tensor]], images: Tensor, *, half: bool
) -> Sequence[Tensor]:
    """Return ``run(images)`` with a gradient that does not vanish in 16 bits on its way back.

    Each image's gradient is scaled to a largest value of 1 where it enters the model, and scaled
    back where it leaves.

    Args:
        run: From images (N, H, W, C) to answers (N, ...).
        images: Of the dtype outside.
        half: Whether the model has numbers of 16 bits; else there is nothing to do.
    """
    if not half:
        return run(images)

    def computed(given: Tensor) -> tuple[list[Tensor], Callable[..., Tensor]]:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(given)
            made = list(run(given))

        def back(*upstream: Tensor) -> Tensor:
            peak = tf.reduce_max(tf.stack([_peaks(u) for u in upstream]), axis=0)
            scaled = [tf.math.divide_no_nan(u, _spread(peak, u)) for u in upstream]
            inner = tape.gradient(
                made, given, scaled, unconnected_gradients=tf.UnconnectedGradients.ZERO
            )
            return inner * _spread(peak, inner)

        return made, back

    return with_own_gradient(computed, images)


def _peaks(values: Tensor) -> Tensor:
    """Return (N,) the largest size of each image's values (N, ...)."""
    return tf.reduce_max(tf.abs(values), axis=tuple(range(1, len(values.shape))))


def _spread(sizes: Tensor, like: Tensor) -> Tensor:
    """Return (N,) sizes in a shape that broadcasts against (N, ...)."""
    return tf.reshape(sizes, [-1, *([1] * (len(like.shape) - 1))])
