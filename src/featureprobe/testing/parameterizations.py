"""ParameterizationContract: what every parameterization keeps."""

from typing import ClassVar

import numpy as np
import tensorflow as tf

from featureprobe._component import Component
from featureprobe.ascent.ascent import Ascent
from featureprobe.objectives.base import Objective
from featureprobe.parameterizations.base import Parameterization, Params
from featureprobe.testing._claims import attempt, claim, claim_close, claim_finite
from featureprobe.testing.components import ComponentContract
from featureprobe.testing.steps import make_images
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
        """``fit`` gives a dict of tensors with a leading N."""
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

    def test_renders_images_of_the_same_shape_and_dtype(self) -> None:
        """What ``fit`` took and ``render`` gives agree in shape and dtype, also float64."""
        for dtype in ("float32", "float64"):
            images = make_images(self.probe(), _COUNT, dtype=dtype)
            made = self._rendered(self._fitted(images))
            claim(
                tuple(made.shape) == tuple(images.shape) and made.dtype == images.dtype,
                f"{self.make()!r} renders {made.shape} {made.dtype.name} from {images.shape} "
                f"{dtype}. Keep shape and dtype.",
            )
            claim_finite(made, f"An image that {self.make()!r} renders.")

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

    def test_a_gradient_reaches_the_params(self) -> None:
        """The gradient of an image with respect to its parameters is finite, and not 0."""
        params = self._fitted(make_images(self.probe(), _COUNT))
        with tf.GradientTape() as tape:
            tape.watch(params)
            total = tf.reduce_sum(
                self._rendered(params) * make_images(self.probe(), _COUNT, seed=9)
            )
        gradient = tape.gradient(total, params)
        for name, values in gradient.items():
            claim(
                values is not None and np.any(np.asarray(values) != 0),
                f"No gradient reaches the parameter {name!r} of {self.make()!r}. render() must "
                "use every parameter, with differentiable TensorFlow functions only.",
            )
            claim_finite(values, f"The gradient of the parameter {name!r} of {self.make()!r}.")

    def test_no_image_affects_another(self) -> None:
        """Image k alone is fitted and rendered as in a batch."""
        images = make_images(self.probe(), _COUNT)
        params = self._fitted(images)
        together = self._rendered(params)
        message = (
            f"{self.make()!r} treats an image differently alone and in a batch. Nothing may reduce "
            "over the first axis."
        )
        for k in range(_COUNT):
            alone = self._fitted(images[k : k + 1])
            for name, values in params.items():
                claim_close(values[k : k + 1], alone[name], message)
            claim_close(together[k : k + 1], self._rendered(alone), message)

    def setting(self) -> tuple[Ascent, Objective]:
        """Return an Ascent with the parameterization."""
        return self._ascent(parameterization=self.make()), self._target()

    def _fitted(self, images: Tensor) -> Params:
        return attempt(lambda: self.make().fit(images), f"fit() of {self.make()!r} fails.")

    def _rendered(self, params: Params) -> Tensor:
        return attempt(lambda: self.make().render(params), f"render() of {self.make()!r} fails.")
