"""Images that have arrived leave the batch; results do not depend on when they are looked at."""

import numpy as np
import pytest

import featureprobe as fp

TARGETS = [fp.MapMean("Conv2D_3", channel=c) for c in range(12)]
QUICK = {"steps": 96, "starts": 2, "search": None, "remedies": ()}


def test_arrived_images_leave_and_keep_what_they_had(reference):
    """Some leave early with the score that they had; the others go on."""
    stop = fp.Converged(gain=0.01)
    early = fp.Ascent(stop=stop, **QUICK).run(reference, TARGETS, rng=2, progress=False)
    full = fp.Ascent(**QUICK).run(reference, TARGETS, rng=2, progress=False)
    done = early.steps_done
    assert done.min() < 96
    assert set(np.unique(done % 8)) == {0}
    for target, start in np.argwhere(done < 96):
        trace = early.total_trace[:, target, start]
        steps = done[target, start]
        assert np.isfinite(trace[:steps]).all()
        assert np.isnan(trace[steps:]).all()
        assert early.status[target, start] in (fp.Status.CONVERGED, fp.Status.DEAD)
        np.testing.assert_allclose(
            trace[:steps], full.total_trace[:steps, target, start], rtol=0.02, atol=1e-4
        )
        late = full.total_trace[: steps + 1, target, start]
        assert late.max() <= 1.02 * early.totals[target, start] + 1e-4


def test_50_and_50_more_steps_are_100_with_stop_and_search(reference):
    """Leaving follows the step index, so a resumed run has the same bits."""
    make = lambda steps: fp.Ascent(steps=steps, starts=2, stop=fp.Converged(gain=0.02))  # noqa: E731
    short, long = make(50), make(100)
    begin = short.start(reference, TARGETS, rng=3)
    half = list(short.iterate(reference, TARGETS, begin))[-1][0]
    resumed = list(long.iterate(reference, TARGETS, half))[-1][0]
    straight = list(long.iterate(reference, TARGETS, begin))[-1][0]
    assert resumed.index == straight.index
    assert (straight.ended >= 0).any()
    np.testing.assert_array_equal(resumed.ended, straight.ended)
    np.testing.assert_array_equal(resumed.course, straight.course)
    for tree in ("params", "slots", "best", "traces"):
        for name, values in getattr(straight, tree).items():
            np.testing.assert_array_equal(getattr(resumed, tree)[name], values)


def test_a_run_ends_when_all_have_arrived(reference):
    """Its steps are a ceiling."""
    node = fp.Node("Conv2D_1", row=5, col=5, channel=3)
    ascent = fp.Ascent(steps=500, starts=1, regularizers=(), stop=fp.Converged())
    result = ascent.run(reference, node, rng=0, progress=False)
    assert result.steps < 100
    assert result.best_status()[0] == fp.Status.CONVERGED


def test_what_has_no_gradient_leaves(reference):
    """Dead images do not run to the end."""
    maps = fp.MapMean.each(reference, "Conv2D_3")
    options = QUICK | {"starts": 1, "initializer": fp.PixelNoise(), "regularizers": ()}
    result = fp.Ascent(stop=fp.Converged(), **options).run(reference, maps, rng=0, progress=False)
    dead = result.status == fp.Status.DEAD
    assert dead.sum() > 20
    assert (result.steps_done[dead] == 16).all()


@pytest.mark.parametrize("bad", [{"gain": -0.1}, {"over": 0}, {"certificate": 1.5}], ids=str)
def test_bad_numbers(bad):
    """Each number has a range, and says so."""
    with pytest.raises(fp.RangeError, match=next(iter(bad))):
        fp.Converged(**bad)
