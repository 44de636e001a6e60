"""Reach: images for which an objective has a given value."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

import featureprobe as fp
from featureprobe.objectives.structure import leaf_of
from featureprobe.testing._targets import evaluate

SPACE = fp.InputSpace.identity(low=0, high=1)


@pytest.fixture(scope="module")
def probe():
    """A net that says an age."""
    keras.utils.set_random_seed(3)
    image = keras.Input((12, 10, 1))
    maps = layers.Conv2D(6, 3, activation="elu", name="maps")(image)
    hidden = layers.Dense(12, activation="elu")(layers.Flatten()(layers.MaxPooling2D(2)(maps)))
    age = layers.Rescaling(50.0, offset=30.0, name="age")(layers.Dense(1)(hidden))
    return fp.ModelProbe(keras.Model(image, age), input_space=SPACE)


def run(probe, targets, **more):
    """Return a run of two starts, all else open."""
    return fp.Ascent(starts=2, search=None, **more).run(probe, targets, rng=0, progress=False)


def test_ages_are_reached_and_said_to_be(probe):
    """Each start of each goal lands within a thousandth, from either side, in one compiled step."""
    goals = (20.0, 30.0, 40.0, 55.0)
    targets = fp.Reach.each(fp.Node("age", index=0), goals)
    result = run(probe, targets)
    for goal, images in zip(goals, result.images, strict=True):
        np.testing.assert_allclose(probe.predict(images)[:, 0], goal, atol=1.001e-3 * goal)
    assert (result.scores == 0).all()
    assert set(result.status.ravel()) == {fp.Status.CONVERGED}
    assert len({leaf_of(target).key for target in targets}) == 1
    assert result.labels[2] == "age index 0 = 40"


@pytest.mark.parametrize(
    "more",
    [{}, pytest.param({"rule": fp.Momentum(), "polish": 24}, marks=pytest.mark.long)],
    ids=["its own rule", "polished"],
)
def test_a_map_s_mean_is_reached(probe, more):
    """Neither less nor more than a share of what it can be, and not only by steps that go back."""
    far = float(run(probe, fp.MapMean("maps", channel=2), steps=16).best_scores()[0])
    goals = np.array([0.4, 0.7]) * far
    result = run(probe, fp.Reach.each(fp.MapMean("maps", channel=2), goals), **more)
    means = probe.activations(result.best(), "maps")[..., 2].mean(axis=(1, 2))
    np.testing.assert_allclose(means, goals, rtol=1.1e-3)


def test_the_score_is_minus_the_distance(probe):
    """Of the image itself, and 0 within what is near enough."""
    images = np.random.default_rng(0).random((3, *probe.image_shape), np.float32)
    ages = probe.predict(images)[:, 0]
    target = fp.Reach(fp.Node("age", index=0), float(ages[1]) + 1.0, within=2.0)
    distances = np.abs(ages - target.goal)
    wanted = np.where(distances <= 2.0, 0.0, -distances)
    assert wanted[1] == 0
    assert wanted.min() < 0
    found = evaluate(probe, [target], tf.constant(images), 3).score
    np.testing.assert_allclose(found, wanted, rtol=1e-4)


def test_a_sum_and_a_goal_of_0(probe):
    """Where two maps answer alike; an objective of several terms is a part like any."""
    same = fp.MapMean("maps", channel=1) - 0.5 * fp.MapMean("maps", channel=2)
    result = run(probe, fp.Reach(same, goal=0))
    maps = probe.activations(result.best(), "maps").mean(axis=(1, 2))[0]
    assert abs(maps[1] - 0.5 * maps[2]) <= 1.01e-3


def test_it_may_be_a_term(probe):
    """Beside a penalty, and beside what is to be large."""
    images = np.random.default_rng(1).random((2, *probe.image_shape), np.float32)
    target = fp.MapMean("maps", channel=0) + 0.1 * fp.Reach(fp.Node("age", index=0), 400)
    mean = probe.activations(images, "maps")[..., 0].mean(axis=(1, 2))
    wanted = mean - 0.1 * np.abs(probe.predict(images)[:, 0] - 400)
    found = evaluate(probe, [target], tf.constant(images), 2).score
    np.testing.assert_allclose(found, wanted, rtol=1e-4)


def test_what_it_says_of_its_score():
    """Never above 0; bounds where the objective has some; never dead; no unit's number."""
    share = fp.Node("d", index=0)
    assert fp.Reach(share, 0.5).score_bounds() == (None, 0.0)
    assert not fp.Reach(share, 0.5).can_be_dead()
    assert fp.Reach(share, 0.5).shown_unit() is None
    inner = fp.Reach(share, 0.5)  # at most 0
    assert fp.Reach(inner, -2.0).score_bounds() == (None, 0.0)
    assert fp.Reach(inner, 3.0).score_bounds() == (None, -3.0)


def test_configs_and_digests():
    """A goal is a number in the config, so that a recipe can be read."""
    aim = fp.Reach(fp.Node("age", index=0), goal=40)
    config = aim.to_config()
    assert config["goal"] == 40.0
    assert config["within"] is None
    assert aim == fp.Reach(fp.Node("age", index=0), 40.0)
    assert aim.digest() != fp.Reach(fp.Node("age", index=0), 41).digest()


@pytest.mark.parametrize(
    ("arguments", "fields", "error"),
    [
        (("age",), {"goal": 1.0}, fp.ConfigError),
        ((fp.Diversity("age"),), {"goal": 1.0}, fp.ConfigError),
        ((fp.Node("age", index=0),), {"goal": float("nan")}, fp.RangeError),
        ((fp.Node("age", index=0),), {"goal": 1.0, "within": 0.0}, fp.RangeError),
        ((fp.Node("age", index=0),), {}, fp.ConfigError),
    ],
)
def test_what_is_no_goal_is_refused(arguments, fields, error):
    """On construction."""
    with pytest.raises(error):
        fp.Reach(*arguments, **fields)
