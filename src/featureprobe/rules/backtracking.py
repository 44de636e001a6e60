"""Backtracking: go on where the score rises, go back and take smaller steps where it falls."""

from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

import tensorflow as tf

from featureprobe import _checks
from featureprobe._arguments import AtLeastOne, Positive
from featureprobe.errors import RangeError
from featureprobe.rules.base import Params, Slots, UpdateRule, per_image, relative, rms_inverse
from featureprobe.step import Step
from featureprobe.types import Tensor


@dataclass(frozen=True)
class Backtracking(UpdateRule):
    """Steps along recent gradients whose size each image finds for itself.

    A step that raises the total makes the next one longer. A step that lowers it is taken back, and
    the next one starts from the best image so far, shorter and along its gradient alone. So the
    total never falls for more than a step, and an image near its maximum settles there. It is the
    rule of ``Ascent(polish=...)``; from a start far away :class:`Momentum` is faster.

    Args:
        rate: Root mean square of the first step over live pixels, in units of the input space's
            spread, > 0.
        beta: What a gradient still weighs one step later, 0 <= beta < 1.
        grow: Factor of the step size after a rise, >= 1.
        shrink: Factor of the step size after a fall, 0 < shrink < 1.

    Source: Armijo 1966 (backtracking); O'Donoghue and Candes 2015 (momentum starts anew where the
    value falls).

    Example:
        >>> Backtracking(0.02).shrink
        0.5
    """

    kind: ClassVar[str] = "backtracking"
    rate: Positive = 0.05
    _: KW_ONLY
    beta: float = 0.8
    grow: AtLeastOne = 1.2
    shrink: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        beta = _checks.number("beta", self.beta, least=0.0)
        shrink = _checks.number("shrink", self.shrink, above=0.0)
        for name, value in (("beta", beta), ("shrink", shrink)):
            if value >= 1:
                raise RangeError(f"{name} is below 1. Received: {value}. Use {name}=0.5.")
            object.__setattr__(self, name, value)

    def init(self, params: Params) -> Slots:
        """Return the first image as the best one, with a total that any other beats."""
        first = next(iter(params.values()))
        ones = tf.ones_like(tf.reshape(first, [tf.shape(first)[0], -1])[:, 0])
        zeros = {name: tf.zeros_like(value) for name, value in params.items()}
        return {
            "params": dict(params),
            "gradient": zeros,
            "velocity": dict(zeros),
            "total": ones - float("inf"),
            "size": ones * self.rate / self.grow,
        }

    def update(
        self, params: Params, grad: Params, score: Tensor, slots: Slots, step: Step
    ) -> tuple[Params, Slots]:
        """Return params moved from the best image so far, and what to go back to."""
        rose, ones = score >= slots["total"], tf.ones_like(score)
        scaled = relative(grad, step)
        unit = rms_inverse(scaled, step.count)
        gradient = {n: per_image(unit, g) * g for n, g in scaled.items()}
        forth = {n: self.beta * slots["velocity"][n] + g for n, g in gradient.items()}
        kept = {
            "params": _either(rose, params, slots["params"]),
            "gradient": _either(rose, gradient, slots["gradient"]),
            "velocity": _either(rose, forth, slots["gradient"]),
            "total": tf.where(rose, score, slots["total"]),
            "size": slots["size"] * tf.where(rose, ones * self.grow, ones * self.shrink),
        }
        feasible = {name: step.feasible(v) for name, v in kept["velocity"].items()}
        size = kept["size"] * step.space.spread * rms_inverse(feasible, step.count)
        along = relative(feasible, step)
        moved = {n: kept["params"][n] + per_image(size, v) * v for n, v in along.items()}
        return moved, kept


def _either(rose: Tensor, new: Params, old: Params) -> dict[str, Any]:
    """Return for each image the new or the old values."""
    return {name: tf.where(per_image(rose, value), value, old[name]) for name, value in new.items()}
