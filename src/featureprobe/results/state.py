"""AscentState: everything that a run carries from step to step; StepInfo: what is worth a look."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from featureprobe import _archive
from featureprobe._arguments import checked
from featureprobe._members import Members, check_shapes
from featureprobe.results.state_file import PREFIX, state_fields, state_to_json
from featureprobe.types import FloatArray

Tree = Any
"""Nested dicts and tuples of arrays with a leading axis of rows."""

_WHAT, _SCHEMA = "AscentState", 1


@dataclass(frozen=True, eq=False)
class AscentState:
    """A run between two steps, all targets and starts; goes in and comes out, never changes.

    Rows are (problem, start) pairs, problem by problem. A problem is a target, or stands for several
    that are the same: equal ones, and interior nodes of one map that are climbed on a crop.

    Attributes:
        index: Steps done.
        seed: The run's seed.
        targets: sha256 over the targets' configs: which targets this state is of.
        start_images: (P, *spatial, C) model units, before the projection; shared ones are kept once.
        start_index: (problems, starts) which of them each start is.
        start_origins: (problems, starts) one text each: what finding the start took.
        params: What is climbed: arrays (rows, ...) by name.
        slots: What the update rule remembers.
        best: What is kept: ``images`` (rows, *spatial, C) in model units, ``total``, ``score``,
            ``gradient``, ``certificate``, each (rows,); ``params`` where the parameterization is not
            exact, and ``extras``, where it renders some, by name.
        course: (rows, *spatial, C) decaying mean of the unit gradients, for certificates.
        ended: (rows,) number of the step after which an image left the batch; -1 while it climbs.
        traces: (index, rows, ...) by name: the values that each step started from; NaN after an
            image has left.

    Example:
        >>> import featureprobe as fp
        >>> probe = fp.samples.mnist_probe()
        >>> state = fp.Ascent(starts=2).start(probe, fp.MapMean("Conv2D_3", channel=5), rng=7)
        >>> state.index, state.start_images.shape
        (0, (2, 28, 28, 1))
    """

    index: int
    seed: int
    targets: str
    start_images: FloatArray
    start_index: npt.NDArray[np.int64]
    start_origins: npt.NDArray[np.object_]
    params: Tree
    slots: Tree
    best: dict[str, Any]
    course: FloatArray
    ended: npt.NDArray[np.int64]
    traces: dict[str, FloatArray]

    @property
    def starts(self) -> int:
        """Starts per target."""
        return int(self.start_index.shape[1])

    @property
    def extras(self) -> dict[str, npt.NDArray[Any]]:
        """What is rendered beside the kept images, arrays (rows, ...) by name."""
        return dict(self.best.get("extras", {}))

    def pack(self) -> _archive.Packed:
        """Return this state as a JSON header and arrays by name, to be stored anywhere.

        Returns:
            (header, arrays); the arrays are this state's own, read-only.
        """
        return _archive.pack(_WHAT, _SCHEMA, *state_to_json(self))

    @classmethod
    @checked
    def unpack(
        cls, header: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[np.generic]]
    ) -> Self:
        """Return the state that :meth:`pack` packed; arrays are not copied.

        Raises:
            DataError: When something is missing or garbled, or it is no state.
            ConfigError: When it has another schema.
        """
        return _archive.unpack(header, arrays, _WHAT, _SCHEMA, cls._made)

    @classmethod
    def _made(cls, header: Mapping[str, Any], members: Members) -> Self:
        own = [name for name in members if name.startswith(PREFIX)]
        check_shapes(members, dict.fromkeys(own, "..."), dict.fromkeys(own, "biufc"))
        return cls(**state_fields(header, members))


@dataclass(frozen=True, eq=False)
class StepInfo:
    """A look at a running ascent.

    Attributes:
        index: Steps done.
        steps: Steps to do.
        scores: (targets, starts) scores of the kept images.
        images: (targets, starts, *spatial, C) the current images in pixel units.

    Example:
        >>> import featureprobe as fp
        >>> probe, target = fp.samples.mnist_probe(), fp.MapMean("Conv2D_3", channel=5)
        >>> ascent = fp.Ascent(steps=4, starts=2)
        >>> for state, info in ascent.iterate(probe, target, ascent.start(probe, target, rng=7)):
        ...     print(info)
        step 4/4  median score ...
    """

    index: int
    steps: int
    scores: FloatArray
    images: FloatArray

    def __str__(self) -> str:
        finite = self.scores[np.isfinite(self.scores)]
        median = f"{np.median(finite):.4g}" if finite.size else "none yet"
        return f"step {self.index}/{self.steps}  median score {median}"


def take_rows(tree: Tree, rows: npt.NDArray[np.int64]) -> Tree:
    """Return the given rows of nested arrays."""
    if isinstance(tree, dict):
        return {name: take_rows(value, rows) for name, value in tree.items()}
    if isinstance(tree, tuple | list):
        return tuple(take_rows(value, rows) for value in tree)
    return np.asarray(tree)[rows]


def put_rows(tree: Tree, rows: npt.NDArray[np.int64], part: Tree, total: int) -> Tree:
    """Return ``tree`` with ``part`` at the given rows; the arrays of ``tree`` are written to.

    Args:
        tree: Nested arrays made by an earlier call, or None to make them.
        rows: Where ``part`` belongs.
        part: Nested arrays of these rows.
        total: Number of all rows.
    """
    if isinstance(part, dict):
        return {k: put_rows(tree and tree[k], rows, v, total) for k, v in part.items()}
    if isinstance(part, tuple | list):
        return tuple(put_rows(tree and tree[i], rows, v, total) for i, v in enumerate(part))
    values = np.asarray(part)
    if tree is None:
        tree = np.zeros((total, *values.shape[1:]), values.dtype)
    tree[rows] = values
    return tree
