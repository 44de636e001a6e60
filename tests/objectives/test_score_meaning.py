"""What a score is, said by objectives of others: units, bounds, whether it can be dead."""

from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

import keras
import matplotlib as mpl
import numpy as np
import pytest
import tensorflow as tf
from keras import layers as kl

import featureprobe as fp

RAW = fp.InputSpace.identity(low=0, high=1)
QUICK = fp.Ascent(steps=40, starts=2, search=None, remedies=(), regularizers=())


@dataclass(frozen=True)
class Peak(fp.Objective):
    """The strongest node of a map."""

    kind: ClassVar[str] = "tests.peak"
    layer: str
    _: KW_ONLY
    channel: fp.Index

    def reads(self):
        """Return the map."""
        return (fp.Read(self.layer, channel=self.channel),)

    def value(self, seen):
        """Return its greatest value."""
        return tf.reduce_max(seen[0], axis=tuple(range(1, len(seen[0].shape))))

    def shown_unit(self):
        """Return the strongest node."""
        return fp.UnitStatistic(self.layer, unit=self.channel, by="peak")


@dataclass(frozen=True)
class Strength(fp.Objective):
    """The mean of a map under a name of its own."""

    kind: ClassVar[str] = "tests.strength"
    where: str
    _: KW_ONLY
    which: fp.Index

    def reads(self):
        """Return the map."""
        return (fp.Read(self.where, channel=self.which),)

    def value(self, seen):
        """Return its mean."""
        return tf.reduce_mean(seen[0], axis=tuple(range(1, len(seen[0].shape))))

    def shown_unit(self):
        """Return the mean."""
        return fp.UnitStatistic(self.where, unit=self.which, by="mean")


@dataclass(frozen=True)
class Silent(Peak):
    """Half the greatest value: what Peak says is not true of it."""

    kind: ClassVar[str] = "tests.half"

    def value(self, seen):
        """Return half of it."""
        return 0.5 * super().value(seen)


@dataclass(frozen=True)
class Squashed(fp.Objective):
    """A value of a dense node, held between two ends, and what it says of these."""

    kind: ClassVar[str] = "tests.squashed"
    layer: str
    _: KW_ONLY
    index: fp.Index
    least: float | None = None
    greatest: float | None = None
    mortal: bool = True

    def reads(self):
        """Return the node."""
        return (fp.Read(self.layer, index=self.index),)

    def value(self, seen):
        """Return the value, held between -1 and 2."""
        return tf.clip_by_value(seen[0], -1.0, 2.0)

    def score_bounds(self):
        """Return what was given."""
        return self.least, self.greatest

    def can_be_dead(self):
        """Return what was given."""
        return self.mortal


@pytest.fixture(autouse=True)
def _known(monkeypatch):
    """Recipes of these objectives can be revived."""
    for cls in (Peak, Strength, Silent, Squashed):
        monkeypatch.setitem(fp.plugins._REGISTERED, cls.kind, cls)


@pytest.fixture(scope="module")
def images():
    """300 images for the small probe."""
    return np.random.default_rng(4).integers(0, 256, (300, 6, 6, 1)).astype(np.uint8)


@pytest.fixture(scope="module")
def evidence(small_probe, images):
    """Evidence of maps and of dense nodes."""
    return fp.Evidence.collect(small_probe, images, ["conv", "dense"], top=9)


def run(probe, targets, ascent=QUICK, **kwargs):
    """Run an ascent without a bar."""
    return ascent.run(probe, targets, rng=0, progress=False, **kwargs)


# Evidence


def test_scores_of_plugins_stand_among_those_of_real_images(small_probe, images, evidence):
    """A peak is compared with peaks, a mean with means; what says nothing with nothing."""
    targets = [Peak("conv", channel=1), Strength("conv", which=1), Silent("conv", channel=1),
               Peak("conv", channel=1) - 0.1 * fp.TotalVariation(), 2.0 * Peak("conv", channel=1)]  # fmt: skip
    short = fp.Ascent(steps=1, starts=3, search=None, remedies=(), regularizers=())
    result = run(small_probe, targets, short)
    found = evidence.percentiles(result)
    values = small_probe.activations(images, "conv")[..., 1]
    for row, real in ((0, values.max(axis=(1, 2))), (1, values.mean(axis=(1, 2)))):
        wanted = [100 * (real <= score).mean() for score in result.scores[row]]
        np.testing.assert_allclose(found[row], wanted, atol=0.4)
    assert np.isnan(found[[2, 4]]).all()
    real = values.max(axis=(1, 2))
    wanted = [100 * (real <= score).mean() for score in result.scores[3]]
    np.testing.assert_allclose(found[3], wanted, atol=0.4)  # a penalty is no part of the score


def test_what_cannot_be_revived_is_compared_with_nothing(small_probe, evidence, monkeypatch):
    """A plain function, and a package that is not there."""
    lifted = fp.objective_from(
        lambda seen: tf.reduce_mean(seen[0], axis=(1, 2)), reads=fp.Read("conv", channel=0)
    )
    result = run(small_probe, [lifted, Peak("conv", channel=0), fp.MapMean("conv", channel=0)])
    monkeypatch.delitem(fp.plugins._REGISTERED, Peak.kind)
    missing = np.isnan(evidence.percentiles(result)).all(axis=1)
    assert missing.tolist() == [True, True, False]


def test_results_that_were_saved_are_compared(small_probe, evidence, tmp_path):
    """What a score is follows from the recipe."""
    result = run(small_probe, [Peak("conv", channel=1)])
    result.save(tmp_path / "peak.npz")
    again = fp.AscentResult.load(tmp_path / "peak.npz")
    np.testing.assert_array_equal(evidence.percentiles(again), evidence.percentiles(result))
    assert np.isfinite(evidence.percentiles(again)).all()


def test_pictures_compare_each_unit_by_its_own_number(small_probe, evidence):
    """The curve of a row is of what the row's OIP is scored by."""
    result = run(small_probe, [Peak("conv", channel=0), Strength("conv", which=2)])
    figure = evidence.plot("conv", [0, 2], result=result, count=3, by="mean")
    words = {text.get_text() for text in figure.findobj(mpl.text.Text)}
    assert {"strongest node", "mean over the map"} <= words
    assert "no OIP\nin the result" not in words
    own, scores = evidence["conv"], result.best_scores()
    for curve, answers, unit, score in (
        (figure.axes[2], own.peak, 0, scores[0]), (figure.axes[5], own.mean, 2, scores[1])
    ):  # fmt: skip
        assert curve.lines[0].get_xdata()[0] == pytest.approx(score)
        assert curve.lines[-1].get_xdata()[-1] == pytest.approx(answers.largest[unit])
    assert f"OIP {scores[0]:.3g}; {scores[0] / own.peak.largest[0]:.2g}x the top image's" in words
    silent = run(small_probe, [Silent("conv", channel=0)])
    words = {t.get_text() for t in evidence.plot("conv", 0, result=silent).findobj(mpl.text.Text)}
    assert "no OIP\nin the result" in words


def test_units_that_the_net_does_not_have_are_refused_before_the_run(small_probe):
    """By the objective's own words."""

    @dataclass(frozen=True)
    class Elsewhere(Peak):
        kind: ClassVar[str] = "tests.elsewhere"
        said: Any = None

        def shown_unit(self):
            return self.said

    for said, error, words in (
        (fp.UnitStatistic("conv", unit=9, by="peak"), fp.RangeError, "0 to 2"),
        (fp.UnitStatistic("conv", unit=0), fp.ShapeError, "row and col"),
        (fp.UnitStatistic("conv", unit=0, row=1, col=4), fp.RangeError, "0 to 3"),
        (fp.UnitStatistic("nowhere", unit=0), fp.UnknownLayerError, "nowhere"),
        ("the peak", fp.ConfigError, "UnitStatistic or None"),
    ):
        target = Elsewhere("conv", channel=0)
        object.__setattr__(target, "said", said)
        with pytest.raises(error, match=words):
            run(small_probe, target)


# Quality, insertion, decomposition


def test_plugins_are_assessed_by_their_own_number(small_probe, images):
    """Scores, natural scores and percentiles are those of the strongest node."""
    targets = [Peak("conv", channel=c) for c in (0, 2)]
    result = run(small_probe, targets)
    profile = fp.analysis.assess(small_probe, result, images, constraint=fp.Box())
    real = small_probe.activations(images, "conv").max(axis=(1, 2))[:, [0, 2]]
    np.testing.assert_allclose(profile.score, result.best_scores(), rtol=1e-4)
    np.testing.assert_allclose(profile.top_natural, real.max(axis=0), rtol=1e-5)
    np.testing.assert_allclose(profile.percentile, 100 * (real <= profile.score).mean(axis=0))
    means = run(small_probe, [Strength("conv", which=c) for c in (0, 2)])
    other = fp.analysis.assess(small_probe, means, images)
    same = fp.analysis.assess(small_probe, means.best(), images,
                              targets=[fp.MapMean("conv", channel=c) for c in (0, 2)])  # fmt: skip
    np.testing.assert_array_equal(other.score, same.score)
    both = [Peak("conv", channel=0), Strength("conv", which=2)]
    with pytest.raises(fp.ConfigError, match="strongest nodes"):
        fp.analysis.assess(small_probe, result, images, targets=both)
    with pytest.raises(fp.ConfigError, match=r"tests\.half.*shown_unit"):
        fp.analysis.assess(small_probe, run(small_probe, [Silent("conv", channel=0)]), images)


def test_plugins_that_show_maps_are_inserted(small_probe, images):
    """As map means are; what shows no map is refused."""
    named = [Strength("conv", which=c) for c in range(3)]
    result = run(small_probe, named)
    mine = run(small_probe, [fp.MapMean("conv", channel=c) for c in range(3)])
    found, wanted = (
        fp.analysis.insert_patterns(small_probe, own, images[:20], 0, 1, rounds=20)
        for own in (result, mine)
    )
    assert found.channels.tolist() == [0, 1, 2]
    for own in (found, wanted):
        assert np.isfinite(own.moved).all()
    fp.analysis.insert_patterns(
        small_probe, run(small_probe, [Peak("conv", channel=c) for c in range(3)]), images[:9], 0, 1,
        rounds=20,
    )  # fmt: skip
    for bad in (
        [*named[:2], Silent("conv", channel=2)],
        named[:2],
        fp.Node.each(small_probe, "dense"),
    ):
        with pytest.raises(fp.ConfigError, match="at least three MapMean targets"):
            fp.analysis.insert_patterns(small_probe, run(small_probe, bad), images[:9], 0, 1)


def test_an_image_is_taken_apart_for_a_plugin(small_probe, images):
    """By what it says to be; a strongest node has no fixed shares."""
    mean = fp.MapMean("conv", channel=1)
    found, wanted = (
        fp.analysis.decompose(small_probe, images[0], target, rounds=5)
        for target in (Strength("conv", which=1), mean)
    )
    np.testing.assert_array_equal(found.composition.shares, wanted.composition.shares)
    np.testing.assert_array_equal(found.parts.coalitions, wanted.parts.coalitions)
    with pytest.raises(fp.ConfigError, match="shown_unit"):
        fp.analysis.decompose(small_probe, images[0], Peak("conv", channel=1))


# Bounds and death


def head(bias, *, activation="linear", gain=1.0):
    """Return a net with a dense node that is the mean pixel times a gain, plus a bias."""
    image = keras.Input((4, 4, 1))
    flat = kl.Flatten()(image)
    made = kl.Dense(2, activation=activation, name="head")(flat)
    model = keras.Model(image, made)
    model.get_layer("head").set_weights([np.full((16, 2), gain / 16), np.full(2, bias)])
    return fp.ModelProbe(model, input_space=RAW)


def statuses(probe, target, **kwargs):
    """Return the statuses of a short run."""
    return set(run(probe, target, **kwargs).status.ravel())


def test_a_score_at_its_least_value_is_dead_where_that_is_stated():
    """The layer is linear and proves nothing; the objective knows."""
    probe = head(-9.0)  # never above -8: clipped, without a gradient
    assert statuses(probe, Squashed("head", index=0)) == {fp.Status.SATURATED}
    assert statuses(probe, Squashed("head", index=0, least=-1.0)) == {fp.Status.DEAD}
    assert statuses(probe, 3.0 * Squashed("head", index=0, least=-1.0)) == {fp.Status.DEAD}
    both = Squashed("head", index=0, least=-1.0) + fp.Node("head", index=1)
    assert fp.Status.DEAD not in statuses(probe, both)
    never = Squashed("head", index=0, least=-1.0, mortal=False)
    assert statuses(probe, never) == {fp.Status.SATURATED}
    assert fp.Status.DEAD not in statuses(probe, -Squashed("head", index=0, greatest=-1.0))


def test_a_score_at_its_greatest_value_has_converged():
    """Where nothing is left to be gained, no gradient is no failure."""
    probe = head(9.0)  # never below 9: clipped to 2
    assert statuses(probe, Squashed("head", index=0)) == {fp.Status.SATURATED}
    assert statuses(probe, Squashed("head", index=0, greatest=2.0)) == {fp.Status.CONVERGED}
    assert statuses(probe, Squashed("head", index=0, greatest=2.5)) == {fp.Status.SATURATED}
    made = 0.5 * Squashed("head", index=0, greatest=2.0) - Squashed("head", index=1, least=2.0)
    assert statuses(probe, made) == {fp.Status.CONVERGED}


@pytest.mark.parametrize("activation", ["linear", "tanh", "sigmoid", "gelu", "leaky_relu"])
@pytest.mark.parametrize("bias", [-3.0, -1.2])
def test_an_optimum_below_zero_has_converged(activation, bias):
    """With all that a default run tries, and with evidence."""
    probe = head(bias, activation=activation)
    ends = np.stack([np.zeros((4, 4, 1)), np.ones((4, 4, 1))])  # GELU falls before it rises
    best = probe.activations(ends, "head")[:, 0].max()
    real = fp.Evidence.collect(probe, np.random.default_rng(0).random((60, 4, 4, 1)), "head")
    ascent = fp.Ascent(steps=40, starts=2, regularizers=())
    target = Squashed("head", index=0) if bias > -2 else fp.Node("head", index=0)
    result = run(probe, target, ascent, evidence=real)
    np.testing.assert_allclose(result.scores, best, rtol=1e-3)
    assert set(result.status.ravel()) == {fp.Status.CONVERGED}
    assert np.isneginf(result.dead_thresholds).all()


def test_a_silent_relu_is_dead_whoever_asks():
    """The peak of a closed map, by an objective that says nothing of its bounds."""
    image = keras.Input((4, 4, 1))
    made = kl.Conv2D(2, 3, activation="relu", name="c")(image)
    model = keras.Model(image, made)
    model.get_layer("c").set_weights([np.full((3, 3, 1, 2), 0.1), np.full(2, -5.0)])
    probe = fp.ModelProbe(model, input_space=RAW)
    for target in (Peak("c", channel=0), Strength("c", which=1), Silent("c", channel=0)):
        assert statuses(probe, target) == {fp.Status.DEAD}


# The contract


def test_a_subclass_with_another_value_says_nothing():
    """Nor do those of built-ins; one that repeats the method says it for itself."""

    @dataclass(frozen=True)
    class Doubled(fp.MapMean):
        kind: ClassVar[str] = "tests.doubled"

        def value(self, seen):
            return 2.0 * super().value(seen)

    @dataclass(frozen=True)
    class Renamed(fp.MapMean):
        kind: ClassVar[str] = "tests.renamed"

    class Loud:
        def value(self, seen):
            return 9.0 * seen[0]

    @dataclass(frozen=True)
    class Mixed(Loud, fp.Logit):
        kind: ClassVar[str] = "tests.mixed"

    assert Doubled("c", channel=1).shown_unit() is None
    assert Renamed("c", channel=1).shown_unit() == fp.UnitStatistic("c", unit=1, by="mean")
    assert Mixed(3).shown_unit() is None
    assert Squashed("c", index=0).shown_unit() is None


@pytest.mark.parametrize(
    ("said", "words"),
    [((1.0, 0.0), "the least first"), (3.0, "least, greatest"), ((float("nan"), None), "None"),
     (("0", 1), "None"), ((float("inf"), None), "the least first")],
)  # fmt: skip
def test_bounds_that_are_none_are_refused(said, words):
    """Before the run."""

    @dataclass(frozen=True)
    class Odd(Squashed):
        kind: ClassVar[str] = "tests.odd"

        def score_bounds(self):
            return said

    with pytest.raises(fp.ConfigError, match=words):
        run(head(0.0), Odd("head", index=0))


def test_sums_say_what_follows_from_their_terms():
    """Bounds add up by weight; penalties and group terms are no part of the score."""
    one = Squashed("head", index=0, least=-1.0, greatest=2.0)
    other = Squashed("head", index=1, greatest=2.0, mortal=False)
    assert (2.0 * one - 0.5 * fp.TotalVariation()).score_bounds() == (-2.0, 4.0)
    assert (one - one).score_bounds() == (-3.0, 3.0)
    low, high = (one + other).score_bounds()
    assert (low, high) == (-np.inf, 4.0)
    assert (one + one).can_be_dead()
    assert not (one + other).can_be_dead()
    mean = fp.MapMean("c", channel=1)
    assert (mean - fp.TotalVariation() + fp.Diversity("c")).shown_unit() == mean.shown_unit()
    assert (mean + mean).shown_unit() is None
    assert (2.0 * mean).shown_unit() is None


def test_built_ins_say_which_number_they_are():
    """Of strips and dense layers too."""
    unit = fp.UnitStatistic
    assert fp.MapMean("c", channel=4, pre=True).shown_unit() == unit(
        "c", unit=4, by="mean", pre=True
    )
    assert fp.Node("c", row=1, col=2, channel=4).shown_unit() == unit("c", unit=4, row=1, col=2)
    assert fp.Node("s", row=1, channel=4).shown_unit() == unit("s", unit=4, row=1)
    assert fp.Node("d", index=4).shown_unit() == unit("d", unit=4)
    assert fp.Logit(4).shown_unit() == unit(fp.OUTPUT, unit=4, by="mean", pre=True)
    assert fp.Logit(4, position=(1, 2)).shown_unit() == unit(
        fp.OUTPUT, unit=4, row=1, col=2, pre=True
    )
    assert fp.Logit(4, mask=np.ones((2, 3))).shown_unit() is None
    assert fp.PatternMatch("d", pattern=np.ones(3)).shown_unit() is None


@pytest.mark.parametrize(
    ("fields", "words"),
    [({"unit": -1}, "whole number"), ({"unit": 1.5}, "whole number"), ({"unit": None}, "whole number"),
     ({"unit": 1, "by": "median"}, "'node', 'mean', 'peak'"), ({"unit": 1, "col": 2}, "row before"),
     ({"unit": 1, "by": "peak", "row": 2}, "by='node'"), ({"unit": 1, "pre": "no"}, "True or False")],
)  # fmt: skip
def test_a_number_of_no_unit_is_refused(fields, words):
    """With what was received."""
    with pytest.raises(fp.ConfigError, match=words):
        fp.UnitStatistic("c", **fields)


def test_units_that_vary_below_zero_are_not_silent():
    """A linear unit that never rises above 0 responds; a closed ReLU does not."""
    data = np.random.default_rng(0).random((60, 4, 4, 1)).astype(np.float32)
    for activation, silent in (("linear", []), ("tanh", []), ("relu", [0, 1])):
        own = fp.Evidence.collect(head(-3.0, activation=activation), data, "head")["head"]
        assert own.silent().tolist() == silent


def test_pictures_of_units_below_zero_are_assessed():
    """The best of them is not said to excite nothing, and its starts are compared."""
    data = np.random.default_rng(0).random((60, 4, 4, 1)).astype(np.float32)
    probe = head(-3.0)
    result = run(probe, fp.Node("head", index=0))
    profile = fp.analysis.assess(probe, result, data, constraint=fp.Box())
    assert profile.score[0] == pytest.approx(-2.0, abs=1e-3)
    assert profile.percentile[0] == 100
    assert profile.certificate[0] > 0.9
    assert np.isfinite(profile.diversity[0])
    assert np.isnan([profile.ratio[0], profile.natural_share[0], profile.suspicion[0]]).all()
    assert "scores -2, the best natural image" in profile.sentences()[0]
    closed = run(head(-3.0, activation="relu"), fp.Node("head", index=0))
    assert np.isnan(fp.analysis.assess(head(-3.0, activation="relu"), closed, data).diversity[0])
