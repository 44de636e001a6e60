"""The compiled loop: k steps for one chunk in one call."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import tensorflow as tf

from featureprobe._spatial import inner_axes
from featureprobe.ascent.step.broken_images import nan_where_broken
from featureprobe.ascent.step.evaluation import Evaluation, Values
from featureprobe.ascent.step.image_step import ImageStep
from featureprobe.ascent.step.keeping import Keeping
from featureprobe.ascent.step.parameters import Extras, Parameters
from featureprobe.ascent.step.regularizing import regularized
from featureprobe.ascent.step.rendering import Picture, Rendering
from featureprobe.ascent.step.shared_numbers import tied
from featureprobe.ascent.step.target_arrays import OF_ROWS
from featureprobe.ascent.step.updating import Updating
from featureprobe.ascent.step.view_size import FAILURES, raise_for_size
from featureprobe.ascent.step.views import Shown, Views
from featureprobe.constraints.base import Constraint
from featureprobe.constraints.live_pixels import LivePixels
from featureprobe.input_space import InputSpace
from featureprobe.parameterizations.base import Parameterization
from featureprobe.regularizers.base import Regularizer
from featureprobe.rules.base import UpdateRule, per_image
from featureprobe.rules.scaling import inverse, unit_peak
from featureprobe.types import ImageShape, Tensor

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
        parameterization: What is changed.
        regularizers: Operators after the update, in order.
        views: What the model sees of each image.
        keep_best: Keep the best image since then, or the last one.
        shape: (*spatial, C) of what is climbed: the image, or a window on it.
    """

    evaluation: Evaluation
    space: InputSpace
    constraint: Constraint
    rule: UpdateRule
    parameterization: Parameterization
    regularizers: tuple[Regularizer, ...]
    views: Views
    keep_best: bool
    shape: ImageShape

    @cached_property
    def parameters(self) -> Parameters:
        """What the parameterization makes of the images."""
        return Parameters(self.parameterization, self.shape, self.space)

    @cached_property
    def _rendering(self) -> Rendering:
        return Rendering(self.parameters, self.constraint)

    @cached_property
    def _updating(self) -> Updating:
        return Updating(self.rule, self.parameters)

    @cached_property
    def _keeping(self) -> Keeping:
        return Keeping(self.keep_best, together=bool(self.parameterization.shared))

    def begin(
        self, images: Tensor, data: dict[str, Tensor], params: dict[str, Tensor] | None = None
    ) -> Carry:
        """Return the carry for start images (N, *spatial, C) in model units.

        Args:
            images: The images.
            data: The chunk's numbers.
            params: Their parameters, where images do not say what these are; None fits them.
        """
        live, extras = self._live(data), dict[str, Tensor]()
        if not self.parameters.carried or params is None:
            images = self.constraint.project(images, live, self.space)
            params = self.parameters.fit(images, data["keys"])
        if self.parameterization.shared:
            shared = {name: params[name] for name in self.parameterization.shared}
            params = {**params, **tied(shared, data["starts"])}
        if not self.parameters.are_pixels:
            clean, extras = self._rendering.clean(params, live)
            images = clean if self.parameters.carried else images
        carried = params if self.parameters.carried else None
        return {
            "params": params,
            "slots": self._updating.init(params),
            "best": self._keeping.begin(images, params=carried, extras=extras),
            "course": tf.zeros_like(images),
        }

    def current(self, params: dict[str, Tensor], data: dict[str, Tensor]) -> Tensor:
        """Return the clean images of parameters, projected, for a look at them."""
        return self._rendering.clean(params, self._live(data))[0]

    def advance(
        self, carry: Carry, index: Tensor, anew: Tensor, data: dict[str, Tensor]
    ) -> tuple[Carry, Trace]:
        """Run some steps after step number ``index``; return the carry and their traces.

        Args:
            carry: From :meth:`begin`, or from earlier steps.
            index: Steps that were done.
            anew: (k,) for each of k steps, whether keeping starts anew with the image before it.
            data: The chunk's numbers.
        """
        count = tf.size(anew)
        self.evaluation.network.traces += 1  # runs in Python, so once a trace
        dtype = carry["best"]["total"].dtype
        arrays = tuple(
            tf.TensorArray(dtype, size=count, element_shape=_element(name, self.evaluation))
            for name in TRACED
        )

        # Here, and not in the step: what does not change from step to step.
        first = ImageStep(tf.constant(0), self.space, None, self._live(data), data["keys"], 0)
        plain = Shown(first, data, self.evaluation.choosing(data["numbers"]))
        shown = self._shown(plain)
        step = _apart(lambda carry, at, fresh: self._step(carry, at, fresh, plain, shown))

        def body(i: Tensor, carry: Carry, arrays: tuple[Any, ...]) -> tuple[Any, ...]:
            carry, seen = step(carry, index + i + 1, anew[i])
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
        anew: Tensor,
        plain: Shown,
        shown: Shown,
    ) -> tuple[Carry, dict[str, Tensor]]:
        step, live, data = replace(plain.step, index=index), plain.step.live, plain.data
        salted = replace(step, salt=len(self.views.transforms) + len(self.regularizers))
        drawn, pull_back = self._rendering.drawn(carry["params"], salted)
        clean = self._rendering.clean_beside(carry["params"], salted, drawn)
        values, raw, beside = self._value_and_gradient(drawn, clean, index, plain, shown)
        images, gradient = clean[0], self.constraint.tangent(raw, live)
        unit, norm = self._unit(gradient)
        course = _MEMORY * carry["course"] + (1.0 - _MEMORY) * unit
        certificate = self.constraint.certificate(course, images, live, self.space)
        certificate += 0.0 * norm  # NaN where the norm is not finite
        seen = {**values._asdict(), "gradient": norm, "certificate": certificate}
        free = {} if self.parameters.are_pixels else self.parameters.free(carry["params"])
        seen = nan_where_broken(seen, images, free.values())
        offered = {**seen, "images": images, "extras": clean[1], "params": carry["params"]}
        best = self._keeping.offer(carry["best"], offered, anew, data["starts"])
        step = replace(step, gradient=gradient, hold=self._hold(images, live))
        given = (carry["params"], pull_back(gradient, beside), seen["total"], carry["slots"])
        params, slots = self._updating(*given, step, data["starts"])
        if self.parameterization.exact:
            finished = self._finish(self.parameters.render(params)[0], step)
            params = self.parameters.fit(finished, data["keys"])
        return {"params": params, "slots": slots, "best": best, "course": course}, seen

    def _hold(self, images: Tensor, live: LivePixels) -> Callable[[Tensor], Tensor] | None:
        """Return what leaves of a direction its feasible part; None where params are no pixels."""
        if not self.parameters.are_pixels:
            return None
        return lambda direction: self.constraint.feasible(direction, images, live, self.space)

    def _shown(self, plain: Shown) -> Shown:
        """Return what all views are evaluated with, from what the images themselves are."""
        if self.views.count == 1:
            return plain
        data = plain.data
        own = {name: self.views.repeated(data[name]) for name in OF_ROWS if name in data}
        evaluation = self.evaluation.choosing(own["numbers"])
        return Shown(self.views.step(plain.step), data | own, evaluation)

    def _value_and_gradient(
        self,
        drawn: Picture,
        clean: Picture,
        index: Tensor,
        plain: Shown,
        shown: Shown,
    ) -> tuple[Values, Tensor, Extras]:
        """Return the values of the clean images, and the gradients by drawn images and extras."""
        images, extras = drawn
        floats = {n: value for n, value in extras.items() if value.dtype.is_floating}
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch((images, floats))
            views = self.views.of(images, replace(shown.step, index=index))
            beside = {n: self.views.tiled(value) for n, value in (extras | floats).items()}
            try:
                values = shown.evaluation(views, shown.data, extras=beside)
            except FAILURES as cause:
                raise_for_size(cause, self.evaluation, views.shape, images.shape)
            total = self.views.mean(values.total)
        gradient, slopes = tape.gradient(
            total, (images, floats), unconnected_gradients=tf.UnconnectedGradients.ZERO
        )
        # Of images of which a part was taken, TensorFlow gives slices, or does not know the shape.
        gradient = tf.ensure_shape(tf.convert_to_tensor(gradient), images.shape)
        # Scores are of the clean image, the one that may be returned.
        if self.views.transforms or clean is not drawn:
            values = plain.evaluation(clean[0], plain.data, extras=clean[1])
        return values, gradient, slopes

    def _live(self, data: dict[str, Tensor]) -> LivePixels:
        masks = {name: data[name] for name in ("layer", "field", "count", "beyond", "fill")}
        return LivePixels(**masks, whole=self.evaluation.sees_whole_maps).prepared()

    def _unit(self, gradient: Tensor) -> tuple[Tensor, Tensor]:
        """Return gradients of Euclidean norm 1, and their norms (N,) in score units per spread."""
        scaled, peak = unit_peak(gradient)
        length = tf.sqrt(tf.reduce_sum(scaled**2, axis=inner_axes(len(scaled.shape))))
        unit = scaled * per_image(inverse(length), scaled)
        return unit, self.space.spread * peak * length

    def _finish(self, images: Tensor, step: ImageStep) -> Tensor:
        salt = len(self.views.transforms)
        images = regularized(self.regularizers, images, step, salt)
        return self.constraint.project(images, step.live, self.space)


def _apart(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a traced function that TensorFlow does not dissolve into the loop around it.

    Its oneDNN pass gives a max pooling's gradient the fast kernel only when it comes upon the
    pooling first. In a loop's graph, which has a cycle, that is a matter of chance: half of all
    processes took a third longer for all they did. A function's own graph has an order.
    """
    return tf.function(function, autograph=False, experimental_attributes={"_noinline": True})  # type: ignore[no-any-return]


def _element(name: str, evaluation: Evaluation) -> tf.TensorShape:
    return tf.TensorShape([None, len(evaluation.leaves)] if name == "terms" else [None])
