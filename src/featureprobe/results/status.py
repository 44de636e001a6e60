"""Status: how the ascent of one start ended, and what to try next."""

from enum import StrEnum


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
        """One sentence that says what happened and what to try."""
        return _ADVICE[self]


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
