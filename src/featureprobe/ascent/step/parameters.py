"""What the engine makes of a parameterization: fitted, rendered, checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import tensorflow as tf

from featureprobe._kinds import received
from featureprobe.errors import ConfigError, RangeError, ShapeError
from featureprobe.input_space import InputSpace
from featureprobe.parameterizations.base import Parameterization, Params
from featureprobe.parameterizations.pixels import Pixels
from featureprobe.step import Step
from featureprobe.types import ImageShape, Tensor

Extras = dict[str, Tensor]


@dataclass(frozen=True, eq=False)
class Parameters:
    """A parameterization of images of one shape in one space.

    Args:
        of: The parameterization.
        shape: (*spatial, C).
        space: The input space.
    """

    of: Parameterization
    shape: ImageShape
    space: InputSpace

    @property
    def are_pixels(self) -> bool:
        """Whether the image is its own parameter."""
        return type(self.of) is Pixels

    @property
    def carried(self) -> bool:
        """Whether images do not say what their parameters are, so that these are kept with them."""
        return not self.of.exact

    def fit(self, images: Tensor, keys: Tensor) -> Params:
        """Return the parameters of images (N, *spatial, C) with keys (N, 2).

        Raises:
            ShapeError: When they are no tensors (N, ...).
            ConfigError: When they lack a name, or a number that would be changed is no float.
        """
        params = self.of.fit(images, self.shape, self.space, keys)
        if not isinstance(params, dict) or not params:
            raise ShapeError(
                f"{self._name}.fit returns a dict of tensors (N, ...) by name. "
                f"Received: {received(params)}."
            )
        made = {name: self._tensor(f"fit: {name!r}", value) for name, value in params.items()}
        for kind in ("constants", "shared"):
            unknown = [name for name in getattr(self.of, kind) if name not in made]
            if unknown:
                raise ConfigError(
                    f"{self._name}.{kind} names parameters that fit does not return. "
                    f"Received: {unknown}, and from fit {sorted(made)}. Correct one of them."
                )
        for name, value in self.free(made).items():
            if not value.dtype.is_floating:
                raise ConfigError(
                    f"The parameter {name!r} of {self._name} has the dtype {value.dtype.name}: it has no "
                    f"gradient. Return floats, or say constants = ({name!r},)."
                )
        return made

    def render(self, params: Params, step: Step | None = None) -> tuple[Tensor, Extras]:
        """Return images and extras, before the projection; without a step the clean ones.

        Raises:
            ShapeError: When these are no images of the right shape.
        """
        made = self.of.render(params, step)
        images, extras = made if isinstance(made, tuple | list) and len(made) == 2 else (made, {})
        images = self._tensor("render", images)
        if not images.shape[1:].is_compatible_with(self.shape):
            raise ShapeError(
                f"{self._name}.render returns images of the shape (N, {', '.join(map(str, self.shape))}). "
                f"Received: {images.shape}."
            )
        images.set_shape([None, *self.shape])
        if not isinstance(extras, Mapping):
            raise ShapeError(
                f"{self._name}.render returns images, or images and a dict of extras. "
                f"Received beside the images: {received(extras)}."
            )
        return images, {n: self._tensor(f"render: {n!r}", value) for n, value in extras.items()}

    def free(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters that are no constants."""
        return {n: value for n, value in params.items() if n not in self.of.constants}

    def depend_on_step(self, params: Params, step: Step) -> bool:
        """Return whether the image in a step is another one than the clean image."""
        if self.are_pixels:
            return False

        def drawn(given: Step | None) -> Any:
            traced = tf.function(lambda: self.render(params, given), autograph=False)
            return traced.get_concrete_function().graph.as_graph_def()

        return bool(drawn(None) != drawn(step))

    @cached_property
    def spreads(self) -> dict[str, Any]:
        """One spread of each parameter that does not count like pixels.

        Raises:
            RangeError: When one is not above 0.
        """
        with tf.init_scope():  # values, even where this is asked for within a trace
            given = self.of.spreads(self.shape, self.space)
            spreads = {n: s if isinstance(s, float) else np.asarray(s) for n, s in given.items()}
        for name, spread in spreads.items():
            if not np.all(np.isfinite(spread) & (np.asarray(spread) > 0)):
                raise RangeError(
                    f"One spread of a parameter is above 0. Received from {self._name}.spreads: "
                    f"{spread!r} for {name!r}."
                )
        return spreads

    @property
    def _name(self) -> str:
        return type(self.of).__name__

    def _tensor(self, what: str, value: Any) -> Tensor:
        try:
            made = tf.convert_to_tensor(value)
        except (TypeError, ValueError) as cause:
            raise ShapeError(
                f"{self._name}.{what} is a tensor with a leading N. Received: {received(value)}."
            ) from cause
        if not made.shape.rank:
            raise ShapeError(
                f"{self._name}.{what} has one row per image, shape (N, ...). "
                f"Received the shape {made.shape}."
            )
        return made
