"""How a contract speaks: a claim that fails tells the plug-in author what to fix."""

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

_Made = TypeVar("_Made")


def claim(holds: Any, message: str) -> None:
    """Raise AssertionError with ``message`` unless ``holds``; also under ``python -O``."""
    if not holds:
        raise AssertionError(message)


def attempt(call: Callable[[], _Made], message: str) -> _Made:
    """Return what ``call`` gives; when it raises, say so with ``message`` as AssertionError."""
    try:
        return call()
    except Exception as cause:
        raise AssertionError(f"{message} It raised {type(cause).__name__}: {cause}") from cause


def claim_finite(values: npt.ArrayLike, message: str) -> None:
    """Claim that all values are finite; the message gets the share that is not."""
    bad = ~np.isfinite(np.asarray(values))
    claim(not bad.any(), f"{message} {int(bad.sum())} of {bad.size} values are NaN or infinite.")


def claim_close(
    values: npt.ArrayLike, wanted: npt.ArrayLike, message: str, *, tolerance: float = 1e-5
) -> None:
    """Claim that values agree to ``tolerance`` of the larger of 1e-3 and the largest one."""
    left, right = np.asarray(values, np.float64), np.asarray(wanted, np.float64)
    claim(left.shape == right.shape, f"{message} Shapes: {left.shape} and {right.shape}.")
    if left.size == 0:
        return
    scale = max(1e-3, float(np.max(np.abs(right))))
    gap = np.max(np.abs(left - right)) / scale
    # "not <=" lets NaN fail.
    claim(gap <= tolerance, f"{message} They differ by {gap:.2g} of the largest value.")
