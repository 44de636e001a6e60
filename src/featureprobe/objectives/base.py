"""Objective and its algebra: operators build data, never closures."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, TypeGuard

import numpy as np

from featureprobe import _checks
from featureprobe._component import Component
from featureprobe.errors import ConfigError, RangeError
from featureprobe.input_space import InputSpace
from featureprobe.types import Read, Tensor


@dataclass(frozen=True, eq=False)
class Seen:
    """What an objective sees: the values that it reads, and the images.

    ``seen[i]`` is read i, gathered for each image's own target: (N, H, W) for a map, (N,) for a
    node, (N, ...) for a whole layer. A :class:`GroupObjective` sees (N, G, ...).

    Attributes:
        values: One tensor for each read.
        images: (N, H, W, C) model units.
        space: The probe's input space.

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

    def __getitem__(self, number: int) -> Tensor:
        return self.values[number]

    def __len__(self) -> int:
        return len(self.values)


class Objective(Component, ABC):
    """What an image climbs towards: one score per image, larger is better.

    Implement :meth:`reads` and :meth:`value` in a frozen dataclass with its own ``kind``. Fields
    that tell targets apart are marked ``fp.Index``; in ``value`` they are int32 tensors (N,), so
    that targets which differ only there run as one batch.

    Objectives add, subtract and scale: ``0.8 * a + 0.2 * b - 1e-3 * fp.TotalVariation()`` is a
    :class:`WeightedSum`; the operands stay as they are.
    """

    __array_ufunc__ = None  # numpy's numbers multiply it as Python's do

    @abstractmethod
    def reads(self) -> tuple[Read, ...]:
        """Return what the objective wants to see; ``()`` for a penalty that sees only images."""

    @abstractmethod
    def value(self, seen: Seen) -> Tensor:
        """Return one score per image, shape (N,); never reduce over the batch.

        Args:
            seen: The values that :meth:`reads` asked for, and the images.
        """

    @property
    def label(self) -> str:
        """A short text for captions and tables, such as ``Conv2D_3 channel 5``."""
        return self._named(f"{self.kind} of ")

    def _named(self, before: str) -> str:
        """Return the reads in words, after what is made of them."""
        parts = [
            " ".join([r.layer, *(f"{a} {i}" for a, i in zip(r.axes, r.indices, strict=True))])
            + " before the activation" * r.pre
            for r in self.reads()
        ]
        return f"{before}{', '.join(parts)}" if parts else self.kind

    def __add__(self, other: object) -> "WeightedSum":
        if other == 0 and not isinstance(other, bool):  # so that sum([...]) works
            return WeightedSum(((1.0, self),))
        if not isinstance(other, Objective):
            return NotImplemented
        return WeightedSum(((1.0, self), (1.0, other)))

    __radd__ = __add__

    def __sub__(self, other: object) -> "WeightedSum":
        if not isinstance(other, Objective):
            return NotImplemented
        return WeightedSum(((1.0, self), (-1.0, other)))

    def __neg__(self) -> "WeightedSum":
        return WeightedSum(((-1.0, self),))

    def __mul__(self, weight: object) -> "WeightedSum":
        if not _is_scale(weight):
            return NotImplemented
        return WeightedSum(((weight, self),))

    __rmul__ = __mul__

    def __truediv__(self, divisor: object) -> "WeightedSum":
        if not _is_scale(divisor):
            return NotImplemented
        number = _checks.number("What an objective is divided by", divisor)
        if number == 0:
            raise RangeError(
                "An objective cannot be divided by 0. Multiply it by a weight: 0.5 * objective."
            )
        return WeightedSum(((1 / number, self),))


class GroupObjective(Objective, ABC):
    """An objective over all starts of one target, such as diversity.

    It sees (N, G, ...): N targets, G starts each; :meth:`value` gives (N,), which is added to the
    total of every member of the group. Groups are never split over chunks. It does not count as
    score.
    """


@dataclass(frozen=True)
class WeightedSum(Objective):
    """A sum of weighted objectives; what the operators build.

    Args:
        terms: (weight, objective) pairs; sums inside are flattened. Weights are finite.

    Example:
        >>> import featureprobe as fp
        >>> blend = 2 * fp.MapMean("conv", channel=5) - fp.TotalVariation()
        >>> [weight for weight, _ in blend.terms]
        [2.0, -1.0]
    """

    kind: ClassVar[str] = "weighted_sum"
    terms: tuple[tuple[float, Objective], ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "terms", tuple(_flat(self.terms)))
        if not self.terms:
            raise ConfigError("A WeightedSum needs at least one term. Received none.")

    @property
    def label(self) -> str:
        """The terms with their weights, such as ``conv channel 5 - 0.1 * total_variation``."""
        text = ""
        for weight, objective in self.terms:
            sign = ("- " if weight < 0 else "+ ") if text else "-" * (weight < 0)
            size = "" if abs(weight) == 1 else f"{abs(weight):g} * "
            text += f"{' ' if text else ''}{sign}{size}{objective.label}"
        return text

    def reads(self) -> tuple[Read, ...]:
        """Return the reads of all terms, in order."""
        return tuple(read for _, objective in self.terms for read in objective.reads())

    def value(self, seen: Seen) -> Tensor:
        """Return the weighted sum of the terms' scores, (N,)."""
        total, first = 0.0, 0
        for weight, objective in self.terms:
            last = first + len(objective.reads())
            own = Seen(seen.values[first:last], seen.images, seen.space)
            total, first = total + weight * objective.value(own), last
        return total


def _is_scale(value: object) -> TypeGuard[float]:
    numbers = isinstance(value, int | float | np.integer | np.floating)
    return numbers and not isinstance(value, bool)


def _flat(terms: object) -> Iterator[tuple[float, Objective]]:
    if not isinstance(terms, tuple | list):
        raise ConfigError(f"terms is a tuple of (weight, objective) pairs. Received: {terms!r}.")
    for term in terms:
        if not (
            isinstance(term, tuple | list) and len(term) == 2 and isinstance(term[1], Objective)
        ):
            raise ConfigError(
                f"A term is a (weight, objective) pair. Received: {term!r}. "
                "Write 0.5 * objective instead."
            )
        weight = _checks.number("A weight", term[0])
        inner = term[1].terms if isinstance(term[1], WeightedSum) else ((1.0, term[1]),)
        for factor, objective in inner:
            yield weight * factor, objective
