"""A gradient of one's own inside a trace, of which nothing is kept when the trace goes."""

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from featureprobe.types import Tensor

try:  # no public function tells a tape what a gradient is without registering it
    from tensorflow.python.eager import record as _record
except ImportError:  # pragma: no cover  (another release of TensorFlow)
    _record = None

Own = Callable[[Tensor], tuple[Sequence[Tensor], Callable[..., Tensor]]]
"""From a tensor to results, and to what takes their gradients to the tensor's."""


def with_own_gradient(function: Own, values: Tensor) -> list[Tensor]:
    """Return ``function(values)[0]`` with the gradient that comes with it, for tapes of the same trace.

    ``tf.custom_gradient`` does so too, but inside a trace it registers a new gradient by name on
    each call, for good, and with it the whole graph: some megabytes for each net that is opened.

    Args:
        function: Takes a tensor to a list of results, and to a function from their gradients, one
            each, to that of the tensor.
        values: What it is called with.
    """
    if _record is None:  # pragma: no cover
        return _registered(function, values)
    with _record.stop_recording():
        given = tf.identity(values)  # nothing of what follows is seen from outside
    made, back = function(given)
    with _record.stop_recording():
        results = [tf.identity(own) for own in made]
    _record.record_operation("OwnGradient", results, [values], lambda *up: [back(*up)])
    return results


def _registered(function: Own, values: Tensor) -> list[Tensor]:  # pragma: no cover
    def computed(given: Tensor) -> tuple[list[Tensor], Callable[..., Any]]:
        made, back = function(given)

        def gradient(*upstream: Tensor, variables: Sequence[Any] = ()) -> Any:
            inner = back(*upstream)
            return (inner, [None for _ in variables]) if variables else inner

        return list(made), gradient

    return list(tf.nest.flatten(tf.custom_gradient(computed)(values)))
