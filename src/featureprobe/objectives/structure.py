"""What targets have in common (their structure, traced once) and what differs (numbers, batched)."""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from featureprobe._component import Component
from featureprobe.objectives.base import GroupObjective, Objective, WeightedSum
from featureprobe.types import Tensor, index_fields

ReadShape = tuple[str, tuple[str, ...], bool]
"""(layer, indexed axes, pre) of a read, without its numbers."""


@dataclass(frozen=True, eq=False)
class Leaf:
    """One term of a target, as the engine sees it.

    Attributes:
        template: A term of this structure; its numbers are replaced by tensors.
        reads: The shape of each of its reads.
        n_fields: How many of its numbers are ``Index`` fields; those of the reads follow.
        n_numbers: How many numbers it has in all.
    """

    template: Objective
    reads: tuple[ReadShape, ...]
    n_fields: int
    n_numbers: int

    @property
    def is_group(self) -> bool:
        """Whether it sees all starts of a target at once."""
        return isinstance(self.template, GroupObjective)

    @property
    def is_score(self) -> bool:
        """Whether it counts as score: it reads a layer and is no group term."""
        return bool(self.reads) and not self.is_group

    @property
    def key(self) -> Hashable:
        """Equal for terms that can share a trace."""
        return skeleton(self.template), self.reads


def terms_of(objective: Objective) -> tuple[tuple[float, Objective], ...]:
    """Return the (weight, term) pairs of an objective that may be a sum or not."""
    return objective.terms if isinstance(objective, WeightedSum) else ((1.0, objective),)


def leaf_of(term: Objective) -> Leaf:
    """Return the structure of one term."""
    reads = term.reads()
    own = len(tuple(_indices(term)))
    return Leaf(
        template=term,
        reads=tuple((r.layer, r.axes, r.pre) for r in reads),
        n_fields=own,
        n_numbers=own + sum(len(r.indices) for r in reads),
    )


def numbers_of(
    term: Objective, offsets: Mapping[str, tuple[int, int]] | None = None
) -> tuple[int, ...]:
    """Return the numbers that tell this term from others of its structure.

    Args:
        term: The term.
        offsets: By layer, what to take off the row and column of a read, on a crop.
    """
    numbers = list(_indices(term))
    for read in term.reads():
        row, col = (offsets or {}).get(read.layer, (0, 0))
        by_axis = {"row": row, "col": col}
        numbers += [i - by_axis.get(a, 0) for a, i in zip(read.axes, read.indices, strict=True)]
    return tuple(numbers)


def skeleton(value: Any) -> Hashable:
    """Return a value with every ``Index`` taken out; equal skeletons share a trace."""
    if isinstance(value, Component):
        hidden = index_fields(type(value))
        kept = [f.name for f in fields(value) if f.name not in hidden]  # type: ignore[arg-type]
        return type(value), tuple((n, skeleton(getattr(value, n))) for n in kept)
    if isinstance(value, tuple):
        return tuple(skeleton(v) for v in value)
    # 1 and 1.0 and True are equal to Python but not to a trace.
    return type(value), value


def _indices(value: Any) -> Iterator[int]:
    if isinstance(value, Component):
        marked = index_fields(type(value))
        for field in fields(value):  # type: ignore[arg-type]
            inner = getattr(value, field.name)
            if field.name in marked:
                yield from (() if inner is None else (int(inner),))
            else:
                yield from _indices(inner)
    elif isinstance(value, tuple):
        for inner in value:
            yield from _indices(inner)


def stand_in(value: Any, numbers: Iterator[Tensor]) -> Any:
    """Return a copy of a component whose ``Index`` fields are tensors (N,).

    The copy skips ``__init__`` on purpose: its checks are for integers.

    Args:
        value: A component, or anything inside one.
        numbers: One tensor for each index, in the order of :func:`numbers_of`.
    """
    if isinstance(value, Component):
        marked = index_fields(type(value))
        copy = object.__new__(type(value))
        for field in fields(value):  # type: ignore[arg-type]
            inner = getattr(value, field.name)
            if field.name not in marked:
                inner = stand_in(inner, numbers)
            elif inner is not None:
                inner = next(numbers)
            object.__setattr__(copy, field.name, inner)
        return copy
    if isinstance(value, tuple):
        return tuple(stand_in(v, numbers) for v in value)
    return value
