"""Parameterizations that no image can be fitted to exactly: what is carried are their parameters."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import keras
import numpy as np
import pytest
import tensorflow as tf
from priors import CPPN, AlphaChannel, PhaseOnly, SharedLowResolution
from priors.alpha_channel import Opacity

import featureprobe as fp
from featureprobe.testing import tiny_probe

PRIORS = [PhaseOnly(), CPPN(hidden=4), SharedLowResolution(), AlphaChannel()]
EACH = pytest.mark.parametrize("prior", PRIORS, ids=lambda prior: type(prior).__name__)
QUICK: dict[str, Any] = {
    "steps": 4,
    "starts": 2,
    "regularizers": (),
    "search": fp.Precursor(candidates=8, rounds=2, trials=4, trial_steps=2),
    "polish": 2,
    "record_every": 2,
    "memory": 2**27,
}


@pytest.fixture(scope="module")
def probe() -> fp.ModelProbe:
    """A tiny net whose images have a range."""
    net = tiny_probe()
    return fp.ModelProbe(net.model, input_space=fp.InputSpace(0.0, std=1.0, low=-3.0, high=3.0))


def targets_of(probe: fp.ModelProbe) -> list[fp.Objective]:
    """Two maps of the first layer that has some."""
    row = next(row for row in probe.summary() if row.maps)
    return [fp.MapMean(row.path, channel=c) for c in range(2)]


@EACH
def test_a_run_is_the_same_in_chunks_and_resumed(prior, probe, tmp_path):
    """Bit for bit, with search, trials, remedies, polish and snapshots; saved and loaded too."""
    targets, ascent = targets_of(probe), fp.Ascent(**QUICK, parameterization=prior)
    whole = ascent.run(probe, targets, rng=3, progress=False)
    few = replace(ascent, memory=1).run(probe, targets, rng=3, progress=False)
    first = replace(ascent, steps=2).run(probe, targets, rng=3, progress=False)
    first.save(tmp_path / "half.npz", state=True)
    state = fp.AscentResult.load(tmp_path / "half.npz").state
    *_, (later, _) = ascent.iterate(probe, targets, state)
    resumed = ascent.result(probe, targets, later)
    for other in (few, resumed):
        np.testing.assert_array_equal(other.images, whole.images)
        np.testing.assert_array_equal(other.scores, whole.scores)
        for name, values in whole.extras.items():
            np.testing.assert_array_equal(other.extras[name], values)


@EACH
@pytest.mark.parametrize("keep", ["best", "last"])
def test_what_is_shown_is_in_the_range_and_scored(prior, keep, probe):
    """Images, snapshots and looks lie in the range; scores are those of the very images."""
    targets = targets_of(probe)
    ascent = fp.Ascent(**QUICK | {"polish": 0}, keep=keep, parameterization=prior)
    result = ascent.run(probe, targets, rng=3, progress=False)
    for images in (result.images, result.snapshots):
        assert images.min() >= -3 - 1e-5
        assert images.max() <= 3 + 1e-5
    for _, info in ascent.iterate(probe, targets, ascent.start(probe, targets, rng=3)):
        assert np.abs(info.images).max() <= 3 + 1e-5
    maps = probe.activations(result.images.reshape(-1, *probe.image_shape), targets[0].layer)
    means = maps.mean(axis=(1, 2)).reshape(2, 2, -1)
    wanted = np.stack([means[t, :, t] for t in range(2)])
    np.testing.assert_allclose(result.scores, wanted, rtol=1e-4, atol=1e-5)


@EACH
def test_steps_raise_the_score(prior, probe):
    """Gradients reach the parameters: the end is above the start."""
    ascent = fp.Ascent(**QUICK | {"steps": 16, "search": None, "polish": 0, "rule": fp.Adam(0.1)},
                       parameterization=prior)  # fmt: skip
    result = ascent.run(probe, targets_of(probe), rng=3, progress=False)
    assert (result.scores > result.score_trace[0]).all()


def test_the_search_scores_what_can_be_shown(probe):
    """The best start found is the best of all candidates as their parameters show them."""
    targets = targets_of(probe)
    search = fp.Precursor(candidates=32, rounds=1, trials=0)
    options = QUICK | {"search": search, "remedies": (), "initializer": fp.PixelNoise()}
    ascent = fp.Ascent(**options, parameterization=PhaseOnly())
    searched = ascent.run(probe, targets, rng=3, progress=False).score_trace[0]
    drawn = replace(ascent, search=None, starts=32, steps=1, polish=0, record_every=None)
    every = drawn.run(probe, targets, rng=3, progress=False).score_trace[0]
    np.testing.assert_allclose(searched.max(axis=1), every.max(axis=1), rtol=1e-4)


def test_starts_of_a_target_share_what_they_share(probe):
    """Equal for the starts of a target after steps and in what is kept, and not for two targets."""
    targets = targets_of(probe)
    # With steps this long each start has its best total at a step of its own.
    options = QUICK | {"steps": 8, "polish": 0, "rule": fp.NormalizedGradient(3.0)}
    ascent = fp.Ascent(**options, parameterization=SharedLowResolution())
    state = ascent.run(probe, targets, rng=3, progress=False).state
    for params in (state.params, state.best["params"]):
        common = params["common"].reshape(2, 2, *params["common"].shape[1:])
        np.testing.assert_array_equal(common[:, 0], common[:, 1])
        assert (common[0] != common[1]).any()
        own = params["own"].reshape(2, 2, *params["own"].shape[1:])
        assert (own[:, 0] != own[:, 1]).any()


def test_the_gradient_of_shared_numbers_is_the_sum_over_starts(probe):
    """A rule that only adds the gradient moves the shared part by the sum of the single moves."""
    target = targets_of(probe)[:1]
    ascent = fp.Ascent(**QUICK | {"steps": 1, "search": None, "remedies": (), "polish": 0},
                       rule=_Plain(), parameterization=SharedLowResolution(), keep="last")  # fmt: skip
    start = ascent.start(probe, target, rng=3)
    *_, (after, _) = ascent.iterate(probe, target, start)
    own = after.params["own"] - start.params["own"]  # the gradients by the images
    common = after.params["common"][0] - start.params["common"][0]
    with tf.GradientTape() as tape:
        small = tf.constant(start.params["common"])
        tape.watch(small)
        large = tf.cast(tf.image.resize(small, own.shape[1:3]), small.dtype)
    wanted = tape.gradient(large, small, output_gradients=tf.constant(own)).numpy().sum(axis=0)
    np.testing.assert_allclose(common, wanted, rtol=1e-3, atol=1e-6)


def test_constants_stay(probe):
    """Neither the gradient nor the rule touches them."""
    ascent = fp.Ascent(**QUICK, parameterization=PhaseOnly())
    state = ascent.start(probe, targets_of(probe), rng=3)
    *_, (later, _) = ascent.iterate(probe, targets_of(probe), state)
    np.testing.assert_array_equal(later.params["magnitude"], state.params["magnitude"])
    assert (later.params["phase"] != state.params["phase"]).any()
    assert "magnitude" not in later.slots


def test_extras_reach_objectives_and_the_result(probe):
    """A penalty on opacity makes images more transparent; without an alpha it says what is missing."""
    target = targets_of(probe)[0]
    ascent = fp.Ascent(**QUICK | {"steps": 12}, parameterization=AlphaChannel())
    plain, thin = (
        ascent.run(probe, objective, rng=3, progress=False).extras["alpha"]
        for objective in (target, target - 50.0 * Opacity())
    )
    assert plain.shape == (1, 2, *probe.image_shape[:2], 1)
    assert thin.mean() < plain.mean() - 0.05
    with pytest.raises(fp.errors.ConfigError, match="renders no extra 'alpha'"):
        replace(ascent, parameterization=fp.Pixels()).run(probe, target - Opacity(), progress=False)


@pytest.mark.long
def test_a_net_in_half_precision_is_climbed():
    """Parameters keep the dtype of images outside of the net."""
    keras.utils.set_random_seed(2)
    layers = [
        keras.Input((12, 12, 1)),
        keras.layers.Conv2D(3, 3, dtype="mixed_float16", name="conv"),
    ]
    net = fp.ModelProbe(
        keras.Sequential(layers), input_space=fp.InputSpace(0.0, low=-2.0, high=2.0)
    )
    for prior in PRIORS:
        ascent = fp.Ascent(**QUICK, parameterization=prior)
        result = ascent.run(net, fp.MapMean("conv", channel=1), rng=3, progress=False)
        assert np.isfinite(result.scores).all()


def test_old_signatures_are_refused_with_the_fix():
    """The message holds the line to write."""

    @dataclass(frozen=True)
    class Old(fp.Parameterization):
        kind: ClassVar[str] = "test.old"

        def fit(self, images):
            return {"pixels": images}

        def render(self, params):
            return params["pixels"]

    with pytest.raises(fp.errors.ConfigError, match=r"def fit\(self, images, shape, space, keys\)"):
        fp.Ascent(parameterization=Old())


@dataclass(frozen=True)
class _Plain(fp.UpdateRule):
    """Adds the gradient."""

    kind: ClassVar[str] = "test.plain"

    def init(self, params):
        return ()

    def update(self, params, grad, score, slots, step):
        return {name: value + grad[name] for name, value in params.items()}, slots
