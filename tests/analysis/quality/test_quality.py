"""Quality of pictures: measures against known truths, the profile as a whole, words, bad input."""

import json
from dataclasses import replace

import keras
import numpy as np
import pytest
from scipy import stats

import featureprobe as fp
from featureprobe import analysis
from featureprobe.analysis.quality.explaining import predicted
from featureprobe.analysis.quality.likeness import Sight, slid
from featureprobe.analysis.quality.natural import Natural
from featureprobe.analysis.quality.paths import (
    _contributions,
    _cosines,
    _flow,
    activation_likeness,
    shared_sources,
)
from featureprobe.analysis.quality.quality_profile_view import pareto_front
from featureprobe.analysis.quality.robustness import CHANGES, _shifted, kept_shares
from featureprobe.analysis.quality.stationarity import certificates
from featureprobe.analysis.quality.units import UnitScore, units_of
from featureprobe.analysis.quality.upstream import layers_before, own_layers
from featureprobe.analysis.quality.wording import reading
from featureprobe.analysis.stats.ranks import rank_correlations
from featureprobe.analysis.stats.similarity import shift_similarity
from featureprobe.analysis.stats.spectrum import high_frequency_share
from featureprobe.analysis.stats.suspicion import HARDLY, suspicion
from featureprobe.testing import planted_templates

LAYER = "Conv2D_3"
BRIEF = fp.Precursor(candidates=128, rounds=2, trials=4, trial_steps=2)


@pytest.fixture(scope="module")
def net():
    """The bundled net, and digits."""
    return fp.samples.mnist_probe(), fp.samples.mnist_digits()[0][:800]


@pytest.fixture(scope="module")
def result(net):
    """OIPs of 24 maps."""
    targets = fp.MapMean.each(net[0], LAYER)[:24]
    ascent = fp.Ascent(steps=32, starts=2, constraint=fp.Sphere())
    return ascent.run(net[0], targets, rng=3, progress=False)


@pytest.fixture(scope="module")
def profile(net, result):
    """Their profile."""
    return analysis.assess(*(net[0], result, net[1]), other=fp.samples.mnist_probe("b"))


def test_scores_ratios_and_percentiles_are_those_of_the_images(net, result, profile):
    """The unit's answer, the best natural one, the share of images below: recomputed."""
    probe, images = net
    means = probe.activations(images, LAYER).mean(axis=(1, 2))[:, :24]
    np.testing.assert_allclose(profile.score, result.best_scores(), rtol=1e-4)
    np.testing.assert_allclose(profile.top_natural, means.max(axis=0))
    np.testing.assert_allclose(profile.percentile, 100 * (means <= profile.score).mean(axis=0))
    alive = means.max(axis=0) > 0
    np.testing.assert_allclose(profile.ratio[alive], (profile.score / means.max(axis=0))[alive])
    row = np.arange(24)
    np.testing.assert_array_equal(
        profile.certificate, result.certificates[row, result.best_starts()]
    )
    assert np.isnan(profile.attainment).all()


def test_selectivity_against_a_sort(net, result, profile):
    """Rank and margin of the unit's z among all units of the layer, by hand."""
    probe, images = net
    known = Natural.of(probe, images, UnitScore(LAYER), 0)
    values = probe.activations(images[known.known], LAYER).mean(axis=(1, 2)).astype(np.float64)
    answers = probe.activations(result.best(), LAYER).mean(axis=(1, 2))
    spread = np.where(values.std(axis=0) > 0, values.std(axis=0), np.inf)
    z = (answers - values.mean(axis=0)) / spread
    for k in range(24):
        order = np.argsort(-z[k])
        assert profile.rank[k] == 1 + order.tolist().index(k)
        best_other = next(j for j in order if j != k)
        assert profile.margin[k] == pytest.approx(z[k, k] - z[k, best_other], rel=1e-4)


def test_pictures_dealt_to_other_maps_are_at_chance(net, result):
    """Permuted assignments: reciprocal ranks, explanatory power and shared sources show nothing."""
    probe, images = net
    targets = fp.MapMean.each(probe, LAYER)[:24]
    own = analysis.assess(probe, result, images)
    order = np.roll(np.arange(24), 7)
    dealt = analysis.assess(probe, result.best()[order], images, targets=targets)
    assert (1 / own.rank).mean() > 0.6
    assert (1 / dealt.rank).mean() < 0.2  # 0.042 by pure chance among 128
    assert np.median(own.explains) > 0.3
    assert abs(np.median(dealt.explains)) < 0.2
    assert np.nanmedian(own.sources) > 0.7
    assert np.nanmedian(dealt.sources) < 0.5
    assert np.nanmedian(dealt.suspicion) > np.nanmedian(own.suspicion) + 0.4


def test_an_untrained_net_answers_at_chance(net, result, profile):
    """Transfer finds the match in another training, not in a net without training."""
    probe, images = net
    bare = analysis.assess(probe, result, images, other=analysis.untrained(probe, rng=2))
    found = [(1 / p.transfer_rank).mean() for p in (profile, bare)]
    assert found[0] > np.quantile(profile.transfer_null, 0.999)
    assert found[1] < np.quantile(bare.transfer_null, 0.999)
    assert found[0] > 2 * found[1]
    assert profile.untrained_rank.shape == (5, 24)
    assert profile.transfer_gain.mean() > 0.1
    spread = bare.transfer_gain.std() / np.sqrt(24)
    assert abs(bare.transfer_gain.mean()) < 3 * spread  # one untrained net among others


def test_gain_over_untrained_nets_is_a_difference_of_reciprocal_ranks(profile):
    """First in the other net, and 4th in one of two untrained ones and 2nd in the other: 1 - 3/8."""
    few = replace(
        profile,
        transfer_rank=np.ones(24, np.int64),
        untrained_rank=np.stack([np.full(24, 4), np.full(24, 2)]),
    )
    np.testing.assert_allclose(few.transfer_gain, 1 - 3 / 8)
    alone = replace(profile, untrained_rank=np.zeros((0, 24), np.int64))
    assert np.isnan(alone.transfer_gain).all()
    assert "gain over untrained" not in alone.table()


def test_a_template_explains_its_map_and_no_other():
    """On a planted net likeness to template k predicts map k: rank correlation near 1, others 0."""
    net, rng = planted_templates(4), np.random.default_rng(0)
    mixed = rng.normal(size=(400, 4)).astype(np.float32)
    noise = 0.3 * rng.normal(size=(400, 16, 16, 1))
    images = (np.einsum("nk,khwc->nhwc", mixed, net.templates) + noise).astype(np.float32)
    answers = net.probe.activations(images, net.layer)[:, 0, 0]
    templates = net.templates[:, None]
    sight = Sight(net.probe, UnitScore(net.layer), 0)
    own, top, others = predicted(
        lambda shown, units: sight.likeness(shown, units, images),
        net.templates, templates, np.arange(4), answers,
    )  # fmt: skip
    assert own.min() > 0.85  # half of the answers are 0 and tie
    np.testing.assert_allclose(own, top, atol=1e-6)
    assert np.abs(others).max() < 0.2


def local_net(side=40, kernel=9):
    """A net whose two maps look for a pattern, 9 by 9, in large images; and the patterns."""
    rng = np.random.default_rng(3)
    rows, cols = np.mgrid[-1 : 1 : 1j * kernel, -1 : 1 : 1j * kernel]
    patterns = np.stack([np.sin(5 * rows), np.sin(5 * cols)])[..., None].astype(np.float32)
    patterns -= patterns.mean(axis=(1, 2, 3), keepdims=True)
    model = keras.Sequential([
        keras.Input((side, side, 1)),
        keras.layers.Conv2D(2, kernel, activation="relu", name="look"),
    ])  # fmt: skip
    kernels = np.moveaxis(patterns, 0, -1) / (patterns[0] ** 2).sum()
    model.get_layer("look").set_weights([kernels, np.full(2, -0.3, np.float32)])
    return fp.ModelProbe(model, input_space=fp.InputSpace.identity()), patterns, rng


def test_where_units_see_little_their_part_of_the_picture_is_slid_over_images():
    """Pictures hold the pattern anywhere, images too: only the part that a node sees tells."""
    probe, patterns, rng = local_net()
    images = rng.normal(0, 0.05, size=(120, 40, 40, 1)).astype(np.float32)
    height = rng.uniform(0, 2, size=(120, 2))
    for image, heights in zip(images, height, strict=True):
        for pattern, h in zip(patterns, heights, strict=True):
            row, col = rng.integers(0, 31, 2)
            image[row : row + 9, col : col + 9] += h * pattern
    pictures = rng.normal(0, 0.05, size=(2, 40, 40, 1)).astype(np.float32)
    pictures[0, 20:29, 3:12] += 3 * patterns[0]
    pictures[1, 1:10, 30:39] += 3 * patterns[1]
    sight, units = Sight(probe, UnitScore("look"), 4), np.arange(2)
    found = sight._cut(pictures, units, (9, 9))
    np.testing.assert_array_equal(found[0], pictures[0, 20:29, 3:12])
    np.testing.assert_array_equal(found[1], pictures[1, 1:10, 30:39])
    answers = probe.activations(images, "look").mean(axis=(1, 2))
    alike = sight.likeness(pictures, units, images)
    assert np.diag(rank_correlations(alike, answers.T, what="test")).min() > 0.65
    whole = shift_similarity(pictures, images, max_shift=4)
    assert np.diag(rank_correlations(whole, answers.T, what="test")).max() < 0.4


def test_slid_windows_are_normalized_correlations_of_all_parts():
    """As by hand, at full resolution; a part without contrast is like nothing; windows find themselves."""
    rng = np.random.default_rng(0)
    windows, images = rng.normal(size=(2, 5, 4, 3)), rng.normal(3, 1, size=(3, 9, 9, 3))
    images[2, :, :] = 7.0
    images[1, 2:7, 1:5] = 40 * windows[0] + 9
    mask = np.ones((5, 4), np.bool_)
    found = slid(windows.astype(np.float32), images.astype(np.float32), mask)
    by_hand = np.full((2, 3), -1.0)
    for a, b, row, col in np.ndindex(2, 2, 5, 6):
        part = images[b, row : row + 5, col : col + 4]
        r = np.corrcoef(windows[a].ravel(), part.ravel())[0, 1]
        by_hand[a, b] = max(by_hand[a, b], r)
    np.testing.assert_allclose(found[:, :2], by_hand[:, :2], atol=1e-4)
    assert found[0, 1] == pytest.approx(1, abs=1e-4)
    assert (found[:, 2] == 0).all()
    large = np.kron(windows, np.ones((1, 10, 10, 1))).astype(np.float32)  # 50 by 40: made coarse
    scene = np.zeros((1, 120, 120, 3), np.float32)
    scene[0, 30:80, 60:100] = large[0]
    assert slid(large, scene, np.ones((50, 40), np.bool_))[0, 0] > 0.95
    assert slid(large, scene, np.ones((50, 40), np.bool_))[1, 0] < 0.6


def test_of_a_node_only_what_it_sees_counts():
    """Whatever stands outside a node's field changes neither picture nor image."""
    probe, _, rng = local_net()
    images = rng.normal(size=(4, 40, 40, 1)).astype(np.float32)
    other = images + rng.normal(size=images.shape).astype(np.float32)
    other[:, 6:15, 20:29] = images[:, 6:15, 20:29]
    sight, units = Sight(probe, UnitScore("look", place=(6, 20)), 0), np.zeros(4, np.int64)
    same = sight.likeness(images, units, other)
    np.testing.assert_allclose(np.diag(same), 1, atol=1e-5)
    assert np.diag(Sight(probe, UnitScore("look", place=(7, 20)), 0).likeness(
        images, units, other)).max() < 0.999  # fmt: skip


def test_likeness_over_shifts_and_rank_correlations():
    """A shifted copy is like the template within reach; ranks agree with scipy's."""
    rng = np.random.default_rng(1)
    image = np.zeros((1, 20, 20, 1), np.float32)
    image[0, 7:13, 7:13] = rng.normal(size=(6, 6, 1))
    moved = np.stack([np.roll(image[0], s, (0, 1)) for s in ((2, -1), (5, 0), (0, 0))])
    near, far, same = shift_similarity(image, moved, max_shift=3)[0]
    assert same == pytest.approx(1, abs=1e-5)
    assert near > 0.98
    assert far < 0.8
    values = rng.integers(0, 5, (6, 50)).astype(np.float32)
    found = rank_correlations(values[:2], values[2:], what="test")
    expected = [[stats.spearmanr(a, b).statistic for b in values[2:]] for a in values[:2]]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_paths_of_top_images_are_natural_and_of_noise_are_not(net):
    """1 for natural images of the unit's own kind, about 0 for random ones, in every layer."""
    probe, images = net
    score, units = UnitScore(LAYER), np.arange(8)
    known = Natural.of(probe, images, score, 0)
    tops, layers = known.top(units, 24), ["pixels", "Conv2D_2", LAYER]
    others = known.known[::7]
    left_out = [(u, j) for u in range(8) for j in range(0, 24, 3)]
    rest = np.stack([np.delete(tops[u], j) for u, j in left_out])
    own = np.array([tops[u, j] for u, j in left_out])
    for pictures, wanted in ((own, 1.0), (np.resize(others, len(own)), 0.0)):
        shown = np.asarray(images[pictures], np.float32)
        found = activation_likeness(probe, shown, known, rest, others, layers, 0)
        assert np.nanmean(found.normalized) == pytest.approx(wanted, abs=0.2)
        of_units = units[[u for u, _ in left_out]]
        shared = shared_sources(
            probe, shown, known, rest, others[:16], ["Conv2D_2"], score, of_units
        )
        assert np.nanmean(shared) == pytest.approx(wanted, abs=0.25)


def test_contributions_add_up_to_the_strongest_node(net):
    """Contributions of the layer right before, and the bias, are the node's value."""
    probe, images = net
    units = np.arange(20)
    found = _contributions(probe, images[:20], units, UnitScore(LAYER), ["Max_Pool_2", "Conv2D_1"])
    before = probe.activations(images[:20], LAYER, pre=True)
    peak = before[np.arange(20), :, :, units].max(axis=(1, 2))
    bias = probe.model.get_layer(LAYER).get_weights()[1][:20]
    np.testing.assert_allclose(found[0].sum(axis=1) + bias, peak, atol=1e-4)
    np.testing.assert_allclose(found[2], peak, atol=1e-4)
    assert found[1].shape == (20, 32)


def test_a_unit_is_no_source_of_itself():
    """Layers that compute the very units are left out, whatever stands behind the convolution."""
    import keras  # noqa: PLC0415

    layers = keras.layers
    image = keras.Input((12, 12, 1), name="image")
    value = layers.Conv2D(4, 3, activation="relu", name="first")(image)
    one = layers.BatchNormalization(name="norm")(layers.Conv2D(6, 3, name="own")(value))
    two = layers.Conv2D(6, 3, use_bias=False, name="twin")(value)
    value = layers.ReLU(name="out")(layers.Add(name="sum")([one, two]))
    value = layers.Dense(2, name="classes")(layers.Flatten(name="flat")(value))
    probe = fp.ModelProbe(keras.Model(image, value), input_space=fp.InputSpace.identity())
    assert own_layers(probe, "out") == {"out", "sum", "norm", "own", "twin"}
    assert own_layers(probe, "own") == {"own"}
    assert layers_before(probe, "out", None) == ("first", "own", "norm", "twin")
    assert layers_before(probe, "norm", None) == ("first", "own")
    images = np.random.default_rng(0).normal(size=(60, 12, 12, 1)).astype(np.float32)
    targets = fp.MapMean.each(probe, "out")[:2]
    assert analysis.assess(probe, images[:2], images, targets=targets).source_layers == ("first",)


def test_small_changes_keep_what_they_should():
    """A shift by 1 px leaves a wide blob nearly whole and a checkerboard nothing."""
    import keras  # noqa: PLC0415

    model = keras.Sequential(
        [
            keras.Input((16, 16, 1)),
            keras.layers.Conv2D(2, 16, activation="relu", use_bias=False, name="map"),
        ]
    )
    rows, cols = np.mgrid[:16, :16]
    blob = np.exp(-((rows - 7.5) ** 2 + (cols - 7.5) ** 2) / 30)
    board = (-1.0) ** (rows + cols)
    pictures = np.stack([blob - blob.mean(), board])[..., None].astype(np.float32)
    model.get_layer("map").set_weights([np.moveaxis(pictures, 0, -1)])
    probe = fp.ModelProbe(model, input_space=fp.InputSpace.identity())
    natural = Natural.of(probe, np.repeat(pictures, 30, axis=0), UnitScore("map"), 0)
    kept, kept_natural = kept_shares(probe, pictures, UnitScore("map"), np.arange(2), natural, 0)
    by_name = dict(zip(CHANGES, kept.T, strict=True))
    assert by_name["shift 1"][0] > 0.9
    assert by_name["shift 1"][1] == 0
    assert by_name["blur 1"][1] < 0.1 < 0.8 < by_name["blur 1"][0]
    assert by_name["noise 0.1"] == pytest.approx(1, abs=0.05)
    assert 0.9 < by_name["rotation 5"][0] <= 1.001
    np.testing.assert_allclose(kept_natural, kept, rtol=1e-5)  # natural images are the same here


def test_beyond_the_border_is_the_border():
    """A shift brings in what stands at the border, not what stands at the other side."""
    image = np.arange(16, dtype=np.float32).reshape(1, 4, 4, 1)
    down, up, right, left = (view[0, ..., 0] for view in _shifted(image, 1))
    np.testing.assert_array_equal(down[0], [0, 1, 2, 3])
    np.testing.assert_array_equal(up[-1], [12, 13, 14, 15])
    np.testing.assert_array_equal(right[:, 0], [0, 4, 8, 12])
    np.testing.assert_array_equal(left[:, -1], [3, 7, 11, 15])
    np.testing.assert_array_equal(down[1:], image[0, :-1, :, 0])
    np.testing.assert_array_equal(left[:, :-1], image[0, :, 1:, 0])


def test_fine_grain():
    """A checkerboard is all fine, a slow wave not at all, a constant image has nothing."""
    rows = np.arange(32)[:, None] * np.ones((1, 32))
    images = np.stack([(-1.0) ** (rows + rows.T), np.sin(rows / 5), np.full((32, 32), 7.0)])[
        ..., None
    ]
    found = high_frequency_share(images.astype(np.float32))
    assert found[0] > 0.99
    assert found[1] < 0.01
    assert found[2] == 0


def test_suspicion_is_what_its_formula_says():
    """Agreements held within 0..1, the unknown left out; where nothing is known there is none."""
    nan = np.nan
    rows = [  # company, sources, explanation, reach, excited, natural; suspicion
        (0.5, (0.2, 0.6), 0.5, 2.0, 2, 1.0, 1 - (0.4 + 0.5 + 0.5) / 3),
        (1.7, (-3.0, -1.0), 1.2, 0.5, 2, 1.0, 1 - (0 + 1 + 1) / 3),
        (1.0, (-1.0, 1.0), 1.0, 1.0, 2, 1.0, 1 - (0.5 + 1 + 1) / 3),
        (nan, (nan, nan), 0.25, nan, 2, 1.0, 1 - 0.25),
        (nan, (1.0, nan), nan, 4.0, 2, 1.0, 1 - (1 + 0.25) / 2),
        (nan, (nan, nan), nan, 2.0, 2, 1.0, nan),  # only the height is known
        (0.5, (1.0, 1.0), 0.9, 1.0, 2, 0.04, nan),  # natural images hardly excite it
        (0.5, (1.0, 1.0), 0.9, 1.0, 0, 1.0, 1.0),  # the picture does not excite it
    ]
    company, sources, explains, reach, excited, natural, wanted = map(
        np.array, zip(*rows, strict=True)
    )
    # Of fewer than eight pictures the usual reach is that of the best natural image.
    found = suspicion(company, sources, explains, reach, excited=excited, natural=natural)
    np.testing.assert_allclose(found, wanted)
    # Of eight or more pictures one can say which exceed natural images more than is usual.
    reaches, ones = np.array([2.0, 2, 2, 2, 2, 1, 8, 4]), np.ones(8)
    for scale, usual in ((1.0, 2.0), (0.25, 1.0)):
        found = suspicion(ones, ones[:, None], ones, scale * reaches, excited=ones, natural=ones)
        expected = (1 - np.minimum(1, usual / (scale * reaches))) / 3
        np.testing.assert_allclose(found, expected)


def test_explanation_is_measured_from_chance(profile):
    """0 as by other units' pictures, 1 as by the top images; chance below 0 counts as 0."""
    n = len(profile)
    found = replace(
        profile,
        explains=np.full(n, 0.5),
        explains_top=np.full(n, 0.8),
        explains_others=np.where(np.arange(n) < 2, 0.4, -0.2),
    ).explanation
    np.testing.assert_allclose(found[:2], 0.25)
    np.testing.assert_allclose(found[2:], 0.5 / 0.8)


def test_units_that_natural_images_hardly_excite_are_not_judged(net, profile):
    """Their share of a usual unit's best answer says so, and so does their sentence."""
    probe, images = net
    best = UnitScore(LAYER).of(probe, images).max(axis=0)
    usual = np.median(best[best > 0])
    np.testing.assert_allclose(profile.natural_share, best[:24] / usual, rtol=1e-5)
    share = profile.natural_share.copy()
    share[3] = 0.02
    weak = replace(profile, natural_share=share)
    assert np.isnan(weak.suspicion[3])
    assert np.isfinite(np.delete(weak.suspicion, 3)).all()
    assert "hardly excite it (the best at 2.0% of what is usual in Conv2D_3)" in weak.sentences()[3]
    assert weak.verdict.endswith("1 without a suspicion.")
    labels = [t.get_text() for t in weak.plot().axes[0].get_legend().get_texts()]
    assert "without a suspicion" in labels


def test_reach_tells_silent_units_apart():
    """0 at the median natural image, 1 at the best, beyond for more, also where a unit is silent."""
    net, rng = planted_templates(2), np.random.default_rng(0)
    mixed = rng.uniform(0.2, 1, size=(61, 2)).astype(np.float32)
    images = np.einsum("nk,khwc->nhwc", -mixed, net.templates)  # all of them silence both units
    images += 0.01 * rng.normal(size=images.shape).astype(np.float32)
    pre = net.probe.activations(images, net.layer, pre=True)[:, 0, 0]
    assert pre.max() < 0
    shown = np.stack([net.templates[0], images[pre[:, 1].argsort()[30]]])  # a picture, the median
    profile = analysis.assess(
        net.probe, shown, images, targets=fp.MapMean.each(net.probe, net.layer)
    )
    range_ = pre[:, 0].max() - np.median(pre[:, 0])
    own = net.probe.activations(shown[:1], net.layer, pre=True)[0, 0, 0, 0]
    wanted = [(own - np.median(pre[:, 0])) / range_, 0]
    np.testing.assert_allclose(profile.reach, wanted, rtol=1e-3, atol=1e-6)
    assert profile.reach[0] > 1
    assert np.isnan(profile.ratio).all()


@pytest.mark.long
def test_a_hidden_way_leaves_little_to_sources(net):
    """A circuit that takes over most of the answer leaves the known sources a small share of it."""
    probe, images = net
    decoy = fp.testing.decoy_images(1, probe, rng=4)
    fooled = fp.testing.fooling_circuit(probe, LAYER, {5: decoy[0]}, images)
    target = [fp.MapMean(LAYER, channel=5)]
    for picture in (decoy, images[:1]):
        own, their = (
            analysis.assess(p, picture, images, targets=target).sources[0] for p in (probe, fooled)
        )
        if picture is decoy:
            assert np.nanmax(np.abs(their)) < 0.3 * np.nanmax(np.abs(own))
        else:  # on a natural image the circuit is silent
            np.testing.assert_allclose(their[np.isfinite(their)], own, atol=1e-4)
    flows = _flow(np.array([[1.0, -3, 1], [1, 1, 1]]), np.array([4.0, -1]))
    np.testing.assert_allclose(flows, [0.5, 0])


def test_cosines_are_means_of_pairs():
    """The closed form equals the mean over pairs, one by one."""
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(2, 4, 6)), rng.normal(size=(2, 3, 6))

    def cosine(a, b):
        return a @ b / np.linalg.norm(a) / np.linalg.norm(b)

    for k in range(2):
        both = [cosine(a, b) for a in first[k] for b in second[k]]
        assert _cosines(first, second)[k] == pytest.approx(np.mean(both))
        among = [cosine(first[k, i], first[k, j]) for i in range(4) for j in range(4) if i != j]
        assert _cosines(first)[k] == pytest.approx(np.mean(among))


def test_certificates_of_a_linear_unit():
    """On the sphere the climb from any angle is known; at the template it ends at once; silent: 0."""
    net, rng = planted_templates(3), np.random.default_rng(0)
    score, units = UnitScore(net.layer), np.arange(3)
    noise = rng.normal(size=net.templates.shape)
    noise -= noise.mean(axis=(1, 2, 3), keepdims=True)
    along = (noise * net.templates).mean(axis=(1, 2, 3), keepdims=True)
    noise -= along * net.templates
    noise /= noise.std(axis=(1, 2, 3), keepdims=True)
    for angle in (0.0, 0.1, 0.5, 1.0):
        images = np.cos(angle) * net.templates + np.sin(angle) * noise
        left = angle
        for _ in range(20):
            left = np.arctan2(np.sin(left), np.cos(left) + 0.02)
        wanted = 1 - 2 * np.sin((angle - left) / 2) / 0.4
        found = certificates(net.probe, images.astype(np.float32), score, units, fp.Sphere())
        np.testing.assert_allclose(found, wanted, atol=2e-3)
        lifted = (3 * images + 2).astype(np.float32)  # brought into the set first
        again = certificates(net.probe, lifted, score, units, fp.Sphere())
        np.testing.assert_allclose(again, found, atol=1e-4)
    assert certificates(net.probe, -net.templates, score, units, fp.Sphere()).tolist() == [0, 0, 0]


@pytest.mark.long
def test_certificates_in_the_box(net):
    """Near 1 for what an ascent ends at, and half a grey level from it; less the further away."""
    probe, images = net
    targets = fp.MapMean.each(probe, LAYER)[:8]
    ascent = fp.Ascent(steps=96, starts=1, search=BRIEF, constraint=fp.Box())
    result = ascent.run(probe, targets, rng=0, progress=False)
    best = result.best()
    noise = 79 * np.random.default_rng(0).normal(size=best.shape)  # spreads, in grey levels
    score, units = UnitScore(LAYER), np.arange(8)

    def found(pictures):
        given = np.asarray(pictures, np.float32)
        return certificates(probe, given, score, units, fp.Box())

    own = found(best)
    assert own.min() > 0.85
    assert np.abs(found(best.clip(0.5, 254.5)) - own).max() < 0.02
    medians = [np.median(found((best + s * noise).clip(0, 255))) for s in (0, 0.1, 0.3, 1)]
    assert (np.diff(medians) < -0.03).all()
    assert np.median(found(images[:8])) < 0.5
    # A profile takes them anew, where a set is given.
    profiles = [
        analysis.assess(probe, result, images[:200], constraint=c) for c in (None, fp.Box())
    ]
    np.testing.assert_array_equal(profiles[0].certificate, result.certificates[:, 0])
    np.testing.assert_allclose(profiles[1].certificate, own)


def test_certificates_of_nodes(net):
    """Only the node's own place rises no further."""
    probe, _ = net
    targets = [fp.Node(LAYER, row=0, col=2, channel=k) for k in range(4)]
    ascent = fp.Ascent(steps=96, starts=1, search=BRIEF, constraint=fp.Box())
    best = ascent.run(probe, targets, rng=0, progress=False).best()
    own, other = (
        certificates(probe, best, UnitScore(LAYER, place=place), np.arange(4), fp.Box())
        for place in ((0, 2), (2, 0))
    )
    assert own.min() > 0.85
    assert other.max() < 0.8


def test_certificates_of_nodes_measure_by_their_field():
    """A tenth of a spread below the edge of the box is a quarter of the climb, whatever lies around."""
    layers = [keras.Input((12, 12, 1)), keras.layers.Conv2D(1, 3, name="sum", use_bias=False)]
    model = keras.Sequential(layers)
    model.layers[-1].set_weights([np.ones((3, 3, 1, 1), np.float32)])
    space = fp.InputSpace(low=0.0, high=1.0, spread=1.0)
    probe = fp.ModelProbe(model, input_space=space)
    score = UnitScore("sum", place=(4, 4))
    picture = np.full((1, 12, 12, 1), 0.9, np.float32)
    found = certificates(probe, picture, score, np.zeros(1, int), fp.Box())
    np.testing.assert_allclose(found, 0.75, atol=1e-4)


def test_front_of_two_measures():
    """None of the front is beaten, all others are."""
    first, second = np.array([1.0, 2, 3, 2, np.nan]), np.array([3.0, 2, 1, 1.5, 9])
    assert pareto_front(first, second).tolist() == [True, True, True, False, False]


def test_words_table_and_picture(profile, tmp_path):
    """One sentence a picture, medians with intervals, a figure, and the same after loading."""
    sentences = profile.sentences()
    assert len(sentences) == 24
    assert all(s.startswith(f"{LAYER} channel {k}: ") for k, s in enumerate(sentences))
    table = profile.table()
    for name in (
        "score / best natural image",
        "explanatory power",
        "transfer: percentile",
        "transfer: gain over untrained nets",
        "suspicion",
    ):
        assert name in table
    assert "attainment" not in table  # no best known scores were given
    profile.save(tmp_path / "profile.npz")
    again = analysis.load(tmp_path / "profile.npz")
    np.testing.assert_array_equal(again.suspicion, profile.suspicion)
    assert again.sentences() == sentences
    assert json.dumps(again.verdict) == json.dumps(profile.verdict)
    assert again.describe(3) == again.describe(f"{LAYER} channel 3")
    assert again.describe(3).startswith(sentences[3])
    assert f"{again.ratio[3]:.3g}" in again.describe(3)
    with pytest.raises(fp.RangeError, match="24 pictures"):
        again.describe(24)
    shown = again.plot(pictures=True).axes[0]
    marks = [text.get_text() for text in shown.get_legend().get_texts()]
    assert sum(int(mark.split("(")[1].strip(")")) for mark in marks) == 24
    figure = again.plot()
    assert len(figure.axes) == 4
    assert "naturalness" in figure.axes[0].get_xlabel()


def test_sentences_say_what_is_not_known(profile):
    """Chance where it is near, the opposite, earlier layers that cannot tell, and how many measures told."""

    def said(**fields):
        values = {name: np.full_like(getattr(profile, name), v) for name, v in fields.items()}
        return replace(profile, **values).sentences()[0]

    assert "other units' pictures 0.30" in said(explains=0.4, explains_top=0.6, explains_others=0.3)
    assert "other units" not in said(explains=0.4, explains_top=0.6, explains_others=0.1)
    assert "excite the unit less (-0.52)" in said(explains=-0.52)
    assert "predicts nothing" in said(explains=0.01)
    assert "measures" not in said()
    unknown = said(sources=np.nan)
    assert "which they do not share" in unknown
    assert "by 2 of 3 measures" in unknown
    alone = replace(profile, source_layers=(), sources=np.zeros((24, 0))).sentences()[0]
    assert "no earlier maps" in alone
    assert "scores above 0" in said(top_natural=-0.1)
    assert "at nan" not in said(explains=np.nan)
    assert "nan" not in said(explains_top=np.nan)
    doubted = said(sources=np.nan, path=0.0, explains=-0.4, explains_top=0.5)
    assert doubted.endswith(": read with care (suspicion 0.50, by 2 of 3 measures).")
    marks = {reading(doubt) for doubt in (0.1, 0.5, 0.74, 0.75, np.nan)}
    assert len(marks) == 4
    agreed = profile.agreements
    assert agreed.shape == (24, 3)
    known = np.isfinite(profile.suspicion)
    np.testing.assert_allclose(
        1 - np.nanmean(agreed, axis=1)[known], profile.suspicion[known], atol=1e-9
    )


def test_one_picture_has_no_interval(net, result):
    """No interval, no chance, no warning; a single target needs no list, and its label counts."""
    probe, images = net
    one = analysis.assess(
        probe, result.best()[:1], images[:60], targets=fp.MapMean(LAYER, channel=0)
    )
    assert one.labels == (f"{LAYER} channel 0",)
    assert "[too few]" in one.table()
    assert "1 picture:" in one.verdict
    assert "nan" not in one.verdict
    assert one.plot().axes
    each = (target for target in fp.MapMean.each(probe, LAYER)[24:48])
    dealt = analysis.assess(probe, result, images[:60], targets=each)
    assert dealt.labels[0] == f"{LAYER} channel 24"
    assert dealt.units[0] == 24
    assert dealt.sentences()[0].startswith(f"{LAYER} channel 24: ")


def test_dense_nodes_and_logits_have_profiles(net):
    """Nodes of a dense layer and logits, by targets and images; images alone do not say what they show."""
    probe, images = net
    for targets in (fp.Node.each(probe, "Dense_1")[:4], fp.Logit.each(probe)[:4]):
        result = fp.Ascent(steps=8, starts=1, search=BRIEF).run(
            probe, targets, rng=0, progress=False
        )
        found = analysis.assess(probe, result, images[:200])
        assert found.rank.shape == (4,)
        judged = found.natural_share >= HARDLY  # 200 digits hardly excite one of the dense nodes
        assert judged.sum() >= 3
        np.testing.assert_array_equal(np.isfinite(found.suspicion), judged)
    nodes = [fp.Node(LAYER, row=0, col=2, channel=k) for k in (4, 9)]
    score, units = units_of(probe, [n.shown_unit() for n in nodes], [n.label for n in nodes])
    assert score == UnitScore(LAYER, place=(0, 2))
    assert units.tolist() == [4, 9]
    np.testing.assert_array_equal(
        score.of(probe, images[:3]), probe.activations(images[:3], LAYER)[:, 0, 2]
    )


BAD = {
    "no targets": (lambda p, r, i: analysis.assess(p, i[:2], i), "Pass targets="),
    "other count": (
        lambda p, r, i: analysis.assess(p, i[:3], i, targets=fp.MapMean.each(p, LAYER)[:2]),
        "3 pictures and 2 targets",
    ),
    "two layers": (
        lambda p, r, i: analysis.assess(
            p, i[:2], i, targets=[fp.MapMean(LAYER, channel=1), fp.MapMean("Conv2D_2", channel=1)]
        ),
        "Conv2D_2 means, Conv2D_3 means. Assess them one after the other",
    ),
    "two places": (
        lambda p, r, i: analysis.assess(
            p, i[:2], i, targets=[fp.Node(LAYER, row=k, col=1, channel=1) for k in (0, 1)]
        ),
        r"Conv2D_3 nodes at \(0, 1\), Conv2D_3 nodes at \(1, 1\)",
    ),
    "no objective": (
        lambda p, r, i: analysis.assess(p, i[:1], i, targets=LAYER),
        "is an Objective",
    ),
    "no such map": (
        lambda p, r, i: analysis.assess(p, i[:1], i, targets=fp.MapMean(LAYER, channel=500)),
        "128",
    ),
    "no such logit": (lambda p, r, i: analysis.assess(p, i[:1], i, targets=fp.Logit(12)), "10"),
    "no set": (lambda p, r, i: analysis.assess(p, r, i, constraint="box"), "must be a Constraint"),
    "no probe": (lambda p, r, i: analysis.assess(p.model, r, i), "probe must be a ModelProbe"),
    "a generator": (lambda p, r, i: analysis.assess(p, r, iter(i)), "Collect its images"),
    "labels too": (
        lambda p, r, i: analysis.assess(p, r, (i, np.zeros(len(i)))),
        "leave out what is no image",
    ),
    "a penalty": (
        lambda p, r, i: analysis.assess(p, i[:1], i, targets=[fp.TotalVariation()]),
        "MapMean, Node or Logit",
    ),
    "few natural images": (lambda p, r, i: analysis.assess(p, r, i[:9]), "at least 40"),
    "best known": (lambda p, r, i: analysis.assess(p, r, i, best_known=[1.0]), "best_known holds"),
    "natural shape": (lambda p, r, i: analysis.assess(p, r, i[:, :20]), "shape"),
    "another layer": (
        lambda p, r, i: analysis.assess(p, r, i, layers=["Conv9"]),
        "Conv9",
    ),
    "top": (lambda p, r, i: analysis.assess(p, r, i, top=1), "top"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input(net, result, case):
    """One clear error each."""
    call, words = BAD[case]
    with pytest.raises(fp.FeatureProbeError, match=words):
        call(net[0], result, net[1])
