"""JointSpace: the input spaces of images that are optimized together, one for each input, as one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from math import prod
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from featureprobe import _checks
from featureprobe._kinds import received
from featureprobe.errors import ConfigError, ShapeError, nearest
from featureprobe.input_space import InputSpace
from featureprobe.types import FloatArray, ImageShape


@dataclass(frozen=True)
class Part:
    """One input of several.

    Attributes:
        name: Of the input.
        shape: (*spatial, C) of its images.
        space: Its own input space.
        first: Where its values begin among all.
    """

    name: str
    shape: ImageShape
    space: InputSpace
    first: int

    @property
    def stop(self) -> int:
        """Where its values end."""
        return self.first + prod(self.shape)


@dataclass(frozen=True)
class JointSpace(InputSpace):
    """The space of images that are optimized together: all their values side by side, (1, P, 1).

    In pixel units they are what they are. In model units they are spreads from the centre of their own
    input space, so that a step is as large for one input as for another.

    Args:
        names: Of the inputs.
        shapes: (*spatial, C) of the images of each.
        spaces: The input space of each.

    Example:
        >>> space = JointSpace(
        ...     names=("left", "right"), shapes=((4, 4, 1), (6, 3)), spaces=(InputSpace(), InputSpace())
        ... )
        >>> space.shape
        (1, 34, 1)
    """

    kind: ClassVar[str] = "joint_space"
    _: KW_ONLY
    names: tuple[str, ...] = ()
    shapes: tuple[tuple[int, ...], ...] = ()
    spaces: tuple[InputSpace, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        shapes = tuple(tuple(map(int, shape)) for shape in self.shapes)
        object.__setattr__(self, "shapes", shapes)
        for name in ("names", "spaces"):
            object.__setattr__(self, name, tuple(getattr(self, name)))

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The inputs, in order."""
        firsts = np.cumsum([0, *map(prod, self.shapes)])
        each = zip(self.names, self.shapes, self.spaces, map(int, firsts), strict=False)
        return tuple(Part(*own) for own in each)

    def __repr__(self) -> str:
        return f"JointSpace({dict(zip(self.names, self.spaces))})"

    @property
    def shape(self) -> ImageShape:
        """(1, P, 1) of all values side by side."""
        return 1, sum(map(prod, self.shapes)), 1

    @property
    def even(self) -> bool:
        """Whether all pixels of a channel are scaled alike, in each input."""
        return all(space.even for space in self.spaces)

    @property
    def all_bounded(self) -> bool:
        """Whether every input has a range."""
        return all(space.bounds is not None for space in self.spaces)

    def joined(self, images: Mapping[str, npt.NDArray[Any]]) -> npt.NDArray[Any]:
        """Return images (..., *spatial, C) of each input as (..., 1, P, 1)."""
        flat = []
        for part in self.parts:
            values = np.asarray(images[part.name])
            leading = values.shape[: values.ndim - len(part.shape)]
            flat.append(values.reshape(*leading, prod(part.shape)))
        joined = np.concatenate(flat, axis=-1)
        return joined.reshape(*joined.shape[:-1], *self.shape)

    def split(self, packed: npt.NDArray[Any]) -> dict[str, npt.NDArray[Any]]:
        """Return the images (..., *spatial, C) of each input by name."""
        leading = packed.shape[:-3]
        flat = packed.reshape(*leading, self.shape[1])
        return {
            part.name: flat[..., part.first : part.stop].reshape(*leading, *part.shape)
            for part in self.parts
        }

    def checked(self, images: Any, dtype: str = "float32") -> FloatArray:
        """Return images by input name, in pixel units, as (N, 1, P, 1); a warning where scales differ.

        Raises:
            ShapeError: When one is missing, unknown or misshapen, or they are not equally many.
            DataError: When values are not finite.
        """
        self.check_names(images, "images")
        found = {}
        for part in self.parts:
            what = f"images of {part.name!r}"
            found[part.name] = _checks.images(images[part.name], part.shape, what=what, dtype=dtype)
            _checks.warn_of_scale(found[part.name], part.space.low, part.space.high)
        counts = {name: len(values) for name, values in found.items()}
        if len(set(counts.values())) > 1:
            raise ShapeError(
                f"Each input takes as many images as the others. Received: {counts}. Pass as many."
            )
        return self.joined(found)

    def check_names(self, images: Any, what: str) -> None:
        """Raise ShapeError unless something is a dict with an entry for each input."""
        if not isinstance(images, Mapping):
            raise ShapeError(
                f"This probe takes an image for each of {', '.join(map(repr, self.names))}: {what} are "
                f"a dict by input name. Received: {received(images)}."
            )
        for name in images:
            if name not in self.names:
                raise ShapeError(f"{what} have {name!r}. {nearest(str(name), self.names)}")
        missing = [name for name in self.names if name not in images]
        if missing:
            raise ShapeError(
                f"{what} lack {', '.join(map(repr, missing))}. Give an array for each input."
            )

    def to_model(self, images: npt.ArrayLike, dtype: str = "float32") -> FloatArray:
        """Return packed images (..., 1, P, 1) in spreads from the centre of each input's space."""
        values, made = self.split(_checks.numbers(images, "images")), {}
        for part in self.parts:
            own = part.space.to_model(values[part.name], "float64")
            made[part.name] = (own - part.space.center) / part.space.spread
        return self.joined(made).astype(dtype)

    def to_pixels(self, images: npt.ArrayLike) -> FloatArray:
        """Return packed images (..., 1, P, 1) in pixel units, float32, not clipped."""
        values, made = self.split(_checks.numbers(images, "images")), {}
        for part in self.parts:
            own = values[part.name].astype(np.float64) * part.space.spread + part.space.center
            made[part.name] = part.space.to_pixels(own)
        return self.joined(made)

    def describe(self) -> str:
        """Return one sentence for each input."""
        return " ".join(f"{name!r}: {space.describe()}" for name, space in self._pairs())

    def check_shape(self, shape: Sequence[int]) -> None:
        """Raise ConfigError when the images of an input do not fit its space."""
        for part in self.parts:
            try:
                part.space.check_shape(part.shape)
            except ConfigError as cause:
                raise ConfigError(f"The input {part.name!r}: {cause}") from cause

    def _pairs(self) -> Iterator[tuple[str, InputSpace]]:
        return zip(self.names, self.spaces, strict=True)
