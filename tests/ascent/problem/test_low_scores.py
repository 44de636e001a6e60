"""Low scores are dead only where what is read has a floor, and lies on it without a gradient."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers as kl

import featureprobe as fp
from featureprobe.ascent.problem.dead import dead_thresholds
from featureprobe.ascent.problem.resolved import resolved
from featureprobe.ascent.problem.score_floors import ScoreFloors

ACTIVATIONS = [
    "linear", "tanh", "sigmoid", "hard_sigmoid", "softmax", "log_softmax", "sparsemax", "elu",
    "selu", "celu", "gelu", "silu", "mish", "softplus", "softsign", "exponential", "leaky_relu",
    "log_sigmoid", "hard_silu", "hard_tanh", "tanh_shrink", "squareplus", "sparse_plus",
    "sparse_sigmoid", "glu", "relu", "relu6", "soft_shrink", "hard_shrink",
]  # fmt: skip
# The first two are 0 from -0.5 to 0; TensorFlow passes no gradient through the sorting of the third.
FLAT_AT_THE_TOP = ("soft_shrink", "hard_shrink", "sparsemax")


def bias_of(activation) -> float:
    """Return what leaves no image of 0..1 closed."""
    return 0.2 if activation in ("relu", "relu6", "sparsemax") else -0.6


def heads(activations, *, gain=0.5) -> fp.ModelProbe:
    """Heads whose values before their activation rise with all pixels from their bias by the gain."""
    image = keras.Input((4, 4, 1))
    flat, made = kl.Flatten()(image), []
    for name in activations:
        before = kl.Dense(4, name=f"before_{name}")
        made.append(kl.Activation(name, name=f"head_{name}")(before(flat)))
        kernel = np.zeros((16, 4), np.float32)
        kernel[:, 0] = gain / 16
        before.set_weights([kernel, np.array([bias_of(name), 0, 0, 0], np.float32)])
    first = [x[:, :1] for x in made]
    model = keras.Model(image, kl.Concatenate(name="all")(first) if len(first) > 1 else made[0])
    return fp.ModelProbe(model, input_space=fp.InputSpace.identity(low=0, high=1))


def check_head(result, best, activation) -> None:
    """The best of a head is found at once, and not called dead."""
    np.testing.assert_allclose(result.scores, best, rtol=1e-3, atol=1e-4)
    top = fp.Status.SATURATED if activation in FLAT_AT_THE_TOP else fp.Status.CONVERGED
    assert set(result.status.ravel()) == {top}
    assert not any("round" in origin for origin in result.origins.ravel())


@pytest.mark.long
def test_the_best_of_all_heads_is_found_and_not_called_dead():
    """A white image is best; scores below 0 are no death, and take no further search."""
    probe = heads(ACTIVATIONS)
    best = probe.activations(np.ones((1, 4, 4, 1)), "all")[0]
    targets = fp.Node.each(probe, "all")
    search = fp.Precursor(candidates=16, trials=0)
    ascent = fp.Ascent(steps=40, starts=2, regularizers=(), search=search)
    result = ascent.run(probe, targets, rng=1, progress=False)
    for number, name in enumerate(ACTIVATIONS):
        check_head(result[number], best[number], name)


@pytest.mark.long
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_best_of_a_head_is_found_and_not_called_dead(activation):
    """Each by itself, with all that a default run does."""
    probe = heads([activation])
    best = probe.activations(np.ones((1, 4, 4, 1)), f"head_{activation}")[0, 0]
    ascent = fp.Ascent(steps=48, starts=2, regularizers=())
    result = ascent.run(probe, fp.Node(f"head_{activation}", index=0), rng=1, progress=False)
    check_head(result, best, activation)


@pytest.mark.parametrize(
    "kind", ["regression", "tanh map", "normalized", "before ReLU", "residual"]
)
def test_low_scores_have_no_threshold(kind):
    """What has a gradient may rise; a regression head never above 0, too."""
    keras.utils.set_random_seed(1)
    low = {"bias_initializer": keras.initializers.Constant(-2.0)}
    image = keras.Input((8, 8, 3))
    x, pre = kl.Conv2D(4, 3, activation="tanh", name="c", **low)(image), False
    if kind == "normalized":
        x = kl.LayerNormalization(name="c2")(kl.Conv2D(4, 3, activation="relu")(image))
    if kind == "before ReLU":
        x, pre = kl.Conv2D(4, 3, activation="relu", name="c3", **low)(image), True
    if kind == "residual":
        x = kl.Add(name="c4")([x, kl.Conv2D(4, 3, activation="relu")(image)])
    if kind == "regression":
        x = kl.Dense(4, name="c5", **low)(kl.Flatten()(kl.Rescaling(0.01)(image)))
    layer = x._keras_history.operation.name
    probe = fp.ModelProbe(
        keras.Model(image, x), input_space=fp.InputSpace(low=0, high=255, std=255)
    )
    target = (
        fp.Node(layer, index=1) if kind == "regression" else fp.MapMean(layer, channel=1, pre=pre)
    )
    images = probe.input_space.to_model(np.full((2, 8, 8, 3), 100.0))
    assert dead_thresholds(probe, resolved(probe, [target]), images) == [-np.inf]


def test_a_rising_tanh_is_not_dead():
    """Its scores are from -0.98 to -0.86, with a gradient."""
    keras.utils.set_random_seed(1)
    low = {"bias_initializer": keras.initializers.Constant(-2.0)}
    model = keras.Sequential(
        [keras.Input((8, 8, 3)), kl.Conv2D(4, 3, activation="tanh", name="c", **low)]
    )
    probe = fp.ModelProbe(model, input_space=fp.InputSpace(low=0, high=255, std=255))
    ascent = fp.Ascent(steps=4, starts=2, search=None, remedies=(), regularizers=())
    result = ascent.run(probe, fp.MapMean("c", channel=0), rng=1, progress=False)
    assert (result.scores < -0.5).all()
    assert set(result.status.ravel()) == {fp.Status.RISING}


def relu_net(bias, **kwargs) -> fp.ModelProbe:
    """Two maps of one node each, closed or not."""
    model = keras.Sequential([
        keras.Input((4, 4, 1)),
        kl.Conv2D(2, 4, activation="relu", name="c", bias_initializer=keras.initializers.Constant(bias),
                  kernel_initializer=keras.initializers.Constant(1 / 16), **kwargs),
        kl.BatchNormalization(name="b"),
    ])  # fmt: skip
    model.get_layer("b").set_weights([np.full(2, 2.0), np.full(2, 0.5), np.ones(2), np.ones(2)])
    return fp.ModelProbe(model, input_space=fp.InputSpace.identity(low=0, high=1))


@pytest.mark.parametrize("layer", ["c", "b"])
def test_closed_maps_are_dead_wherever_they_are_read(layer):
    """Behind a batch normalization the floor is another number."""
    closed, opened = relu_net(-5.0), relu_net(0.5)
    ascent = fp.Ascent(steps=8, starts=2, regularizers=(), search=fp.Precursor(rounds=2, trials=0))
    ascent = dataclasses.replace(ascent, remedies=()) if layer == "b" else ascent
    dead = ascent.run(closed, fp.MapMean(layer, channel=0), rng=0, progress=False)
    assert set(dead.status.ravel()) == {fp.Status.DEAD}
    assert all("round 2" in origin or "round" not in origin for origin in dead.origins.ravel())
    alive = ascent.run(opened, fp.MapMean(layer, channel=0), rng=0, progress=False)
    assert fp.Status.DEAD not in set(alive.status.ravel())


def test_a_score_at_the_threshold_with_a_gradient_is_not_dead():
    """However small next to the others."""
    model = keras.Sequential([keras.Input((4, 4, 1)), kl.Conv2D(2, 4, activation="relu", name="c")])
    kernel = np.full((4, 4, 1, 2), 1 / 16, np.float32) * [1e-8, 1.0]
    model.get_layer("c").set_weights([kernel, np.zeros(2)])
    probe = fp.ModelProbe(model, input_space=fp.InputSpace.identity(low=0, high=1))
    ascent = fp.Ascent(steps=32, starts=1, regularizers=(), search=None, remedies=())
    result = ascent.run(probe, fp.MapMean("c", channel=0), rng=0, progress=False)
    assert result.scores[0, 0] <= result.dead_thresholds[0]
    assert result.status[0, 0] == fp.Status.CONVERGED


READS = {
    "mean": (lambda s: tf.reduce_mean(s[0], axis=(1, 2)), 0.0),
    "greatest": (lambda s: tf.reduce_max(s[0], axis=(1, 2)), 0.0),
    "logarithm": (lambda s: tf.math.log(tf.reduce_mean(s[0], axis=(1, 2)) + 0.5), np.log(0.5)),
    "minus the mean": (lambda s: -tf.reduce_mean(s[0], axis=(1, 2)), -np.inf),
    "contrast": (lambda s: tf.reduce_mean(s[0] - s[1], axis=(1, 2)), -np.inf),
    "less than the other's tenth": (lambda s: s[0][:, 0, 0] - 0.1 * s[1][:, 0, 0], -np.inf),
    "distance": (lambda s: -tf.abs(s[0][:, 0, 0] - 3.0), -3.0),
    "looks at the image": (lambda s: tf.reduce_mean(s.images, axis=(1, 2, 3)), -np.inf),
}


@pytest.mark.parametrize("name", READS)
def test_the_floor_of_any_objective_on_maps_after_relu(name):
    """It is the value at the floors where no value is less; found by trying."""
    function, least = READS[name]
    reads = (fp.Read("c", channel=0), fp.Read("c", channel=1))
    if name == "distance":
        least = -np.inf  # far above 3 it is less than at 0
    floors = ScoreFloors(relu_net(0.0))
    assert floors.of(fp.objective_from(function, reads=reads)) == pytest.approx(least)


def test_the_floor_of_a_pattern_is_one_of_positive_patterns():
    """A difference of two patterns may be matched by less than nothing."""
    floors = ScoreFloors(relu_net(0.0))
    assert floors.of(fp.PatternMatch("c", pattern=np.array([[[1.0, 0.5]]]))) == 0
    assert floors.of(fp.PatternMatch("c", pattern=np.array([[[1.0, -0.01]]]))) == -np.inf


def test_sums_have_the_floor_of_their_terms():
    """Weighted; what is to be made small has none."""
    probe = relu_net(0.0)
    one, other = fp.MapMean("b", channel=0), fp.MapMean("c", channel=1)
    targets = [one, 2.0 * one, one + other, one - other, one - 0.1 * fp.TotalVariation()]
    limits = dead_thresholds(probe, resolved(probe, targets), np.zeros((2, 4, 4, 1), np.float32))
    low = (0.0 - 1.0) / np.sqrt(1.001) * 2.0 + 0.5
    np.testing.assert_allclose(limits, [low, 2 * low, low, -np.inf, low], atol=1e-4)


def test_what_answers_the_same_to_all_is_searched_on_and_helped():
    """A user's own activation has no floor that is known; silent targets still get the whole search."""
    model = keras.Sequential([
        keras.Input((4, 4, 1)),
        kl.Conv2D(1, 4, activation=lambda v: tf.square(tf.nn.relu(v)), name="c"),
    ])  # fmt: skip
    model.get_layer("c").set_weights([np.full((4, 4, 1, 1), 1 / 16), np.full(1, -0.999)])
    probe = fp.ModelProbe(model, input_space=fp.InputSpace.identity(low=0, high=1))
    search = fp.Precursor(initializers=fp.MultiScaleNoise((4,)), candidates=2, rounds=2, trials=0)
    result = fp.Ascent(steps=2, starts=1, search=search, regularizers=()).run(
        probe, fp.MapMean("c", channel=0), rng=0, progress=False
    )
    assert result.status[0, 0] in (fp.Status.SATURATED, fp.Status.RISING)
    assert result.dead_thresholds[0] == -np.inf
