"""Operators on images that are optimized together: each input's images by themselves."""

from collections.abc import Callable, Iterator
from dataclasses import KW_ONLY, dataclass, replace
from typing import Any, ClassVar

import tensorflow as tf

from featureprobe.ascent.settings.settings import Settings
from featureprobe.ascent.step.image_step import ImageStep
from featureprobe.constraints.joint import live_of_parts
from featureprobe.errors import ShapeError
from featureprobe.input_space import InputSpace
from featureprobe.joint_space import JointSpace
from featureprobe.parameterizations.base import Parameterization, Params, Rendered
from featureprobe.parameterizations.pixels import Pixels
from featureprobe.probe.network.joint_images import in_own_units, in_spreads, taken_apart
from featureprobe.regularizers.base import Regularizer
from featureprobe.transforms.base import Transform
from featureprobe.types import ImageShape, Tensor

_SALT = 4096  # between the draws of one input and the next


def for_each_input(settings: Settings, space: InputSpace) -> Settings:
    """Return settings whose operators act on each input by itself; as they are for a single one."""
    if not isinstance(space, JointSpace):
        return settings
    own = settings.parameterization
    return replace(
        settings,
        regularizers=tuple(EachRegularized(r, space=space) for r in settings.regularizers),
        transforms=tuple(EachViewed(t, space=space) for t in settings.transforms),
        parameterization=own if type(own) is Pixels else EachMade(own, space=space),
    )


def _steps(space: JointSpace, step: Any) -> Iterator[ImageStep]:
    """Yield the step as the operators of each input see it."""
    lives = live_of_parts(space, step.live)
    slopes = [None] * len(lives) if step.gradient is None else taken_apart(space, step.gradient)
    for number, (part, live, slope) in enumerate(zip(space.parts, lives, slopes, strict=True)):
        yield replace(
            step,
            space=part.space,
            live=live,
            gradient=None if slope is None else slope / part.space.spread,
            salt=step.salt + _SALT * number,
            hold=None,
        )


def _of_each(
    space: JointSpace, images: Tensor, step: Any, act: Callable[[Tensor, Any], Tensor]
) -> list[Tensor]:
    """Return what an operator makes of the images of each input, in the units of that input."""
    own = in_own_units(space, images)
    return [act(values, at) for values, at in zip(own, _steps(space, step), strict=True)]


@dataclass(frozen=True)
class EachRegularized(Regularizer):
    """A regularizer that acts on the images of each input."""

    kind: ClassVar[str] = "each_regularized"
    of: Regularizer
    _: KW_ONLY
    space: JointSpace

    def apply(self, images: Tensor, step: Any) -> Tensor:
        """Return packed images (N, 1, P, 1), changed."""
        return in_spreads(self.space, _of_each(self.space, images, step, self.of.apply))

    def due(self, index: Tensor) -> Tensor:
        """Return whether it runs after a step."""
        return self.of.due(index)


@dataclass(frozen=True)
class EachViewed(Transform):
    """A transform that views the images of each input, without changing their size."""

    kind: ClassVar[str] = "each_viewed"
    of: Transform
    _: KW_ONLY
    space: JointSpace

    def view(self, images: Tensor, step: Any) -> Tensor:
        """Return views (N, 1, P, 1) of packed images."""
        made = _of_each(self.space, images, step, self.of.view)
        for part, view in zip(self.space.parts, made, strict=True):
            if not view.shape[1:].is_compatible_with(part.shape):
                raise ShapeError(
                    f"{self.of!r} makes views {view.shape[1:]} of the images {part.shape} of "
                    f"{part.name!r}. Where several inputs are optimized together, views have the size of "
                    "the images: resize back with a last transform."
                )
        return in_spreads(self.space, made)


@dataclass(frozen=True)
class EachMade(Parameterization):
    """A parameterization of the images of each input; parameters are named ``input/parameter``."""

    kind: ClassVar[str] = "each_made"
    of: Parameterization
    _: KW_ONLY
    space: JointSpace

    @property
    def exact(self) -> bool:  # type: ignore[override]
        """As of the inner one."""
        return self.of.exact

    @property
    def constants(self) -> tuple[str, ...]:  # type: ignore[override]
        """The inner one's, for each input."""
        return tuple(f"{part.name}/{n}" for part in self.space.parts for n in self.of.constants)

    @property
    def shared(self) -> tuple[str, ...]:  # type: ignore[override]
        """The inner one's, for each input."""
        return tuple(f"{part.name}/{n}" for part in self.space.parts for n in self.of.shared)

    def fit(self, images: Tensor, shape: ImageShape, space: InputSpace, keys: Tensor) -> Params:
        """Return the parameters of all inputs."""
        found: Params = {}
        for number, (part, own) in enumerate(
            zip(self.space.parts, in_own_units(self.space, images), strict=True)
        ):
            apart = keys + tf.constant([0, number], keys.dtype)
            made = self.of.fit(own, part.shape, part.space, apart)
            found |= {f"{part.name}/{name}": value for name, value in made.items()}
        return found

    def render(self, params: Params, step: Any) -> Rendered:
        """Return packed images, and the extras of all inputs."""
        steps = [None] * len(self.space.parts) if step is None else _steps(self.space, step)
        images, extras = [], dict[str, Tensor]()
        for part, at in zip(self.space.parts, steps, strict=True):
            start = f"{part.name}/"
            own = {n.removeprefix(start): v for n, v in params.items() if n.startswith(start)}
            made = self.of.render(own, at)
            image, beside = made if isinstance(made, tuple | list) else (made, {})
            images.append(image)
            extras |= {start + name: value for name, value in beside.items()}
        return in_spreads(self.space, images), extras

    def spreads(self, shape: ImageShape, space: InputSpace) -> dict[str, Any]:
        """Return one spread of each parameter of each input."""
        found: dict[str, Any] = {}
        for part in self.space.parts:
            zeros = tf.zeros((1, *part.shape)) + part.space.center
            names = self.of.fit(zeros, part.shape, part.space, tf.zeros((1, 2), tf.int32))
            said = self.of.spreads(part.shape, part.space)
            found |= {f"{part.name}/{n}": said.get(n, part.space.spread) for n in names}
        return found
