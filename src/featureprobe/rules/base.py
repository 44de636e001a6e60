"""Update rule: from a gradient to the next parameters."""

from abc import ABC, abstractmethod
from typing import Any

import tensorflow as tf

from featureprobe._component import Component
from featureprobe.rules.scaling import inverse
from featureprobe.step import Step
from featureprobe.types import Tensor

Params = dict[str, Tensor]
Slots = Any


class UpdateRule(Component, ABC):
    """How parameters follow the gradient; pure, one gradient a step.

    Implement :meth:`init` and :meth:`update` in a frozen dataclass with its own ``kind``. Rates are
    multiples of ``step.spread(name)``, one spread of each parameter, so that they carry over from net
    to net and from pixels to whatever else an image is made of. Rules see no constants.
    """

    @abstractmethod
    def init(self, params: Params) -> Slots:
        """Return what the rule remembers: nested tuples or dicts of tensors with a leading N."""

    @abstractmethod
    def update(
        self, params: Params, grad: Params, score: Tensor, slots: Slots, step: Step
    ) -> tuple[Params, Slots]:
        """Return the next parameters and slots.

        Args:
            params: Tensors with a leading N, by name.
            grad: The gradient of the total with respect to each, tangent to the constraint set.
            score: (N,) the total at ``params``, of which ``grad`` is the gradient.
            slots: What the rule remembered.
            step: The step; schedules depend on ``step.index`` (from 1), never on how many follow.
        """


def relative(values: Params, step: Step) -> Params:
    """Return a gradient or direction, each parameter's times its spread in units of the pixels'.

    A rule that scales the gradient by it, and then its step, moves as if all parameters were measured
    in their own spreads.
    """
    return {
        name: times(_relative(step, name, value.dtype), value) for name, value in values.items()
    }


def spread_of(step: Step, name: str, dtype: tf.DType) -> Any:
    """Return one spread of a parameter, as a number or a tensor of its dtype."""
    spread = step.spread(name)
    return spread if isinstance(spread, int | float) else tf.cast(spread, dtype)


def times(factor: Any, values: Tensor) -> Tensor:
    """Return the product; 1 is no work, so that pixels keep their bits."""
    return values if isinstance(factor, float) and factor == 1.0 else factor * values


def _relative(step: Step, name: str, dtype: tf.DType) -> Any:
    return spread_of(step, name, dtype) / step.space.spread


def rms_inverse(grad: Params, count: Tensor) -> Tensor:
    """Return (N,) 1 / root mean square of the gradient over live values; 0 where it is 0."""
    peak = tf.zeros_like(tf.reshape(count, [-1]))
    for g in grad.values():
        peak = tf.maximum(peak, tf.reduce_max(tf.abs(g), axis=tuple(range(1, len(g.shape)))))
    squares = tf.zeros_like(peak)
    for g in grad.values():  # scaled first: squares of small gradients would vanish in float32
        scaled = g * per_image(inverse(peak), g)
        squares += tf.reduce_sum(scaled**2, axis=tuple(range(1, len(g.shape))))
    return tf.math.divide_no_nan(tf.sqrt(tf.reshape(count, [-1])), peak * tf.sqrt(squares))


def per_image(values: Tensor, like: Tensor) -> Tensor:
    """Return (N,) values in a shape that broadcasts against (N, ...)."""
    return tf.reshape(values, [-1, *([1] * (len(like.shape) - 1))])
