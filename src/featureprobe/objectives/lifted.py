"""objective_from: a plain function as an objective, for notebooks."""

from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

from featureprobe._arguments import checked
from featureprobe._component import Arrays
from featureprobe._lifting import Lifted
from featureprobe.objectives.base import Objective
from featureprobe.objectives.seen import Seen
from featureprobe.types import Read, Tensor


@dataclass(frozen=True)
class LiftedObjective(Lifted, Objective):
    """What :func:`objective_from` makes."""

    kind: ClassVar[str] = "lifted_objective"
    function: Callable[[Seen], Tensor]
    _: KW_ONLY
    looks_at: tuple[Read, ...]

    @property
    def label(self) -> str:
        """The function and what it looks at."""
        return self._named(f"{getattr(self.function, '__name__', 'function')} of ")

    def reads(self) -> tuple[Read, ...]:
        """Return the reads that were given."""
        return self.looks_at

    def value(self, seen: Seen) -> Tensor:
        """Return what the function gives, (N,)."""
        return self.function(seen)

    def to_config(self, arrays: Arrays | None = None) -> dict[str, Any]:
        """Return where the function came from; it cannot be revived."""
        return {**super().to_config(arrays), "reads": [repr(r) for r in self.looks_at]}


@checked
def objective_from(
    function: Callable[[Seen], Tensor], *, reads: Sequence[Read] | Read
) -> LiftedObjective:
    """Return an objective that runs ``function``.

    It runs at once and is recorded as provenance only; to save and re-run it, write a class.

    Args:
        function: ``function(seen) -> (N,)``; see :class:`Seen`.
        reads: What it wants to see.

    Raises:
        ConfigError: When ``function`` cannot be called or ``reads`` are no reads.

    Example:
        >>> import tensorflow as tf
        >>> import featureprobe as fp
        >>> brightest = fp.objective_from(
        ...     lambda seen: tf.reduce_max(seen[0], axis=(1, 2)),
        ...     reads=fp.Read("Conv2D_3", channel=5),
        ... )
    """
    looks_at = (reads,) if isinstance(reads, Read) else tuple(reads)
    return LiftedObjective(function, looks_at=looks_at)
