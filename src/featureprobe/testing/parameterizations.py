"""ParameterizationContract: what every parameterization keeps."""

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

import numpy as np
import tensorflow as tf

from featureprobe._component import Component
from featureprobe.ascent.ascent import Ascent
from featureprobe.objectives.base import Objective
from featureprobe.parameterizations.base import Parameterization, Params
from featureprobe.step import Step
from featureprobe.testing._claims import attempt, claim, claim_close, claim_finite
from featureprobe.testing.components import ComponentContract
from featureprobe.testing.steps import make_images, make_step
from featureprobe.types import Tensor

_COUNT = 3


class ParameterizationContract(ComponentContract):
    """What holds for every parameterization.

    Example:
        >>> import featureprobe as fp
        >>> class TestFourier(fp.testing.ParameterizationContract):
        ...     def make(self):
        ...         return fp.Fourier(decay=0.5)
        >>> TestFourier().test_exact_means_that_fit_and_render_give_the_image_back()
    """

    group: ClassVar[str] = "parameterizations"
    base: ClassVar[type[Component]] = Parameterization

    def test_params_are_tensors_with_one_row_per_image(self) -> None:
        """``fit`` gives a dict of tensors with a leading N; constants and shared ones are among them."""
        params = self._fitted(make_images(self.probe(), _COUNT))
        claim(
            isinstance(params, dict) and params and all(isinstance(name, str) for name in params),
            f"fit() of {self.make()!r} gives {type(params).__name__}. Return a dict of tensors.",
        )
        for name, values in params.items():
            claim(
                tf.is_tensor(values) and values.shape.rank and values.shape[0] == _COUNT,
                f"The parameter {name!r} of {self.make()!r} has the shape "
                f"{getattr(values, 'shape', None)} for {_COUNT} images. Return tensors (N, ...).",
            )
            claim_finite(values, f"The parameter {name!r} of {self.make()!r}.")
        one = self.make()
        for kind in ("constants", "shared"):
            unknown = set(getattr(one, kind)) - set(params)
            claim(
                not unknown,
                f"{one!r} names {sorted(unknown)} in {kind}, which fit() does not return. It returns "
                f"{sorted(params)}. Correct one of them.",
            )

    def test_what_is_drawn_follows_from_the_keys(self) -> None:
        """Fitted twice with the same keys, the parameters are the same."""
        images = make_images(self.probe(), _COUNT)
        first, again = self._fitted(images), self._fitted(images)
        for name, values in first.items():
            claim_close(
                again[name],
                values,
                f"fit() of {self.make()!r} draws other numbers each time. Draw with "
                "tf.random.stateless_normal(shape, seed=key), key by key.",
                tolerance=0.0,
            )

    def test_renders_images_of_the_same_shape_and_dtype(self) -> None:
        """What ``fit`` took and ``render`` gives agree in shape and dtype, also float64."""
        for dtype in ("float32", "float64"):
            images = make_images(self.probe(), _COUNT, dtype=dtype)
            params = self._fitted(images)
            for step in (None, make_step(self.probe(), _COUNT, gradient=False, dtype=dtype)):
                made = self._rendered(params, step)
                claim(
                    tuple(made.shape) == tuple(images.shape) and made.dtype == images.dtype,
                    f"{self.make()!r} renders {made.shape} {made.dtype.name} from {images.shape} "
                    f"{dtype}. Keep shape and dtype.",
                )
                claim_finite(made, f"An image that {self.make()!r} renders.")

    def test_extras_are_the_same_with_and_without_a_step(self) -> None:
        """Extras are tensors (N, ...), of one name, shape and dtype in a step and clean."""
        params = self._fitted(make_images(self.probe(), _COUNT))
        clean = self._both(params, None)[1]
        drawn = self._both(params, make_step(self.probe(), _COUNT, gradient=False))[1]
        layouts = [{n: (tuple(v.shape), v.dtype) for n, v in e.items()} for e in (clean, drawn)]
        claim(
            layouts[0] == layouts[1] and all(v.shape[0] == _COUNT for v in clean.values()),
            f"{self.make()!r} renders the extras {layouts[0]} without a step and {layouts[1]} in one. "
            "Return the same names, tensors (N, ...), for both.",
        )

    def test_spreads_are_positive_and_of_parameters(self) -> None:
        """One spread is a number above 0, or an array that broadcasts, of a parameter that exists."""
        probe = self.probe()
        params = self._fitted(make_images(probe, _COUNT))
        spreads = attempt(
            lambda: dict(self.make().spreads(probe.image_shape, probe.input_space)),
            f"spreads() of {self.make()!r} fails.",
        )
        claim(
            set(spreads) <= set(params),
            f"spreads() of {self.make()!r} names {sorted(set(spreads) - set(params))}, which fit() "
            f"does not return. It returns {sorted(params)}.",
        )
        for name, spread in spreads.items():
            values = np.asarray(spread)
            fits = np.broadcast_shapes(values.shape, params[name].shape) == params[name].shape
            claim(
                np.all(np.isfinite(values)) and np.all(values > 0) and fits,
                f"One spread of {name!r} of {self.make()!r} is {spread!r}. Return numbers above 0 that "
                f"broadcast against {tuple(params[name].shape)}.",
            )

    def test_exact_means_that_fit_and_render_give_the_image_back(self) -> None:
        """Where ``exact`` is True, render(fit(x)) is x to 1e-4 of its range."""
        one = self.make()
        claim(
            isinstance(type(one).exact, bool),
            f"exact of {one!r} is {type(one).exact!r}. Say `exact: ClassVar[bool] = ...`.",
        )
        images = make_images(self.probe(), _COUNT)
        again = self._rendered(self._fitted(images))
        if one.exact:
            reach = float(tf.reduce_max(images) - tf.reduce_min(images))
            gap = float(tf.reduce_max(tf.abs(again - images)))
            claim(
                gap <= 1e-4 * reach,
                f"{one!r} says exact = True, but fit and render change an image by {gap:.2g} "
                f"({gap / reach:.1e} of its range). Correct them, or say exact = False.",
            )
            self._claim_that_the_image_is_all(images)

    def _claim_that_the_image_is_all(self, images: Tensor) -> None:
        """Raise unless moved parameters of an exact one are known from the image that they show."""
        one, params = self.make(), self._fitted(images)
        moved = {
            name: value if name in one.constants else value * 1.1 + 0.1
            for name, value in params.items()
        }
        shown, extras = self._both(moved, None)
        again, told = self._both(self._fitted(shown), None)
        message = (
            f"{one!r} says exact = True, but parameters that were moved, rendered and fitted again "
            "show something else: the image does not say all of them. Say exact = False."
        )
        for was, now in [(shown, again), *((extras[name], told[name]) for name in extras)]:
            claim_close(now, was, message, tolerance=1e-3)

    def test_a_gradient_reaches_the_params(self) -> None:
        """The gradient of image and extras by each parameter that is no constant is finite, and not 0."""
        params = self._fitted(make_images(self.probe(), _COUNT))
        free = {n: value for n, value in params.items() if n not in self.make().constants}
        with tf.GradientTape() as tape:
            tape.watch(free)
            images, extras = self._both(params | free, None)
            total = tf.reduce_sum(images * make_images(self.probe(), _COUNT, seed=9))
            for values in extras.values():
                if values.dtype.is_floating:
                    waves = tf.sin(tf.range(tf.size(values), dtype=values.dtype))
                    total += tf.reduce_sum(values * tf.reshape(waves, tf.shape(values)))
        gradient = tape.gradient(total, free)
        for name, values in gradient.items():
            claim(
                values is not None and np.any(np.asarray(values) != 0),
                f"No gradient reaches the parameter {name!r} of {self.make()!r}. render() must "
                "use every parameter, with differentiable TensorFlow functions only.",
            )
            claim_finite(values, f"The gradient of the parameter {name!r} of {self.make()!r}.")

    def test_no_image_affects_another(self) -> None:
        """Image k alone is fitted and rendered as in a batch."""
        images, keys = make_images(self.probe(), _COUNT), self._keys(_COUNT)
        params = self._fitted(images)
        together = self._rendered(params)
        message = (
            f"{self.make()!r} treats an image differently alone and in a batch. Nothing may reduce "
            "over the first axis."
        )
        for k in range(_COUNT):
            alone = self._fitted(images[k : k + 1], keys[k : k + 1])
            for name, values in params.items():
                claim_close(values[k : k + 1], alone[name], message)
            claim_close(together[k : k + 1], self._rendered(alone), message)

    def test_a_run_is_the_same_resumed_and_in_any_chunks(self) -> None:
        """Steps done in two runs, or a few images at a time, end at the same images."""
        ascent, target = self.setting()
        probe, start = self.probe(), ascent.start(self.probe(), target, rng=3)
        *_, (halfway, _) = replace(ascent, steps=2).iterate(probe, target, start)
        *_, (later, _) = ascent.iterate(probe, target, halfway)
        whole = ascent.run(probe, target, rng=3, progress=False).images
        few = replace(ascent, memory=1).run(probe, target, rng=3, progress=False).images
        for name, images in {
            "a resumed run": ascent.result(probe, target, later).images,
            "a run in small chunks": few,
        }.items():
            claim_close(
                images,
                whole,
                f"With {self.make()!r} {name} ends at other images. Keep everything in the "
                "parameters, and draw with the step or the keys only.",
            )

    def setting(self) -> tuple[Ascent, Objective]:
        """Return an Ascent with the parameterization."""
        return self._ascent(parameterization=self.make()), self._target()

    def _keys(self, count: int) -> Tensor:
        return make_step(self.probe(), count).keys

    def _fitted(self, images: Tensor, keys: Tensor | None = None) -> Params:
        own = self._keys(len(images)) if keys is None else keys
        shape, space = self.probe().image_shape, self.probe().input_space
        return attempt(
            lambda: self.make().fit(images, shape, space, own),
            f"fit() of {self.make()!r} fails. It takes (images, shape, space, keys).",
        )

    def _rendered(self, params: Params, step: Step | None = None) -> Tensor:
        return self._both(params, step)[0]

    def _both(self, params: Params, step: Step | None) -> tuple[Tensor, Mapping[str, Tensor]]:
        made = attempt(
            lambda: self.make().render(params, step),
            f"render() of {self.make()!r} fails. It takes (params, step); step may be None.",
        )
        return (made[0], made[1]) if isinstance(made, tuple) else (made, {})
