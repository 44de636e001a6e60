"""Names of layers, images, models, classes and labels that nobody tested with: every way to show them."""

import html
import re
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure

import featureprobe as fp
from featureprobe import _names

A = fp.analysis
NAMES = {
    "dollars": "$a_b_c$",
    "one dollar": "price_$5",
    "two dollars": "price $5 or $6",
    "formula": r"$\frac{1}{2",
    "line break": "two\nlines\r\ttab",
    "escape code": "\x1b[31mred\x1b[0m\x07",
    "directions": "left\u202eright\u2028",
    "long": "n" * 300,
    "long words": "many words " * 30,
    "html": "<script>alert(1)</script>&\"'",
    "underscore": "_hidden",
    "percent": "50%{x}s",
    "backslash": r"C:\new\$x$",
    "separators": "../up/and|over:there*?",
    "other letters": "ä" * 200,
}
KERAS = {name: text for name, text in NAMES.items() if "/" not in text}


def opened(name: str) -> fp.ModelProbe:
    """Return a probe of a net whose layers and itself bear a name."""
    keras.utils.set_random_seed(0)
    layers = [
        keras.Input((6, 6, 1), name="image"),
        keras.layers.Conv2D(3, 3, activation="relu", name=name),
        keras.layers.Flatten(),
        keras.layers.Dense(4, activation="softmax", name="head"),
    ]
    space = fp.InputSpace(100.0, std=50.0, low=0, high=255)
    return fp.ModelProbe(keras.Sequential(layers, name=name), input_space=space)


IMAGES = np.random.default_rng(0).integers(0, 256, (48, 6, 6, 1)).astype(np.uint8)
LABELS = np.arange(48) % 4


def shown(probe: fp.ModelProbe, name: str) -> Iterator[Callable[[], Any]]:
    """Yield everything that draws, writes tables, or makes HTML."""
    layer, head = name, "head"
    ascent = fp.Ascent(steps=1, starts=1, search=None, remedies=(), regularizers=())
    targets = fp.MapMean.each(probe, layer)
    result = ascent.run(probe, targets, rng=1, progress=False)
    evidence = fp.Evidence.collect(probe, IMAGES, [layer, head], top=3)
    patterns = A.Patterns.of(probe, IMAGES, LABELS, layer)
    grid = probe.grid(IMAGES[0], layer, name=name)
    yield from (
        lambda thing=thing: str(thing) for thing in (probe, probe.summary(), result, evidence, grid)
    )
    yield from (grid.plot, grid._repr_html_, lambda: fp.ActivationGrid.compare([grid, grid]))
    yield from (result.plot, result.plot_trace, result._repr_html_, result.table)
    yield lambda: result.save_images("pictures")
    yield probe.summary()._repr_html_
    yield lambda: evidence.plot(layer, [0, 1], result=result)
    yield from (evidence.top(layer, 0).plot, lambda: evidence.top(head, 0)._repr_png_())
    found = [
        patterns, A.compare_classes(patterns, 0, 1, rounds=2), A.profile_classes(patterns, rounds=2),
        A.split_margin(probe, IMAGES, layer, 0, 1), A.compare_by_eye(patterns, 0, 1, rounds=2),
        A.follow(probe, IMAGES[:2], [layer, head], names=[name, f"{name}2"]),
        A.ablate(probe, patterns, 0, 1, {name: np.arange(48)}, random=2),
        A.linear_probes(probe, IMAGES, LABELS, [layer, head], folds=2),
        A.unclear_images(probe, IMAGES, LABELS, 0, 1, [layer, head], count=2),
        A.compare_nets(probe, probe, IMAGES, [layer, head], match=layer, rounds=2),
        A.shift_response(probe, IMAGES[:3], layer),
        A.assess(probe, result, IMAGES),
    ]  # fmt: skip
    for finding in found:
        yield from (finding.plot, finding._repr_html_, lambda finding=finding: repr(finding))
    yield from (found[1].table, found[-1].table)


def checked(made: Any, name: str) -> None:
    """Draw a figure; look at a text for what must not be in it."""
    if isinstance(made, str):
        for letter in ("\x1b", "\x07", "\r", "\t", "\u202e", "\u2028"):
            assert letter not in made
        assert "<script" not in made or "<img" not in made  # in HTML it would run
        return
    figure = getattr(made, "figure", made)
    if isinstance(figure, Figure):
        figure.canvas.draw()
        plt.close("all")


@pytest.mark.long
def test_one_name_of_all_kinds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A share of the names below, in one."""
    test_whatever_shows_names(
        "$a_b$\x1b[31m\n<script>_" + "n" * 60 + " many words" * 25, tmp_path, monkeypatch
    )


@pytest.mark.long
@pytest.mark.parametrize("name", KERAS.values(), ids=KERAS)
def test_whatever_shows_names(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing fails, and nothing is passed on that a terminal, a browser or a formula would obey."""
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")  # of letters that the font lacks
        for show in shown(opened(name), name):
            checked(show(), name)
    files = sorted(p.name for p in Path("pictures").iterdir())
    assert len(files) == 3
    assert all(len(f.encode()) <= 255 and re.fullmatch(r"[\w]+\.png", f) for f in files)


@pytest.mark.parametrize(
    ("name", "runs"), [("_hidden", True), ("n" * 300, True), ("two words", False)]
)
def test_layers_that_tensorflow_cannot_name(name: str, runs: bool) -> None:
    """What Keras runs is run; of the rest the name is given."""
    flat = keras.layers.Dense(2, name=name)
    model = keras.Sequential([keras.Input((6, 6, 1)), keras.layers.Flatten(), flat])
    probe = fp.ModelProbe(model, input_space=fp.InputSpace.identity(low=0, high=255))
    if runs:
        assert probe.activations(IMAGES[:2], name).shape == (2, 2)
        return
    with pytest.raises(fp.ModelError, match=name):
        probe.activations(IMAGES[:2], name)


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_the_charts_alone(name: str, tmp_path: Path) -> None:
    """Functions of plotting with names of images, classes and lines."""
    maps, image = np.random.default_rng(0).random((4, 4, 3)), np.zeros((8, 8, 1))
    for make in (
        lambda: fp.plotting.show_maps(maps, title=name, label=name),
        lambda: fp.plotting.show_image(image, title=name),
        lambda: fp.plotting.show_mosaic(IMAGES[:2], titles=[name, "b"], statuses=[name, "dead"]),
        lambda: fp.plotting.show_prediction([0.2, 0.8], [name, "b"], title=name),
        lambda: fp.plotting.show_trace([[1.0, 2.0]] * 3, labels=[name, "b"], ylabel=name),
        lambda: fp.plotting.show_grids_side_by_side([maps, maps], titles=[name, name]),
        lambda: fp.plotting.show_overlay(image, np.eye(8), title=name),
    ):
        checked(make(), name)
    fp.plotting.save_animation(IMAGES[:2], tmp_path / "a.gif", captions=[name, name])


def test_a_users_formula_stays() -> None:
    """A title with mathematics is drawn as such; the library's own names are not."""
    ax = fp.plotting.show_maps(np.zeros((2, 2, 1)), title=r"$\alpha^2$")
    assert ax.get_title(loc="left").splitlines()[0] == r"$\alpha^2$"
    grid = fp.ActivationGrid(np.ones((2, 2, 1)), "$x$")
    assert grid.plot().get_title(loc="left").startswith(r"\$x\$: 1 map")


@pytest.mark.parametrize(
    ("name", "most", "text"),
    [
        ("conv2d_1/kernel", None, "conv2d_1/kernel"),
        ("a\nb\x1b\u202e", None, r"a\nb\x1b\u202e"),
        ("abcdefghij", 7, "abc…hij"),
        ("ä日😀", None, "ä日😀"),
        ("\ud800", None, r"\ud800"),
    ],
)
def test_what_is_visible(name: str, most: int | None, text: str) -> None:
    """Controls are written out, letters stay, the middle goes."""
    assert _names.visible(name, most) == text


@pytest.mark.parametrize("name", [*NAMES.values(), "", "\ud800", ".", "CON"], ids=repr)
def test_names_of_files(name: str, tmp_path: Path) -> None:
    """A file of that name can be written, beside others."""
    file = tmp_path / _names.in_file(name, before="0000_", after=".png")
    file.write_bytes(b"x")
    assert file.parent == tmp_path
    assert len(file.name.encode()) <= 255


def test_html_is_escaped() -> None:
    """What is escaped reads as before."""
    assert html.unescape(_names.in_html(NAMES["html"])) == NAMES["html"]
    assert "<" not in _names.in_html(NAMES["html"])


def test_equal_names_get_numbers() -> None:
    """No two are equal, whatever they were."""
    assert _names.distinct(["a", "b", "a"]) == ("a (1)", "b", "a (2)")
    tricky = ["a", "a", "a (1)", "a (1)"]
    assert len(set(_names.distinct(tricky))) == 4
    assert _names.distinct([]) == ()


def test_labels_of_targets(small_probe: fp.ModelProbe) -> None:
    """A sum says its signs and weights; no two targets of a result share a label or a file."""
    one, other = (fp.MapMean("conv", channel=c) for c in (1, 2))
    assert (one - other).label == "conv channel 1 - conv channel 2"
    assert (0.8 * one + 0.2 * other).label == "0.8 * conv channel 1 + 0.2 * conv channel 2"
    assert (-one).label == "-conv channel 1"
    assert (one - 0.1 * fp.TotalVariation()).label == "conv channel 1 - 0.1 * total_variation"
    assert fp.MapMean("conv", channel=1, pre=True).label == "conv channel 1 before the activation"
    square = fp.objective_from(lambda seen: seen[0][:, 0, 0] ** 2, reads=fp.Read("conv", channel=1))
    assert square.label == "<lambda> of conv channel 1"
    patterns = [fp.PatternMatch("flat", pattern=np.eye(12)[k]) for k in (0, 1)]
    assert patterns[0].label != patterns[1].label
    targets = [
        one,
        one - other,
        one + other,
        fp.MapMean("conv", channel=1, pre=True),
        one,
        square,
        *patterns,
    ]
    ascent = fp.Ascent(steps=1, starts=1, search=None, remedies=(), regularizers=())
    result = ascent.run(small_probe, targets, rng=1, progress=False)
    assert len(set(result.labels)) == len(targets)
    assert result.labels[0] == "conv channel 1 (1)"
    assert bold(result.plot()) == [str(place) for place in range(8)]
    each = ascent.run(small_probe, fp.MapMean.each(small_probe, "conv")[1:], rng=1, progress=False)
    assert bold(each.plot()) == ["1", "2"]


def bold(ax: plt.Axes) -> list[str]:
    """Return the names above the images of a mosaic."""
    return [text.get_text() for text in ax.texts if text.get_weight() == "bold"]
