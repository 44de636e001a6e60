"""Optima: what moves with an image, a node against its map, images taken apart; known truths."""

from dataclasses import replace

import keras
import numpy as np
import pytest

import featureprobe as fp
from featureprobe import analysis
from featureprobe.analysis.optima import decompose, node_vs_map, shift_response
from featureprobe.analysis.optima.node_grid import lattice_of, moved
from featureprobe.analysis.optima.parts import Parts
from featureprobe.analysis.optima.repetition import repetition_of
from featureprobe.analysis.optima.shift_trial import equivariance
from featureprobe.analysis.optima.superposition import fit_copies, templates_of
from featureprobe.analysis.stats.ratios import gini


def probe_of(*layers, size=16, channels=1):
    """Return a probe of a Sequential net for images in model units."""
    keras.utils.set_random_seed(4)
    model = keras.Sequential([keras.Input((size, size, channels)), *layers])
    return fp.ModelProbe(model, input_space=fp.InputSpace.identity())


def conv(maps, kernel, name="conv", **kwargs):
    """Return a convolution with a ReLU."""
    return keras.layers.Conv2D(maps, kernel, activation="relu", name=name, **kwargs)


@pytest.fixture(scope="module")
def template_net():
    """A net of 4 x 4 windows, a jump of 4: maps with mean-0 kernels of norm 1, and the kernels."""
    probe = probe_of(conv(12, 4, strides=4), size=12)
    kernels = np.random.default_rng(2).normal(size=(4, 4, 1, 12)).astype(np.float32)
    kernels -= kernels.mean(axis=(0, 1))
    kernels /= np.sqrt((kernels**2).sum(axis=(0, 1)))
    probe.model.get_layer("conv").set_weights([kernels, np.zeros(12, np.float32)])
    return probe, kernels


@pytest.fixture(scope="module")
def pooled_net():
    """Two convolutions with pools between: a jump of 4 and a field of 10."""
    pool = keras.layers.MaxPooling2D
    return probe_of(conv(4, 3, "one"), pool(2), conv(6, 3, "two"), pool(2, name="last"), size=26)


RECIPE = fp.Ascent(steps=60, starts=2, search=None, constraint=fp.Sphere(), regularizers=())


def test_template_net_is_a_superposition(template_net):
    """The node OIP is the kernel, the map OIP its sum over all windows: kappa follows exactly."""
    probe, kernels = template_net
    found = node_vs_map(probe, "conv", ascent=RECIPE, progress=False)
    assert found.place == (1, 1)
    for image, kernel in zip(found.node_images, np.moveaxis(kernels, 3, 0), strict=True):
        window = image[4:8, 4:8]
        assert np.corrcoef(window.ravel(), kernel.ravel())[0, 1] > 0.999
    # On the sphere of radius 12 a node reaches 12; nine windows share it: 12 / 3 each.
    np.testing.assert_allclose(found.cross[:, 0, 0], 12, rtol=1e-3)
    np.testing.assert_allclose(found.coherence, 1 / 3, rtol=5e-3)
    np.testing.assert_allclose(found.cross[:, 0, 1], 12 / 9, rtol=1e-3)
    assert found.r2.min() > 0.99
    assert found.null.max() < 0.8
    np.testing.assert_allclose(found.p, 1 / 12)
    np.testing.assert_allclose(found.weights, 1 / 3, atol=0.03)
    assert found.active.min() == 1
    assert found.gini.max() < 0.05
    assert not found.failed.any()
    assert "12 maps" in found.verdict


def test_padded_nodes_have_no_bounds(template_net):
    """Where nodes see padding, none is held against another, and no bound is told."""
    probe = probe_of(conv(3, 3, padding="same"), size=8)
    padded = node_vs_map(probe, "conv", ascent=replace(RECIPE, steps=8), progress=False)
    assert not padded.alike
    assert "no bounds, since nodes see padding" in padded.verdict
    uneven = np.full((8, 8, 1), 2.0)
    for mean, even in ((3.0, True), ((3.0,), True), (uneven[:1, :1], True), (uneven, True),
                       (np.arange(64.0).reshape(8, 8, 1), False)):  # fmt: skip
        assert fp.InputSpace(mean, std=2.0).even == even
    assert "dotted" not in padded.plot().axes[0].get_xlabel()
    valid = node_vs_map(template_net[0], "conv", ascent=replace(RECIPE, steps=8), progress=False)
    assert valid.alike
    assert "windows agree" in valid.verdict
    assert "dotted" in valid.plot().axes[0].get_xlabel()
    # Another node that answers more proves a missed maximum only where nodes are alike.
    cross = np.tile(np.array([[2.0, 1], [1, 1.5]]), (12, 1, 1))
    strong = replace(valid, cross=cross, profile=np.full((12, 3, 3), 3, np.float32))
    assert strong.failed.all()
    assert not replace(strong, alike=False).failed.any()
    assert replace(strong, alike=False, cross=cross[:, ::-1]).failed.all()


def test_failed_searches_are_flagged(template_net):
    """A search of one step misses its maximum, and the other one's image proves it."""
    probe, _ = template_net
    found = node_vs_map(probe, "conv", channels=[3, 4], ascent=RECIPE, progress=False)
    swapped = found.cross[:, ::-1, ::-1].copy()  # what if the images had been dealt out wrongly
    wrong = type(found)(**(vars(found) | {"cross": swapped[..., ::-1].copy()}))
    assert wrong.failed.all()
    assert wrong.coherence.max() < 1 / 3
    high = found.cross.copy()
    high[:, 0, 0] /= 5
    assert type(found)(**(vars(found) | {"cross": high})).failed.all()


def test_fit_of_copies_by_hand(template_net):
    """Weights that were put in come out, with a constant; another template explains less."""
    probe, kernels = template_net
    lattice = lattice_of(probe, "conv")
    images = np.full((2, 12, 12, 1), 7.0, np.float32)
    images[:, 4:8, 4:8] += np.moveaxis(kernels[..., :2], 3, 0)
    templates = templates_of(probe, "conv", images, (1, 1))
    assert np.abs(templates[:, :4]).max() == 0
    np.testing.assert_allclose(templates[0, 4:8, 4:8], kernels[..., 0], atol=1e-5)
    weights = np.arange(9.0).reshape(3, 3) - 2
    made = np.kron(weights, np.ones((4, 4))) * np.tile(kernels[..., 0, 0], (3, 3)) + 5
    fits = fit_copies(np.stack([made[..., None]] * 2), templates, lattice, (1, 1))
    np.testing.assert_allclose(fits.weights[0], weights, atol=1e-4)
    assert fits.r2[0, 0] == pytest.approx(1)
    assert fits.r2[0, 1] < 0.6
    assert gini(np.array([[0, 0, 0, 8.0], [1, 1, 1, 1]])).tolist() == [0.75, 0]


def test_nodes_move_with_the_image(pooled_net):
    """By multiples of the jump exactly; by half of it not (sabotage); content, background, path."""
    rng = np.random.default_rng(0)
    image = np.full((26, 26, 1), 0.3, np.float32)
    image[9:15, 8:13] += rng.normal(size=(6, 5, 1)) * 3
    found = shift_response(pooled_net, image, "last", max_shift=8)
    assert found.period == (4, 4)
    assert found.compared > 100
    assert found.equivariance_error.max() <= 1e-5
    np.testing.assert_allclose(found.background, 0.3, rtol=1e-6)
    assert found.inside[0, 8, 8]
    assert found.inside[0].sum() == 17 * 17
    living = np.isfinite(found.response[:, 0, 0])
    assert living.sum() >= 4
    # Within reach of the frame, a move by the jump leaves the map's mean as it was.
    np.testing.assert_allclose(found.response[living][:, 8, 12], 1, rtol=1e-5)
    clear = living & (found.nodes[:, 8, 8].max(axis=(1, 2)) > 0.1)
    np.testing.assert_allclose(np.median(found.slope[clear], axis=0), 0.25, atol=0.03)
    lattice = lattice_of(pooled_net, "last")
    steps = {d: moved(image, *d, fill=0.3) for d in [(0, 0), (2, 0), (0, 2)]}
    answers = dict(zip(steps, pooled_net.activations(np.stack([*steps.values()]), "last")))
    half = type(lattice)(lattice.shape, (2, 2), (1, 1), lattice.uncut, lattice.live)
    assert equivariance(answers, half)[0] > 0.1


def test_nodes_move_with_the_image_in_the_bundled_net():
    """All 128 maps of Conv2D_3, small contents, shifts by 4 and 8 px: at most 1e-5."""
    probe, (images, _) = fp.samples.mnist_probe(), fp.samples.mnist_digits()
    small = np.zeros((6, 28, 28, 1), np.float32)
    small[:, 8:18, 9:17] = images[:6, 9:19, 10:18]
    for image in small:
        found = shift_response(probe, image, "Conv2D_3", max_shift=8)
        assert found.compared == 72
        assert found.nodes.shape == (128, 17, 17, 3, 3)
        assert found.equivariance_error.max() <= 1e-5


def test_answers_are_those_of_the_moved_image(pooled_net):
    """Entry by entry, for pairs, for one map and many images, and for one image and many maps."""
    images = np.stack([texture(k) for k in range(3)]).astype(np.float32)
    images[1, :, 20:] = 0
    pairs = shift_response(
        pooled_net, images, "last", channels=[4, 1, 2], max_shift=3, background=0.5
    )
    one = shift_response(pooled_net, images, "last", channels=1, max_shift=3, background=0.5)
    many = shift_response(pooled_net, images[1], "last", max_shift=3, background=0.5)
    assert pairs.channels.tolist() == [4, 1, 2]
    assert one.channels.tolist() == [1, 1, 1]
    np.testing.assert_allclose(pairs.nodes[1], many.nodes[1], atol=1e-5)
    np.testing.assert_allclose(one.nodes[1], many.nodes[1], atol=1e-5)
    for k, channel in enumerate([4, 1, 2]):
        by_hand = np.full((26, 26, 1), 0.5, np.float32)
        by_hand[2:, :-3] = images[k, :-2, 3:]
        expected = pooled_net.activations(by_hand, "last")[0, ..., channel]
        np.testing.assert_allclose(pairs.nodes[k, 3 + 2, 3 - 3], expected, atol=1e-5)


def test_padded_nodes_do_not_count():
    """Nodes whose fields are cut by the border see zeros there, so they are left out."""
    probe = probe_of(conv(3, 5, padding="same"), size=12)
    image = np.full((12, 12, 1), 2.0, np.float32)
    image[4:8, 4:8] = np.random.default_rng(0).normal(size=(4, 4, 1))
    found = shift_response(probe, image, "conv", max_shift=2)
    assert found.equivariance_error.max() <= 1e-5
    assert found.compared == sum((8 - abs(a)) * (8 - abs(b)) for a in range(-2, 3)
                                 for b in range(-2, 3)) - 64  # fmt: skip


def test_a_pool_over_the_window_bears_shifts():
    """The maximum over all positions does not change while the content stays inside."""
    probe = probe_of(conv(3, 3), keras.layers.MaxPooling2D(14, name="pool"))
    image = np.zeros((16, 16, 1), np.float32)
    image[6:10, 6:10] = np.random.default_rng(3).normal(size=(4, 4, 1)) + 1
    found = shift_response(probe, image, "pool", max_shift=6)
    living = np.isfinite(found.invariance)
    assert living.any()
    np.testing.assert_allclose(found.invariance[living], 1, rtol=1e-6)
    assert found.modulation[living].max() < 1e-6 or not found.inside.all()
    # Where a single pixel answers, its loss at the frame is seen.
    dot = np.zeros((16, 16, 1), np.float32)
    dot[8, 8] = 1
    plain = probe_of(conv(1, 1), size=16)
    plain.model.get_layer("conv").set_weights([np.ones((1, 1, 1, 1)), np.zeros(1)])
    found = shift_response(plain, dot, "conv", max_shift=9)
    assert found.inside[0].sum() == 16 * 16
    np.testing.assert_array_equal(found.response[0] == 1, found.inside[0])
    np.testing.assert_allclose(found.slope, 1, atol=0.03)
    assert found.half_width[0, 0] == pytest.approx((7.5 + 8.5) / 2)
    assert found.invariance[0] == 1
    # At the upper border it is lost by two of five shifts.
    edge = shift_response(plain, np.roll(dot, -8, axis=0), "conv", max_shift=3)
    assert edge.invariance[0] == pytest.approx(3 / 5)
    assert edge.modulation[0] == 0


def grating(period, size=26):
    """Return an image (H, W, 1) of stripes."""
    return np.sin(2 * np.pi * np.arange(size) / period)[:, None, None] * np.ones((1, size, 1))


def texture(seed, size=26, *, width=1.2):
    """Return noise (H, W, 1) with a Gaussian spectrum, cut from a larger field."""
    noise = np.random.default_rng(seed).normal(size=(3 * size, 3 * size))
    radius = np.hypot(np.fft.fftfreq(3 * size)[:, None], np.fft.rfftfreq(3 * size)[None])
    smooth = np.fft.rfft2(noise) * np.exp(-((2 * np.pi * width * radius) ** 2) / 2)
    field = np.fft.irfft2(smooth, s=noise.shape)[:size, :size, None]
    return field / field.std()


@pytest.mark.parametrize("period", [4, 6, 8])
def test_a_period_is_found(period):
    """In noise as strong as half the stripes; at the jump's multiples when it is one of them."""
    image = grating(period) + 0.35 * texture(1)
    found = repetition_of(image, (period, period), 100, np.random.default_rng(0))
    assert found.p_any < 0.02
    assert found.p_predicted < 0.02
    assert len(found.lags)
    assert (found.lags[:, 0] % period == 0).mean() > 0.7
    clean = repetition_of(grating(period), None, 100, np.random.default_rng(0))
    assert clean.lags[0].tolist() == [period, 0]
    assert np.isnan(clean.p_predicted)


def test_noise_of_the_same_radial_spectrum_is_no_repetition():
    """Over 40 repetitions p is rarely small, and neither always large, also of turned copies."""
    found = [
        repetition_of(texture(seed), (4, 4), 60, np.random.default_rng(seed)) for seed in range(40)
    ]
    p = np.array([f.p_any for f in found])
    assert (p < 0.05).mean() <= 0.125
    assert 0.2 < p.mean() < 0.8
    assert np.mean([f.p_predicted < 0.05 for f in found]) <= 0.125
    turned = np.array([[pair[1] for pair in f.transforms.values()] for f in found])
    assert ((turned < 0.05).mean(axis=0) <= 0.15).all()


def test_symmetry_is_found():
    """A mirrored image is like its mirror image, a turned one like its turned copy."""
    half = texture(5)
    flipped = repetition_of(half + half[:, ::-1], None, 60, np.random.default_rng(0)).transforms
    assert flipped["left for right"][1] < 0.03
    assert flipped["left for right"][0] == pytest.approx(1, abs=1e-6)
    assert flipped["rotated by 180"][1] > 0.05
    turned = repetition_of(half + np.rot90(half, 2), None, 60, np.random.default_rng(0)).transforms
    assert turned["rotated by 180"][1] < 0.03
    assert turned["left for right"][1] > 0.05


def two_dots():
    """Return an image with a bright dot on the left and a dimmer one on the right."""
    image = np.zeros((8, 8, 1), np.float32)
    image[3:5, 1:3], image[3:5, 5:7] = 6.0, 4.0
    return image


def dot_net(bias, units=1):
    """Return a net whose only unit is open by ``bias`` plus the mean of all pixels times 16."""
    probe = probe_of(
        keras.layers.Flatten(), keras.layers.Dense(units, activation="relu", name="dense"), size=8
    )
    weights = [np.full((64, units), 0.25, np.float32), np.full(units, bias, np.float32)]
    probe.model.get_layer("dense").set_weights(weights)
    return probe


@pytest.mark.parametrize(
    ("bias", "values", "interaction", "word"),
    [
        (0.0, [6, 4], 0, "additive"),
        # Scores: none 0, left 0, right 0, both 3: nothing without each other.
        (-7.0, [1.5, 1.5], -3, "together"),
    ],
)
def test_shapley_values_by_hand(bias, values, interaction, word):
    """An additive and an AND-like net."""
    found = decompose(dot_net(bias), two_dots(), fp.Node("dense", index=0), rounds=2).parts
    assert found.labels.max() == 2
    np.testing.assert_allclose(found.shapley, values, atol=1e-5)
    assert found.interactions[0, 1] == pytest.approx(interaction, abs=1e-5)
    assert found.word == word
    assert found.shapley.sum() == pytest.approx(found.score - found.background_score, abs=1e-5)
    assert found.background_score == found.score_without


def test_redundant_parts():
    """One of two will do: both drops are 0, the loss of both is all."""
    found = Parts(
        np.zeros((4, 4), np.int64), coalitions=np.array([0.0, 5, 5, 5]), background_score=0.0,
        background=np.zeros(1, np.float32), image=np.zeros((4, 4, 1), np.float32),
    )  # fmt: skip
    assert found.drops.tolist() == [0, 0]
    assert found.shapley.tolist() == [2.5, 2.5]
    assert found.interactions[0, 1] == 5
    assert found.word == "redundant"


def test_parts_of_the_bundled_net_sum_up():
    """Shapley values of up to eight parts sum to what the parts make of the score."""
    probe, (images, _) = fp.samples.mnist_probe(), fp.samples.mnist_digits()
    rng = np.random.default_rng(0)
    noisy = images[3] + rng.normal(scale=80, size=(28, 28, 1))
    found = decompose(probe, noisy, fp.MapMean("Conv2D_3", channel=9), rounds=5).parts
    assert found.count == 8
    assert found.coalitions.shape == (256,)
    assert found.shapley.sum() == pytest.approx(found.score - found.score_without, abs=1e-9)
    assert found.score == pytest.approx(
        float(probe.activations(noisy, "Conv2D_3")[0, ..., 9].mean()), rel=1e-5
    )


@pytest.mark.parametrize("layer", ["Conv2D_1", "Max_Pool_1", "Conv2D_3", "Dense_1", "Dense_2"])
def test_composition_sums_to_the_pre_activation(layer):
    """Shares and biases give the pre-activation, and the score where the activation is open."""
    probe, (images, _) = fp.samples.mnist_probe(), fp.samples.mnist_digits()
    dense = layer.startswith("Dense")
    for number in (2, 5, 7):
        target = fp.Node(layer, index=number) if dense else fp.MapMean(layer, channel=number)
        found = decompose(probe, images[number], target, rounds=2).composition
        pre = probe.activations(images[number], layer, pre=True)[0, ..., number].mean()
        assert found.total == pytest.approx(float(pre), rel=1e-5, abs=1e-5)
        gap = abs(found.shares.sum() + found.bias - found.total)
        assert gap <= 1e-5 * (np.abs(found.shares).sum() + abs(found.bias))
        assert found.exact
        if layer != "Dense_2":  # behind a softmax there is no exact split of the score
            np.testing.assert_allclose(
                found.score_shares.sum() + found.score_bias, found.score, rtol=1e-4, atol=1e-5
            )
    below = {"Conv2D_1": "image", "Max_Pool_1": "Conv2D_1", "Conv2D_3": "Max_Pool_2"}
    assert found.lower == below.get(layer, "Conv2D_3")


def test_composition_by_hand():
    """Of a 1 x 1 convolution: weight times mean of the lower map, and the bias."""
    probe = probe_of(conv(2, 1, "lower"), conv(1, 1, "upper"), size=6)
    lower = np.array([1.0, 2.0], np.float32).reshape(1, 1, 1, 2)
    upper = np.array([3.0, -0.5], np.float32).reshape(1, 1, 2, 1)
    probe.model.set_weights([lower, np.zeros(2), upper, np.full(1, 0.25)])
    image = np.abs(np.random.default_rng(0).normal(size=(6, 6, 1)))
    found = decompose(probe, image, fp.MapMean("upper", channel=0), rounds=2).composition
    np.testing.assert_allclose(found.shares, [3 * image.mean(), -image.mean()], rtol=1e-5)
    assert found.bias == pytest.approx(0.25)
    assert found.largest(1).tolist() == [0]
    smooth = probe_of(conv(2, 3, "lower"), keras.layers.Activation("gelu"), conv(1, 3, "upper"))
    image = np.random.default_rng(0).normal(size=(16, 16, 1))
    found = decompose(smooth, image, fp.MapMean("upper", channel=0), rounds=2).composition
    assert not found.exact
    assert "only roughly" in found.verdict
    curved = probe_of(conv(2, 3, "lower"), keras.layers.Conv2D(1, 3, activation="tanh", name="up"))
    found = decompose(curved, 9 * image, fp.MapMean("up", channel=0), rounds=2).composition
    assert found.exact
    assert not found.splits_score
    assert "before the activation splits exactly" in found.verdict
    assert found.largest(1)[0] == np.abs(found.shares).argmax()


def test_same_seed_same_surrogates(pooled_net):
    """The seed alone decides."""
    image = texture(3)[..., :1]
    runs = [decompose(pooled_net, image, fp.MapMean("last", channel=1), rounds=9, rng=s).repetition.p
            for s in (1, 1, 2)]  # fmt: skip
    np.testing.assert_array_equal(runs[0], runs[1])
    assert (runs[0] != runs[2]).any()


FINDINGS = {
    "shift": lambda p: shift_response(p, texture(1), "last", max_shift=3),
    "node": lambda p: node_vs_map(
        p, "last", ascent=fp.Ascent(steps=2, starts=1, search=None, remedies=()), progress=False
    ),
    "parts": lambda p: decompose(p, texture(1), fp.MapMean("last", channel=2), rounds=9),
    "of a node": lambda p: decompose(
        p, texture(1), fp.Node("last", row=2, col=1, channel=2), rounds=9
    ),
}


@pytest.mark.parametrize("name", FINDINGS)
def test_findings_save_load_and_show_themselves(pooled_net, tmp_path, name):
    """Every finding survives the disk, draws itself and its parts, and cannot be written to."""
    found = FINDINGS[name](pooled_net)
    found.save(tmp_path / "finding.npz")
    again = analysis.load(tmp_path / "finding.npz")
    assert type(again) is type(found)
    assert again.verdict == found.verdict
    assert "<img" in again._repr_html_()
    assert again.plot().axes
    for inner in (v for v in vars(again).values() if isinstance(v, analysis.Finding)):
        assert inner.plot().axes
    if name == "shift":
        said = again.plot(index=2).get_suptitle()
        assert "1 map:" in said.replace("\n", " ")  # the sentence is of the pair that is drawn
    if name == "node":
        assert again.plot(channel=3).axes
    for array in (v for v in vars(again).values() if isinstance(v, np.ndarray) and v.size):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0


BLANK = np.zeros((26, 26, 1))
BAD = {
    "no such layer": (lambda p: shift_response(p, BLANK, "lsat"), fp.UnknownLayerError, "Nearest"),
    "no maps": (lambda p: shift_response(dot_net(0), np.zeros((8, 8, 1)), "dense"),
                fp.ShapeError, "has no maps"),
    "no maps of a node": (lambda p: node_vs_map(dot_net(0), "dense"), fp.ShapeError, "no maps"),
    "shape": (lambda p: shift_response(p, np.zeros((9, 9, 1)), "last"), fp.ShapeError, "26, 26, 1"),
    "NaN": (lambda p: shift_response(p, BLANK + np.nan, "last"), fp.DataError, "NaN"),
    "no pairs": (lambda p: shift_response(p, np.stack([BLANK] * 4), "last"), fp.ShapeError, "pairs"),
    "no such map": (lambda p: shift_response(p, BLANK, "last", channels=6), fp.RangeError, "0 to 5"),
    "too far": (lambda p: shift_response(p, BLANK, "last", max_shift=26), fp.RangeError, "max_shift"),
    "background": (lambda p: shift_response(p, BLANK, "last", background=[1, 2]),
                   fp.ShapeError, "background"),
    "no such row": (lambda p: node_vs_map(p, "last", row=5), fp.RangeError, "row is from 0 to 4"),
    "map of a node": (lambda p: node_vs_map(p, "last", channels=[-1]), fp.RangeError, "0 to 5"),
    "NaN to take apart": (lambda p: decompose(p, BLANK + np.nan, fp.MapMean("last", channel=0)),
                          fp.DataError, "NaN"),
    "several": (lambda p: decompose(p, np.stack([BLANK] * 2), fp.MapMean("last", channel=0)),
                fp.ShapeError, "One image"),
    "no target": (lambda p: decompose(p, BLANK, fp.TotalVariation()), fp.ConfigError, "MapMean"),
    "wrong layer": (lambda p: decompose(p, BLANK, fp.MapMean("ltas", channel=0)),
                    fp.UnknownLayerError, "Nearest"),
    "rounds": (lambda p: decompose(p, BLANK, fp.MapMean("last", channel=0), rounds=0),
               fp.RangeError, "rounds"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_input(pooled_net, case):
    """One clear error each."""
    call, error, words = BAD[case]
    with pytest.raises(error, match=words):
        call(pooled_net)


def test_shifts_of_small_images():
    """The largest shift is half of the image where 12 pixels are too many."""
    probe = probe_of(conv(2, 3), size=8)
    found = shift_response(probe, np.random.default_rng(0).normal(size=(8, 8, 1)), "conv")
    assert found.max_shift == 3


def test_blank_images_are_no_accident(pooled_net):
    """An image of one value: no parts, no repetition, no warning."""
    found = decompose(pooled_net, BLANK + 3, fp.MapMean("last", channel=0), rounds=9)
    assert found.parts.count == 0
    assert found.repetition.p_any == 1
    assert found.plot().axes
    assert shift_response(pooled_net, BLANK, "last", max_shift=2).plot().axes
