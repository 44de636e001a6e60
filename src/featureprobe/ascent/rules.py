"""Update rules: from a gradient to the next parameters."""

from abc import ABC, abstractmethod
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

import tensorflow as tf

from featureprobe import _checks
from featureprobe._component import Component
from featureprobe.ascent.scaling import inverse
from featureprobe.errors import RangeError
from featureprobe.step import Step
from featureprobe.types import Tensor

Params = dict[str, Tensor]
Slots = Any


class UpdateRule(Component, ABC):
    """How parameters follow the gradient; pure, one gradient a step.

    Implement :meth:`init` and :meth:`update` in a frozen dataclass with its own ``kind``. Rates are
    multiples of ``step.space.spread``, so that they carry over from net to net.
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


@dataclass(frozen=True)
class NormalizedGradient(UpdateRule):
    """A step of fixed size along the gradient: its root mean square over live pixels is ``rate``.

    Args:
        rate: Step size in units of the input space's spread, > 0.
        decay: Steps after which the step size has fallen to ``rate / sqrt(2)``, and on as
            ``rate / sqrt(1 + (index - 1) / decay)``; None keeps it fixed.

    Source: Chollet 2016 (normalized gradients); article VII of the MNIST series, step 6.

    Example:
        >>> NormalizedGradient(0.5, decay=8)
        NormalizedGradient(rate=0.5, decay=8.0)
    """

    kind: ClassVar[str] = "normalized_gradient"
    rate: float = 0.2
    _: KW_ONLY
    decay: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "rate", _checks.number("rate", self.rate, above=0.0))
        if self.decay is not None:
            object.__setattr__(self, "decay", _checks.number("decay", self.decay, above=0.0))

    def init(self, params: Params) -> Slots:
        """Return nothing: the rule has no memory."""
        return ()

    def update(
        self, params: Params, grad: Params, score: Tensor, slots: Slots, step: Step
    ) -> tuple[Params, Slots]:
        """Return params plus ``rate`` spreads along the gradient."""
        size = self.rate * step.space.typical_spread * rms_inverse(grad, step.live.count)
        if self.decay is not None:
            elapsed = tf.cast(step.index - 1, size.dtype)
            size *= tf.math.rsqrt(1.0 + elapsed / self.decay)
        moved = {name: params[name] + per_image(size, g) * g for name, g in grad.items()}
        return moved, slots


@dataclass(frozen=True)
class Adam(UpdateRule):
    """Adam (Kingma and Ba 2015), ascending.

    Args:
        rate: Step size in units of the input space's spread, > 0.
        beta1: Decay of the first moment, 0 <= beta1 < 1.
        beta2: Decay of the second moment, 0 <= beta2 < 1.
        epsilon: Added to the root of the second moment, > 0. Gradients of deep nets are small, so
            it is far below Keras' 1e-7.

    Example:
        >>> Adam(0.05).beta1
        0.9
    """

    kind: ClassVar[str] = "adam"
    rate: float = 0.05
    _: KW_ONLY
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-14

    def __post_init__(self) -> None:
        for name in ("rate", "epsilon"):
            object.__setattr__(self, name, _checks.number(name, getattr(self, name), above=0.0))
        for name in ("beta1", "beta2"):
            value = _checks.number(name, getattr(self, name), least=0.0)
            if value >= 1:
                raise RangeError(f"{name} is below 1. Received: {value}. Use 0.9 or 0.999.")
            object.__setattr__(self, name, value)

    def init(self, params: Params) -> Slots:
        """Return first and second moments of 0."""
        zeros = {name: tf.zeros_like(value) for name, value in params.items()}
        return {"first": zeros, "second": dict(zeros)}

    def update(
        self, params: Params, grad: Params, score: Tensor, slots: Slots, step: Step
    ) -> tuple[Params, Slots]:
        """Return params moved along the bias-corrected moments."""
        rate = self.rate * step.space.typical_spread
        moved, first, second = {}, {}, {}
        for name, g in grad.items():
            count = tf.cast(step.index, g.dtype)
            first[name] = self.beta1 * slots["first"][name] + (1 - self.beta1) * g
            second[name] = self.beta2 * slots["second"][name] + (1 - self.beta2) * g**2
            mean = first[name] / (1 - self.beta1**count)
            root = tf.sqrt(second[name] / (1 - self.beta2**count))
            moved[name] = params[name] + rate * mean / (root + self.epsilon)
        return moved, {"first": first, "second": second}


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
