"""How a rule moves the parameters: constants stay, numbers that starts share move as one."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import tensorflow as tf

from featureprobe.ascent.step.image_step import ImageStep
from featureprobe.ascent.step.parameters import Parameters
from featureprobe.ascent.step.shared_numbers import averaged, summed, tied
from featureprobe.parameterizations.base import Params
from featureprobe.rules.base import Slots, UpdateRule
from featureprobe.types import Tensor


@dataclass(frozen=True, eq=False)
class Updating:
    """A rule on the parameters of a parameterization.

    Args:
        rule: The update rule.
        parameters: What it moves.
    """

    rule: UpdateRule
    parameters: Parameters

    def init(self, params: Params) -> Slots:
        """Return what the rule remembers before the first step."""
        parts = self._parts(self.parameters.free(params))
        if not self.parameters.of.shared:
            return self.rule.init(parts["own"])
        return {part: self.rule.init(values) for part, values in parts.items() if values}

    def __call__(
        self,
        params: Params,
        grad: Params,
        total: Tensor,
        slots: Slots,
        step: ImageStep,
        starts: Tensor,
    ) -> tuple[Params, Slots]:
        """Return the next parameters and slots.

        Args:
            params: The parameters, constants included.
            grad: The gradient of each row's own total; constants have none.
            total: (N,) the totals.
            slots: What the rule remembered.
            step: The step.
            starts: int32 scalar: rows of one target.
        """
        if not self.parameters.of.shared:
            free = self.parameters.free(params)
            moved, slots = self.rule.update(free, grad, total, slots, self._own(step, free))
            return params | moved, slots
        # What shares numbers is one problem: its total is the mean, and all go on or back together.
        total, moved, slots = averaged(total, starts), {}, dict(slots)
        values, grads = self._parts(self.parameters.free(params)), self._parts(grad)
        grads["shared"] = {name: summed(g, starts) for name, g in grads["shared"].items()}
        for part, own in values.items():
            if own:
                given = (own, grads[part], total, slots[part], self._own(step, own))
                made = self.rule.update(*given)
                if part == "shared":  # rounding and draws differ from row to row
                    made = tied(made, starts)
                moved |= made[0]
                slots[part] = made[1]
        return params | moved, slots

    def _parts(self, values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """Return what a row has for itself and what it shares."""
        parts: dict[str, dict[str, Any]] = {"own": {}, "shared": {}}
        for name, value in values.items():
            parts["shared" if name in self.parameters.of.shared else "own"][name] = value
        return parts

    def _own(self, step: ImageStep, values: Params) -> ImageStep:
        """Return the step with the spreads and the number of the values that a rule moves."""
        if self.parameters.are_pixels:
            return step
        spreads = self.parameters.spreads
        if self.parameters.of.exact:  # as many numbers of their own as an image has
            return replace(step, spreads=spreads)
        size = sum(math.prod(value.shape[1:]) for value in values.values())
        sizes = tf.constant(
            float(max(size, 1)), step.live.count.dtype, (1,) * len(step.live.count.shape)
        )
        return replace(step, spreads=spreads, sizes=sizes)
