"""What an objective sees of a batch of images: what it reads, its parts' values, the images."""

import copy
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, Self

import tensorflow as tf

from featureprobe.errors import ConfigError, ShapeError
from featureprobe.input_space import InputSpace
from featureprobe.types import Tensor


class Valued(Protocol):
    """What has a value for what is seen: an objective."""

    kind: ClassVar[str]

    def value(self, seen: "Seen") -> Tensor:
        """Return one score per image, (N,)."""


class Extras(dict[str, Tensor]):
    """Extras by name; a name that is not there is explained."""

    def __missing__(self, name: str) -> Tensor:
        raise ConfigError(
            f"The parameterization renders no extra {name!r}. It renders: {sorted(self)}. Pass an "
            "Ascent the parameterization that does, or ask for one of these in seen.extras."
        )


@dataclass(frozen=True, eq=False)
class Seen:
    """What an objective sees: the values that it reads, its parts' values, and the images.

    ``seen[i]`` is read i, gathered for each image's own target: (N, *spatial) for a map, (N,) for a
    node, (N, ...) for a whole layer. A :class:`GroupObjective` sees (N, G, ...). ``seen.of(part)`` is
    (N,), the value of an objective that is held in a field.

    Attributes:
        values: One tensor for each read.
        images: (N, *spatial, C) model units.
        space: The probe's input space.
        parts: The objectives held in fields, each with what it sees.
        extras: What the parameterization renders beside the images, (N, ...) by name, such as alpha.

    Example:
        >>> import featureprobe as fp
        >>> space = fp.InputSpace.identity(low=0, high=255)
        >>> seen = Seen(("first read", "second read"), images=None, space=space)
        >>> seen[1], len(seen)
        ('second read', 2)
    """

    values: tuple[Tensor, ...]
    images: Tensor
    space: InputSpace
    parts: tuple[tuple[Valued, "Seen"], ...] = field(default=(), repr=False)
    extras: Extras = field(default_factory=Extras, repr=False)

    def __getitem__(self, number: int) -> Tensor:
        return self.values[number]

    def __len__(self) -> int:
        return len(self.values)

    def of(self, part: Valued) -> Tensor:
        """Return the value (N,) of an objective that is held in a field, directly or in a tuple.

        What the part reads is read without being named in ``reads``; a weighted sum comes with its
        weights, and a part may hold parts of its own.

        Args:
            part: The very object in the field, such as ``self.first``; no copy of it.

        Raises:
            ConfigError: For any other object.
            ShapeError: When the part's value is not (N,).

        Example:
            >>> from dataclasses import dataclass
            >>> import featureprobe as fp
            >>> @dataclass(frozen=True)
            ... class Weaker(fp.Objective):
            ...     kind = "mylab.weaker"
            ...     first: fp.Objective
            ...     second: fp.Objective
            ...     def value(self, seen):
            ...         return tf.minimum(seen.of(self.first), seen.of(self.second))
            >>> a, b = (fp.MapMean("Conv2D_3", channel=c) for c in (5, 6))
            >>> Weaker(a, 0.5 * a + b).reads()[0] == fp.Read("Conv2D_3", channel=5)
            True
        """
        found = self._seen_by(part)
        if found is None:
            raise ConfigError(
                "seen.of() takes an objective that is held in a field of the one whose value is "
                f"computed, the very object. Received: {_named_kind(part)}. Write seen.of(self.part), "
                "not a copy or a new objective; a GroupObjective has no parts."
            )
        return score_of(part.value(found), part)

    def _seen_by(self, part: Valued) -> "Seen | None":
        for own, seen in self.parts:
            if own is part:
                return seen
        inner = (seen._seen_by(part) for _, seen in self.parts)
        return next((seen for seen in inner if seen is not None), None)

    def narrowed(
        self, values: tuple[Tensor, ...], parts: tuple[tuple[Valued, "Seen"], ...] = ()
    ) -> Self:
        """Return the same with other values and parts; all else stays."""
        own = copy.copy(self)
        object.__setattr__(own, "values", values)
        object.__setattr__(own, "parts", parts)
        return own


def score_of(made: Any, objective: Valued) -> Tensor:
    """Return what ``value`` made as a tensor (N,).

    Raises:
        ShapeError: When it is none, such as None, or of another shape.
    """
    kind, wanted = type(objective).__name__, "one score per image, shape (N,)"
    try:
        score = tf.convert_to_tensor(made)
    except (TypeError, ValueError) as cause:
        raise ShapeError(
            f"{kind}.value must return {wanted}. Received: {type(made).__name__}. Return a tensor."
        ) from cause
    if score.shape.rank != 1:
        raise ShapeError(
            f"{kind}.value must return {wanted}. Received the shape {score.shape}. "
            "Reduce over all axes but the first."
        )
    return score


def _named_kind(value: object) -> str:
    kind = getattr(value, "kind", None)
    return f"{kind} ({type(value).__name__})" if isinstance(kind, str) else repr(value)
