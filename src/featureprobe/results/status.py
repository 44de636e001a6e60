"""Status: how the ascent of one start ended, and what to try next."""

from enum import StrEnum
from typing import Any, Self


class Status(StrEnum):
    """How the ascent of one target from one start ended; ``advice`` says what to try.

    Example:
        >>> Status.DEAD == "dead"
        True
        >>> Status.RISING.advice
        'Steps ran out before the image settled: give more steps, or operators pull it back.'
    """

    CONVERGED = "converged"
    RISING = "rising"
    SATURATED = "saturated"
    DEAD = "dead"
    DIVERGED = "diverged"
    INTERRUPTED = "interrupted"

    @property
    def advice(self) -> str:
        """One sentence or two that say what happened and what to try."""
        return self.reason or _ADVICE[self]

    @property
    def reason(self) -> str:
        """What is known of this very ascent; empty where it ended as others do."""
        return str(self.__dict__.get("_reason", ""))

    def because(self, reason: str) -> Self:
        """Return an equal status whose advice is a reason that was found out.

        Args:
            reason: What happened and what to try; empty for none.

        Example:
            >>> status = Status.SATURATED.because("No gradient reaches the image.")
            >>> status == Status.SATURATED, status.advice
            (True, 'No gradient reaches the image.')
        """
        made = str.__new__(type(self), self._value_)
        made.__dict__.update(self.__dict__, _reason=reason)
        return made

    def __reduce_ex__(self, protocol: object) -> Any:
        return _revived, (self._value_, self.reason)


def _revived(value: str, reason: str) -> Status:
    return Status(value).because(reason) if reason else Status(value)


_ADVICE = {
    Status.CONVERGED: "The score has settled at a stationary point of the constraint set.",
    Status.RISING: (
        "Steps ran out before the image settled: give more steps, or operators pull it back."
    ),
    Status.SATURATED: (
        "The score has no gradient any more, and is not known to be at its least value: read the "
        "value before the activation (pre=True), or start elsewhere."
    ),
    Status.DEAD: (
        "The target never answered: search longer for starts (fp.Precursor), among natural images "
        "(fp.FromImages), and with the remedies; it may be that no image excites it."
    ),
    Status.DIVERGED: "Values became infinite or NaN: lower the rate, or check the objective.",
    Status.INTERRUPTED: "The run was stopped by the user: resume it from its state.",
}
