"""How far a maximum can be trusted: planted maxima are found, counted, and told from plateaus."""

import keras
import numpy as np
import pytest
from matplotlib.figure import Figure

import featureprobe as fp
from featureprobe import analysis
from featureprobe.analysis.optima import Definedness, Sensitivity, definedness, sensitivity
from featureprobe.analysis.optima.defined_view import show_stretched
from featureprobe.analysis.optima.landscape import half_width
from featureprobe.analysis.optima.maxima import _by_size
from featureprobe.analysis.optima.visible import visible
from featureprobe.analysis.stats.clusters import (
    average_linkage,
    chao1,
    effective_number,
    unseen_mass,
)
from featureprobe.analysis.stats.similarity import shift_similarity

SIZE = 8
SPHERE = fp.Ascent(steps=32, constraint=fp.Sphere(), regularizers=())


def templates(count: int, seed: int = 0) -> np.ndarray:
    """Return (count, SIZE, SIZE, 1) orthogonal images of mean 0 and deviation 1."""
    noise = np.random.default_rng(seed).normal(size=(SIZE * SIZE, count + 1))
    noise[:, 0] = 1.0  # all others are orthogonal to a constant
    basis = np.linalg.qr(noise)[0].T[1:]
    return (SIZE * basis).reshape(count, SIZE, SIZE, 1).astype(np.float32)


def net(layers, weights, *, low=None, high=None):
    """Return a probe of an image, ``layers`` in a row, and their weights by name."""
    image = keras.Input((SIZE, SIZE, 1))
    values = image
    for layer in layers:
        values = layer(values)
    model = keras.Model(image, values)
    for name, given in weights.items():
        model.get_layer(name).set_weights(given)
    return fp.ModelProbe(model, input_space=fp.InputSpace.identity(low=low, high=high))


def filters(images: np.ndarray) -> np.ndarray:
    """Return the kernel (SIZE, SIZE, 1, n) that answers 8 to the nth image itself."""
    return np.moveaxis(images, 0, -1) / SIZE


def linear(count: int = 1, **space):
    """Return a probe whose map k of ``conv`` is linear, with the kth template as its maximum."""
    conv = keras.layers.Conv2D(count, SIZE, use_bias=False, name="conv")
    return net([conv], {"conv": [filters(templates(count))]}, **space)


def any_of(count: int, bias: float):
    """Return a probe whose ``sum`` answers to each of some templates: relu(t . x - bias), summed."""
    conv = keras.layers.Conv2D(count, SIZE, activation="relu", name="conv")
    total = keras.layers.Conv2D(1, 1, use_bias=False, name="sum")
    weights = [filters(templates(count)), np.full(count, -bias, np.float32)]
    return net([conv, total], {"conv": weights, "sum": [np.ones((1, 1, count, 1), np.float32)]})


@pytest.fixture(scope="module")
def three():
    """Three planted maxima, 30 starts at noisy templates."""
    starts = fp.FromImages(templates(3), noise=0.5)
    target = fp.MapMean("sum", channel=0)
    return definedness(any_of(3, 4.5), target, starts=30, ascent=SPHERE, initializers=starts)


def test_one_template_is_unique():
    """A linear map has one maximum on the sphere, its template, and a cosine for a tuning curve."""
    found = definedness(linear(), fp.MapMean("conv", channel=0), starts=12, ascent=SPHERE)
    assert found.verdicts == ("unique",)
    assert found.distinct[0] == 1
    assert shift_similarity(found.images[0, :1], templates(1), max_shift=0)[0, 0] >= 0.95
    assert found.best[0] == pytest.approx(SIZE, rel=1e-3)
    angles = np.deg2rad(found.distances)
    np.testing.assert_allclose(found.tuning[0], SIZE * np.cos(angles), atol=0.02 * SIZE)
    assert found.half_width[0] == pytest.approx(60, abs=2)
    assert np.isnan(found.images[0, 1:]).all()
    assert found.verdict.startswith("conv channel 0, 12 starts: unique")


def test_three_templates_are_few(three):
    """Each template is a maximum of its own, with a valley on the way to the others."""
    assert three.verdicts == ("few",)
    assert three.distinct[0] == 3
    assert three.maxima[0] == pytest.approx(3)
    assert three.unseen[0] == 0
    assert 2.5 < three.effective[0] <= 3
    alike = shift_similarity(three.images[0, :3], templates(3), max_shift=0)
    assert sorted(alike.argmax(axis=1)) == [0, 1, 2]
    assert alike.max(axis=1).min() >= 0.95
    # The deepest place is where the second template falls silent: there 8 sin(angle) is 4.5.
    between = three.barriers[0, :3, :3][~np.eye(3, dtype=bool)]
    lowest = SIZE * np.cos(np.arcsin(4.5 / SIZE)) - 4.5
    np.testing.assert_allclose(between, 1 - lowest / (SIZE - 4.5), atol=0.02)
    assert np.isnan(three.barriers[0, 3]).all()
    for cluster in range(3):  # each is shown by its best end
        own = np.flatnonzero(three.clusters[0] == cluster)
        assert three.pictured[0, cluster] == own[three.scores[0, own].argmax()]


def test_silent_target_is_dead():
    """No gradient, no answer: dead, and no number about maxima."""
    conv = keras.layers.Conv2D(2, SIZE, activation="relu", name="conv")
    kernel = np.concatenate([0 * filters(templates(1)), filters(templates(1))], axis=3)
    probe = net([conv], {"conv": [kernel, np.array([-1.0, 0.0], np.float32)]})
    found = definedness(probe, fp.MapMean.each(probe, "conv"), starts=9, ascent=SPHERE)
    assert found.verdicts == ("dead", "unique")
    assert not found.alive[0].any()
    assert found.alive[1].all()
    for values in (found.best, found.good_share, found.unseen, found.maxima, found.half_width):
        assert np.isnan(values[0])
        assert np.isfinite(values[1])
    assert "no start ends alive" in found.describe(0)
    # About half of all noise is on the wrong side of a ReLU, and is brought to life.
    revived = found.remedies[1] != ""
    assert 0 < revived.sum() < 9
    np.testing.assert_array_equal(revived, ~found.start_alive[1])
    assert found.alive_share[1] @ [3, 3, 3] == 9 - revived.sum()


def test_plateau():
    """The norm of a projection: many images, one height."""
    conv = keras.layers.Conv2D(6, SIZE, use_bias=False, name="conv")
    square = keras.layers.Activation(keras.ops.square, name="square")
    total = keras.layers.Conv2D(1, 1, use_bias=False, name="sum")
    ones = np.ones((1, 1, 6, 1), np.float32)
    probe = net([conv, square, total], {"conv": [filters(templates(6))], "sum": [ones]})
    found = definedness(probe, fp.MapMean("sum", channel=0), starts=15, ascent=SPHERE)
    assert found.verdicts == ("plateau",)
    assert found.distinct[0] > 6
    assert found.barrier[0] < 0.01
    assert found.good_share[0] == 1


def test_many_maxima_are_undefined():
    """Sixteen templates and 16 starts: more starts would show more of them."""
    starts = fp.FromImages(templates(16), noise=0.3)
    target = fp.MapMean("sum", channel=0)
    found = definedness(any_of(16, 6.5), target, starts=16, ascent=SPHERE, initializers=starts)
    assert found.verdicts == ("undefined",)
    assert found.maxima[0] > 10
    assert found.unseen[0] > 0.1
    few = definedness(linear(), fp.MapMean("conv", channel=0), starts=4, ascent=SPHERE)
    assert few.distinct[0] == 1
    assert few.verdicts == ("undefined",)
    assert "fewer than 5 good starts" in few.describe(0)


def test_shifted_copies_are_one_maximum():
    """A blob that may lie anywhere is one maximum as far as shifts reach."""
    ramp = np.abs(np.arange(3) - 1)
    blob = (np.exp(-(ramp[:, None] ** 2 + ramp**2)) - 0.2).astype(np.float32)[:, :, None, None]
    conv = keras.layers.Conv2D(1, 3, activation="relu", name="conv")
    probe = net([conv], {"conv": [10 * blob, np.array([-40.0], np.float32)]})
    images = np.zeros((4, SIZE, SIZE, 1), np.float32)
    for image, (row, col) in zip(images, [(2, 2), (2, 4), (4, 2), (4, 4)], strict=True):
        image[row - 1 : row + 2, col - 1 : col + 2] = blob[..., 0]
    target, starts = fp.MapMean("conv", channel=0), fp.FromImages(images, noise=0.01)
    found = definedness(probe, target, starts=12, ascent=SPHERE, initializers=starts)
    assert found.verdicts == ("unique",)
    assert found.similarity[0].min() > 0.9
    assert shift_similarity(images, images, max_shift=0).min() < 0.5  # in place they are not alike


def test_box():
    """In a box the maximum lies in a corner, and the way to other images is a straight line."""
    found = definedness(linear(low=-1, high=1), fp.MapMean("conv", channel=0), starts=6)
    assert found.constraint == "box"
    assert found.verdicts == ("unique",)
    corner = np.sign(templates(1)[0])
    assert (np.sign(found.images[0, 0]) == corner).mean() > 0.95
    assert found.distances[-1] == 100
    assert "% of the way" in found.describe(0)


def test_counts_by_hand():
    """Good and Chao's formulas, on counts small enough for a pencil."""
    counts = [5, 2, 2, 1, 1, 1, 0]
    assert unseen_mass(counts) == pytest.approx(3 / 12)
    assert chao1(counts) == pytest.approx(6 + 9 / 4)
    assert chao1([4, 1, 1, 1]) == pytest.approx(4 + 3)  # none was seen twice: 3 * 2 / 2
    assert chao1([3, 3]) == 2
    assert effective_number([4, 4, 0, 4]) == pytest.approx(3)
    assert effective_number([1, 3]) == pytest.approx(4 / 3**0.75)
    assert np.isnan([unseen_mass([0]), chao1([0]), effective_number([0])]).all()


def test_average_linkage_by_hand():
    """The mean of all pairs counts, not the nearest pair; scipy agrees."""
    alike = np.eye(4)
    for a, b, value in [(0, 1, 0.95), (2, 3, 0.99), (0, 2, 0.97), (0, 3, 0.8), (1, 2, 0.8)]:
        alike[a, b] = alike[b, a] = value
    assert average_linkage(alike, 0.9).tolist() == [0, 0, 1, 1]  # 0.97 alone does not join them
    assert average_linkage(alike, 0.5).tolist() == [0, 0, 0, 0]
    assert average_linkage(np.eye(3), 0.9).tolist() == [0, 1, 2]
    assert average_linkage(np.eye(1), 0.9).tolist() == [0]


@pytest.mark.parametrize("least", [-2.0, -1.2, -0.6])
def test_clusters_are_those_of_joining_pair_by_pair(least):
    """The largest cluster comes first, of equal ones that of the first item."""
    points = np.random.default_rng(0).normal(size=(40, 3))
    alike = -np.linalg.norm(points[:, None] - points, axis=2)
    clusters = [[k] for k in range(40)]
    while len(clusters) > 1:
        mean = {(a, b): alike[np.ix_(a_, b_)].mean()
                for a, a_ in enumerate(clusters) for b, b_ in enumerate(clusters) if a < b}  # fmt: skip
        (a, b), value = max(mean.items(), key=lambda pair: pair[1])
        if value < least:
            break
        clusters[a] += clusters.pop(b)
    clusters.sort(key=lambda c: (-len(c), min(c)))
    found = average_linkage(alike, least)
    assert 1 < len(clusters) < 40
    assert [sorted(c) for c in clusters] == [
        np.flatnonzero(found == k).tolist() for k in range(len(clusters))
    ]


def test_half_width_is_interpolated():
    """Between two points of a curve; not at all where it stays high."""
    at = np.array([0.0, 10.0, 20.0])
    assert half_width(at, np.array([4.0, 3.0, 1.0])) == pytest.approx(15)
    assert np.isnan(half_width(at, np.array([4.0, 3.0, 2.5])))
    assert np.isnan(half_width(at, np.array([-4.0, -5.0, -6.0])))


def test_only_what_a_target_sees_is_compared():
    """A node sees its receptive field; what lies outside changes nothing."""
    probe = fp.samples.mnist_probe()
    images = np.random.default_rng(0).normal(size=(2, 28, 28, 1)).astype(np.float32)
    node = fp.Node("Conv2D_3", row=0, col=1, channel=3)
    np.testing.assert_array_equal(visible(probe, node, images), images[:, :18, 4:22])
    whole = fp.MapMean("Conv2D_3", channel=3)  # rows and columns 26 and 27 are dead
    np.testing.assert_array_equal(visible(probe, whole, images), images[:, :26, :26])


def test_same_seed_same_findings(three, tmp_path):
    """Everything follows from the seed, and survives the disk."""
    starts = fp.FromImages(templates(3), noise=0.5)
    target = fp.MapMean("sum", channel=0)
    runs = [
        definedness(any_of(3, 4.5), target, starts=30, ascent=SPHERE, initializers=starts, rng=rng)
        for rng in (0, 1)
    ]
    for name in ("scores", "images", "tuning", "barriers", "similarity"):
        np.testing.assert_array_equal(getattr(runs[0], name), getattr(three, name))
        assert not np.array_equal(getattr(runs[1], name), getattr(three, name))
    three.save(tmp_path / "three.npz")
    again = analysis.load(tmp_path / "three.npz")
    assert isinstance(again, Definedness)
    assert again.describe(0) == three.describe(0)
    assert again.verdict == three.verdict
    np.testing.assert_array_equal(again.remedies, three.remedies)


def test_kinds_of_starts_are_drawn_apart():
    """An even mix; equal kinds are numbered, and their noise is not the same."""
    kinds = (fp.PixelNoise(), fp.PixelNoise(), fp.SpectralNoise())
    probe, ascent = linear(), fp.Ascent(steps=1, constraint=fp.Sphere(), regularizers=())
    target = fp.MapMean("conv", channel=0)
    found = definedness(probe, target, starts=8, ascent=ascent, initializers=kinds)
    assert found.kinds == ("PixelNoise 1", "PixelNoise 2", "SpectralNoise")
    assert np.bincount(found.kind_of).tolist() == [3, 3, 2]
    assert len(np.unique(found.scores)) == 8
    own = fp.Ascent(steps=1, initializer=fp.SpectralNoise(2.0), constraint=fp.Sphere())
    assert definedness(probe, target, starts=4, ascent=own).kinds == ("SpectralNoise",)


def test_pictures_are_drawn(three):
    """All targets, and one by place or label."""
    for options in ({}, {"target": 0}, {"target": "sum channel 0"}):
        figure = Figure(figsize=three._size, layout="constrained")
        assert three.plot(figure=figure, **options) is figure
        figure.canvas.draw()


def test_clusters_of_one_size_stand_by_their_best():
    """The largest first, among equal ones that with the best score."""
    labels, scores = np.array([0, 1, 1, 2, 3]), np.array([1.0, 5, 2, 4, 3])
    assert _by_size(labels, scores).tolist() == [3, 0, 0, 1, 2]


def test_colour_images_are_in_range():
    """What is drawn of a colour image is no more than white."""
    image = np.random.default_rng(0).uniform(0, 255, size=(6, 6, 3)).astype(np.float32)
    ax = Figure().subplots()
    show_stretched(image, ax=ax)
    drawn = ax.images[0].get_array()
    assert drawn.dtype == np.uint8
    assert drawn.min() < 60
    assert drawn.std() > 40


def test_bad_input_of_definedness(three):
    """Each mistake has its own sentence."""
    probe, target = linear(), fp.MapMean("conv", channel=0)
    with pytest.raises(fp.RangeError, match="starts"):
        definedness(probe, target, starts=1)
    with pytest.raises(fp.RangeError, match="Each of the 3 initializers"):
        definedness(probe, target, starts=2)
    with pytest.raises(fp.ConfigError, match=r"initializers (are|must be)"):
        definedness(probe, target, initializers=("noise",))
    with pytest.raises(fp.ConfigError, match=r"initializers (are|must be)"):
        definedness(probe, target, initializers=())
    with pytest.raises(fp.ConfigError, match="ascent must be an Ascent"):
        definedness(probe, target, ascent=64)
    with pytest.raises(fp.ConfigError, match="independent draws"):
        definedness(probe, target - 0.1 * fp.Diversity("conv"))
    for copies in (fp.FromImages(templates(3)), fp.FromImage(templates(1)[0])):
        with pytest.raises(fp.ConfigError, match="different images for 9 starts"):
            definedness(probe, target, starts=9, initializers=[copies])
    with pytest.raises(fp.ConfigError, match="ModelProbe"):
        definedness(probe.model, target)
    for wrong in (1, -1, "conv"):
        with pytest.raises(fp.RangeError, match="1 targets"):
            three.describe(wrong)
    with pytest.raises(fp.FeatureProbeError, match="target must be a whole number"):
        three.describe(True)


@pytest.fixture(scope="module")
def linear_sensitivity():
    """Six linear maps: any seed finds the same images; a blur has others, and so has a box."""
    probe = linear(6, low=-3, high=3)
    blurred = fp.Ascent(steps=32, constraint=fp.Sphere(), regularizers=fp.GaussianBlur(1.5))
    longer = fp.Ascent(steps=64, constraint=fp.Sphere())
    in_box = fp.Ascent(constraint=fp.Box())
    factors = {"blur": {"strong": blurred}, "steps": {"more": longer}, "set": {"box": in_box}}
    targets = fp.MapMean.each(probe, "conv")
    return sensitivity(probe, targets, factors=factors, ascent=SPHERE, starts=2)


@pytest.mark.long
def test_sensitivity_is_measured_by_seeds(linear_sensitivity, tmp_path):
    """What changes images more than a seed does is named, and nothing else."""
    found = linear_sensitivity
    assert found.names == ("blur: strong", "steps: more", "set: box")
    assert found.null_similarity.shape == (3, 6)
    assert found.null_similarity.min() > 0.99
    assert found.stronger.tolist() == [True, False, True]
    assert found.similarity[0].max() < 0.9
    assert found.relative[0].max() < 0.9
    np.testing.assert_allclose(found.relative[1], 1, atol=0.01)
    assert np.isnan(found.relative[2]).all()
    assert np.isfinite(found.scores[2]).all()
    assert "more than that changes blur: strong" in found.verdict
    assert "not more than that steps: more" in found.verdict
    found.save(tmp_path / "found.npz")
    again = Sensitivity.load(tmp_path / "found.npz")
    assert again.verdict == found.verdict
    notes = [text.get_text() for ax in found.plot().axes for text in ax.texts]
    assert notes == ["another set: not compared"]  # of scores; images compare
    assert found.plot(target="conv channel 2").axes
    assert found.plot(target=2).get_figwidth() < found.plot().get_figwidth()
    for options in ({}, {"target": 2}):
        figure = Figure(figsize=found._size, layout="constrained")
        found.plot(figure=figure, **options)
        figure.canvas.draw()
    with pytest.raises(fp.RangeError, match="6 targets"):
        found.plot(figure=Figure(), target=6)


def test_usual_factors():
    """Every factor is varied; what equals the base is no variant, and few targets are not tested."""
    ascent = fp.Ascent(steps=2, search=None)
    found = sensitivity(linear(low=-3, high=3), fp.MapMean("conv", channel=0), ascent=ascent)
    assert set(found.factors) == {"start", "constraint", "blur", "steps"}
    assert [v for f, v in zip(found.factors, found.variants) if f == "constraint"] == ["sphere"]
    assert [v for f, v in zip(found.factors, found.variants) if f == "blur"] == ["none", "strong"]
    assert not found.stronger.any()
    assert "not tested" in found.verdict


def test_nothing_lives():
    """Where no recipe brings a target to life, that is what is said, in words and picture."""
    conv = keras.layers.Conv2D(1, SIZE, activation="relu", name="conv")
    silent = [0 * filters(templates(1)), np.array([-1.0], np.float32)]
    probe = net([conv], {"conv": silent}, low=-3, high=3)
    plain = fp.Ascent(steps=2, search=None, remedies=())
    factors = {"steps": {"fewer": fp.Ascent(steps=1, search=None, remedies=())}}
    target = fp.MapMean("conv", channel=0)
    found = sensitivity(probe, target, factors=factors, ascent=plain, starts=1)
    assert "none lives by the base recipe" in found.verdict
    texts = [text.get_text() for ax in found.plot().axes for text in ax.texts]
    assert texts == ["no target lives in both"] * 2


@pytest.mark.parametrize(
    "factors", [{}, {"blur": SPHERE}, {"blur": {"none": 3}}, {"a": {"b": None}}]
)
def test_bad_factors(factors):
    """Factors are Ascents by factor and name."""
    with pytest.raises(fp.ConfigError, match=r"factors (name Ascents|must be a dict)"):
        sensitivity(linear(), fp.MapMean("conv", channel=0), factors=factors)
