"""Evidence: one pass over a data set agrees with brute force; memory and crops are as promised."""

import dataclasses
import tracemalloc

import keras
import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
import tensorflow as tf

import featureprobe as fp
from featureprobe.evidence.collecting import Sample, Totals
from featureprobe.evidence.sketch import QuantileSketch

LAYERS = ["conv", "pool", "dense"]


@pytest.fixture(autouse=True)
def _close_figures():
    """Figures of a test do not outlive it."""
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    """700 images for the small probe: more than two batches."""
    return np.random.default_rng(4).integers(0, 256, (700, 6, 6, 1)).astype(np.uint8)


@pytest.fixture(scope="module")
def evidence(small_probe, images):
    """Evidence of all kinds of layers."""
    return fp.Evidence.collect(small_probe, images, LAYERS, top=9, sample=50)


def brute(probe, images, layer, by):
    """Return (N, U) answers and (N, U) nodes, from plain activations."""
    values = probe.activations(images, layer).astype(np.float64)
    if values.ndim == 2:
        return values, np.zeros(values.shape, int)
    flat = values.reshape(len(values), -1, values.shape[-1])
    return (flat.max(axis=1) if by == "peak" else flat.mean(axis=1)), flat.argmax(axis=1)


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("by", ["peak", "mean"])
def test_one_pass_is_a_brute_force_sort(small_probe, images, evidence, layer, by):
    """Top images, their nodes and the statistics are those of all activations at once."""
    values, nodes = brute(small_probe, images, layer, by)
    found = evidence[layer].measure(by)
    order = np.argsort(-values, axis=0, kind="stable")[:9].T
    ranked = np.take_along_axis(values.T, order, axis=1)
    np.testing.assert_allclose(found.top_values, ranked, rtol=1e-5, atol=1e-6)
    # Where neighbours in rank differ by more than rounding, the images must be the same.
    every = np.sort(values, axis=0)[::-1][:10].T
    gap = np.minimum(-np.diff(every, axis=1), np.pad(-np.diff(every[:, :9], axis=1), ((0, 0), (1, 0)),
                                                     constant_values=1.0))  # fmt: skip
    clear = gap > 1e-5
    assert clear.mean() > 0.5
    np.testing.assert_array_equal(found.top_images[clear], order[clear])
    if by == "peak":
        expected = np.take_along_axis(nodes.T, order, axis=1)
        np.testing.assert_array_equal(found.top_nodes[clear], expected[clear])
    np.testing.assert_allclose(found.mean, values.mean(axis=0), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found.std, values.std(axis=0), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found.least, values.min(axis=0), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found.active, (values > 0).mean(axis=0), atol=2 / 700)
    np.testing.assert_allclose(
        found.quantile(0.5), np.quantile(values, 0.5, axis=0, method="inverted_cdf"), rtol=1e-4,
        atol=1e-6,
    )  # fmt: skip


def test_percentiles(small_probe, images, evidence):
    """The percentage of images at or below a score, exact for as few images as these."""
    values, _ = brute(small_probe, images, "conv", "mean")
    answers = evidence["conv"].measure("mean")
    for score in (values[:, 1].min() - 1, *np.quantile(values[:, 1], [0.1, 0.5, 0.97]), 1e9):
        expected = 100 * (values[:, 1] <= score + 1e-7).mean()
        assert answers.percentile(1, score + 1e-7) == pytest.approx(expected, abs=0.2)
    assert answers.percentile(1, 1e9) == 100
    assert answers.percentile(1, answers.top_values[1, :1] * 0.99999)[0] < 100


def test_the_sample_is_what_it_says(small_probe, images, evidence):
    """Sampled values belong to the sampled images; another seed draws others."""
    values, _ = brute(small_probe, images, "conv", "peak")
    assert len(np.unique(evidence.sample)) == 50
    np.testing.assert_allclose(
        evidence["conv"].peak.sampled, values[evidence.sample], rtol=1e-5, atol=1e-6
    )
    other = fp.Evidence.collect(small_probe, images, "conv", sample=50, rng=1)
    assert set(other.sample) != set(evidence.sample)


def test_samples_are_uniform():
    """Every image of a stream is as likely to be kept, whatever batch it came in."""
    from featureprobe.evidence.unit_values import LayerAnswers  # noqa: PLC0415

    counts = np.zeros(60)
    for seed in range(400):
        sample = Sample(6, seed)
        for first in range(0, 60, 25):
            values = np.zeros((min(25, 60 - first), 1), np.float32)
            sample.add(first, {"layer": LayerAnswers(values, values, values.astype(np.int64))})
        counts[sample.images] += 1
    assert abs(counts - 40).max() < 6 * np.sqrt(36)
    assert abs(counts[:30].sum() - 1200) < 6 * np.sqrt(600)


@pytest.mark.parametrize("layer", ["conv", "pool"])
def test_nothing_outside_a_crop_matters(small_probe, evidence, layer):
    """Any change of pixels outside a top example's box leaves the activation as it was."""
    rng = np.random.default_rng(0)
    for unit in range(3):
        examples = evidence.top(layer, unit)
        assert len(examples) == 9
        for image, box, score in zip(examples.images, examples.boxes, examples.scores, strict=True):
            top, left, bottom, right = box
            changed = rng.integers(0, 256, image.shape).astype(np.uint8)
            changed[top:bottom, left:right] = image[top:bottom, left:right]
            answers = small_probe.activations(np.stack([image, changed]), layer)[..., unit]
            node = np.unravel_index(answers[0].argmax(), answers[0].shape)
            assert answers[1][node] == pytest.approx(answers[0][node], rel=1e-6)
            assert answers[0][node] == pytest.approx(score, rel=1e-5)
            inside = image.astype(int).copy()
            inside[top, left] = 255 - inside[top, left]
            assert (bottom - top, right - left) == examples.field


def test_a_box_that_is_too_small_is_noticed(small_probe, evidence):
    """One row less, and changes matter (sabotage)."""
    examples = evidence.top("conv", int(np.argmax(evidence["conv"].peak.largest)))
    rng, gaps = np.random.default_rng(0), []
    for image, (top, left, bottom, right) in zip(examples.images, examples.boxes, strict=True):
        changed = rng.integers(0, 256, image.shape).astype(np.uint8)
        changed[top : bottom - 1, left:right] = image[top : bottom - 1, left:right]
        answers = small_probe.activations(np.stack([image, changed]), "conv")
        gaps.append(np.abs(answers[0].max() - answers[1].max()))
    assert max(gaps) > 1e-3


def as_files(folder, images):
    """Write images into two sub-folders, in order."""
    from PIL import Image  # noqa: PLC0415

    for number, image in enumerate(images):
        home = folder / ("first" if number < len(images) // 2 else "second")
        home.mkdir(exist_ok=True, parents=True)
        Image.fromarray(image[..., 0]).save(home / f"{number:04d}.png")
    return fp.ImageFolder(folder)


@pytest.mark.parametrize(
    "kind",
    [
        "array",
        "float",
        "list",
        "list of batches",
        "generator",
        "batches",
        "tf.data",
        "tf.data batches",
        "folder",
    ],
)
def test_any_data_set(small_probe, images, tmp_path, kind):
    """The same images give the same evidence, however they come."""
    some = images[:120]
    dataset = tf.data.Dataset.from_tensor_slices((some, np.zeros(120)))
    data = {
        "array": lambda: some,
        "float": lambda: some.astype(np.float32),
        "list": lambda: list(some),
        "generator": lambda: (image for image in some),
        "list of batches": lambda: [some[i : i + 47] for i in range(0, 120, 47)],
        "batches": lambda: (some[i : i + 47] for i in range(0, 120, 47)),
        "tf.data": lambda: dataset,
        "tf.data batches": lambda: dataset.batch(7),
        "folder": lambda: as_files(tmp_path, some),
    }[kind]()
    found = fp.Evidence.collect(small_probe, data, "conv", top=5, sample=10)
    expected = fp.Evidence.collect(small_probe, some, "conv", top=5, sample=10)
    assert found.count == 120
    np.testing.assert_array_equal(found["conv"].peak.top_images, expected["conv"].peak.top_images)
    np.testing.assert_array_equal(found.images, expected.images)
    np.testing.assert_array_equal(found.sample, expected.sample)
    if kind == "folder":
        assert found.names[0].startswith(("first/", "second/"))
        assert data.labels == ("first",) * 60 + ("second",) * 60


def test_memory_does_not_grow_with_images(small_probe):
    """Ten times the images take no more memory."""
    rng = np.random.default_rng(0)

    def peak(count):
        def stream():
            for _ in range(count // 250):
                yield rng.integers(0, 256, (250, 6, 6, 1)).astype(np.uint8)

        tracemalloc.start()
        fp.Evidence.collect(small_probe, stream(), LAYERS, top=8, sample=20)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(500)
    few, many = peak(10_000), peak(100_000)
    assert many < few + 2**18  # the images alone are 3 MiB more; how full levels are varies


def test_quantiles_of_a_long_stream():
    """Ranks are off by less than the promised share."""
    rng = np.random.default_rng(1)
    values = rng.normal(size=(30_000, 3)).astype(np.float32)
    totals = Totals(3, 4)
    for part in np.array_split(values, 97):
        totals.add(part, np.zeros(part.shape, np.int64), 0)
    answers = totals.answers(values[:5])
    for share in (0.01, 0.25, 0.5, 0.9, 0.999):
        found = answers.quantile(share)
        assert np.abs((values <= found).mean(axis=0) - share).max() < 0.005
    sketch = QuantileSketch(3, capacity=64)
    sketch.add(values[:64])
    np.testing.assert_array_equal(np.sort(sketch.kept()[0]), np.sort(values[:64].T))
    sizes = []
    for part in np.array_split(values, 50):
        sketch.add(part)
        sizes.append(sketch.kept()[0].shape[1])
    assert sketch.kept()[1].sum() == 30_064
    assert max(sizes) < 3 * 64 + 16 * 10
    assert np.mean(sizes[40:]) < 1.2 * np.mean(sizes[5:15])


def test_evidence_comes_back(evidence, tmp_path):
    """What is saved is loaded, values and words."""
    evidence.save(tmp_path / "evidence.npz")
    again = fp.Evidence.load(tmp_path / "evidence.npz")
    assert repr(again) == repr(evidence)
    for layer in LAYERS:
        for by in ("peak", "mean"):
            for name, value in vars(evidence[layer].measure(by)).items():
                np.testing.assert_array_equal(getattr(again[layer].measure(by), name), value)
    for mine, other in zip(evidence.top("conv", 1).crops, again.top("conv", 1).crops, strict=True):
        np.testing.assert_array_equal(mine, other)
    (tmp_path / "cut.npz").write_bytes((tmp_path / "evidence.npz").read_bytes()[:-50])
    with pytest.raises(fp.DataError, match=r"cut\.npz is no saved Evidence"):
        fp.Evidence.load(tmp_path / "cut.npz")


def test_scores_of_an_ascent_have_percentiles(small_probe, evidence, images):
    """An OIP beats all images; what cannot be compared is NaN."""
    targets = [*fp.MapMean.each(small_probe, "conv"), fp.Node("conv", row=1, col=1, channel=0)]
    result = fp.Ascent(steps=16, starts=1, search=None, remedies=()).run(
        small_probe, targets, rng=0, progress=False
    )
    found = evidence.percentiles(result)
    assert found.shape == (4, 1)
    values, _ = brute(small_probe, images, "conv", "mean")
    for unit in range(3):
        expected = 100 * (values[:, unit] <= result.scores[unit, 0]).mean()
        assert found[unit, 0] == pytest.approx(expected, abs=0.2)
    assert np.isnan(found[3, 0])
    figure = evidence.plot("conv", [0, 2], result=result, count=4)
    assert len(figure.axes) == 6


def words_of(figure):
    """Return every text of a figure."""
    return [text.get_text() for text in figure.findobj(mpl.text.Text)]


def test_pictures_say_what_they_measure(small_probe, evidence):
    """Crops are ranked by the strongest node, OIPs are compared with means; both are named."""
    result = fp.Ascent(steps=8, starts=1).run(
        small_probe, fp.MapMean.each(small_probe, "conv")[:1], rng=0, progress=False
    )
    figure = evidence.plot("conv", [0, 2], result=result, count=4)
    words = words_of(figure)
    assert {"map 0", "map 2", "no OIP\nin the result", "mean over the map"} <= set(words)
    assert "conv: 4 of the top 9 images by strongest node" in figure.get_suptitle()
    score, mean = float(result.best_scores()[0]), evidence["conv"].mean
    ratio = f"{score / mean.largest[0]:.2g}x the top image's"
    assert f"OIP {score:.3g}; {ratio}" in words
    for curve, unit in ((figure.axes[2], 0), (figure.axes[5], 2)):
        assert curve.lines[-1].get_xdata()[-1] == pytest.approx(mean.largest[unit])
    alone = evidence.plot("conv", 1, count=20)
    assert {"map 1", "strongest node"} <= set(words_of(alone))
    assert "the top 9 images" in alone.get_suptitle()
    assert {"node 1", "node"} <= set(words_of(evidence.plot("dense", 1)))


def test_scores_of_another_measure_are_not_compared(small_probe, evidence):
    """What is scored before the activation has no place on the curve."""
    target = fp.MapMean("conv", channel=0, pre=True)
    result = fp.Ascent(steps=2, starts=1, search=None, remedies=()).run(
        small_probe, [target], rng=0, progress=False
    )
    words = words_of(evidence.plot("conv", 0, result=result))
    assert any("scored by something else" in word for word in words)


def test_a_map_that_nothing_excites_says_so():
    """Instead of crops at 0.00; the OIP's score stands above the curve, not over its axis."""
    probe, (images, _) = fp.samples.mnist_probe(), fp.samples.mnist_digits()
    evidence = fp.Evidence.collect(probe, images[:200], "Conv2D_2", top=4)
    target = fp.MapMean("Conv2D_2", channel=61)
    result = fp.Ascent(steps=2, starts=1, search=None, remedies=()).run(
        probe, [target], rng=0, progress=False
    )
    figure = evidence.plot("Conv2D_2", 61, result=result)
    assert "no image excites this map" in words_of(figure)
    assert not figure.axes[2].texts


def test_pictures_of_fields_at_the_border():
    """What a field sees beyond the image is empty, on the side where it is."""
    examples = fp.Examples(
        unit="map 0",
        images=np.ones((2, 6, 6, 1), np.uint8),
        scores=np.ones(2, np.float32),
        indices=np.arange(2),
        names=("a", "b"),
        boxes=np.array([(0, 2, 3, 6), (4, 0, 6, 4)]),
        field=(4, 4),
    )
    pictures = examples.pictures[..., 0]
    assert np.isnan(pictures[0][0]).all()
    assert np.isfinite(pictures[0][1:]).all()
    assert np.isnan(pictures[1][2:]).all()
    assert np.isfinite(pictures[1][:2]).all()
    assert examples.plot().images[0].get_array().shape[2] == 4


def test_where_a_map_fires():
    """The overlay peaks where the pattern is, and scales with the image's rows and columns."""
    probe, image = fp.samples.mnist_probe(), np.zeros((28, 28, 1), np.uint8)
    image[4:9, 18:23] = 255
    heat = np.stack([fp.fire_map(probe, image, "Conv2D_1", k) for k in range(32)]).max(axis=0)
    row, col = np.unravel_index(heat.argmax(), heat.shape)
    assert 2 <= row <= 11
    assert 15 <= col <= 25
    assert heat.shape == (28, 28)


BAD = {
    "no image": (np.zeros((0, 6, 6, 1)), fp.DataError, "no image"),
    "an empty stream": (iter(()), fp.DataError, "no image"),
    "another size": (np.zeros((3, 5, 6, 1)), fp.ShapeError, "6, 6, 1"),
    "no data set": (7, fp.ShapeError, "Received: int"),
    "NaN": (
        np.where(np.arange(400)[:, None, None, None] == 301, np.nan, np.full((400, 6, 6, 1), 9.0)),
        fp.DataError,
        "Image 301",
    ),
    "images and labels": (
        (np.zeros((400, 6, 6, 1)), np.zeros(400)),
        fp.ShapeError,
        r"\(400,\).*data\[0\]",
    ),
    "images of several sizes": (
        [np.zeros((6, 6, 1)), np.zeros((5, 6, 1))],
        fp.ShapeError,
        "of one shape",
    ),
    "images without channels": ([np.zeros((6, 6)), np.zeros((6, 6, 1))], fp.ShapeError, "channel"),
    "pairs": ([(np.zeros((6, 6, 1)), 3)], fp.ShapeError, "images alone"),
    "labels only": (iter([np.zeros(4)]), fp.ShapeError, "channel axis"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_data(small_probe, case):
    """One clear error each."""
    data, error, words = BAD[case]
    with pytest.raises(error, match=words):
        fp.Evidence.collect(small_probe, data, "conv")


def test_bad_questions(small_probe, evidence, images):
    """What was not collected is said, with the nearest name."""
    with pytest.raises(fp.UnknownLayerError, match="Nearest: 'conv'"):
        evidence.top("conf", 0)
    with pytest.raises(fp.RangeError, match=r"0\.\.2"):
        evidence.top("conv", 3)
    with pytest.raises(fp.ConfigError, match="'peak' or 'mean'"):
        evidence.top("conv", 0, by="max")
    with pytest.raises(fp.RangeError, match="top"):
        fp.Evidence.collect(small_probe, images, "conv", top=0)
    with pytest.raises(fp.RangeError, match=r"in 0\.\.1"):
        evidence["conv"].peak.quantile(1.5)
    with pytest.raises(fp.ShapeError, match="layer with maps"):
        fp.fire_map(small_probe, images[0], "dense", 0)
    with pytest.raises(fp.RangeError, match="4 rows"):
        fp.receptive_box(small_probe, "conv", row=4)


def test_a_broken_file_is_named(small_probe, images, tmp_path):
    """It ends the pass, or is left out when told so; files of another size are named too."""
    as_files(tmp_path, images[:10])
    (tmp_path / "first" / "0002.png").write_bytes(b"\x89PNG\r\n\x1a\n not an image")
    with pytest.raises(fp.DataError, match=r"first/0002\.png"):
        fp.Evidence.collect(small_probe, fp.ImageFolder(tmp_path), "conv")
    found = fp.Evidence.collect(small_probe, fp.ImageFolder(tmp_path, broken="skip"), "conv", top=2)
    assert found.count == 9
    assert list(found.skipped) == ["first/0002.png"]
    small = fp.ModelProbe(small_probe.model, input_space=small_probe.input_space)
    as_files(tmp_path / "large", np.zeros((2, 9, 9, 1), np.uint8))
    with pytest.raises(fp.ShapeError, match=r"0000\.png has 9 x 9 pixels"):
        fp.Evidence.collect(small, fp.ImageFolder(tmp_path / "large"), "conv")
    resized = fp.ImageFolder(tmp_path / "large", resize=True)
    assert fp.Evidence.collect(small, resized, "conv").count == 2
    (tmp_path / "none").mkdir()
    with pytest.raises(fp.DataError, match="no image file"):
        fp.ImageFolder(tmp_path / "none")
    with pytest.raises(fp.DataError, match="no folder"):
        fp.ImageFolder(tmp_path / "nowhere")


@pytest.mark.parametrize("layer", ["Conv2D_1", "Conv2D_2", "Conv2D_3"])
def test_crops_of_the_bundled_net(layer):
    """Every top example of some maps: no pixel outside its crop matters, to float rounding."""
    probe, (images, _) = fp.samples.mnist_probe(), fp.samples.mnist_digits()
    evidence = fp.Evidence.collect(probe, images[:600], layer, top=8)
    noise = np.random.default_rng(0).integers(0, 256, images.shape[1:]).astype(np.uint8)
    scale = evidence[layer].peak.largest.max()
    for unit in range(0, evidence[layer].units, 7):
        examples = evidence.top(layer, unit)
        changed = np.broadcast_to(noise, examples.images.shape).copy()
        for place, (top, left, bottom, right) in enumerate(examples.boxes):
            changed[place, top:bottom, left:right] = examples.images[place, top:bottom, left:right]
        both = [probe.activations(x, layer)[..., unit] for x in (examples.images, changed)]
        own = evidence[layer].peak.top_nodes[unit]
        flat = [b.reshape(len(examples), -1)[np.arange(len(examples)), own] for b in both]
        np.testing.assert_allclose(flat[1], flat[0], atol=2e-6 * scale)
        np.testing.assert_allclose(flat[0], examples.scores, atol=2e-6 * scale)


def made_probe(shape, conv, weights=None):
    """Return a probe with one convolution of given weights, for pixels as they are."""
    image = keras.Input(shape)
    model = keras.Model(image, conv(image))
    if weights is not None:
        conv.set_weights(weights)
    return fp.ModelProbe(model, input_space=fp.InputSpace.identity())


def test_an_image_that_overflows_is_named():
    """Of all images, not of its batch."""
    kernel = np.full((1, 1, 1, 1), 3e38, np.float32)
    probe = made_probe((6, 6, 1), keras.layers.Conv2D(1, 1, use_bias=False, name="conv"), [kernel])
    data = np.zeros((400, 6, 6, 1), np.uint8)
    data[301] = 255
    with pytest.raises(fp.DataError, match=r"'conv' answers to image 301 of"):
        fp.Evidence.collect(probe, data, "conv")


def test_boxes_of_single_nodes_rows_and_all(small_probe):
    """A 3 x 3 kernel without padding sees three rows and columns from its own on."""
    assert fp.receptive_box(small_probe, "conv", row=1, col=2) == (1, 2, 4, 5)
    assert fp.receptive_box(small_probe, "conv", row=3) == (3, 0, 6, 6)
    assert fp.receptive_box(small_probe, "conv") == (0, 0, 6, 6)
    assert fp.receptive_box(small_probe, "dense") == (0, 0, 6, 6)


def test_layers_with_weights_are_the_default(small_probe, images):
    """Pooling and flattening have none."""
    assert list(fp.Evidence.collect(small_probe, images[:20]).layers) == ["conv", "dense"]


@pytest.mark.parametrize("by", ["peak", "mean"])
def test_spread_goes_from_the_most_to_the_least(small_probe, images, evidence, by):
    """Scores are those of the images named; the ends are those of the sample."""
    values, _ = brute(small_probe, images, "conv", by)
    found = evidence.spread("conv", 1, 7, by=by)
    sampled = values[evidence.sample, 1]
    assert len(found) == len(set(found.indices)) == 7
    np.testing.assert_allclose(found.scores, values[found.indices, 1], rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(found.images, images[found.indices])
    assert found.scores[0] == pytest.approx(sampled.max(), rel=1e-5)
    assert found.scores[-1] == pytest.approx(sampled.min(), rel=1e-5, abs=1e-6)
    assert (np.diff(found.scores) <= 0).all()


def test_pictures_of_fields_at_the_left():
    """What a field sees beyond the left or right border is empty on that side."""
    examples = fp.Examples(
        unit="map 0",
        images=np.ones((2, 6, 6, 1), np.uint8),
        scores=np.ones(2, np.float32),
        indices=np.arange(2),
        names=("a", "b"),
        boxes=np.array([(1, 0, 5, 3), (1, 4, 5, 6)]),
        field=(4, 4),
    )
    seen = np.isfinite(examples.pictures[..., 0])
    assert seen.all(axis=1).tolist() == [[False, True, True, True], [True, True, False, False]]
    assert (seen.all(axis=1) == seen.any(axis=1)).all()


def test_a_map_of_the_image_fires_where_the_image_is():
    """The overlay of a padded identity is the image, rows, columns, border and all."""
    kernel = np.zeros((3, 3, 1, 1), np.float32)
    kernel[1, 1] = 1
    conv = keras.layers.Conv2D(1, 3, padding="same", use_bias=False, name="conv")
    image = np.random.default_rng(0).random((5, 8, 1)).astype(np.float32)
    found = fp.fire_map(made_probe((5, 8, 1), conv, [kernel]), image, "conv", 0)
    np.testing.assert_allclose(found, image[..., 0], rtol=1e-6)


def test_files_are_resized_to_rows_and_columns(tmp_path):
    """A white left half stays left; the first of several sub-folders is the class."""
    from PIL import Image  # noqa: PLC0415

    pixels = np.zeros((16, 48), np.uint8)
    pixels[:, :24] = 255
    (tmp_path / "first" / "deep").mkdir(parents=True)
    Image.fromarray(pixels).save(tmp_path / "first" / "deep" / "half.png")
    folder = fp.ImageFolder(tmp_path, resize=True)
    [(name, image)] = folder.read((4, 12, 1))
    assert name == "first/deep/half.png"
    assert folder.labels == ("first",)
    assert image.shape == (4, 12, 1)
    assert image[:, :5].min() == 255
    assert image[:, 7:].max() == 0


def test_scores_before_the_activation_are_not_compared(small_probe, evidence):
    """Real images were scored after it."""
    targets = [fp.MapMean("conv", channel=1, pre=pre) for pre in (False, True)]
    result = fp.Ascent(steps=1, starts=1, search=None, remedies=()).run(
        small_probe, targets, rng=0, progress=False
    )
    assert np.isnan(evidence.percentiles(result)).ravel().tolist() == [False, True]


def test_silent_maps_answer_0():
    """A map that never rises above 0 is silent, though its largest value is 0."""
    kernel, bias = np.ones((1, 1, 1, 3), np.float32), np.array([0.0, -1e4, 1.0], np.float32)
    conv = keras.layers.Conv2D(3, 1, activation="relu", name="conv")
    data = np.random.default_rng(0).integers(1, 256, (9, 4, 4, 1)).astype(np.uint8)
    found = fp.Evidence.collect(made_probe((4, 4, 1), conv, [kernel, bias]), data, "conv")["conv"]
    assert found.silent().tolist() == [1]
    assert found.peak.active.tolist() == [1, 0, 1]


def test_nodes_of_oblong_maps_have_their_boxes():
    """3 rows of 7 nodes: node 8 is the second of the second row."""
    probe = made_probe((5, 9, 1), keras.layers.Conv2D(2, 3, name="conv"))
    data = np.random.default_rng(0).random((9, 5, 9, 1))
    own = fp.Evidence.collect(probe, data, "conv", top=2)["conv"]
    assert own.box_of(8) == (1, 1, 4, 4) == fp.receptive_box(probe, "conv", row=1, col=1)
    assert own.box_of(20) == (2, 6, 5, 9)
    with pytest.raises(fp.RangeError, match="21 nodes"):
        own.box_of(21)


def test_a_picture_shows_the_unit_asked_for(small_probe, evidence):
    """The OIP's score is that of the unit's own target; ``by`` chooses the examples."""
    targets = [*fp.MapMean.each(small_probe, "pool"), *fp.MapMean.each(small_probe, "conv")]
    result = fp.Ascent(steps=2, starts=1, search=None, remedies=()).run(
        small_probe, targets, rng=0, progress=False
    )
    for row, unit in enumerate(units := [2, 0]):
        figure = evidence.plot("conv", units, result=result, count=3)
        score = figure.axes[3 * row + 2].lines[0].get_xdata()[0]  # the line of the OIP
        assert score == pytest.approx(result.best_scores()[3 + unit])
    shown = {}
    for by in ("peak", "mean"):
        mosaic = evidence.plot("conv", 1, count=3, by=by).axes[0]
        shown[by] = mosaic.images[0].get_array().shape[1]
        texts = " ".join(text.get_text() for text in mosaic.texts)
        assert str(evidence.top("conv", 1, by=by).indices[0]) in texts
    assert shown["mean"] > shown["peak"]  # whole images, and what one node sees


def test_all_of_evidence_comes_back(evidence, tmp_path):
    """Images, positions, names, the sample, what was skipped."""
    mine = dataclasses.replace(evidence, skipped={"a.png": "OSError: broken"})
    mine.save(tmp_path / "evidence.npz")
    again = fp.Evidence.load(tmp_path / "evidence.npz")
    for name in ("images", "indices", "sample"):
        np.testing.assert_array_equal(getattr(again, name), getattr(mine, name))
    for name in ("names", "count", "model", "fingerprint", "skipped"):
        assert getattr(again, name) == getattr(mine, name)
    assert again.images.dtype == np.uint8
    assert again.fingerprint


def test_of_equal_images_the_earlier_one_is_shown(small_probe, images):
    """Ties are broken by place, within a batch and across batches."""
    data = np.repeat(images[:1], 300, axis=0)
    found = fp.Evidence.collect(small_probe, data, "conv", top=4)["conv"]
    for by in ("peak", "mean"):
        assert found.measure(by).top_images.tolist() == [[0, 1, 2, 3]] * 3


def test_strips_have_top_examples_and_unknown_scores_no_percentile():
    """Each node of a strip is said to see all that the strip sees; NaN is not above every image."""
    image = keras.Input((6, 8, 1))
    value = keras.layers.Conv1D(3, 2, name="strip")(keras.layers.Reshape((6, 8))(image))
    model = keras.Model(image, keras.layers.Dense(2)(keras.layers.Flatten()(value)))
    probe = fp.ModelProbe(model, input_space=fp.InputSpace.identity())
    data = np.random.default_rng(0).normal(size=(30, 6, 8, 1)).astype(np.float32)
    found = fp.Evidence.collect(probe, data, ["strip"], top=4)
    values = probe.activations(data, "strip").max(axis=1)
    top = found.top("strip", 1)
    assert top.indices.tolist() == np.argsort(-values[:, 1])[:4].tolist()
    assert top.boxes.tolist() == [[0, 0, 6, 8]] * 4
    assert np.isnan(found["strip"].peak.percentile(0, np.nan))
    assert found["strip"].peak.percentile(0, values[:, 0].max()) == 100
