"""Work on several chunks at a time, and take what they made in order."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import Any, TypeVar

from featureprobe._interrupts import interrupted
from featureprobe.ascent.plan.group import WORKERS

_Job = TypeVar("_Job")


def each_in_turn(
    run: Callable[[_Job], tuple[Any, ...]],
    jobs: Iterable[_Job],
    take: Callable[..., None],
    *,
    hasty: bool = False,
) -> bool:
    """Run all jobs, a few at a time, and hand each outcome to ``take`` in the jobs' order.

    Only one more is under way than there are workers, so that memory does not grow with the jobs. An
    interrupt does not part what belongs together: all jobs are done before it is reported.

    Args:
        run: Called in a thread; returns the arguments of ``take``.
        jobs: What to do.
        take: Called in this thread; may be called again for the same outcome.
        hasty: At an interrupt, start no further jobs.

    Returns:
        Whether an interrupt came.
    """
    stopped, left = False, iter(jobs)
    with ThreadPoolExecutor(WORKERS) as pool:
        waiting = [pool.submit(run, job) for job in islice(left, WORKERS + 1)]
        while waiting:
            stopped |= _taken(waiting[0], take) | (hasty and interrupted())
            if hasty and stopped:
                _ = [future.cancel() for future in waiting]
                break
            # The next job starts only when there is room for what it makes.
            waiting = [*waiting[1:], *_submitted(pool, run, islice(left, 1))]
    return stopped


def _submitted(
    pool: ThreadPoolExecutor, run: Callable[..., Any], jobs: Iterator[Any]
) -> list[Future[Any]]:
    return [pool.submit(run, job) for job in jobs]


def _taken(future: Future[Any], take: Callable[..., None]) -> bool:
    """Hand on what a job made; return whether an interrupt came meanwhile."""
    stopped = False
    while True:
        try:
            take(*future.result())
        except KeyboardInterrupt:
            if future.done() and future.exception() is not None:
                raise  # the job itself raised it
            stopped = True
        else:
            return stopped
