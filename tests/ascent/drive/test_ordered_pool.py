"""Several chunks at a time: outcomes in order, few under way, nothing torn by an interrupt."""

import threading
import time

import pytest

from featureprobe.ascent.drive.ordered_pool import each_in_turn
from featureprobe.ascent.plan.group import WORKERS


def test_outcomes_come_in_the_order_of_the_jobs() -> None:
    """However long each takes."""
    taken: list[int] = []

    def run(job: int) -> tuple[int]:
        time.sleep(0.02 * (job % 3 == 0))
        return (job,)

    assert not each_in_turn(run, range(12), taken.append)
    assert taken == list(range(12))


def test_no_more_are_under_way_than_memory_was_planned_for() -> None:
    """What is made waits for its turn, so nothing new begins before there is room."""
    lock, waiting, most = threading.Lock(), 0, 0

    def run(job: int) -> tuple[int]:
        nonlocal waiting, most
        with lock:
            waiting += 1
            most = max(most, waiting)
        return (job,)

    def take(job: int) -> None:
        nonlocal waiting
        time.sleep(0.005)
        with lock:
            waiting -= 1

    each_in_turn(run, range(20), take)
    assert most == WORKERS + 1


def test_an_interrupt_waits_for_all_jobs() -> None:
    """It comes while an outcome is being taken; that outcome is taken again, and so are the rest."""
    taken: list[int] = []

    def take(job: int) -> None:
        taken.append(job)
        if taken == [0, 1, 2]:
            raise KeyboardInterrupt

    assert each_in_turn(lambda job: (job,), range(5), take)
    assert taken == [0, 1, 2, 2, 3, 4]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_what_a_job_raises_ends_it(error: type[BaseException]) -> None:
    """Also an interrupt that the job itself raised: there is no outcome to go on with."""

    def run(job: int) -> tuple[int]:
        if job == 1:
            raise error
        return (job,)

    taken: list[int] = []
    with pytest.raises(error):
        each_in_turn(run, range(4), taken.append)
    assert taken == [0]
