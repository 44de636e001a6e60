"""Findings as they are used: wrong questions, options of pictures, words, tables."""

import keras
import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from planted import planted_images, planted_net

import featureprobe as fp
from featureprobe import analysis


@pytest.fixture(autouse=True)
def _close_figures():
    """Figures of a test do not outlive it."""
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def planted():
    """A net whose map k fires for class k, and 40 images of each of three classes."""
    probe, templates = planted_net(3)
    images, labels = planted_images(templates, 40)
    return probe, images, labels


@pytest.fixture(scope="module")
def patterns(planted):
    """What its convolution answers."""
    return analysis.Patterns.of(*planted, "conv")


@pytest.fixture(scope="module")
def comparison(patterns):
    """Two of the classes."""
    return analysis.compare_classes(patterns, 0, 2, rounds=20)


@pytest.fixture(scope="module")
def shares(planted):
    """Who carries the decision between them."""
    return analysis.split_margin(planted[0], planted[1][:8], "conv", 0, 2)


def words_of(figure):
    """Return every text of a figure."""
    return [text.get_text() for text in figure.findobj(mpl.text.Text)]


def test_a_class_that_was_not_compared(comparison):
    """The two that were are named."""
    for question in (comparison.common, comparison.unique):
        with pytest.raises(fp.ConfigError, match="classes 0 and 2 were compared"):
            question(1)


def test_an_image_that_is_not_there(shares):
    """By plot and by waterfall, with the range."""
    for image in (9999, -1, 1.5):
        with pytest.raises(fp.RangeError, match=r"image is 0\.\.7"):
            shares.plot(image=image)
        with pytest.raises(fp.RangeError, match=r"image is 0\.\.7"):
            shares.waterfall(image)


def test_a_ranking_that_is_not_there(planted, patterns):
    """The nearest name is given."""
    found = analysis.ablate(planted[0], patterns, 0, 2, {"share": np.arange(15)}, random=1)
    for question in (found.area, found.enough):
        with pytest.raises(fp.ConfigError, match="Nearest: 'share'"):
            question("shar")
    figure = found.plot()
    figure.draw_without_rendering()
    ticks = [t.get_text() for t in figure.axes[0].get_xticklabels()]
    assert ticks == ["1", "2", "4", "8", "15"]
    assert "random" in words_of(figure)


def test_nodes_have_addresses(planted, patterns, comparison):
    """A comparison gives them as patterns do, and rings take numbers and addresses alike."""
    assert comparison.address(7) == patterns.address(7) == (0, 0, 7)
    for finding in (comparison, patterns):
        with pytest.raises(fp.RangeError, match="15 nodes"):
            finding.address(15)
    followed = analysis.follow(planted[0], planted[1][:2], ["conv", "dense"])
    places = []
    for nodes in (comparison.unique(2), [(0, 0, 2)], [2]):
        figure = followed.plot(rings={"conv": {"red": nodes}})
        rings = figure.findobj(mpl.collections.EllipseCollection)
        assert len(rings) == 2
        assert not rings[0].get_clip_on()
        places.append(np.asarray(rings[0].get_offsets()).tolist())
    assert places[0] == places[1] == places[2]
    with pytest.raises(fp.RangeError, match="15 nodes"):
        followed.plot(rings={"conv": {"red": [15]}})


def test_unknown_options_are_refused(patterns, comparison):
    """The message names those that this finding takes; nothing of matplotlib's or ours leaks."""
    with pytest.raises(fp.ConfigError, match=r"no option 'foo'.*figure, columns, numbers"):
        comparison.plot(foo=1)
    with pytest.raises(fp.ConfigError, match=r"no option 'vmin'"):
        comparison.plot(vmin=0)
    with pytest.raises(fp.ConfigError, match=r"takes figure, classes, columns, scale, cmap"):
        patterns.plot(title="x")
    with pytest.raises(fp.ConfigError, match="takes figure only"):
        analysis.compare_by_eye(patterns, 0, 2, rounds=5).plot(bins=3)


def kinds(base=fp.analysis.Finding):
    """Return the kinds of findings of this library."""
    found = [k for sub in base.__subclasses__() for k in (sub, *kinds(sub))]
    return [kind for kind in found if kind.kind and kind.__module__.startswith("featureprobe.")]


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
def test_classes_name_their_options(kind):
    """The docstring of a finding tells what its plot takes."""
    import inspect  # noqa: PLC0415

    parameters = inspect.signature(analysis.draw.dispatch(kind)).parameters.values()
    options = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY]
    text = kind.__doc__.partition("Args:")[0]
    assert "``plot``" in text
    for name in options:
        assert f"``{name}``" in text


def test_too_few_images(planted):
    """A class with one image cannot be compared; one with none cannot be told apart."""
    probe, images, labels = planted
    with pytest.raises(fp.DataError, match="Class 3 has 1 image; at least 4 are needed"):
        analysis.compare_classes(
            analysis.Patterns.of(probe, images, np.r_[3, np.zeros(len(images) - 1, int)], "conv"),
            0, 3,
        )  # fmt: skip
    with pytest.raises(fp.DataError, match="No image has the class 5"):
        analysis.linear_probes(probe, images, labels, ["conv"], classes=(0, 5))


def test_bars_of_accuracies_stay_within_their_range():
    """Folds that differ widely do not lead beyond 0..1, nor do equal ones make bars of no length."""
    found = analysis.LinearProbes(
        ("conv",), classes=(0, 1), images=20, nearest_mean=np.array([[1.0, 0.9]]),
        logistic=np.ones((1, 2)), control=np.array([[0.0, 0.1]]), seconds=np.ones(1),
    )  # fmt: skip
    ends = [
        segment[:, 1]
        for lines in found.plot().axes[0].collections
        for segment in lines.get_segments()
    ]
    assert len(ends) == 3
    assert min(e.min() for e in ends) >= 0
    assert max(e.max() for e in ends) <= 1
    assert min(np.ptp(e) for e in ends) > 0.05


def test_words(shares, comparison):
    """Counts beside chance, what the half is of, no '1 outputs'."""
    assert "common nodes (chance " in comparison.verdict
    assert "half of the sum of all" in shares.verdict
    assert "signs aside" in shares.verdict
    image = keras.Input((4, 4, 1))
    flat = keras.layers.Flatten()(keras.layers.Conv2D(2, 2, name="conv")(image))
    model = keras.Model(image, keras.layers.Dense(1, activation="sigmoid")(flat))
    probe = fp.ModelProbe(model, input_space=fp.InputSpace.identity())
    with pytest.raises(fp.RangeError, match="has 1 output, counted"):
        analysis.split_margin(probe, np.zeros((1, 4, 4, 1)), "conv", 0, 1)
    with pytest.raises(fp.RangeError, match="has 1 row, counted"):
        fp.receptive_box(probe, model.layers[-1].name, row=3)


def test_the_table_names_planted_nodes(comparison, patterns):
    """First of each class is its map; dense nodes have one number."""
    lines = comparison.table(2).splitlines()
    assert lines[0].split()[:4] == ["row", "col", "map", "delta"]
    assert lines[2].split()[:3] == ["0", "0", "0"]
    assert lines[5].split()[:3] == ["0", "0", "2"]
    assert [lines[k] for k in (1, 4)] == ["conv, typical of 0:", "conv, typical of 2:"]
    assert len(lines) == 7
    flat = analysis.Patterns("flat", values=patterns.nodes, labels=patterns.labels)
    found = analysis.compare_classes(flat, 0, 2, rounds=5)
    assert found.table(1).split()[:2] == ["index", "delta"]
    with pytest.raises(fp.RangeError, match="count"):
        found.table(0)


def test_what_is_left_out_is_said(planted, patterns):
    """Four of several images or classes."""
    found = analysis.unclear_images(*planted, 0, 2, ["conv", "flat"], count=6)
    words = words_of(found.plot())
    assert "4 of 6 images of 0 that are nearly taken for 2" in words
    assert words.count("logits") == 4
    assert words.count("conv: nearest images, their class") == 4
    assert words.count("conv: shares of the margin 0 over 2") == 4
    sizes = {
        t.get_fontsize() for ax in found.plot().axes for t in ax.get_xticklabels() if t.get_text()
    }
    assert len(sizes) == 1
    assert "6 images of 0 that are nearly taken for 2" in words_of(found.plot(count=9))
    values, labels = np.ones((6, 3), np.float32), np.arange(6)
    many = analysis.Patterns("flat", values=values, labels=labels)
    assert any("4 of 6 classes" in word for word in words_of(many.plot()))
    assert not any(" of 3 classes" in word for word in words_of(patterns.plot()))


def test_waterfalls_have_room(shares):
    """No bar and no value touches the edge of its Axes."""
    figure = shares.plot(image=1)
    figure.draw_without_rendering()
    ax = next(a for a in figure.axes if a.get_xlabel() == "logits")
    low, high = ax.get_xlim()
    ends = [x for bar in ax.patches for x in (bar.get_x(), bar.get_x() + bar.get_width())]
    assert low < min(ends)
    assert max(ends) < high
    renderer = figure.canvas.get_renderer()
    box = ax.get_window_extent(renderer)
    assert all(t.get_window_extent(renderer).x1 <= box.x1 for t in ax.texts)


def test_chance_is_named(comparison, patterns):
    """Shuffled labels, in every legend."""
    assert any("labels shuffled" in word for word in words_of(comparison.plot()))
    eye = analysis.compare_by_eye(patterns, 0, 2, rounds=5)
    assert "chance: labels shuffled" in words_of(eye.plot())
