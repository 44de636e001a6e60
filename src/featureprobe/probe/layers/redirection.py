"""Redirected gradients: let a gradient out of a flat activation, without touching the layer.

A ReLU that is closed passes no gradient, so a silent unit cannot be climbed. Backward only, a flat
activation hands on the gradient where that would bring its input back to where it is not flat.
"""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from featureprobe.errors import ModelError
from featureprobe.probe.layers.activations import ending_of
from featureprobe.probe.layers.keras_own import is_valuewise_function
from featureprobe.probe.layers.own_gradient import with_own_gradient
from featureprobe.types import Tensor

FLAT = 0.1
"""Slope below which an activation counts as flat."""


def activation_of(layer: Any, path: str) -> Callable[[Tensor], Tensor] | None:
    """Return the activation of a layer as a function of its own input; None when there is none.

    What acts over several units at once, such as a softmax, and functions of the user's own have
    no slope of their own for each value, and are left as they are.
    """
    try:
        ending = ending_of(layer, path)
    except ModelError:
        return None
    single = ending.function is not None and is_valuewise_function(ending.function)
    return ending.function if single else None


def redirect(function: Callable[[Tensor], Tensor], values: Tensor) -> Tensor:
    """Return ``function(values)`` with a redirected gradient.

    Where the slope is below :data:`FLAT`, a gradient that points from there towards 0 passes as it
    is: for values at or below 0 one that asks for more, for values above 0 one that asks for less.

    Args:
        function: An activation that acts on each value by itself.
        values: Its input, any shape.
    """
    # The function runs outside: what owns weights, such as a PReLU, must not run in a custom gradient.
    at = tf.stop_gradient(values)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(at)
        made = function(at)
    slope = tape.gradient(made, at, unconnected_gradients=tf.UnconnectedGradients.ZERO)

    def activated(x: Tensor) -> tuple[list[Tensor], Callable[[Tensor], Tensor]]:
        def gradient(upstream: Tensor) -> Tensor:
            back = tf.where(x > 0, upstream < 0, upstream > 0)
            return tf.where((tf.abs(slope) < FLAT) & back, upstream, slope * upstream)

        return [made], gradient

    return with_own_gradient(activated, values)[0]
