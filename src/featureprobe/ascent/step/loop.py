"""The compiled loop: k steps for one chunk in one call."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import tensorflow as tf

from featureprobe.ascent.step.evaluation import Evaluation, Values
from featureprobe.ascent.step.image_step import ImageStep
from featureprobe.ascent.step.target_arrays import OF_ROWS
from featureprobe.ascent.step.view_size import FAILURES, raise_for_size
from featureprobe.ascent.step.views import Shown, Views
from featureprobe.constraints.base import Constraint
from featureprobe.constraints.live_pixels import LivePixels
from featureprobe.input_space import InputSpace
from featureprobe.parameterizations.base import Parameterization
from featureprobe.parameterizations.pixels import Pixels
from featureprobe.probe.layers.plain_conv import OwnMaps
from featureprobe.regularizers.base import Regularizer
from featureprobe.rules.base import UpdateRule
from featureprobe.rules.scaling import inverse, unit_peak
from featureprobe.types import Tensor

Carry = dict[str, Any]
"""``params``, ``slots``, ``best`` and ``course`` of one chunk: nested tensors (N, ...)."""

Trace = dict[str, Tensor]
"""(k, N, ...) values at the images that each step started from."""

_MEMORY = 0.9  # the certificate is taken of about ten gradients

TRACED = ("terms", "score", "total", "gradient", "certificate")


@dataclass(frozen=True, eq=False)
class Loop:
    """What one chunk does in a step; every field is fixed in the trace.

    Args:
        evaluation: The targets' structure on their net.
        space: The input space.
        constraint: The constraint set.
        rule: The update rule.
        parameterization: What is climbed.
        regularizers: Operators after the update, in order.
        views: What the model sees of each image.
        anew: Whether keeping starts anew with the image after a step.
        keep_best: Keep the best image since then, or the last one.
    """

    evaluation: Evaluation
    space: InputSpace
    constraint: Constraint
    rule: UpdateRule
    parameterization: Parameterization
    regularizers: tuple[Regularizer, ...]
    views: Views
    anew: Callable[[Tensor], Tensor]
    keep_best: bool

    def begin(self, images: Tensor, data: dict[str, Tensor]) -> Carry:
        """Return the carry for start images (N, H, W, C) in model units."""
        images = self.constraint.project(images, self._live(data), self.space)
        params = self.parameterization.fit(images)
        zeros = tf.zeros_like(images[:, 0, 0, 0])
        best = {
            "images": images,
            "total": zeros - float("inf"),
            "score": zeros,
            "gradient": zeros,
            "certificate": zeros,
        }
        return {
            "params": params,
            "slots": self.rule.init(params),
            "best": best,
            "course": tf.zeros_like(images),
        }

    def advance(
        self, carry: Carry, index: Tensor, count: Tensor, data: dict[str, Tensor]
    ) -> tuple[Carry, Trace]:
        """Run ``count`` steps after step number ``index``; return the carry and their traces."""
        self.evaluation.network.traces += 1  # runs in Python, so once a trace
        dtype = carry["best"]["total"].dtype
        arrays = tuple(
            tf.TensorArray(dtype, size=count, element_shape=_element(name, self.evaluation))
            for name in TRACED
        )

        live, only = self._live(data), self.evaluation.picked(data["numbers"])
        shown = self._shown(data, live, only)
        step = _apart(lambda carry, index: self._step(carry, index, data, live, only, shown))

        def body(i: Tensor, carry: Carry, arrays: tuple[Any, ...]) -> tuple[Any, ...]:
            carry, seen = step(carry, index + i + 1)
            written = tuple(a.write(i, seen[n]) for n, a in zip(TRACED, arrays, strict=True))
            return i + 1, carry, written

        shapes = tf.nest.map_structure(lambda t: t.shape, carry)
        _, carry, arrays = tf.while_loop(
            lambda i, *_: i < count,
            body,
            (tf.constant(0), carry, arrays),
            shape_invariants=(
                tf.TensorShape(()),
                shapes,
                tuple(tf.TensorShape(None) for _ in arrays),
            ),
            parallel_iterations=10,
        )
        return carry, {n: a.stack() for n, a in zip(TRACED, arrays, strict=True)}

    def _step(
        self,
        carry: Carry,
        index: Tensor,
        data: dict[str, Tensor],
        live: LivePixels,
        only: Mapping[str, OwnMaps],
        shown: Shown,
    ) -> tuple[Carry, dict[str, Tensor]]:
        step = ImageStep(index, self.space, None, live, data["keys"], 0)
        images, pull_back = self._render(carry["params"], live)
        values, raw = self._value_and_gradient(images, index, data, only, shown)
        gradient = self.constraint.tangent(raw, live)
        unit, norm = self._unit(gradient)
        course = _MEMORY * carry["course"] + (1.0 - _MEMORY) * unit
        certificate = self.constraint.certificate(course, images, live, self.space)
        certificate += 0.0 * norm  # NaN where the norm is not finite
        seen = {**values._asdict(), "gradient": norm, "certificate": certificate}
        # Fused kernels drop NaN, so that a broken image may have a finite score.
        broken = _nan_where_broken(images)
        if not isinstance(self.parameterization, Pixels):
            for param in tf.nest.flatten(carry["params"]):
                broken += tf.cast(_nan_where_broken(param), broken.dtype)
        seen = {n: own + _of_rank(broken, own) for n, own in seen.items()}
        best = self._offer(carry["best"], images, seen, self.anew(index - 1))
        step = replace(step, gradient=gradient, hold=self._hold(images, live))
        grad = pull_back(gradient)
        params, slots = self.rule.update(carry["params"], grad, seen["total"], carry["slots"], step)
        if self.parameterization.exact:
            params = self.parameterization.fit(
                self._finish(self.parameterization.render(params), step)
            )
        return {"params": params, "slots": slots, "best": best, "course": course}, seen

    def _hold(self, images: Tensor, live: LivePixels) -> Callable[[Tensor], Tensor] | None:
        """Return what leaves of a direction its feasible part; None where params are no pixels."""
        if not isinstance(self.parameterization, Pixels):
            return None
        return lambda direction: self.constraint.feasible(direction, images, live, self.space)

    def _render(self, params: Any, live: LivePixels) -> tuple[Tensor, Callable[[Tensor], Any]]:
        """Return the images, and the function that carries their gradient back to the params."""
        if isinstance(self.parameterization, Pixels):
            return params["pixels"], lambda gradient: {"pixels": gradient}
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(params)
            images = self.parameterization.render(params)
        pull_back = lambda gradient: tape.gradient(images, params, output_gradients=gradient)  # noqa: E731
        if not self.parameterization.exact:
            return self.constraint.project(images, live, self.space), pull_back
        return images, pull_back

    def _shown(
        self, data: dict[str, Tensor], live: LivePixels, only: Mapping[str, OwnMaps]
    ) -> Shown:
        """Return the data of all views, which do not change from step to step."""
        step = ImageStep(tf.constant(0), self.space, None, live, data["keys"], 0)
        if self.views.count == 1:
            return Shown(step, data, only)
        own = {name: self.views.repeated(data[name]) for name in OF_ROWS if name in data}
        return Shown(self.views.step(step), data | own, self.evaluation.picked(own["numbers"]))

    def _value_and_gradient(
        self,
        images: Tensor,
        index: Tensor,
        data: dict[str, Tensor],
        only: Mapping[str, OwnMaps],
        shown: Shown,
    ) -> tuple[Values, Tensor]:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(images)
            views = self.views.of(images, replace(shown.step, index=index))
            try:
                values = self.evaluation(views, shown.data, only=shown.only)
            except FAILURES as cause:
                raise_for_size(cause, self.evaluation, views.shape, images.shape)
            total = self.views.mean(values.total)
        gradient = tape.gradient(total, images, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        # Scores are of the clean image, the one that may be returned.
        clean = self.evaluation(images, data, only=only) if self.views.transforms else values
        return clean, gradient

    def _live(self, data: dict[str, Tensor]) -> LivePixels:
        masks = {name: data[name] for name in ("layer", "field", "count", "beyond", "fill")}
        return LivePixels(**masks, whole=self.evaluation.sees_whole_maps).prepared()

    def _unit(self, gradient: Tensor) -> tuple[Tensor, Tensor]:
        """Return gradients of Euclidean norm 1, and their norms (N,) in score units per spread."""
        scaled, peak = unit_peak(gradient)
        length = tf.sqrt(tf.reduce_sum(scaled**2, axis=(1, 2, 3)))
        unit = scaled * tf.reshape(inverse(length), [-1, 1, 1, 1])
        return unit, self.space.spread * peak * length

    def _finish(self, images: Tensor, step: ImageStep) -> Tensor:
        for number, regularizer in enumerate(self.regularizers):
            images = regularizer.apply(images, _salted(step, len(self.views.transforms) + number))
        return self.constraint.project(images, step.live, self.space)

    def _offer(
        self, best: dict[str, Tensor], images: Tensor, seen: dict[str, Tensor], anew: Tensor
    ) -> dict[str, Tensor]:
        better = tf.math.is_finite(seen["total"])
        if self.keep_best:
            # A silent image does not take the place of one that answers: there is no way on from it.
            better &= (seen["total"] > best["total"]) | (anew & (seen["gradient"] > 0))
        offered = {"images": images, **{n: seen[n] for n in best if n != "images"}}
        return {
            name: tf.where(
                tf.reshape(better, [-1, *([1] * (len(old.shape) - 1))]), offered[name], old
            )
            for name, old in best.items()
        }


def _apart(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a traced function that TensorFlow does not dissolve into the loop around it.

    Its oneDNN pass gives a max pooling's gradient the fast kernel only when it comes upon the
    pooling first. In a loop's graph, which has a cycle, that is a matter of chance: half of all
    processes took a third longer for all they did. A function's own graph has an order.
    """
    return tf.function(function, autograph=False, experimental_attributes={"_noinline": True})  # type: ignore[no-any-return]


def _nan_where_broken(values: Tensor) -> Tensor:
    """Return (N,): 0 where all of values (N, ...) are finite, else NaN."""
    # A sum is not finite wherever a value is not; half precision would overflow by itself.
    wide = tf.float32 if values.dtype in (tf.float16, tf.bfloat16) else values.dtype
    total = tf.reduce_sum(tf.cast(values, wide), axis=tuple(range(1, len(values.shape))))
    return 0.0 * (tf.abs(total) if wide.is_complex else total)


def _of_rank(per_image: Tensor, values: Tensor) -> Tensor:
    """Return numbers (N,) in a shape that broadcasts with values (N, ...)."""
    for _ in values.shape[1:]:
        per_image = per_image[:, None]
    return tf.cast(per_image, values.dtype)


def _salted(step: ImageStep, salt: int) -> ImageStep:
    return replace(step, salt=salt)


def _element(name: str, evaluation: Evaluation) -> tf.TensorShape:
    return tf.TensorShape([None, len(evaluation.leaves)] if name == "terms" else [None])
