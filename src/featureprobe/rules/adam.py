"""Adam, ascending."""

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

import tensorflow as tf

from featureprobe import _checks
from featureprobe._arguments import Positive
from featureprobe.errors import RangeError
from featureprobe.rules.base import Params, Slots, UpdateRule, spread_of
from featureprobe.step import Step
from featureprobe.types import Tensor


@dataclass(frozen=True)
class Adam(UpdateRule):
    """Adam (Kingma and Ba 2015), ascending.

    Args:
        rate: Step size in units of each parameter's spread, > 0; for pixels, the input space's.
        beta1: Decay of the first moment, 0 <= beta1 < 1.
        beta2: Decay of the second moment, 0 <= beta2 < 1.
        epsilon: Added to the root of the second moment, > 0. Gradients of deep nets are small, so
            it is far below Keras' 1e-7.

    Example:
        >>> Adam(0.05).beta1
        0.9
    """

    kind: ClassVar[str] = "adam"
    rate: Positive = 0.05
    _: KW_ONLY
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: Positive = 1e-14

    def __post_init__(self) -> None:
        super().__post_init__()
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
        moved, first, second = {}, {}, {}
        for name, g in grad.items():
            count = tf.cast(step.index, g.dtype)
            first[name] = self.beta1 * slots["first"][name] + (1 - self.beta1) * g
            second[name] = self.beta2 * slots["second"][name] + (1 - self.beta2) * g**2
            mean = first[name] / (1 - self.beta1**count)
            root = tf.sqrt(second[name] / (1 - self.beta2**count))
            rate = self.rate * spread_of(step, name, g.dtype)
            moved[name] = params[name] + rate * mean / (root + self.epsilon)
        return moved, {"first": first, "second": second}
