"""Stateless randomness: every number follows from (seed, what it is for), never from a position."""

import secrets
from typing import Annotated, TypeAlias

import numpy as np
import numpy.typing as npt

from featureprobe._kinds import OWN, is_whole, received
from featureprobe.errors import RangeError

Rng: TypeAlias = Annotated[int | np.random.Generator | None, OWN]
"""What ``rng=`` takes: a seed, a numpy Generator that draws one, or None for a fresh one."""

_STARTS, _RUN, _FITTED = 0, 1, 2  # first word of the spawn key: families that never meet


def seed_from(rng: Rng) -> int:
    """Return the integer seed of a run; it is stored in the result.

    Raises:
        RangeError: When ``rng`` is neither of the three, or negative.
    """
    if rng is None:
        return secrets.randbits(32)
    if isinstance(rng, np.random.Generator):
        return int(rng.integers(2**32))
    if is_whole(rng) and int(rng) >= 0:
        return int(rng)
    raise RangeError(
        f"rng is a seed (an integer >= 0), a numpy Generator or None. Received: {received(rng)}. "
        "Pass rng=0, for instance."
    )


def start_generator(seed: int, start: int) -> np.random.Generator:
    """Return the generator of start number ``start``; all targets share it."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(_STARTS, start)))


def start_key(seed: int, start: int) -> npt.NDArray[np.int32]:
    """Return the (2,) int32 key of start number ``start``, for what its parameters draw."""
    sequence = np.random.SeedSequence(seed, spawn_key=(_FITTED, start))
    return sequence.generate_state(2, np.uint32).view(np.int32)


def run_key(seed: int, digest: str, start: int) -> npt.NDArray[np.int32]:
    """Return the (2,) int32 key of one target's start during a run.

    Args:
        seed: The run's seed.
        digest: sha256 of the target's config, in hex.
        start: Number of the start.
    """
    words = [int(digest[i : i + 8], 16) for i in range(0, 32, 8)]
    sequence = np.random.SeedSequence(seed, spawn_key=(_RUN, *words, start))
    return sequence.generate_state(2, np.uint32).view(np.int32)
