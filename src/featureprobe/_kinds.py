"""Kinds of values: what an annotation lets in, and the words for it."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from featureprobe.errors import ConfigError, DataError, FeatureProbeError, RangeError

_LARGEST = 2**63


@dataclass(frozen=True)
class Within:
    """The range of a number, as ``Annotated[float, Within(least=0.0)]``.

    ``above`` and ``below`` do not belong to it.
    """

    least: float = -math.inf
    most: float = math.inf
    above: float = -math.inf
    below: float = math.inf

    def __contains__(self, value: float) -> bool:
        return self.least <= value <= self.most and self.above < value < self.below

    def __str__(self) -> str:
        ends = (
            (self.least, "at least"),
            (self.above, "greater than"),
            (self.most, "at most"),
            (self.below, "below"),
        )
        return " and ".join(f"{words} {end:g}" for end, words in ends if math.isfinite(end))

    def checked(self, name: str, value: Any) -> float:
        """Return a finite number of this range, or raise RangeError naming ``name``."""
        if not is_number(value) or not math.isfinite(value) or value not in self:
            raise RangeError(
                f"{name} is a number, {str(self) or 'finite'}. Received: {received(value)}. "
                "Give another value."
            )
        return float(value)


class Filled:
    """Marks a list that must not be empty."""


FILLED = Filled()


class Own:
    """Marks a parameter that the function itself checks, in words of its own: ``Annotated[int, OWN]``."""


OWN = Own()


@dataclass(frozen=True)
class Kind:
    """What one annotation lets in.

    Attributes:
        words: Such as ``"a whole number"``.
        take: Gives the value to use, or :data:`NotImplemented` where it is of another kind.
        error: What is raised then.
        advice: What to do then, where the words alone do not say it.
    """

    words: str
    take: Callable[[Any], Any]
    error: type[FeatureProbeError] = ConfigError
    advice: str = ""


def is_whole(value: object) -> bool:
    """Whether a value is a whole number that arrays can hold, and no bool."""
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    return whole and -_LARGEST <= int(value) < _LARGEST  # type: ignore[call-overload]


def is_number(value: object) -> bool:
    """Whether a value is a real number that a float can hold, NaN and infinity among them."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        return False
    return not isinstance(value, int) or abs(value) <= 10**300


def is_flag(value: object) -> bool:
    """Whether a value is True or False, of Python or numpy."""
    return isinstance(value, bool | np.bool_)


def hidden_values(value: object) -> int:
    """Return how many values of a masked array are hidden, or of those in a list."""
    if isinstance(value, np.ma.MaskedArray):
        return int(np.count_nonzero(np.ma.getmaskarray(value)))
    if isinstance(value, list | tuple):
        return sum(hidden_values(v) for v in value if isinstance(v, np.ma.MaskedArray | list))
    return 0


def refuse_masks(value: object, what: str) -> None:
    """Raise DataError where a mask would be lost: numpy drops it without a word."""
    if hidden := hidden_values(value):
        raise DataError(
            f"{what}: masks are not kept. Received a masked array with {hidden} masked values. "
            "Say what stands in their place: array.filled(0)."
        )


def received(value: object) -> str:
    """Return a short text of what came: a number or text itself, of others the class."""
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}, {value.dtype}"
    plain = value is None or isinstance(value, str | bool | int | float | complex | np.generic)
    if not plain and not (isinstance(value, tuple | list) and len(value) < 6):
        return type(value).__name__
    try:
        text = repr(value)
    except ValueError:  # Python writes no whole numbers of more than 4,300 digits
        return "a number of thousands of digits"
    return text if len(text) <= 80 else text[:60] + "..." + text[-10:]
