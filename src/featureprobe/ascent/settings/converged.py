"""Converged: when an image has arrived, and may leave the batch."""

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from featureprobe import _checks
from featureprobe._component import Component
from featureprobe.types import FloatArray

CHECK_EVERY = 8
"""Steps between two looks at who has arrived: a fixed grid, so that a resumed run leaves the same
rows out at the same steps."""


@dataclass(frozen=True)
class Converged(Component):
    """An image has arrived when its total no longer gains and it is at a stationary point.

    As ``Ascent(stop=Converged())`` such images leave the batch, so that cost follows work. Without
    ``stop`` all steps are done, and the same test decides on the status ``converged``.

    Args:
        gain: Largest gain over the last steps, as a share of the total, at least 0.
        over: Number of these steps, at least 1.
        certificate: Least certificate, 0 to 1. It is taken of the mean of the recent gradients,
            since at the kinks of a ReLU net the gradient itself jumps.

    Source: for the mean of recent gradients: Goldstein 1977.

    Example:
        >>> Converged(gain=0.002).over
        16
    """

    kind: ClassVar[str] = "converged"
    _: KW_ONLY
    gain: float = 0.01
    over: int = 16
    certificate: float = 0.95

    def __post_init__(self) -> None:
        object.__setattr__(self, "gain", _checks.number("gain", self.gain, least=0.0))
        _checks.whole("over", self.over, least=1)
        certificate = _checks.number("certificate", self.certificate, least=0.0, most=1.0)
        object.__setattr__(self, "certificate", certificate)

    def arrived(
        self, totals: FloatArray, certificates: FloatArray, gradients: FloatArray
    ) -> npt.NDArray[np.bool_]:
        """Return (rows,): which images have arrived.

        Args:
            totals: (steps + 1, rows) the total at the start and after each step; NaN for steps
                that an image no longer did.
            certificates: (rows,) of the kept images.
            gradients: (rows,) gradient norms of the kept images; at 0 there is nothing to certify.
        """
        return self.settled(totals) & ((certificates >= self.certificate) & (gradients > 0))

    def settled(self, totals: FloatArray) -> npt.NDArray[np.bool_]:
        """Return (rows,): the best total of the last steps gains next to nothing on all before."""
        if len(totals) <= self.over:
            return np.zeros(totals.shape[1], dtype=bool)
        finite = np.where(np.isfinite(totals), totals, -np.inf)
        before, lately = finite[: -self.over].max(axis=0), finite[-self.over :].max(axis=0)
        with np.errstate(invalid="ignore"):
            return np.asarray(lately - before <= self.gain * np.abs(lately))
