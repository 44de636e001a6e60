"""Polishing: kept images settle, and none is worse for it."""

import numpy as np
import pytest

import featureprobe as fp
from featureprobe.testing import tiny_probe

MAPS = [fp.MapMean("Conv2D_3", channel=c) for c in range(12)]
SHORT = {"steps": 24, "starts": 2, "search": None, "remedies": ()}


def run(probe, targets=MAPS, **kwargs):
    """Run a short ascent."""
    return fp.Ascent(**SHORT | kwargs).run(probe, targets, rng=4, progress=False)


@pytest.mark.parametrize("constraint", [fp.Box(), fp.Sphere()], ids=["box", "sphere"])
def test_scores_rise_and_images_are_what_was_scored(reference, constraint):
    """Each image is at least as good as before; the scores are those of the images returned."""
    plain = run(reference, constraint=constraint)
    fine = run(reference, constraint=constraint, polish=24)
    assert (fine.totals >= plain.totals).all()
    assert np.median(fine.totals / np.maximum(plain.totals, 1e-6)) > 1.01
    assert fine.steps == 48
    assert fine.score_trace.shape == (49, 12, 2)
    np.testing.assert_array_equal(fine.score_trace[:25], plain.score_trace)
    for number, target in enumerate(MAPS):
        answers = reference.activations(fine.images[number], target.layer).mean(axis=(1, 2))
        np.testing.assert_allclose(
            fine.scores[number], answers[:, target.channel], rtol=1e-4, atol=1e-6
        )


def test_a_polished_total_never_falls_for_long(reference):
    """A step that lowers the total is taken back: the next one is from where it was better."""
    fine = run(reference, polish=40, constraint=fp.Box())
    trace = fine.total_trace[25:]
    best = np.maximum.accumulate(trace, axis=0)
    assert (trace[-1] >= 0.999 * best[-1]).mean() > 0.9


def test_the_state_goes_on_as_if_unpolished(reference):
    """The state to resume from is the one before polishing."""
    plain, fine = run(reference), run(reference, polish=8)
    for tree in ("params", "slots", "best", "traces"):
        for name, values in getattr(plain.state, tree).items():
            np.testing.assert_array_equal(getattr(fine.state, tree)[name], values)
    ascent = fp.Ascent(polish=8, **SHORT)
    again = ascent.result(reference, MAPS, fine.state)
    np.testing.assert_array_equal(again.images, fine.images)
    np.testing.assert_array_equal(fine.recipe.run(reference, progress=False).images, fine.images)


def test_nodes_that_shared_no_crop_while_they_climbed_keep_their_own_images(reference):
    """A blur wants the full image; without it nine nodes would be one problem."""
    nodes = [fp.Node("Conv2D_3", row=r, col=1, channel=5) for r in range(3)]
    fine = run(reference, nodes, polish=8)
    assert (fine.totals >= run(reference, nodes).totals).all()
    fine = run(reference, nodes, polish=8, regularizers=())
    assert (fine.totals >= run(reference, nodes, regularizers=()).totals).all()


def test_a_parameterization_that_does_not_fit_exactly_loses_nothing():
    """Fourier starts anew near the kept image; what falls behind is dropped."""
    probe = tiny_probe()
    options = {"parameterization": fp.Fourier(), "regularizers": (), "constraint": fp.Sphere()}
    target = fp.MapMean("conv2", channel=1)
    plain = run(probe, target, **options)
    fine = run(probe, target, **options, polish=16)
    assert (fine.totals >= plain.totals).all()


@pytest.mark.parametrize("bad", [-1, 1.5], ids=str)
def test_bad_numbers(bad):
    """The steps are counted."""
    with pytest.raises(fp.RangeError, match="polish"):
        fp.Ascent(polish=bad)


@pytest.mark.parametrize("bad", [{"rate": 0}, {"beta": 1}, {"grow": 0.9}, {"shrink": 1}], ids=str)
def test_bad_rates(bad):
    """Each number of the rule has a range."""
    with pytest.raises(fp.RangeError, match=next(iter(bad))):
        fp.Backtracking(**bad)
