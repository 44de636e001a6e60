"""All six statuses, on real and planted nets."""

from dataclasses import dataclass
from typing import ClassVar

import keras
import numpy as np
import pytest

import featureprobe as fp
from featureprobe.ascent.outcome.progress import Progress


def planted(activation="relu", weight=1.0, bias=0.0) -> fp.ModelProbe:
    """One 1 x 1 map with hand-set weights, in a space of 0..1."""
    model = keras.Sequential(
        [keras.Input((6, 6, 1)), keras.layers.Conv2D(1, 1, activation=activation, name="conv")]
    )
    model.get_layer("conv").set_weights([np.full((1, 1, 1, 1), weight), np.full(1, bias)])
    return fp.ModelProbe(model, input_space=fp.InputSpace.identity(low=0, high=1))


def run(probe, target=None, **kwargs):
    """Run a short ascent without operators, from a few starts or those that a search finds."""
    options = {"steps": 64, "starts": 2, "regularizers": (), "search": None} | kwargs
    target = fp.MapMean("conv", channel=0) if target is None else target
    return fp.Ascent(**options).run(probe, target, rng=0, progress=False)


def test_converged():
    """A linear map in a box ends in the corner, with certificate 1."""
    result = run(planted(bias=0.5))  # no pixel of the box switches the unit off
    assert set(result.status.ravel()) == {fp.Status.CONVERGED}
    np.testing.assert_allclose(result.images, 1.0)
    assert result.certificates.min() == 1.0


def test_rising():
    """Four small steps settle nothing."""
    result = run(planted(), steps=4, rule=fp.NormalizedGradient(0.01))
    assert set(result.status.ravel()) == {fp.Status.RISING}


def test_dead():
    """A map that no image of the box can wake is dead, and stays in the result with advice."""
    result = run(planted(bias=-5.0), search=fp.Precursor(candidates=16, rounds=2))
    assert set(result.status.ravel()) == {fp.Status.DEAD}
    assert (result.scores == 0).all()
    assert "starts" in fp.Status.DEAD.advice
    assert fp.Status.DEAD.advice in result.table()


@dataclass(frozen=True)
class Blacken(fp.Regularizer):
    """Paint images black."""

    kind: ClassVar[str] = "tests.blacken"

    def apply(self, images, step):
        """Return zeros."""
        return images * 0.0


def test_what_once_answered_does_not_end_dead():
    """An operator that silences the target does not cost the image from before it."""
    options = {"steps": 8, "regularizers": (fp.Every(4, Blacken()),)}
    rule = fp.NormalizedGradient(0.5)  # without memory, that would carry it on
    result = run(planted(bias=-0.3), **options, remedies=(), rule=rule)
    assert (result.score_trace[4:] == 0).all()
    assert (result.scores > 0.1).all()
    assert fp.Status.DEAD not in set(result.status.ravel())


def test_saturated():
    """A clipped activation at its ceiling is active without a gradient."""
    result = run(planted("relu6", weight=1.0, bias=50.0))
    assert set(result.status.ravel()) == {fp.Status.SATURATED}
    assert (result.scores == 6).all()


def test_diverged():
    """A score that is not finite is reported, not returned as a picture of something."""
    explode = fp.objective_from(
        lambda seen: (seen[0][:, 0, 0] - seen[0][:, 0, 0]) / 0.0, reads=fp.Read("conv", channel=0)
    )
    result = run(planted(), explode, remedies=())
    assert set(result.status.ravel()) == {fp.Status.DIVERGED}
    assert np.isnan(result.scores).all()
    assert np.isfinite(result.images).all()
    with pytest.raises(fp.DivergedError, match="lower the rate"):
        result.raise_if_failed()


def test_interrupted(monkeypatch):
    """What the user stopped says so."""

    def interrupt(self, info):
        raise KeyboardInterrupt

    monkeypatch.setattr(Progress, "at", interrupt)
    result = run(planted(), steps=500, rule=fp.NormalizedGradient(0.001))
    assert set(result.status.ravel()) == {fp.Status.INTERRUPTED}


def test_small_targets_are_not_dead(reference):
    """Making a map small, or climbing a negative logit, is no death."""
    result = run(reference, [-fp.MapMean("Conv2D_3", channel=3), fp.Logit(8)], steps=8)
    assert fp.Status.DEAD not in set(result.status.ravel())
    assert (result.dead_thresholds == -np.inf).all()


def test_every_grey_square_is_explained(reference):
    """In a real run, a score at or below the threshold goes with 'dead', and only that."""
    maps = fp.MapMean.each(reference, "Conv2D_3")
    result = run(reference, maps, initializer=fp.PixelNoise(), remedies=())
    dead = result.scores <= result.dead_thresholds[:, None]
    assert dead.any(), "pixel noise leaves maps of this net without a gradient"
    np.testing.assert_array_equal(dead, result.status == fp.Status.DEAD)
