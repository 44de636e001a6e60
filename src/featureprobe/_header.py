"""The JSON header of a saved file: read without the liberties that Python's reader takes."""

import json
import math
from typing import Any

MOST_DEEP = 100  # levels of nesting
# A header holds at most this many values, and so many for each byte that it takes packed.
SPARE_VALUES, VALUES_A_BYTE = 200_000, 100
_LARGEST = 2**63


def parse(packed: int, content: bytes) -> dict[str, Any]:
    """Return a header.

    Args:
        packed: How many bytes it takes in the file.
        content: The JSON text.

    Raises:
        ValueError: For numbers that are not finite, names that are there twice, deep nesting, more
            values than so few bytes hold, and what is no JSON mapping.
    """
    values = count_values(content)
    if values > SPARE_VALUES + VALUES_A_BYTE * packed:
        raise ValueError(f"the header: so few bytes cannot hold {values} values")
    header = json.loads(
        content, parse_float=_finite, parse_constant=_finite, object_pairs_hook=_mapping
    )
    if not isinstance(header, dict):
        raise TypeError("the header, which is not a mapping")
    check_depth(header)
    return header


def count_values(content: bytes) -> int:
    """Return at least the number of values in a JSON text."""
    return content.count(b",") + content.count(b"[") + content.count(b"{")


def check_depth(value: Any, left: int = MOST_DEEP) -> None:
    """Raise ValueError for what is nested deeper than ``left``."""
    if not isinstance(value, dict | list | tuple):
        return
    if left == 0:
        raise ValueError(f"values that are nested more than {MOST_DEEP} times")
    for part in value.values() if isinstance(value, dict) else value:
        check_depth(part, left - 1)


def text(value: Any) -> str:
    """Return a text, or raise TypeError."""
    if not isinstance(value, str):
        raise TypeError(f"a text, which is {_short(value)}")
    return value


def whole(value: Any) -> int:
    """Return a count from 0 to 2^63, or raise TypeError or ValueError."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"a whole number, which is {_short(value)}")
    if not 0 <= value < _LARGEST:
        raise ValueError(f"a count, which is {_short(value)}")
    return value


def sequence(value: Any) -> list[Any]:
    """Return a list, or raise TypeError."""
    if not isinstance(value, list):
        raise TypeError(f"a list, which is {_short(value)}")
    return value


def mapping(value: Any) -> dict[str, Any]:
    """Return a mapping, or raise TypeError."""
    if not isinstance(value, dict):
        raise TypeError(f"a mapping, which is {_short(value)}")
    return value


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"the number {text[:20]}, which is not finite")
    return value


def _mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise ValueError("a name that is there twice")
    return values


def _short(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 40 else f"{shown[:37]}..."
