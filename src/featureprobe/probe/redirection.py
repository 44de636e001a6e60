"""Redirected gradients: let a gradient out of a flat activation, without touching the layer.

A ReLU that is closed passes no gradient, so a silent unit cannot be climbed. Backward only, a flat
activation hands on the gradient where that would bring its input back to where it is not flat.
"""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from featureprobe.errors import ModelError
from featureprobe.probe.activations import strip_activation
from featureprobe.probe.keras_own import is_valuewise_function
from featureprobe.types import Tensor

FLAT = 0.1
"""Slope below which an activation counts as flat."""


def activation_of(layer: Any, path: str) -> Callable[[Tensor], Tensor] | None:
    """Return the activation of a layer as a function of its own input; None when there is none.

    What acts over several units at once, such as a softmax, and functions of the user's own have
    no slope of their own for each value, and are left as they are.
    """
    if isinstance(layer, keras.Model):
        return None
    try:
        how = strip_activation(layer, path)
    except ModelError:
        return None
    function = getattr(layer, "activation", None)
    if how == "none" or not is_valuewise_function(layer if function is None else function):
        return None
    return function if how == "fused" else layer


def redirect(function: Callable[[Tensor], Tensor], values: Tensor) -> Tensor:
    """Return ``function(values)`` with a redirected gradient.

    Where the slope is below :data:`FLAT`, a gradient that points from there towards 0 passes as it
    is: for values at or below 0 one that asks for more, for values above 0 one that asks for less.

    Args:
        function: An activation that acts on each value by itself.
        values: Its input, any shape.
    """

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def activated(x: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(x)
            y = function(x)
        slope = tape.gradient(y, x, unconnected_gradients=tf.UnconnectedGradients.ZERO)

        def gradient(upstream: Tensor) -> Tensor:
            back = tf.where(x > 0, upstream < 0, upstream > 0)
            return tf.where((tf.abs(slope) < FLAT) & back, upstream, slope * upstream)

        return y, gradient

    result: Tensor = activated(values)
    return result
