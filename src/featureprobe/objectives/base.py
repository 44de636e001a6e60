"""Objective and its algebra: operators build data, never closures."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, TypeGuard

import numpy as np
import tensorflow as tf

import featureprobe.objectives.score_meaning as meaning
from featureprobe import _checks
from featureprobe._component import Component
from featureprobe.errors import ConfigError, RangeError
from featureprobe.objectives.seen import Seen
from featureprobe.types import Read, Tensor, marks_of


class Objective(meaning.ScoreMeaning, Component, ABC):
    """What an image climbs towards: one score per image, larger is better.

    Implement :meth:`reads` and :meth:`value` in a frozen dataclass with its own ``kind``. Fields
    that tell targets apart are marked: ``fp.Index``, a whole number, is an int32 tensor (N,) in
    ``value``; ``fp.PerTarget``, an ``ArrayValue``, is a tensor (N, ...), for each image its own
    target's array. Targets that differ only there run as one batch.

    Fields may hold other objectives, directly or in tuples: ``seen.of(self.part)`` in ``value`` is the
    part's value (N,). What parts read need not be named; an objective that reads nothing else leaves
    :meth:`reads` out. Group objectives are no parts.

    What its score *is* an objective may say in three more methods, each of which has a default that
    claims nothing: :meth:`shown_unit`, :meth:`score_bounds` and :meth:`can_be_dead`. Evidence, quality
    and insertion ask these, never the ``kind``. A subclass that overrides :meth:`reads` or
    :meth:`value` without them falls back to the defaults: what its parent says is not true of it.

    Objectives add, subtract and scale: ``0.8 * a + 0.2 * b - 1e-3 * fp.TotalVariation()`` is a
    :class:`WeightedSum`; the operands stay as they are.

    Example:
        >>> from dataclasses import KW_ONLY, dataclass
        >>> from typing import ClassVar
        >>> import tensorflow as tf
        >>> import featureprobe as fp
        >>> @dataclass(frozen=True)
        ... class Peak(fp.Objective):
        ...     kind: ClassVar[str] = "mylab.peak"
        ...     layer: str
        ...     _: KW_ONLY
        ...     channel: fp.Index
        ...     def reads(self):
        ...         return (fp.Read(self.layer, channel=self.channel),)
        ...     def value(self, seen):
        ...         return tf.reduce_max(seen[0], axis=(1, 2))
        ...     def shown_unit(self):
        ...         return fp.UnitStatistic(self.layer, unit=self.channel, by="peak")
        >>> Peak("Conv2D_3", channel=5).score_bounds()
        (None, None)
    """

    __array_ufunc__ = None  # numpy's numbers multiply it as Python's do

    def reads(self) -> tuple[Read, ...]:
        """Return what the objective wants to see; ``()`` for a penalty that sees only images.

        ``seen[i]`` is read i. As it stands here it gives what the parts read, for objectives that look
        at nothing but their parts; all others implement it.

        Raises:
            ConfigError: When an objective without parts does not say what it reads.
        """
        parts = parts_of(self)
        if not parts:
            raise ConfigError(
                f"{type(self).__name__} does not say what it reads, and holds no other objectives. "
                "Implement reads(): return a tuple of fp.Read, () for a penalty."
            )
        return tuple(read for part in parts for read in reads_of(part))

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
            for r in reads_of(self)
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

    shown_unit, score_bounds, can_be_dead = meaning.OF_SUMS

    @property
    def scoring(self) -> list[tuple[float, Objective]]:
        """The terms that count as score, those that read a layer and are no group objectives."""
        return [t for t in self.terms if reads_of(t[1]) and not isinstance(t[1], GroupObjective)]

    def value(self, seen: Seen) -> Tensor:
        """Return the weighted sum of the terms' scores, (N,)."""
        if not seen.parts:  # made by hand, without them
            seen = seen_with_parts(seen, self, layout_of(self)[1])
        total = 0.0
        for weight, objective in self.terms:
            score = seen.of(objective)
            total += tf.cast(weight, score.dtype) * score
        return total


def parts_of(objective: Objective) -> tuple[Objective, ...]:
    """Return the objectives that one holds in its fields, in order, but not what those hold."""
    return tuple(_held(getattr(objective, name) for name in marks_of(type(objective))))


def _held(values: Iterable[Any]) -> Iterator[Objective]:
    for value in values:
        if isinstance(value, Objective):
            yield value
        elif isinstance(value, tuple):
            yield from _held(value)
        elif isinstance(value, Component):
            yield from _held(getattr(value, name) for name in marks_of(type(value)))


@dataclass(frozen=True)
class Layout:
    """Where an objective and its parts find their reads among all of them.

    Attributes:
        own: How many reads come before those of the parts.
        parts: Of each part, in order; their reads follow each other.
    """

    own: int
    parts: tuple["Layout", ...] = ()

    @property
    def size(self) -> int:
        """How many reads there are in all."""
        return self.own + sum(part.size for part in self.parts)


def reads_of(objective: Objective) -> tuple[Read, ...]:
    """Return all that an objective reads: what it says itself, and what its parts read."""
    return layout_of(objective)[0]


def layout_of(objective: Objective) -> tuple[tuple[Read, ...], Layout]:
    """Return all that an objective reads, and where it and its parts find their own reads in it.

    The reads of the parts stand last; an author may have named them there.
    """
    own, parts = tuple(objective.reads()), parts_of(objective)
    if not parts:
        return own, Layout(len(own))
    below = [layout_of(part) for part in parts]
    theirs = tuple(read for reads, _ in below for read in reads)
    first = len(own) - len(theirs)
    if first < 0 or own[first:] != theirs:
        first, own = len(own), own + theirs
    return own, Layout(first, tuple(layout for _, layout in below))


def seen_with_parts(seen: Seen, objective: Objective, layout: Layout) -> Seen:
    """Return what an objective sees, and in it what each of its parts sees.

    Args:
        seen: All values that are read, in the order of :func:`reads_of`.
        objective: The objective whose value is computed.
        layout: Its layout; also that of any copy with other numbers.
    """
    parts, first = [], layout.own
    for part, inner in zip(parts_of(objective), layout.parts, strict=True):
        own = seen.narrowed(seen.values[first : first + inner.size])
        parts.append((part, seen_with_parts(own, part, inner)))
        first += inner.size
    return seen.narrowed(seen.values, tuple(parts))


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
