"""UpdateRuleContract: what every update rule keeps."""

from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import tensorflow as tf

from featureprobe._component import Component
from featureprobe._spatial import inner_axes
from featureprobe.ascent.ascent import Ascent
from featureprobe.ascent.step.image_step import ImageStep
from featureprobe.objectives.base import Objective
from featureprobe.rules.base import Params, Slots, UpdateRule
from featureprobe.testing._claims import attempt, claim, claim_close, claim_finite
from featureprobe.testing.components import ComponentContract
from featureprobe.testing.steps import make_images, make_step, take_image
from featureprobe.types import Tensor

_COUNT = 3
_GRADIENT_SCALES = (1.0, 1e-3, 0.0)  # one for each image
_SIZES = (0.0, 1e-30, 1e-12, 1e6)  # gradients of deep nets are tiny


class UpdateRuleContract(ComponentContract):
    """What holds for every update rule.

    Example:
        >>> import featureprobe as fp
        >>> class TestAdam(fp.testing.UpdateRuleContract):
        ...     def make(self):
        ...         return fp.Adam(0.1)
        >>> TestAdam().test_a_run_resumes_from_its_slots()
    """

    group: ClassVar[str] = "rules"
    base: ClassVar[type[Component]] = UpdateRule

    def test_keeps_names_shapes_and_dtypes(self) -> None:
        """Parameters come back with the names, shapes and dtypes that they had."""
        params = self._params()
        moved, _ = self._updated(params, self._grad(), self._init(params), 1)
        claim(
            _layout(moved) == _layout(params),
            f"{self.make()!r} turns parameters {_layout(params)} into {_layout(moved)}. Keep "
            "names, shapes and dtypes; tf.cast numbers to the parameter's dtype.",
        )

    def test_slots_are_tensors_with_one_row_per_image(self) -> None:
        """Slots are nested tensors (N, ...), laid out the same after every update."""
        params = self._params()
        slots = self._init(params)
        for value in tf.nest.flatten(slots):
            claim(
                tf.is_tensor(value) and value.shape.rank and value.shape[0] == _COUNT,
                f"init() of {self.make()!r} remembers {value!r}. Slots are nested tuples or dicts "
                "of tensors (N, ...); take a step counter from step.index.",
            )
        _, after = self._updated(params, self._grad(), slots, 1)
        claim(
            _layout(after) == _layout(slots),
            f"{self.make()!r} turns slots {_layout(slots)} into {_layout(after)}. Return the "
            "layout that init() gave.",
        )

    def test_gradients_of_any_size_give_finite_steps(self) -> None:
        """Gradients of 0, 1e-30, 1e-12 and 1e6 move to finite parameters; no 0 / 0."""
        for size in _SIZES:
            params, slots = self._params(), self._init(self._params())
            for index in (1, 2, 3):
                grad = {name: size * value for name, value in self._grad(scaled=False).items()}
                params, slots = self._updated(params, grad, slots, index)
            for value in tf.nest.flatten((params, slots)):
                claim_finite(
                    value,
                    f"{self.make()!r} after 3 steps with gradients of {size:g}. Use "
                    "tf.math.divide_no_nan, and scale before you square.",
                )

    def test_a_step_along_the_gradient_of_a_linear_score_raises_it(self) -> None:
        """It ascends: where the score is linear, the first step raises it for every image."""
        params, grad = self._params(), self._grad(scaled=False)
        moved, _ = self._updated(params, grad, self._init(params), 1)
        gain = sum(
            np.sum(
                np.asarray((moved[n] - params[n]) * grad[n]), axis=inner_axes(len(params[n].shape))
            )
            for n in params
        )
        claim(
            np.all(np.asarray(gain) > 0),
            f"The first step of {self.make()!r} changes a linear score by {gain!r}. Featureprobe "
            "climbs: add the gradient.",
        )

    def test_steps_scale_with_the_spread_of_a_parameter(self) -> None:
        """Where one spread of the parameters is three times as large, so are the first steps."""
        params, grad = self._params(), self._grad(scaled=False)
        step = make_step(self.probe(), _COUNT)
        moved = []
        for times in (1.0, 3.0):
            wide = replace(step, spreads=dict.fromkeys(params, times * step.space.spread))
            made = self._updated_in(wide, params, grad, self._init(params))[0]
            moved.append(sum(float(tf.norm(made[name] - params[name])) for name in params))
        claim(
            moved[1] > 1.5 * moved[0],
            f"The first step of {self.make()!r} is {moved[0]:.3g} long, and {moved[1]:.3g} where one "
            "spread of the parameters is three times as large. Scale steps by step.spread(name), not "
            "by step.space.spread: parameters are not always pixels.",
        )

    def test_no_image_affects_another(self) -> None:
        """Image k alone moves as in a batch, whatever the size of the others' gradients."""
        together = self._two_steps(slice(None))
        for k in range(_COUNT):
            alone = self._two_steps(slice(k, k + 1))
            for name, values in together.items():
                claim_close(
                    values[k : k + 1],
                    alone[name],
                    f"{self.make()!r} moves an image differently alone and in a batch. Norms and "
                    "maxima are taken per image, over all axes but the first.",
                )

    def test_a_run_resumes_from_its_slots(self) -> None:
        """Two steps in a row, and a second one from stored slots, give the same."""
        params, grad = self._params(), self._grad()
        once, slots = self._updated(params, grad, self._init(params), 1)
        stored = tf.nest.map_structure(np.array, (once, slots))
        twice, _ = self._updated(once, grad, slots, 2)
        again = tf.nest.map_structure(tf.constant, stored)
        resumed, _ = self._updated(again[0], grad, again[1], 2)
        for name, values in twice.items():
            claim_close(
                resumed[name],
                values,
                f"{self.make()!r} resumed from stored slots moves elsewhere. Keep everything that "
                "it remembers in its slots, and take the step's number from step.index.",
                tolerance=0.0,
            )

    def setting(self) -> tuple[Ascent, Objective]:
        """Return an Ascent with the rule."""
        return self._ascent(rule=self.make()), self._target()

    def _params(self) -> Params:
        images = make_images(self.probe(), _COUNT)
        return {"first": images, "second": self._part(images)}

    def _grad(self, *, scaled: bool = True) -> Params:
        scales = tf.constant(_GRADIENT_SCALES if scaled else (1.0,) * _COUNT)
        slope = make_images(self.probe(), _COUNT, seed=4)
        slope *= tf.reshape(scales, [-1] + [1] * (self.rank + 1))
        return {"first": slope, "second": self._part(slope)}

    def _part(self, values: Tensor) -> Tensor:
        """Return a parameter of another shape: a corner of images, of some channels."""
        return values[(slice(None), slice(3), *[slice(2)] * (self.rank - 1), slice(1))]

    def _init(self, params: Params) -> Slots:
        return attempt(lambda: self.make().init(params), f"init() of {self.make()!r} fails.")

    def _two_steps(self, rows: slice) -> Params:
        params = {name: value[rows] for name, value in self._params().items()}
        grad = {name: value[rows] for name, value in self._grad().items()}
        slots = self._init(params)
        number = None if rows.start is None else rows.start
        for index in (1, 2):
            params, slots = self._updated(params, grad, slots, index, number)
        return params

    def _updated(
        self, params: Params, grad: Params, slots: Slots, index: int, number: int | None = None
    ) -> tuple[Params, Any]:
        step = make_step(self.probe(), _COUNT, index=index)
        step = step if number is None else take_image(step, number)
        return self._updated_in(step, params, grad, slots)

    def _updated_in(
        self, step: ImageStep, params: Params, grad: Params, slots: Slots
    ) -> tuple[Params, Any]:
        score: Tensor = tf.ones(len(step.keys))
        return attempt(  # type: ignore[no-any-return]
            lambda: self.make().update(params, grad, score, slots, step),
            f"update() of {self.make()!r} fails.",
        )


def _layout(tree: Any) -> Any:
    """Return names, shapes and dtypes of nested tensors; lists count as tuples."""
    if isinstance(tree, dict):
        return {name: _layout(value) for name, value in sorted(tree.items())}
    if isinstance(tree, tuple | list):
        return tuple(_layout(value) for value in tree)
    return tuple(getattr(tree, "shape", ())), str(getattr(tree, "dtype", type(tree).__name__))
