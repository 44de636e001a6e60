"""Normalized gradient: steps of a fixed size."""

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

import tensorflow as tf

from featureprobe._arguments import Positive
from featureprobe.rules.base import Params, Slots, UpdateRule, per_image, relative, rms_inverse
from featureprobe.step import Step
from featureprobe.types import Tensor


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
    rate: Positive = 0.2
    _: KW_ONLY
    decay: Positive | None = None

    def init(self, params: Params) -> Slots:
        """Return nothing: the rule has no memory."""
        return ()

    def update(
        self, params: Params, grad: Params, score: Tensor, slots: Slots, step: Step
    ) -> tuple[Params, Slots]:
        """Return params plus ``rate`` spreads along the gradient."""
        scaled = relative(grad, step)
        size = self.rate * step.space.spread * rms_inverse(scaled, step.count)
        if self.decay is not None:
            elapsed = tf.cast(step.index - 1, size.dtype)
            size *= tf.math.rsqrt(1.0 + elapsed / self.decay)
        moved = {n: params[n] + per_image(size, g) * g for n, g in relative(scaled, step).items()}
        return moved, slots
