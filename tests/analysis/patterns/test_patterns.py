"""Patterns of classes: planted nodes are found, chance is told from fact, shares add up."""

import keras
import numpy as np
import pytest
from planted import planted_images, planted_net

import featureprobe as fp
from featureprobe import analysis
from featureprobe.analysis.stats.null import band, permuted_hits

BRIEF = fp.Precursor(candidates=32, rounds=1, trials=0)  # a search of a moment
CLASSES = 3


@pytest.fixture(scope="module")
def planted():
    """A net whose map k fires for class k, and 60 images of each class."""
    probe, templates = planted_net(CLASSES)
    images, labels = planted_images(templates, 60)
    return probe, images, labels


@pytest.fixture(scope="module")
def patterns(planted):
    """What its convolution answers."""
    return analysis.Patterns.of(*planted, "conv")


def test_planted_nodes_are_found(patterns):
    """Common, unique, effect, selectivity: all name map k for class k, and nothing else."""
    found = analysis.compare_classes(patterns, 0, 2, rounds=100)
    assert found.unique(0).tolist() == [0]
    assert found.unique(2).tolist() == [2]
    assert {0, 2} <= set(found.found.tolist())
    assert set(found.found.tolist()) <= {0, 2} | set(range(3, 15))
    assert found.delta[0] > 0.99
    assert found.delta[2] < -0.99
    assert found.counts["unique_first"] > found.null["unique_first"].max()
    assert "have 1 and 1 common nodes (chance 0-0 and 0-0), 1 and 1 unique nodes" in found.verdict
    profile = analysis.profile_classes(patterns, rounds=60)
    assert [profile.unique(k).tolist() for k in range(CLASSES)] == [[0], [1], [2]]
    assert profile.selectivity[:CLASSES].min() > 0.9
    assert profile.selectivity[CLASSES:].max() < 0.5
    assert set(profile.empty_maps(1, at_most=0.1)) == {0, 2}
    assert profile.shared_empty_maps(at_most=0.1)[0, 1] == pytest.approx(1 / 3)
    assert profile.null[:, :, 1].sum() == 0


def test_false_discoveries_are_as_rare_as_promised():
    """Over 100 repetitions, the mean share of false discoveries is at most q + 2 standard errors."""
    rng, level, shares, power = np.random.default_rng(0), 0.1, [], []
    for _ in range(100):
        values = rng.normal(size=(60, 200)).astype(np.float32)
        labels = np.repeat([0, 1], 30)
        values[labels == 0, :20] += 1.2
        patterns = analysis.Patterns("layer", values=values, labels=labels)
        found = analysis.compare_classes(patterns, 0, 1, level=level, rounds=1).found
        shares.append((found >= 20).sum() / max(1, len(found)))
        power.append((found < 20).mean() * len(found) / 20)
    error = np.std(shares, ddof=1) / 10
    assert np.mean(shares) <= level + 2 * error
    assert np.mean(power) > 0.5


def shuffled():
    """Return comparisons of two classes whose labels mean nothing, 200 times."""
    rng, found = np.random.default_rng(1), []
    for seed in range(200):
        scale = rng.normal(size=(1, 300))
        values = (rng.normal(size=(40, 300)) + scale).astype(np.float32)
        labels = rng.permutation(np.repeat([0, 1], 20))
        patterns = analysis.Patterns("layer", values=values, labels=labels)
        found.append(
            analysis.compare_classes(
                patterns, 0, 1, share=0.4, other_share=0.75, rounds=200, rng=seed
            )
        )
    return found


def test_counts_of_shuffled_labels_lie_in_their_band():
    """In 90 to 99 % of 200 repetitions, of one simulation for both counts."""
    found = shuffled()
    for name in ("common_first", "unique_second"):
        bands = [band(f.null[name]) for f in found]
        inside = [low <= f.counts[name] <= high for f, (low, high) in zip(found, bands)]
        assert np.median([high - low for low, high in bands]) > 4  # no matter of one count
        assert 0.90 <= np.mean(inside) <= 0.99


def test_labels_that_mean_something_leave_the_band(patterns):
    """The same test notices real classes (sabotage)."""
    found = analysis.compare_classes(patterns, 0, 1, rounds=200)
    low, high = band(found.null["unique_first"])
    assert not low <= found.counts["unique_first"] <= high


def test_permuted_hits_count_images():
    """Groups get as many images as they should, and no image twice."""
    active = np.ones((10, 3), bool)
    hits = permuted_hits(active, (4, 5), 7, np.random.default_rng(0))
    assert (hits[0] == 4).all()
    assert (hits[1] == 5).all()
    one = np.zeros((10, 1), bool)
    one[3] = True
    hits = permuted_hits(one, (5, 5), 200, np.random.default_rng(0))
    assert ((hits[0] + hits[1]) == 1).all()
    assert 60 < hits[0].sum() < 140


def test_circles_by_eye(patterns):
    """Planted nodes are circled; noise nodes are circled as often as chance says, and do not last."""
    places = [patterns.where(k)[:3].tolist() for k in (0, 1)]
    found = analysis.compare_by_eye(patterns, 0, 1, images=tuple(places), rounds=400)
    active = patterns.nodes > 0
    expected = active[places[0]].all(axis=0) & ~active[places[1]].any(axis=0)
    assert found.nodes.tolist() == np.flatnonzero(expected).tolist()
    assert 0 in found.nodes
    # Twelve noise maps, each active in half of the images: 12 / 64 circles by chance.
    share = active[np.isin(patterns.labels, [0, 1])].mean(axis=0)
    chance = (share**3 * (1 - share) ** 3).sum()
    assert found.independent == pytest.approx(chance)
    assert found.null.mean() == pytest.approx(chance, abs=0.08)
    assert found.observed.mean() > 1
    with pytest.raises(fp.ConfigError, match="has the class"):
        analysis.compare_by_eye(patterns, 0, 1, images=(places[1], places[0]))
    with pytest.raises(fp.RangeError, match="each class"):
        analysis.compare_by_eye(patterns, 0, 1, size=40)


def test_shares_of_a_margin_add_up(planted):
    """The planted net's margin is the activations of two maps and the biases' difference."""
    probe, images, _ = planted
    found = analysis.split_margin(probe, images, "conv", 0, 2)
    values = probe.activations(images, "conv").astype(np.float64)
    assert found.exact
    np.testing.assert_allclose(found.by_map[:, 0], values[:, 0, 0, 0], rtol=1e-6)
    np.testing.assert_allclose(found.by_map[:, 2], -values[:, 0, 0, 2], rtol=1e-6, atol=1e-9)
    assert not found.by_map[:, [1, *range(3, 15)]].any()
    np.testing.assert_allclose(found.bias, -0.2, rtol=1e-5)
    assert found.error.max() < 1e-6
    parts = found.waterfall(0, count=2)
    assert sum(value for _, value in parts) == pytest.approx(found.margin[0], rel=1e-5)


def recomputed_margin(model, values, favour, over):
    """Return the margin of the bundled net from Conv2D_3 on, in float64."""
    (w, b), (v, c) = (
        [np.asarray(x, np.float64) for x in model.get_layer(name).get_weights()]
        for name in ("Dense_1", "Dense_2")
    )
    hidden = np.maximum(values.reshape(len(values), -1).astype(np.float64) @ w + b, 0)
    logits = hidden @ v + c
    return logits[:, favour] - logits[:, over]


def test_shares_of_the_bundled_net_add_up():
    """2,000 images: nodes' shares and biases' share sum to the margin recomputed in float64."""
    probe, (images, _) = fp.samples.mnist_probe(), fp.samples.mnist_digits()
    found = analysis.split_margin(probe, images, "Conv2D_3", 4, 9)
    values = probe.activations(images, "Conv2D_3")
    margin = recomputed_margin(probe.model, values, 4, 9)
    flat = found.contributions.reshape(len(images), -1).astype(np.float64)
    total = np.abs(flat).sum(axis=1) + np.abs(found.bias)
    error = np.abs(flat.sum(axis=1) + found.bias - margin) / total
    assert found.exact
    assert len(images) == 2000
    assert error.max() <= 1e-6
    assert np.abs(found.bias).min() > 0
    # Without the biases they do not (sabotage).
    assert (np.abs(flat.sum(axis=1) - margin) / total).max() > 1e-3


def tail_net(kind):
    """Return a probe with something of each kind behind ``conv``."""
    keras.utils.set_random_seed(3)
    image = keras.Input((8, 8, 2))
    conv = keras.layers.Conv2D(4, 3, activation="relu", name="conv")(image)
    x = conv
    if kind == "normalized":
        x = keras.layers.BatchNormalization(name="bn")(x)
    if kind in ("normalized", "pooled"):
        x = keras.layers.MaxPooling2D(2)(x)
        x = keras.layers.Conv2D(5, 2, name="conv2")(x)
        x = keras.layers.LeakyReLU()(x)
        x = keras.layers.GlobalAveragePooling2D()(x)
    if kind == "gelu":
        x = keras.layers.Conv2D(5, 2, activation="gelu", name="conv2")(x)
        x = keras.layers.Flatten()(x)
    if kind == "relu6":
        x = keras.layers.ReLU(max_value=6.0, name="relu6")(x)
        x = keras.layers.Flatten()(x)
    if kind == "skip":
        other = keras.layers.Conv2D(4, 3, activation="relu", name="other")(image)
        x = keras.layers.Flatten()(keras.layers.Add()([x, other]))
    out = keras.layers.Dense(3, activation="softmax", name="dense")(x)
    model = keras.Model(image, out)
    for weight in model.weights:
        weight.assign(weight + 0.1 * np.random.default_rng(1).normal(size=weight.shape) ** 2)
    return fp.ModelProbe(model, input_space=fp.InputSpace.identity())


@pytest.mark.parametrize("kind", ["normalized", "pooled"])
def test_piecewise_linear_tails_split_exactly(kind):
    """Normalization, pooling, leaky units, convolutions: biases have their own share."""
    probe = tail_net(kind)
    images = np.random.default_rng(0).normal(size=(20, 8, 8, 2))
    found = analysis.split_margin(probe, images, "conv", 0, 1)
    assert found.exact
    assert found.error.max() < 2e-6
    assert np.abs(found.bias).min() > 1e-4


@pytest.mark.parametrize(("kind", "word"), [("gelu", "gelu"), ("relu6", "saturates")])
def test_other_tails_say_so(kind, word):
    """Gradient x activation, and the rest is called what it is."""
    images = np.random.default_rng(0).normal(size=(5, 8, 8, 2))
    found = analysis.split_margin(tail_net(kind), images, "conv", 0, 1)
    assert not found.exact
    assert word in found.obstacle
    assert "only roughly" in found.verdict
    assert found.waterfall(0)[-1][0] == "not split"


def test_layers_without_the_asked_structure():
    """A skip connection past the layer, the last layer, no margin: one clear error each."""
    images = np.zeros((2, 8, 8, 2))
    with pytest.raises(fp.ModelError, match="past 'conv'"):
        analysis.split_margin(tail_net("skip"), images, "conv", 0, 1)
    probe = tail_net("pooled")
    with pytest.raises(fp.ModelError, match="Nothing follows"):
        analysis.split_margin(probe, images, "dense", 0, 1)
    with pytest.raises(fp.RangeError, match="3 outputs"):
        analysis.split_margin(probe, images, "conv", 0, 7)
    with pytest.raises(fp.ConfigError, match="twice"):
        analysis.split_margin(probe, images, "conv", 1, 1)


def test_ablation_finds_what_the_decision_needs(planted, patterns):
    """Two planted maps carry it: without them accuracy is chance, with them alone it is whole."""
    probe = planted[0]
    shares = analysis.split_margin(probe, planted[1], "conv", 0, 2).mean
    wrong = np.arange(15.0)[::-1].copy()
    wrong[[0, 2]] = 0
    found = analysis.ablate(
        probe, patterns, 0, 2, {"share": shares, "wrong": wrong}, sizes=[1, 2, 8, 15], random=5
    )
    assert found.full == pytest.approx(1)
    assert found.removed["share"][0, 1] == pytest.approx(0.5, abs=0.01)
    assert found.kept["share"][0, 1] == pytest.approx(1)
    assert found.removed["wrong"][0, 2] == pytest.approx(1)
    assert found.enough("share") <= 2
    assert found.area("share") < found.area("random") < found.area("wrong") + 1e-9
    assert found.removed["random"].shape == (5, 4)
    assert "order of share" in found.verdict
    with pytest.raises(fp.ShapeError, match="15 nodes"):
        analysis.ablate(probe, patterns, 0, 2, {"short": shares.ravel()[:3]})


@pytest.mark.long
def test_classifiers_by_layer(planted):
    """The planted layer separates; random labels do not."""
    probe, images, labels = planted
    found = analysis.linear_probes(probe, images, labels, ["pixels", "conv"], folds=3)
    assert found.logistic[1].mean() > 0.95
    assert found.nearest_mean[1].mean() > 0.95
    assert abs(found.control.mean() - 1 / 3) < 0.12
    assert found.seconds.shape == (2,)
    with pytest.raises(fp.RangeError, match="folds need"):
        analysis.linear_probes(probe, images[:8], labels[:8], ["conv"], folds=5)


FINDINGS = {
    "patterns": lambda p, n: p,
    "comparison": lambda p, n: analysis.compare_classes(p, 0, 1, rounds=20),
    "profile": lambda p, n: analysis.profile_classes(p, rounds=20),
    "eye": lambda p, n: analysis.compare_by_eye(p, 0, 1, rounds=50),
    "shares": lambda p, n: analysis.split_margin(n[0], n[1], "conv", 0, 1),
    "ablation": lambda p, n: analysis.ablate(n[0], p, 0, 1, {"a": np.arange(15)}, random=2),
    "separability": lambda p, n: analysis.linear_probes(n[0], n[1], n[2], ["conv"], folds=2),
    "followed": lambda p, n: analysis.follow(n[0], n[1][:2], ["conv", "dense"]),
}


@pytest.mark.parametrize("name", FINDINGS)
def test_findings_save_load_and_show_themselves(planted, patterns, tmp_path, name):
    """Every finding survives the disk, draws itself, and cannot be written to."""
    found = FINDINGS[name](patterns, planted)
    found.save(tmp_path / "finding.npz")
    again = analysis.load(tmp_path / "finding.npz")
    assert type(again) is type(found)
    assert again.verdict == found.verdict
    assert "<img" in again._repr_html_()
    assert again.plot().axes
    arrays = [v for v in vars(again).values() if isinstance(v, np.ndarray) and v.size]
    for array in arrays:
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
    assert type(found).load(tmp_path / "finding.npz").verdict == found.verdict


def test_damaged_and_foreign_findings(planted, patterns, tmp_path):
    """A file of another kind, a cut file, an unknown kind: one clear error each."""
    patterns.save(tmp_path / "patterns.npz")
    with pytest.raises(fp.ConfigError, match="holds Patterns, not Contributions"):
        analysis.Contributions.load(tmp_path / "patterns.npz")
    (tmp_path / "cut.npz").write_bytes((tmp_path / "patterns.npz").read_bytes()[:-40])
    with pytest.raises(fp.DataError, match="no saved Finding"):
        analysis.load(tmp_path / "cut.npz")


BAD = {
    "labels of another length": (lambda p: analysis.Patterns.of(p[0], p[1], p[2][:-1], "conv"),
                                 fp.ShapeError, "180 images"),
    "one-hot labels": (lambda p: analysis.Patterns.of(p[0], p[1], np.eye(3)[p[2]], "conv"),
                       fp.ShapeError, "argmax"),
    "labels that are words": (lambda p: analysis.Patterns.of(p[0], p[1], p[2].astype(str), "conv"),
                              fp.DataError, "whole numbers"),
    "a class with no image": (lambda p: analysis.compare_classes(
        analysis.Patterns.of(*p, "conv"), 0, 7), fp.DataError, "No image has the class 7"),
    "one class only": (lambda p: analysis.profile_classes(
        analysis.Patterns.of(p[0], p[1][:9], np.zeros(9, int), "conv")), fp.RangeError, "at least 2"),
    "the same class": (lambda p: analysis.compare_classes(
        analysis.Patterns.of(*p, "conv"), 1, 1), fp.ConfigError, "twice"),
    "NaN": (lambda p: analysis.Patterns("conv", values=np.full((4, 2), np.nan, np.float32),
                                        labels=np.zeros(4, int)), fp.DataError, "image 0"),
    "no such layer": (lambda p: analysis.Patterns.of(*p, "cnov"), fp.UnknownLayerError, "Nearest"),
    "no layer to follow": (lambda p: analysis.follow(p[0], p[1][:2], []), fp.ConfigError, "list"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_input(planted, case):
    """One clear error each."""
    call, error, words = BAD[case]
    with pytest.raises(error, match=words):
        call(planted)


def test_without_the_extra(monkeypatch, patterns):
    """What needs scipy says so, and how to get it."""
    import importlib  # noqa: PLC0415

    real = importlib.import_module

    def absent(name, *args):
        if name.startswith(("scipy", "sklearn")):
            raise ImportError(name)
        return real(name, *args)

    monkeypatch.setattr(importlib, "import_module", absent)
    with pytest.raises(fp.MissingExtraError, match=r"featureprobe\[analysis\]"):
        analysis.compare_classes(patterns, 0, 1)


def test_rings_stand_where_the_nodes_are():
    """On maps and on dense nodes; what does not exist is refused."""
    ax = fp.plotting.show_maps(np.random.default_rng(0).random((3, 4, 10)), columns=4)
    fp.plotting.ring_nodes((3, 4, 10), [(2, 1, 5), (0, 0, 0)], ax=ax, columns=4, color="yellow")
    offsets = np.asarray(ax.collections[-1].get_offsets())
    assert offsets.tolist() == [[1 * 4 + 1, 1 * 3 + 2], [0, 0]]
    with pytest.raises(fp.RangeError):
        fp.plotting.ring_nodes((3, 4, 10), [(3, 0, 0)], ax=ax)
    with pytest.raises(fp.ShapeError):
        fp.plotting.ring_nodes((3, 4, 10), [(3,)], ax=ax)


def test_unclear_images_are_found_by_rule(planted):
    """An image between two classes comes first, and everything said of it points to the other."""
    probe, images, labels = planted
    templates = planted_net(CLASSES)[1]
    between = (3.6 * templates[0] + 5.2 * templates[2])[None]
    found = analysis.unclear_images(
        probe, np.concatenate([images, between]), np.r_[labels, 0], 0, 2, ["conv", "flat"], count=4
    )
    assert found.places[0] == len(images)
    assert found.margins[0] < 0 < found.margins[1]
    assert found.to_other[0, 0] < found.to_own[0, 0]
    assert (found.to_own[0, 1:] < found.to_other[0, 1:]).all()
    assert found.ranks[0, 0] == pytest.approx(1 / 61)
    assert found.typical_on[0, 0] < 1
    assert (found.neighbour_labels[0] == 2).mean() > 0.5
    assert found.confusion.sum() == len(images) + 1
    assert found.confusion[0, 2] == 1
    np.testing.assert_allclose(found.shares.margin, found.margins, rtol=1e-5)
    assert "1 on the wrong side" in found.verdict
    with pytest.raises(fp.RangeError, match="class 0, 60"):
        analysis.unclear_images(probe, images, labels, 0, 2, ["conv"], count=61)


def test_calibration_is_that_of_known_chances():
    """Labels drawn from the probabilities are calibrated; sharper ones are not, and by how much."""
    from featureprobe.analysis.stats.calibration import (  # noqa: PLC0415
        best_temperature,
        calibration_error,
        softmax,
    )

    rng = np.random.default_rng(0)
    logits = rng.normal(scale=1.5, size=(20_000, 4)).astype(np.float32)
    chances = softmax(logits)
    labels = (chances.cumsum(axis=1) > rng.random((20_000, 1))).argmax(axis=1)
    assert calibration_error(labels, chances) < 0.012
    assert calibration_error(labels, softmax(3 * logits)) > 0.1
    assert best_temperature(labels, 3 * logits) == pytest.approx(3, rel=0.05)


def test_insertion_of_planted_patterns(planted):
    """A planted map's OIP moves the margin as its share predicts, with its sign."""
    probe, images, labels = planted
    targets = fp.MapMean.each(probe, "conv")
    result = fp.Ascent(steps=24, starts=1, search=BRIEF).run(probe, targets, rng=0, progress=False)
    some = images[np.isin(labels, [0, 2])]
    found = analysis.insert_patterns(probe, result, some, 0, 2, amount=0.4, rounds=200)
    assert found.moved[0] > 0 > found.moved[2]
    np.testing.assert_allclose(found.predicted[[0, 2]], found.moved[[0, 2]], rtol=0.15)
    assert np.abs(found.predicted[3:]).max() < 0.1 * found.predicted[0]
    with pytest.raises(fp.ConfigError, match="at least three MapMean"):
        analysis.insert_patterns(probe, result[:2], some, 0, 2)


def test_two_nets_with_the_same_maps_in_another_order():
    """Maps are matched one to one, CKA is 1, OIPs agree and find their match."""
    probe, templates = planted_net(CLASSES)
    images, _ = planted_images(templates, 60)
    order = np.random.default_rng(5).permutation(15)
    other = fp.ModelProbe(keras.models.clone_model(probe.model), input_space=probe.input_space)
    kernel, bias = probe.model.get_layer("conv").get_weights()
    other.model.get_layer("conv").set_weights([kernel[..., order], bias[order]])
    results = tuple(
        fp.Ascent(steps=24, starts=2, search=BRIEF).run(
            p, fp.MapMean.each(p, "conv"), rng=0, progress=False
        )
        for p in (probe, other)
    )
    found = analysis.compare_nets(probe, other, images, ["conv"], match="conv", results=results)
    assert order[found.match].tolist() == list(range(15))
    assert found.correlation.min() > 0.999
    assert np.median(found.null_correlation) < 0.5
    assert found.cka[0, 0] == pytest.approx(1)
    assert found.cka_null.max() < 0.2
    assert found.oip_similarity.mean() > 0.9
    assert found.oip_null.mean() < 0.5
    assert (found.transfer_rank == 1).mean() > 0.9
    assert found.transfer_null.mean() < 0.35
    with pytest.raises(fp.ShapeError, match="15 maps"):
        analysis.compare_nets(
            probe, other, images, ["conv"], match="conv", results=(results[0][:3], results[1])
        )


def test_similarity_of_shifted_images():
    """A shift within reach does not matter, one beyond does; noise is unlike."""
    from featureprobe.analysis.stats.similarity import (  # noqa: PLC0415
        debiased_cka,
        gram,
        shift_similarity,
    )

    rng = np.random.default_rng(0)
    image = np.zeros((20, 20, 1), np.float32)
    image[7:13, 7:13] = rng.normal(size=(6, 6, 1))
    moved = np.stack([np.roll(image, (3, -2), (0, 1)), np.roll(image, (6, 0), (0, 1))])
    near, far = shift_similarity(image[None], moved)[0]
    assert near > 0.95
    assert far < 0.8
    values = rng.normal(size=(200, 30)).astype(np.float32)
    turned = values @ np.linalg.qr(rng.normal(size=(30, 30)))[0].astype(np.float32)
    assert debiased_cka(gram(values), gram(2 * turned)) == pytest.approx(1, abs=1e-4)
    others = [rng.normal(size=(200, 500)).astype(np.float32) for _ in range(20)]
    by_chance = [debiased_cka(gram(values), gram(other)) for other in others]
    assert abs(np.mean(by_chance)) < 0.02  # the plain CKA of such noise is about 0.6


def test_a_pattern_can_be_climbed(planted):
    """What the mean pattern of a class looks like is that class; silence has no gradient but no NaN."""
    probe, images, labels = planted
    patterns = analysis.Patterns.of(probe, images, labels, "conv")
    for label in range(CLASSES):
        target = fp.PatternMatch("conv", pattern=patterns.mean_of(label), power=2)
        ascent = fp.Ascent(
            steps=24, starts=2, initializer=fp.FromImages(images), search=BRIEF, remedies=()
        )
        result = ascent.run(probe, target, rng=1, progress=False)
        assert probe.predict(result.best())[0].argmax() == label
        values = probe.activations(result.best(), "conv").ravel()
        mean = patterns.mean_of(label).ravel()
        along = values @ mean / np.linalg.norm(mean)
        cosine = along / np.linalg.norm(values)
        assert result.best_scores()[0] == pytest.approx(along * cosine**2, rel=1e-4)
    with pytest.raises(fp.ShapeError, match="Take the pattern from that layer"):
        fp.Ascent(steps=1).run(probe, fp.PatternMatch("conv", pattern=np.ones(3)), rng=0)
    with pytest.raises(fp.DataError, match="not all 0"):
        fp.PatternMatch("conv", pattern=np.zeros((1, 1, 15)))


def test_an_untrained_net_is_a_null():
    """Copies of a net share wiring but no weights, repeat with their seed, and leave it as it is."""
    probe = fp.samples.mnist_probe()
    images = fp.samples.mnist_digits()[0][:120]
    before = [w.copy() for w in probe.model.get_weights()]
    bare, again, other = (analysis.untrained(probe, rng=seed) for seed in (1, 1, 2))
    for own, kept in zip(probe.model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(own, kept)
    answers = [p.activations(images[:5], "Conv2D_3") for p in (bare, again, other)]
    np.testing.assert_array_equal(answers[0], answers[1])
    assert np.abs(answers[0] - answers[2]).max() > 0.01
    assert [r.path for r in bare.summary()] == [r.path for r in probe.summary()]
    for own, fresh in zip(before, bare.model.get_weights(), strict=True):
        assert not np.allclose(own, fresh)
        assert own.ndim > 1 or not fresh.any()  # biases as they begin
    found = analysis.compare_nets(
        probe, fp.samples.mnist_probe("b"), images, ["Conv2D_3"], match="Conv2D_3", null_net=bare, rounds=1
    )  # fmt: skip
    assert np.median(found.untrained_correlation) < np.median(found.correlation) - 0.1
    assert 0 < found.cka_untrained[0, 0] < found.cka[0, 0] - 0.05
    assert "with an untrained net 0." in found.verdict
    with pytest.raises(fp.ModelError, match="architecture yourself"):
        analysis.untrained(subclassed())


def subclassed():
    """A model whose copy Keras does not build."""

    class Own(keras.Model):
        def __init__(self):
            super().__init__(name="own")
            self.conv = keras.layers.Conv2D(4, 3)

        def call(self, images):
            return self.conv(images)

    model = Own()
    model(np.zeros((1, 8, 8, 1), np.float32))
    return fp.ModelProbe(model, input_space=fp.InputSpace.identity())


def two_map_patterns():
    """Nine images of class 0 excite map 0 to 4, three of class 2 excite map 2 to 2.6; all else is 0."""
    values = np.zeros((12, 1, 1, 15), np.float32)
    values[:9, ..., 0], values[9:, ..., 2] = 4.0, 2.6
    return analysis.Patterns("conv", values=values, labels=np.repeat([0, 2], [9, 3]))


def test_ablation_counts_classes_of_unequal_size_alike(planted):
    """Margin: map 0 less map 2 less 0.2. Map 0 at its mean, 2, leaves every image on its side."""
    ranking = {"a": 15.0 - np.arange(15)}
    found = analysis.ablate(planted[0], two_map_patterns(), 0, 2, ranking, sizes=[1, 15], random=1)
    assert found.full == pytest.approx(1)
    assert found.removed["a"][0, 0] == pytest.approx(1)  # at the pooled mean, 3, class 2 is lost
    assert found.removed["a"][0, 1] == pytest.approx(0.5)  # all images are one
    assert found.removed_margin["a"][0, 0] == pytest.approx((1.8 + 0.8) / 2, rel=1e-5)


def test_the_area_is_over_logarithmic_sizes():
    """1, 2 and 4 nodes are equally far apart."""
    curves = {name: np.array([[1.0, 1.0, 0.0]]) for name in ("a", "random")}
    found = analysis.Ablation(
        "conv", first=0, second=1, sizes=np.array([1, 2, 4]), removed=curves, kept=curves,
        removed_margin=curves, full=1.0, nodes=4,
    )  # fmt: skip
    assert found.area("a") == pytest.approx(0.75)


def test_circles_last_for_fresh_images():
    """Of one real node and 64 that toss coins, the real one is circled again, the others are not."""
    rng = np.random.default_rng(0)
    values = (rng.random((80, 65)) < 0.5).astype(np.float32)
    values[:40, 0], values[40:, 0] = 1.0, 0.4
    patterns = analysis.Patterns("layer", values=values, labels=np.repeat([0, 1], 40))
    found = analysis.compare_by_eye(patterns, 0, 1, threshold=0.5, rounds=200)
    assert found.observed.min() >= 1
    assert found.lasting.min() >= 1
    assert found.observed.mean() == pytest.approx(1 + 64 / 64, abs=0.3)
    assert found.lasting.mean() == pytest.approx(1 + 64 / 64**2, abs=0.1)


def test_the_null_of_two_classes_uses_their_bounds():
    """20 of 20 is common at 95 % (0.84 and up) but not at 99.9 % (0.65), for permuted labels too."""
    values = np.ones((40, 7), np.float32)
    patterns = analysis.Patterns("layer", values=values, labels=np.repeat([0, 1], 20))
    for confidence, nodes in ((0.95, 7), (0.999, 0)):
        found = analysis.compare_classes(patterns, 0, 1, share=0.8, confidence=confidence, rounds=5)
        assert len(found.common(0)) == nodes
        assert (found.null["common_first"] == nodes).all()


def test_whoever_is_dealt_a_single_hit_has_a_unique_node():
    """One active image a node, bounds between 0 and 1 hits: each node is unique to one group."""
    values = np.zeros((40, 9), np.float32)
    values[np.arange(9) * 4, np.arange(9)] = 1
    patterns = analysis.Patterns("layer", values=values, labels=np.repeat([0, 1], 20))
    found = analysis.profile_classes(patterns, share=0.005, other_share=0.2, rounds=30)
    assert (found.null[..., 1].sum(axis=1) == 9).all()
    assert found.null[:, 0, 1].std() > 0  # labels were dealt
    two = analysis.compare_classes(patterns, 0, 1, share=0.005, other_share=0.2, rounds=30)
    assert (two.null["unique_first"] + two.null["unique_second"] == 9).all()
    assert two.null["unique_first"].std() > 0


def test_parts_of_a_margin_are_ordered():
    """A waterfall names the largest magnitude first; largest maps are those that speak in favour."""
    found = analysis.Contributions(
        "layer", first=0, second=1, contributions=np.array([[1, -5, 2], [3, -1, 1]], np.float32),
        bias=np.array([0.5, 0.5]), margin=np.array([-1.5, 3.5]),
    )  # fmt: skip
    assert found.waterfall(0, count=1) == [("node 1", -5.0), ("2 others", 3.0), ("biases", 0.5)]
    assert found.largest_maps(2).tolist() == [0, 2]


def test_a_waterfall_falls_step_by_step():
    """Each bar begins where the one before ended; the last one is the total."""
    from matplotlib.figure import Figure  # noqa: PLC0415

    from featureprobe.analysis.patterns.view_parts import draw_waterfall  # noqa: PLC0415

    ax = Figure().add_subplot()
    draw_waterfall([("a", 2.0), ("b", -1.0), ("c", 4.0)], 5.0, title="", xlabel="", ax=ax)
    assert [bar.get_x() for bar in ax.patches] == [0, 2, 1, 0]
    assert [bar.get_x() + bar.get_width() for bar in ax.patches] == [2, 1, 5, 5]


def test_distances_leave_the_image_out():
    """Of two images at right angles each is 1 from the mean of the others, and no own neighbour."""
    from featureprobe.analysis.patterns.distances import distances, nearest_images  # noqa: PLC0415

    values = np.array([[1, 0], [0, 1], [1, 1], [1, 1]], np.float32)
    patterns = analysis.Patterns("layer", values=values, labels=np.array([0, 0, 1, 1]))
    found = distances(patterns, np.array([0]), 0, 1, 0.0)
    assert found["to_own"] == pytest.approx(1)
    assert found["to_other"] == pytest.approx(1 - np.sqrt(0.5), rel=1e-5)
    values = np.array([[1, 0, 0]] * 3 + [[0, 1, 0]] * 3, np.float32)
    patterns = analysis.Patterns("layer", values=values, labels=np.repeat([0, 1], 3))
    found = distances(patterns, np.array([1]), 0, 1, 0.0)
    assert found["differing_own"].tolist() == [0]
    assert found["differing_other"] == pytest.approx(2 / 3)
    assert nearest_images(patterns, np.array([1, 4]), 2).tolist() == [[0, 2], [3, 5]]


def test_halves_of_noise_do_not_agree(monkeypatch):
    """Without classes deltas do not correlate; Jaccard's index is common nodes over all nodes."""
    from featureprobe.analysis.stats import effects  # noqa: PLC0415

    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(2, 30, 400))
    assert abs(effects.split_half(first, second, 0.05, rng)[0]) < 0.2
    # Two nodes are found by each, one of them by both.
    halves = iter([[0.0, 0.0, 1.0, 1.0], [0.0, 1.0, 0.0, 1.0]])
    monkeypatch.setattr(
        effects, "effects_of",
        lambda *_: effects.Effects(np.zeros(4), rng.normal(size=4), np.array(next(halves))),
    )  # fmt: skip
    assert effects.split_half(first, second, 0.05, rng)[1] == pytest.approx(1 / 3)


def test_followed_nodes_are_active_in_all_images():
    """One image is not enough; the threshold counts."""
    layer = np.array([[2, 1, 0], [3, 0, 1]], np.float32)
    found = analysis.FollowedImages(np.zeros((2, 2, 2, 1)), names=("a", "b"), layers={"x": layer})
    assert found.common("x") == [(0,)]
    assert found.common("x", threshold=2) == []


def bounded(probe, most):
    """Return the same net for pixels of -most to most."""
    return fp.ModelProbe(probe.model, input_space=fp.InputSpace(low=-most, high=most))


def test_pictures_know_the_range_of_pixels(planted):
    """Black and white are the ends of the input space."""
    probe = bounded(planted[0], 2.0)
    found = analysis.follow(probe, np.zeros((1, 8, 8, 1)), ["conv"])
    assert (found.low, found.high) == (-2, 2)


def test_insertion_stays_in_range_and_has_a_null(planted):
    """Pixels within 1 excite no unit weight vector above 8; permutations correlate as they must."""
    probe, images, labels = planted
    narrow, some = bounded(probe, 1.0), np.clip(images[np.isin(labels, [0, 2])], -1, 1)
    result = fp.Ascent(steps=2, starts=1, search=None, remedies=()).run(
        narrow, fp.MapMean.each(narrow, "conv"), rng=0, progress=False
    )
    found = analysis.insert_patterns(narrow, result, some, 0, 2, amount=1e4, rounds=300)
    assert 0 < np.abs(found.moved).max() < 2 * 8
    found = analysis.insert_patterns(probe, result, some, 0, 2, amount=50.0, rounds=300)
    assert len(found.null) == 300
    assert abs(found.null.mean()) < 0.08
    assert found.null.std() == pytest.approx(1 / np.sqrt(14), rel=0.25)


@pytest.mark.parametrize(("null", "p"), [(0.0, 0.01), (2.0, 1.0)])
def test_a_permutation_never_has_no_chance(null, p):
    """99 assignments that all correlate less leave 1 in 100."""
    found = analysis.Insertion(
        "conv", first=0, second=1, channels=np.arange(4), predicted=np.arange(4.0),
        predicted_by_all=np.arange(4.0), moved=np.arange(4.0) ** 3, answered=np.zeros(4),
        amount=0.3, null=np.full(99, null),
    )  # fmt: skip
    assert found.correlation == pytest.approx(1)
    assert found.p == pytest.approx(p)


class Made:
    """Stands for a result: one image for each map."""

    def __init__(self, images):
        self.images = images

    def __len__(self):
        return len(self.images)

    def best(self):
        """Return the images."""
        return self.images


def test_transfer_is_measured_in_spreads_and_percent():
    """Node k is pixel k, node 1 on a scale of 100; OIPs are 2 at their pixel, the last one only 0.35."""
    image = keras.Input((2, 2, 1))
    out = keras.layers.Dense(4, name="dense")(keras.layers.Flatten()(image))
    probe = fp.ModelProbe(keras.Model(image, out), input_space=fp.InputSpace.identity())
    kernel = np.diag([1.0, 100.0, 1.0, 1.0])
    probe.model.get_layer("dense").set_weights([kernel, np.zeros(4)])
    rng = np.random.default_rng(0)
    pixels = np.stack([rng.permutation(10) / 10 for _ in range(4)], axis=1)
    made = np.full((4, 4), 0.45)  # the mean of every pixel
    made[np.arange(4), np.arange(4)] = [2, 2, 2, 0.35]
    result = Made(made.reshape(4, 2, 2, 1).astype(np.float32))
    unchecked = analysis.compare_nets.__wrapped__  # a stand-in is no AscentResult
    found = unchecked(
        probe, probe, pixels.reshape(10, 2, 2, 1), ["dense"], match="dense",
        results=(result, result), rounds=2,
    )  # fmt: skip
    assert found.match.tolist() == [0, 1, 2, 3]
    assert found.transfer_rank.tolist() == [1, 1, 1, 4]
    assert found.transfer_percentile == pytest.approx([100, 100, 100, 40])
    np.testing.assert_allclose(found.oip_similarity, 1, rtol=1e-6)


def test_nodes_have_an_address():
    """What stands there is the node."""
    values = np.arange(24.0).reshape(1, 2, 3, 4)
    patterns = analysis.Patterns("layer", values=values, labels=np.zeros(1, int))
    assert patterns.address(7) == (0, 1, 3)
    assert all(values[0][patterns.address(j)] == patterns.nodes[0, j] for j in range(24))


def test_labels_may_be_whole_floats_only():
    """1.0 is a class, 1.5 is none."""
    values = np.zeros((2, 3), np.float32)
    assert analysis.Patterns("x", values=values, labels=np.array([0.0, 1.0])).classes == (0, 1)
    with pytest.raises(fp.DataError, match="whole numbers"):
        analysis.Patterns("x", values=values, labels=np.array([0.0, 1.5]))


def test_selectivity_and_empty_maps_of_known_means():
    """A map is empty when all of its nodes are; the others' mean is over the other classes."""
    values = np.zeros((300, 1, 2, 2), np.float32)
    labels = np.repeat([0, 1, 2], 100)
    values[:, 0, 0, 0] = np.array([1.0, 0.5, 0.25])[labels]  # map 0 fires at its first node only
    patterns = analysis.Patterns("layer", values=values, labels=labels)
    found = analysis.profile_classes(patterns, rounds=1)
    assert found.empty_maps(0).tolist() == [1]
    assert found.shared_empty_maps()[0, 2] == 1
    assert found.selectivity == pytest.approx([(1 - 0.375) / (1 + 0.375), 0, 0, 0])


def test_classifiers_see_the_classes_and_folds_asked_for(planted):
    """Two of three classes are two thirds of the images."""
    found = analysis.linear_probes(*planted, ["conv"], classes=(2, 0), folds=4)
    assert found.classes == (0, 2)
    assert found.images == 120
    assert found.logistic.shape == found.nearest_mean.shape == found.control.shape == (1, 4)
    assert found.nearest_mean.mean() > 0.95


def test_images_do_not_wrap_around():
    """What leaves an image on one side does not come back on the other."""
    from featureprobe.analysis.stats.similarity import shift_similarity  # noqa: PLC0415

    stripes = np.zeros((2, 6, 6, 1), np.float32)
    stripes[0, :, 0], stripes[1, :, 5] = 1.0, 1.0
    assert shift_similarity(stripes[:1], stripes[1:])[0, 0] < 0.5
    assert shift_similarity(stripes[:1], stripes[1:], max_shift=5)[0, 0] == pytest.approx(5 / 6)


def test_cka_of_values_far_from_0():
    """A constant that all images share is no likeness and no noise."""
    from featureprobe.analysis.stats.similarity import debiased_cka, gram  # noqa: PLC0415

    values = np.random.default_rng(0).normal(size=(60, 5)).astype(np.float32)
    assert debiased_cka(gram(values + 1000), gram(values)) == pytest.approx(1, abs=1e-4)


def test_temperature_mends_what_wrong_labels_break(planted):
    """With a third of the labels wrong the net is too sure; the error falls from first to second."""
    probe, images, labels = planted
    wrong = labels.copy()
    wrong[::3] = (wrong[::3] + 1) % CLASSES
    found = analysis.unclear_images(probe, images, wrong, 0, 2, ["conv"], count=2)
    as_it_is, mended = found.calibration_error
    assert found.temperature > 1.5
    assert as_it_is > 0.25
    assert mended < 0.15


def test_each_layer_has_its_own_tail(planted):
    """The same net split at a map and at its flat copy: shares are the same, their shapes are not."""
    probe, images, _ = planted
    maps, flat = (analysis.split_margin(probe, images, name, 0, 2) for name in ("conv", "flat"))
    assert flat.contributions.shape == (len(images), 15)
    np.testing.assert_array_equal(maps.by_map, flat.by_map)


def test_units_with_a_raised_threshold_are_no_shares():
    """Below it ReLU adds a constant that belongs to no node."""
    image = keras.Input((8, 8, 2))
    x = keras.layers.Conv2D(4, 3, name="conv")(image)
    x = keras.layers.ReLU(negative_slope=0.5, threshold=1.0, name="raised")(x)
    out = keras.layers.Dense(3, name="dense")(keras.layers.Flatten()(x))
    probe = fp.ModelProbe(keras.Model(image, out), input_space=fp.InputSpace.identity())
    found = analysis.split_margin(
        probe, np.random.default_rng(0).normal(size=(3, 8, 8, 2)), "conv", 0, 1
    )
    assert "'raised'" in found.obstacle


def test_tails_take_more_images_than_one_batch(planted):
    """Slopes, shares and logits of 1,200 images: each image has its own."""
    from featureprobe.probe.network.tail import tail_of  # noqa: PLC0415

    tail = tail_of(planted[0].network, "conv")
    values = np.random.default_rng(0).random((1200, 1, 1, 15)).astype(np.float32)
    weights = np.array([1, 0, -1], np.float32)
    slopes = tail.slopes(values, weights)
    expected = np.zeros(15)
    expected[[0, 2]] = 1, -1
    np.testing.assert_allclose(slopes.reshape(-1, 15), np.tile(expected, (1200, 1)), atol=1e-6)
    margin, shares, bias = tail.split(values, weights)
    np.testing.assert_allclose(margin, values[:, 0, 0, 0] - values[:, 0, 0, 2] - 0.2, atol=1e-6)
    np.testing.assert_allclose(shares.reshape(1200, 15), values[:, 0, 0] * expected, atol=1e-6)
    np.testing.assert_allclose(bias, -0.2, atol=1e-6)
    np.testing.assert_allclose(tail.logits(values) @ weights, margin, atol=1e-6)


LATE_BAD = {
    "no sizes": ({"sizes": []}, "at least one"),
    "a ranking of NaN": ({"rankings": {"a": np.full(15, np.nan)}}, "15 NaN or infinite"),
}


@pytest.mark.parametrize("case", LATE_BAD)
def test_ablation_refuses_what_it_cannot_order(planted, patterns, case):
    """One clear error each; sizes beyond all nodes are all nodes, once."""
    probe, shares = planted[0], {"a": np.arange(15.0)}
    changes, words = LATE_BAD[case]
    with pytest.raises(fp.FeatureProbeError, match=words):
        analysis.ablate(probe, patterns, 0, 2, **{"rankings": shares, "random": 1} | changes)
    found = analysis.ablate(probe, patterns, 0, 2, shares, sizes=[1, 100, 200], random=1)
    assert found.sizes.tolist() == [1, 15]
    single = analysis.ablate(probe, patterns, 0, 2, shares, sizes=[100], random=1)
    assert np.isfinite(single.area("a"))


def test_rounds_shares_and_folds_are_checked(planted, patterns):
    """What makes no sense is refused before anything is computed."""
    probe, images, labels = planted
    result = fp.Ascent(steps=2, starts=1, search=None, remedies=()).run(
        probe, fp.MapMean.each(probe, "conv"), rng=0, progress=False
    )
    for call in (
        lambda: analysis.compare_by_eye(patterns, 0, 1, rounds=0),
        lambda: analysis.insert_patterns(probe, result, images[:8], 0, 2, rounds=0),
        lambda: analysis.compare_nets(probe, probe, images, ["conv"], match="conv", rounds=0),
        lambda: analysis.compare_classes(patterns, 0, 1, share=3),
    ):
        with pytest.raises(fp.RangeError, match=r"rounds|share"):
            call()
    few = np.concatenate([np.flatnonzero(labels == c)[:5] for c in range(CLASSES)])
    with pytest.raises(fp.RangeError, match="need 6 images"):
        analysis.linear_probes(probe, images[few], labels[few], ["conv"], folds=2)
