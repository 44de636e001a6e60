"""When keeping the best image starts anew, after an operator that runs at some steps only."""

from collections.abc import Callable

import tensorflow as tf

from featureprobe.regularizers.base import Regularizer
from featureprobe.types import Tensor

_RECOVERY = 4  # steps after which an image has mostly recovered from a blur


def anew(regularizers: tuple[Regularizer, ...]) -> Callable[[Tensor], Tensor]:
    """Return ``anew(index)``: does keeping start anew with the image after step ``index``?

    It does some steps after an operator that runs at some steps only has run, or has begun or
    ended to run after each: half of those until that happens again, at most 4. So a run that ends
    before returns what was best before, not what has hardly been climbed since.
    """
    some = [r for r in regularizers if type(r).due is not Regularizer.due]
    if not some:
        return lambda index: tf.constant(value=False)

    def ask(index: Tensor) -> Tensor:
        around = range(-_RECOVERY, _RECOVERY + 1)
        events = dict(zip(around, _changes(some, index, around), strict=True))
        return tf.reduce_any([_is_over(events, wait) for wait in range(1, _RECOVERY + 1)])

    return ask


def _changes(regularizers: list[Regularizer], index: Tensor, around: range) -> list[Tensor]:
    """Return for each offset whether then an operator runs that does not the step before or after."""
    found = [tf.constant(value=False)] * len(around)
    for regularizer in regularizers:
        steps = range(around.start - 1, around.stop + 1)
        runs = [tf.cast(regularizer.due(index + k), tf.bool) for k in steps]
        for place, k in enumerate(around):
            before, now, after = runs[place : place + 3]
            begins = ~before & (index + k > 1)
            found[place] |= now & (begins | ~after) & (index + k > 0)
    return found


def _is_over(events: dict[int, Tensor], wait: int) -> Tensor:
    """Return whether ``wait`` steps ago was the last change, and so many are half of its pause."""
    since = [events[k] for k in range(1 - wait, 1)]
    # The next change is 2 * wait or 2 * wait + 1 steps after that one; or later than that.
    soon = [events[k] for k in range(1, wait)]
    quiet = events[-wait] & ~tf.reduce_any(tf.stack(since + soon))
    if wait == _RECOVERY:
        return quiet
    return quiet & (events[wait] | events[wait + 1])
