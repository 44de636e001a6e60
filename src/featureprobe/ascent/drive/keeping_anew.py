"""When keeping the best image starts anew, after an operator that runs at some steps only."""

from collections.abc import Sequence
from functools import lru_cache

import tensorflow as tf

from featureprobe.regularizers.base import Regularizer

_RECOVERY = 4  # steps after which an image has mostly recovered from a blur


@lru_cache(maxsize=1024)  # every chunk of every run asks for the same steps
def anew(regularizers: tuple[Regularizer, ...], first: int, count: int) -> tuple[bool, ...]:
    """Return (count,): does keeping start anew with the images after steps ``first`` and later?

    It does some steps after an operator that runs at some steps only has run, or has begun or
    ended to run after each: half of those until that happens to it again, at most 4, where nothing
    else runs meanwhile. So a run that ends before returns what was best before, not what has hardly
    been climbed since.
    """
    steps = range(first - _RECOVERY, first + count + 2 * _RECOVERY)
    waits: dict[int, set[int]] = {index: set() for index in steps}
    for regularizer in regularizers:
        if type(regularizer).due is not Regularizer.due:
            changes = _changes(regularizer, steps)
            for index in changes:
                waits[index].add(_wait(index, changes))
    return tuple(_is_over(waits, index) for index in range(first, first + count))


def _changes(regularizer: Regularizer, steps: range) -> tuple[int, ...]:
    """Return the steps after which an operator runs that does not the step before or after."""
    around = range(steps.start - 1, steps.stop + 1)
    with tf.device("CPU"):
        runs = {k: k > 0 and bool(regularizer.due(tf.constant(k))) for k in around}
    # What runs after the first step has not begun to: there was none before.
    runs[0] = runs.get(1, False)
    return tuple(k for k in steps if k > 0 and runs[k] and not (runs[k - 1] and runs[k + 1]))


def _wait(index: int, changes: Sequence[int]) -> int:
    """Return how many steps after a change keeping starts anew."""
    later = [change - index for change in changes if change > index]
    return max(1, min([_RECOVERY, *(pause // 2 for pause in later)]))


def _is_over(waits: dict[int, set[int]], index: int) -> bool:
    """Return whether the wait after the last change ends now."""
    if waits[index]:
        return False
    last = next((k for k in range(1, _RECOVERY + 1) if waits[index - k]), 0)
    return last in waits.get(index - last, ())
