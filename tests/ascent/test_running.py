"""Runs as values: resume, repeat, interrupt, keep, status."""

import numpy as np
import pytest
import tensorflow as tf

import featureprobe as fp
from featureprobe.ascent.drive import chunk_loop
from featureprobe.ascent.outcome.progress import Progress
from featureprobe.results.state import put_rows

TARGETS = [fp.MapMean("Conv2D_3", channel=c) for c in range(6)]
BRIEF = fp.Precursor(candidates=32, rounds=1, trials=4, trial_steps=2)


def run(probe, targets=TARGETS, *, rng=7, **kwargs):
    """Run a short ascent."""
    options = {"steps": 20, "starts": 2, "search": BRIEF} | kwargs
    return fp.Ascent(**options).run(probe, targets, rng=rng, progress=False)


@pytest.mark.parametrize(
    ("half_way", "options"),
    [
        (100, {"search": fp.Precursor()}),
        (10, {"rule": fp.Adam(0.05)}),
        (10, {"rule": fp.Backtracking()}),
        (
            10,
            {
                "rule": fp.NormalizedGradient(0.5, decay=8),
                "transforms": (fp.Jitter(1), fp.Noise(0.1)),
            },
        ),
        (10, {"parameterization": fp.Fourier(), "constraint": fp.Sphere()}),
    ],
    ids=["default", "adam", "backtracking", "transforms", "fourier"],
)
def test_half_and_half_of_the_steps_are_all(reference, half_way, options):
    """Resuming gives the state of the longer run, bit for bit: 100 + 100 steps are 200."""
    options = {"search": BRIEF} | options
    short, long = (fp.Ascent(steps=s, starts=2, **options) for s in (half_way, 2 * half_way))
    half = list(short.iterate(reference, TARGETS, short.start(reference, TARGETS, rng=3)))[-1][0]
    resumed = list(long.iterate(reference, TARGETS, half))[-1][0]
    straight = list(long.iterate(reference, TARGETS, long.start(reference, TARGETS, rng=3)))[-1][0]
    assert resumed.index == straight.index == 2 * half_way
    for name in ("params", "slots", "best", "course", "traces", "ended"):
        tf.nest.map_structure(
            np.testing.assert_array_equal, getattr(resumed, name), getattr(straight, name)
        )


def test_same_recipe_same_bits(reference, tmp_path):
    """A saved recipe repeats the run bit for bit; another seed does not."""
    first = run(reference, transforms=(fp.Jitter(1),))
    first.save(tmp_path / "run.npz")
    again = fp.AscentResult.load(tmp_path / "run.npz").recipe.run(reference, progress=False)
    np.testing.assert_array_equal(again.images, first.images)
    np.testing.assert_array_equal(again.score_trace, first.score_trace)
    assert (run(reference, transforms=(fp.Jitter(1),), rng=8).images != first.images).any()


def test_randomness_belongs_to_the_target_not_to_its_position(reference):
    """Jitter draws the same for a target wherever it stands in a list."""
    options = {"transforms": (fp.Jitter(2), fp.Noise(0.2)), "steps": 6}
    forward = run(reference, TARGETS, **options)
    backward = run(reference, TARGETS[::-1], **options)
    np.testing.assert_allclose(backward.scores[::-1], forward.scores, rtol=1e-4, atol=1e-6)
    assert np.ptp(forward.scores[:, 0]) > 0


def test_scores_are_those_of_the_returned_images(reference):
    """Re-measured through the probe's front door, every returned image has its score."""
    for options in (
        {},
        {"keep": "last"},
        {"transforms": (fp.Jitter(2),)},
        {"constraint": fp.Sphere()},
    ):
        result = run(reference, **options)
        answers = reference.activations(result.images.reshape(-1, 28, 28, 1), "Conv2D_3")
        means = answers.mean(axis=(1, 2)).reshape(6, 2, 128)
        measured = np.stack([means[t, :, t] for t in range(6)])
        np.testing.assert_allclose(measured, result.scores, rtol=1e-4, atol=1e-5)


def test_best_is_kept_since_the_last_due_step(reference):
    """With Every(8, op) and 20 steps, only images climbed since step 16 can be kept."""
    blur = (fp.Every(8, fp.GaussianBlur(1.5)),)
    result = run(reference, regularizers=blur)
    late = result.total_trace[20:].max(axis=0)  # and four steps have passed
    np.testing.assert_array_equal(result.totals, late)
    assert (result.total_trace[:16].max(axis=0) > late).any(), "a strong blur costs score"
    # Where it is due in the last step, nothing has climbed since: what was best before is kept.
    ended = run(reference, steps=16, regularizers=blur)
    np.testing.assert_array_equal(ended.totals, ended.total_trace[12:].max(axis=0))
    assert (ended.totals > ended.total_trace[16]).all()
    # Nor where another is due right after.
    both = (fp.Every(2, fp.GaussianBlur(1.5)), fp.Every(3, fp.GaussianBlur(1.5)))
    often = run(reference, steps=9, regularizers=both, search=fp.Precursor())
    np.testing.assert_array_equal(often.totals, often.total_trace[7:].max(axis=0))
    assert (often.totals > often.total_trace[9]).all()
    first = run(reference, steps=6, regularizers=(fp.Every(32, fp.GaussianBlur(1.5)),))
    np.testing.assert_array_equal(first.totals, first.total_trace.max(axis=0))
    last = run(reference, regularizers=(), keep="last")
    np.testing.assert_array_equal(last.totals, last.total_trace[-1])


def test_trace_starts_at_the_start_and_ends_at_the_end(reference):
    """Traces have steps + 1 entries, the first one of the projected start image."""
    result = run(reference, record_every=5)
    assert result.score_trace.shape == (21, 6, 2)
    assert result.snapshot_steps.tolist() == [5, 10, 15, 20]
    answers = reference.activations(result.snapshots[1, :, 0], "Conv2D_3").mean(axis=(1, 2))
    np.testing.assert_allclose(
        answers[np.arange(6), np.arange(6)], result.score_trace[10, :, 0], rtol=1e-4, atol=1e-5
    )


def test_ctrl_c_returns_what_there_is(reference, monkeypatch):
    """KeyboardInterrupt ends the run early; what was reached comes back, marked."""
    shown = []

    def interrupt(self, info):
        shown.append(info.index)
        if len(shown) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(Progress, "at", interrupt)
    result = run(reference, steps=500)
    assert result.steps == shown[-1] < 500
    assert fp.Status.INTERRUPTED in set(result.status.ravel())
    assert result.recipe.revive_ascent().steps == result.steps
    assert (result.best_scores() > result.score_trace[0].max(axis=1)).any()


def test_ctrl_c_amid_steps_tears_nothing(reference, monkeypatch):
    """All rows come back from the same step, though the interrupt came between two chunks."""
    options = {"search": None, "remedies": (), "memory": 2**22}
    calls = 0

    def interrupt(tree, rows, part, count):
        nonlocal calls
        calls += 1
        written = put_rows(tree, rows, part, count)
        if calls == 8:  # two chunks have begun, and some blocks of steps are over
            raise KeyboardInterrupt
        return written

    monkeypatch.setattr(chunk_loop, "put_rows", interrupt)
    stopped = run(reference, steps=100, **options)
    monkeypatch.undo()
    assert 0 < stopped.steps < 100
    straight = run(reference, steps=stopped.steps, **options)
    np.testing.assert_array_equal(stopped.images, straight.images)
    np.testing.assert_array_equal(stopped.score_trace, straight.score_trace)


def test_start_images_are_shared_and_on_the_set(reference):
    """Without a search all targets start from the same images, projected on the set."""
    for constraint in (fp.Sphere(), fp.Box()):
        ascent = fp.Ascent(starts=3, constraint=constraint, search=None, remedies=())
        images = ascent.start(reference, TARGETS, rng=1).best["images"].reshape(6, 3, 28, 28, 1)
        for other in images[1:]:
            np.testing.assert_array_equal(other, images[0])
        live = images[0, :, :26, :26]
        if constraint == fp.Sphere():
            np.testing.assert_allclose(live.mean(axis=(1, 2, 3)), 0, atol=1e-5)
            np.testing.assert_allclose(live.std(axis=(1, 2, 3)), 1, atol=1e-5)
        else:
            low, high = reference.input_space.bounds
            assert live.min() >= low
            assert live.max() <= high
        assert (images[:, :, 26:] == 0).all()
        assert (images[:, :, :, 26:] == 0).all()


def test_fourier_without_decay_is_a_change_of_basis(reference):
    """An orthonormal basis changes nothing; preconditioning changes the way, not the set."""
    live = fp.MapMean.each(reference, "Conv2D_2")[:8]
    options = {"steps": 40, "regularizers": (), "constraint": fp.Sphere()}
    options["rule"] = fp.NormalizedGradient(0.5, decay=16)  # knows nothing of pixels
    options["search"] = None
    pixels = run(reference, live, **options)
    rotated = run(reference, live, parameterization=fp.Fourier(decay=0.0), **options)
    np.testing.assert_allclose(
        rotated.score_trace[:8], pixels.score_trace[:8], rtol=1e-3, atol=1e-4
    )
    np.testing.assert_allclose(rotated.best_scores(), pixels.best_scores(), rtol=0.02)
    fourier = run(reference, live, parameterization=fp.Fourier(decay=0.5), **options)
    assert np.median(fourier.best_scores() / pixels.best_scores()) > 0.75
    z = reference.input_space.to_model(fourier.images)
    np.testing.assert_allclose((z**2).sum(axis=(2, 3, 4)), 28 * 28, rtol=1e-4)


def test_penalties_lower_what_they_punish(reference):
    """A total-variation penalty gives smoother images, and does not count as score."""
    rough = run(reference, TARGETS[0], regularizers=(), steps=40)
    smooth = run(reference, TARGETS[0] - 5.0 * fp.TotalVariation(), regularizers=(), steps=40)
    variation = lambda r: np.abs(np.diff(r.images, axis=2)).mean()  # noqa: E731
    assert variation(smooth) < 0.8 * variation(rough)
    assert (smooth.totals < smooth.scores).all()
