"""What targets have in common (their structure, traced once) and what differs (numbers, batched)."""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from featureprobe._component import ArrayValue, Component
from featureprobe._spatial import axis_of
from featureprobe.errors import ConfigError
from featureprobe.objectives.base import (
    GroupObjective,
    Layout,
    Objective,
    WeightedSum,
    layout_of,
    parts_of,
    reads_of,
    seen_with_parts,
)
from featureprobe.objectives.seen import Seen, score_of
from featureprobe.types import INDEX_MARK, PER_TARGET_MARK, Mark, Tensor, marks_of

ReadShape = tuple[str, tuple[str, ...], bool]
"""(layer, indexed axes, pre) of a read, without its numbers."""

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Leaf:
    """One term of a target, as the engine sees it.

    Attributes:
        template: A term of this structure; what differs from target to target is replaced by tensors.
        reads: The shape of each of its reads, those of its parts among them.
        layout: Which of them are its own, and which those of each part.
        n_fields: How many of its numbers are ``Index`` fields; those of the reads follow.
        n_numbers: How many whole numbers it has in all.
        n_arrays: How many arrays: ``PerTarget`` fields, and the weights of sums that are its parts.
    """

    template: Objective
    reads: tuple[ReadShape, ...]
    layout: Layout
    n_fields: int
    n_numbers: int
    n_arrays: int

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
        return skeleton(self.template), self.reads, self.layout

    def value(self, seen: Seen, numbers: Iterator[Tensor], arrays: Iterator[Tensor]) -> Tensor:
        """Return the value (N,) of the terms of this structure that the numbers tell apart.

        Args:
            seen: All that is read, in the order of :attr:`reads`.
            numbers: (N,) for each ``Index`` field.
            arrays: (N, ...) for each array.
        """
        objective = stand_in(self.template, numbers, arrays)
        if not self.is_group:
            seen = seen_with_parts(seen, objective, self.layout)
        return score_of(objective.value(seen), self.template)


def terms_of(objective: Objective) -> tuple[tuple[float, Objective], ...]:
    """Return the (weight, term) pairs of an objective that may be a sum or not."""
    return objective.terms if isinstance(objective, WeightedSum) else ((1.0, objective),)


def leaf_of(term: Objective) -> Leaf:
    """Return the structure of one term.

    Raises:
        ConfigError: When a group objective is a part of it, or a ``PerTarget`` field holds no
            ArrayValue.
    """
    reads, layout = layout_of(term)
    _refuse_groups_in(term, term)
    loose = list(_loose(term))
    own = sum(isinstance(value, int) for value in loose)
    return Leaf(
        template=term,
        reads=tuple((r.layer, r.axes, r.pre) for r in reads),
        layout=layout,
        n_fields=own,
        n_numbers=own + sum(len(r.indices) for r in reads),
        n_arrays=len(loose) - own,
    )


def _refuse_groups_in(objective: Objective, whole: Objective) -> None:
    for part in parts_of(objective):
        if isinstance(part, GroupObjective):
            raise ConfigError(
                f"A {type(part).__name__} is no part of another objective: it sees all starts of a "
                f"target, and {type(whole).__name__} one image. Add it instead: objective + "
                f"{type(part).__name__}(...)."
            )
        _refuse_groups_in(part, whole)


def numbers_of(
    term: Objective, offsets: Mapping[str, tuple[int, ...]] | None = None
) -> tuple[int, ...]:
    """Return the numbers that tell this term from others of its structure.

    Args:
        term: The term.
        offsets: By layer, what to take off the place of a read along each spatial axis, on a crop.
    """
    numbers = [value for value in _loose(term) if isinstance(value, int)]
    for read in reads_of(term):
        off = (*(offsets or {}).get(read.layer, ()), 0)  # nothing off the channel
        for axis, index in zip(read.axes, read.indices, strict=True):
            at = axis_of(axis, len(off)) if len(off) > 1 else None
            numbers.append(index if at is None else index - off[at])
    return tuple(numbers)


def arrays_of(term: Objective) -> tuple[Array, ...]:
    """Return the arrays that tell this term from others of its structure, weights of parts too."""
    return tuple(value for value in _loose(term) if not isinstance(value, int))


def array_tensor(array: Array, dtype: Any) -> Tensor:
    """Return an array of a target as a tensor: floats in ``dtype``, others in their own."""
    return tf.constant(array, dtype if array.dtype.kind == "f" else array.dtype)


def skeleton(value: Any, mark: Mark | None = None) -> Hashable:
    """Return a value with all taken out that differs from target to target.

    Equal skeletons share a trace.

    Args:
        value: A component, or anything inside one.
        mark: How the field is marked that it is in.
    """
    found = _loose_value(value, mark)
    if isinstance(found, int):
        return INDEX_MARK
    if found is not None:
        return PER_TARGET_MARK, found.shape, found.dtype.str
    if isinstance(value, Component):
        return type(value), tuple((n, skeleton(v, m)) for n, v, m in _entries(value))
    if isinstance(value, tuple):
        return tuple(skeleton(v, mark) for v in value)
    # 1 and 1.0 and True are equal to Python but not to a trace.
    return type(value), value


def stand_in(
    value: Any, numbers: Iterator[Tensor], arrays: Iterator[Tensor], mark: Mark | None = None
) -> Any:
    """Return a copy of a component whose marked fields are tensors (N,) or (N, ...).

    The copy skips ``__init__`` on purpose: its checks are for integers.

    Args:
        value: A component, or anything inside one.
        numbers: One tensor for each index, in the order of :func:`numbers_of`.
        arrays: One tensor for each array, in the order of :func:`arrays_of`.
        mark: How the field is marked that it is in.
    """
    found = _loose_value(value, mark)
    if found is not None:
        return next(numbers if isinstance(found, int) else arrays)
    if isinstance(value, Component):
        copy = object.__new__(type(value))
        for name, inner, own in _entries(value):
            object.__setattr__(copy, name, stand_in(inner, numbers, arrays, own))
        return copy
    if isinstance(value, tuple):
        return tuple(stand_in(v, numbers, arrays, mark) for v in value)
    return value


def _loose(value: Any, mark: Mark | None = None) -> Iterator[int | Array]:
    """Yield all that differs from target to target, in the order of the fields."""
    found = _loose_value(value, mark)
    if found is not None:
        yield found
    elif isinstance(value, Component):
        for _, inner, own in _entries(value):
            yield from _loose(inner, own)
    elif isinstance(value, tuple):
        for inner in value:
            yield from _loose(inner, mark)


def _loose_value(value: Any, mark: Mark | None) -> int | Array | None:
    """Return the number or array of a marked field; None for anything else, tuples among it."""
    if mark is None or value is None or isinstance(value, tuple | Component):
        return None
    if mark is INDEX_MARK:
        return int(value) if hasattr(value, "__index__") else None
    if mark is _WEIGHT_MARK or isinstance(value, float):
        return np.asarray(value, np.float64)
    if isinstance(value, np.ndarray):
        raise ConfigError(
            f"A PerTarget field holds an fp.ArrayValue. Received an array of shape {value.shape}. "
            "Wrap it: fp.ArrayValue(array)."
        )
    return value.array if isinstance(value, ArrayValue) else None


def _entries(component: Component) -> Iterator[tuple[str, Any, Mark | None]]:
    """Yield (name, value, mark) of each field; the weights of a sum count as marked."""
    is_sum = isinstance(component, WeightedSum)
    for name, mark in marks_of(type(component)).items():
        yield name, getattr(component, name), _WEIGHT_MARK if is_sum else mark


_WEIGHT_MARK = Mark("a weight of a sum that is a part")
