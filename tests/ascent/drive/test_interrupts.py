"""Ctrl-C at any moment: a result, or a clear interrupt before there is anything; and no harm after."""

import os
import signal
import sys
import time

import numpy as np
import pytest

import featureprobe as fp
from featureprobe.ascent import running
from featureprobe.ascent.drive.chunk_loop import Drive
from featureprobe.ascent.outcome import assembly, polishing
from featureprobe.ascent.outcome.progress import Progress
from featureprobe.ascent.starts import search

SECONDS = 3.0  # on the reference net, on an idle machine


def ctrl_c() -> None:
    """Do what a terminal does."""
    os.kill(os.getpid(), signal.SIGINT)


def at(monkeypatch, home, name, *, call=1):
    """Send Ctrl-C when a function is called for the n-th time."""
    own, calls = getattr(home, name), []

    def late(*args, **kwargs):
        calls.append(1)
        if len(calls) == call:
            ctrl_c()
        return own(*args, **kwargs)

    monkeypatch.setattr(home, name, late)


TARGETS = [fp.MapMean("Conv2D_3", channel=c) for c in (5, 7)]
ASCENT = fp.Ascent(
    steps=20, starts=2, polish=6, search=fp.Precursor(candidates=16, trials=4, trial_steps=2)
)

PHASES = {  # where Ctrl-C comes, and whether there is a result then
    "drawing": ((search, "draw_images", 1), False),
    "search": ((search, "score_images", 1), False),
    "trials": ((Drive, "start", 1), False),
    "first step": ((Drive, "advance", 2), True),
    "later step": ((Drive, "advance", 3), True),
    "progress bar": ((Progress, "at", 1), True),
    "last image": ((Drive, "finish", 1), True),
    "polish": ((running, "polished", 1), True),
    "polishing steps": ((polishing, "_settled", 1), True),
    "end of polishing": ((Drive, "finish", 2), True),
    "assembling": ((running, "assemble", 1), True),
    "verdict": ((assembly, "judge", 1), True),
}


@pytest.mark.parametrize("phase", PHASES)
def test_every_phase_answers(reference, monkeypatch, phase):
    """What is there comes back, the handler too, and the next run is as if nothing had been."""
    (home, name, call), there = PHASES[phase]
    untouched = ASCENT.run(reference, TARGETS, rng=2, progress=False)
    with monkeypatch.context() as patch:
        at(patch, home, name, call=call)
        began = time.perf_counter()
        if there:
            result = ASCENT.run(reference, TARGETS, rng=2, progress=False)
            assert np.isfinite(result.scores).all()
            assert result.steps <= untouched.steps
            assert result.score_trace.shape[0] == result.steps + 1
            assert result.recipe.revive_ascent().steps >= 1
        else:
            with pytest.raises(KeyboardInterrupt, match="no result yet"):
                ASCENT.run(reference, TARGETS, rng=2, progress=False)
        print(f"{phase}: {time.perf_counter() - began:.2f} s")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    again = ASCENT.run(reference, TARGETS, rng=2, progress=False)
    np.testing.assert_array_equal(again.images, untouched.images)
    np.testing.assert_array_equal(again.score_trace, untouched.score_trace)


def test_an_interrupted_run_goes_on_to_the_same_end(reference, monkeypatch):
    """Its state is that of a block's end."""
    ascent = fp.Ascent(steps=40, starts=2, search=None, remedies=())
    straight = ascent.run(reference, TARGETS, rng=2, progress=False)
    with monkeypatch.context() as patch:
        at(patch, Drive, "advance", call=2)
        broken = ascent.run(reference, TARGETS, rng=2, progress=False)
    assert 0 < broken.steps < 40
    assert fp.Status.INTERRUPTED in set(broken.status.ravel())
    state = broken.state
    for later, _ in ascent.iterate(reference, TARGETS, state):
        state = later
    ended = ascent.result(reference, TARGETS, state)
    np.testing.assert_array_equal(ended.images, straight.images)
    np.testing.assert_array_equal(ended.score_trace, straight.score_trace)


def test_a_finished_run_is_not_called_interrupted(reference, monkeypatch):
    """After the last step nothing was cut off."""
    ascent = fp.Ascent(steps=2, starts=1, search=None, remedies=())
    at(monkeypatch, Drive, "finish")
    result = ascent.run(reference, TARGETS, rng=2, progress=False)
    assert set(result.status.ravel()) == {fp.Status.RISING}


def test_a_second_interrupt_does_not_wait(reference, monkeypatch):
    """Who presses Ctrl-C twice wants out."""
    at(monkeypatch, Drive, "finish", call=1)
    at(monkeypatch, running, "assemble", call=1)
    with pytest.raises(KeyboardInterrupt):
        fp.Ascent(steps=2, starts=1, search=None).run(reference, TARGETS, rng=2, progress=False)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_handler_of_the_users_own_stays(reference):
    """It is called, and nothing is held back."""
    came = []
    before = signal.signal(signal.SIGINT, lambda *_: came.append(1))
    try:
        ctrl_c()
        fp.Ascent(steps=1, starts=1, search=None).run(reference, TARGETS, rng=2, progress=False)
        assert came == [1]
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.long
def test_sixty_random_moments(reference):
    """A timer interrupts runs of a default recipe anywhere; each answers soon."""
    rng = np.random.default_rng(15)
    ascent = fp.Ascent(steps=48, polish=40)
    targets = fp.MapMean.each(reference, "Conv2D_3")[:24]
    began = time.perf_counter()
    untouched = ascent.run(reference, targets, rng=2, progress=False)
    ascent.run(reference, targets, rng=2, progress=False)
    length = (time.perf_counter() - began) / 2
    slow = max(1.0, length)  # a loaded machine takes longer for all
    results = 0
    for delay in rng.uniform(0.0, length, size=60):
        moment = time.perf_counter() + delay
        signal.signal(signal.SIGALRM, lambda *_: ctrl_c())
        signal.setitimer(signal.ITIMER_REAL, delay)
        try:
            result = ascent.run(reference, targets, rng=2, progress=False)
            results += 1
            assert np.isfinite(result.scores).all()
        except KeyboardInterrupt:
            pass
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        assert time.perf_counter() - moment < SECONDS * slow
    print(f"{results} results", file=sys.stderr)
    assert results > 10
    again = ascent.run(reference, targets, rng=2, progress=False)
    np.testing.assert_array_equal(again.images, untouched.images)
