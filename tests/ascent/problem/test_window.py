"""Regularizers of anyone's say how far they reach and when they are due: nothing else is asked of them."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings, strategies as st

import featureprobe as fp
from featureprobe.testing import RegularizerContract


@dataclass(frozen=True)
class After(fp.Regularizer):
    """Run a regularizer after the first n steps only."""

    kind: ClassVar[str] = "test_window.after"
    n: int
    regularizer: fp.Regularizer

    @property
    def reach(self):
        """The regularizer's."""
        return self.regularizer.reach

    def due(self, index):
        """Whether it runs after a step."""
        return (index > self.n) & self.regularizer.due(index)

    def apply(self, images, step):
        """Return the regularizer's images when it is due."""
        run = lambda: self.regularizer.apply(images, step)  # noqa: E731
        return tf.cond(self.due(step.index), run, lambda: images)


@dataclass(frozen=True)
class Mean(fp.Regularizer):
    """The mean of each pixel's neighbors to the right and below; how far is a field."""

    kind: ClassVar[str] = "test_window.mean"
    reach: int

    def apply(self, images, step):
        """Return means; at the border the last pixel is repeated."""
        wide = images
        for _ in range(self.reach):
            wide = tf.pad(wide, [(0, 0), (0, 1), (0, 1), (0, 0)], "SYMMETRIC")
        return tf.nn.avg_pool2d(wide, self.reach + 1, 1, "VALID")


@dataclass(frozen=True)
class Halve(fp.Regularizer):
    """Each pixel by itself."""

    kind: ClassVar[str] = "test_window.halve"
    reach: ClassVar[int] = 0

    def apply(self, images, step):
        """Return darker images."""
        return 0.9 * images


class TestAfter(RegularizerContract):
    """The contract suite, on a wrapper."""

    def make(self):
        """Return one that runs within the steps that are tried."""
        return After(3, fp.Every(2, fp.GaussianBlur(1.0)))

    def test_is_found_by_its_kind(self):
        """It is no entry point of a package."""

    def test_revives_from_its_config_through_json(self):
        """It is no entry point of a package."""


def test_a_window_that_is_not_in_the_middle_keeps_the_contract():
    """What it claims is so."""

    class OfMean(RegularizerContract):
        def make(self):
            return Mean(2)

    OfMean().test_nothing_beyond_its_reach_matters()
    OfMean().test_a_part_of_the_image_is_treated_as_within_the_image()
    OfMean().test_it_is_due_when_it_does_something()


NODES = [fp.Node("Conv2D_2", row=5, col=5, channel=c) for c in range(4)]
BORDER = [
    fp.Node("Conv2D_2", row=0, col=0, channel=3),
    fp.Node("Conv2D_2", row=1, col=5, channel=5),
    fp.Node("Conv2D_2", row=10, col=9, channel=5),
    fp.Node("Conv2D_3", row=2, col=1, channel=7),
]
QUICK = {"steps": 20, "starts": 2, "search": None, "remedies": ()}


def run(probe, targets, **options):
    """Climb nodes."""
    return fp.Ascent(**QUICK | options).run(probe, targets, rng=3, progress=False)


def assert_same_result(one, other, *, tolerance=1e-4):
    """Scores agree, and so do images but where a kink parts single ones."""
    np.testing.assert_allclose(one.scores, other.scores, rtol=tolerance, atol=1e-5)
    apart = np.abs(one.images - other.images).max(axis=(2, 3, 4))
    assert np.median(apart) <= 0.05, "in units of 0..255"


@pytest.mark.parametrize(
    "regularizers",
    [
        pytest.param((fp.Every(4, fp.GaussianBlur(0.6)),), marks=pytest.mark.long),
        (fp.Every(2, Mean(1)), After(8, fp.GaussianBlur(0.4)), fp.Clip(2.0)),
    ],
    ids=["blur", "three of them"],
)
@pytest.mark.parametrize("constraint", [fp.Box(), fp.Sphere()], ids=["box", "sphere"])
def test_crops_are_full_images_under_operators_that_reach(reference, regularizers, constraint):
    """In the middle and at the border, whatever the border does to the operator."""
    nodes = [*NODES[:1], *BORDER]
    options = {"regularizers": regularizers, "constraint": constraint}
    crops = run(reference, nodes, **options)
    full = run(reference, nodes, crop=False, **options)
    assert all(text.startswith("crop: ") for text in crops.crops[:-1])
    assert (full.best_scores() > 0.5).sum() >= 3
    assert_same_result(crops, full)


def test_the_default_recipe_solves_nodes_on_crops(reference):
    """Its search, its trials and its blur included."""
    crops, full = (
        fp.Ascent(steps=12, crop=crop).run(reference, NODES, rng=3, progress=False)
        for crop in (True, False)
    )
    assert crops.crops[0].startswith("crop: 8 x 8 of 28 x 28 pixels")
    assert crops.origins.tolist() == full.origins.tolist()
    assert_same_result(crops, full)


def test_interior_nodes_share_a_problem_where_what_is_around_them_is_alike(reference):
    """A blur of reach 3 tells the outer two nodes of each row and column from the others."""
    nodes = [fp.Node("Conv2D_2", row=r, col=5, channel=5) for r in range(11)]
    result = run(reference, nodes)
    assert len(result.state.best["total"]) == 2 * 5
    for number, node in enumerate(nodes):
        answers = reference.activations(result.images[number], "Conv2D_2")
        np.testing.assert_allclose(answers[:, node.row, 5, 5], result.scores[number], rtol=1e-4)


def test_pixels_that_reach_nothing_are_at_their_place(reference):
    """Rows and columns 26 and 27 reach no node of Conv2D_3: a blur mixes them into its crop."""
    node = fp.Node("Conv2D_3", row=2, col=2, channel=7)
    options = {"regularizers": (fp.GaussianBlur(0.5),), "constraint": fp.Sphere()}
    crops, full = (run(reference, node, crop=crop, **options) for crop in (True, False))
    assert_same_result(crops, full)


def test_one_trace_for_windows_at_the_border_and_within():
    """Where the crop lies in its window is a number, not another trace."""
    probe = fp.samples.mnist_probe()
    nodes = [fp.Node("Conv2D_2", row=r, col=c, channel=1) for r in (0, 1, 5, 10) for c in (0, 5, 9)]
    run(probe, nodes, regularizers=(After(1, fp.GaussianBlur(0.6)),), steps=3)
    networks = [made for made, _, kind in probe.network._traces.values() if kind == "crop"]
    assert [network.traces for network in networks] == [1]


@pytest.mark.parametrize(
    ("own", "theirs"),
    [
        (After(0, fp.Every(4, fp.GaussianBlur(1.5))), fp.Every(4, fp.GaussianBlur(1.5))),
        (fp.Every(1, After(0, fp.GaussianBlur(0.4))), fp.GaussianBlur(0.4)),
        (Halve(), fp.Every(1, Halve())),
    ],
    ids=["every", "always", "each pixel"],
)
def test_a_wrapper_of_anyones_is_as_good_as_ours(reference, own, theirs):
    """Equal to the bit, on crops."""
    one, other = (run(reference, NODES[:2], regularizers=(r,), crop=True) for r in (own, theirs))
    np.testing.assert_array_equal(one.images, other.images)
    np.testing.assert_array_equal(one.totals, other.totals)


@dataclass(frozen=True)
class Careless(fp.Regularizer):
    """Says when it is due, and leaves the rest to the engine."""

    kind: ClassVar[str] = "test_window.careless"
    reach: ClassVar[int] = 0

    def due(self, index):
        """Whether it runs after a step."""
        return tf.equal(index % 5, 0)

    def apply(self, images, step):
        """Return grey images."""
        return tf.zeros_like(images)


def test_what_is_not_due_does_not_run(reference):
    """Also where apply does not ask by itself, and inside a wrapper."""
    with_five = run(reference, NODES[:1], regularizers=(Careless(),), steps=4)
    plain = run(reference, NODES[:1], regularizers=(), steps=4)
    np.testing.assert_array_equal(with_five.totals, plain.totals)
    inside = run(reference, NODES[:1], regularizers=(fp.Every(2, Careless()),), steps=9)
    np.testing.assert_array_equal(
        inside.totals, run(reference, NODES[:1], regularizers=(), steps=9).totals
    )


@dataclass(frozen=True)
class Claims(fp.Regularizer):
    """Claims what it is given."""

    kind: ClassVar[str] = "test_window.claims"
    reach: float | None = None

    def apply(self, images, step):
        """Return the images."""
        return images


@pytest.mark.parametrize("bad", [0.5, -1, True, "3"], ids=str)
def test_a_reach_that_is_no_number_of_pixels_is_refused(reference, bad):
    """Our error, before anything has run."""
    with pytest.raises(fp.RangeError, match=r"Claims.reach, in pixels, is a whole number"):
        run(reference, NODES[:1], regularizers=(Claims(bad),))


@pytest.mark.parametrize(
    ("regularizer", "why"),
    [
        (fp.Every(2, fp.Until(9, fp.Standardize())), "Standardize looks at the whole image"),
        (After(2, fp.regularizer_from(lambda images, step: images)), "LiftedRegularizer looks"),
        (Claims(), "Claims looks at the whole image"),
        (Mean(11), "11 pixels around it that regularizers reach are 28 x 28"),
    ],
    ids=["standardize", "lifted", "own", "too far"],
)
def test_why_the_full_image_is_needed(reference, regularizer, why):
    """The operator inside of wrappers is named."""
    result = run(reference, NODES[:1], regularizers=(regularizer,), steps=2)
    assert why in result.crops[0]


def random_net(seed: int, padding: str) -> tuple[fp.ModelProbe, Callable[[], fp.Node]]:
    """Return a smooth net with random layers, and draws of its nodes."""
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    image = keras.Input((19, 17, 2), name="image", dtype="float64")
    x = image
    for number in range(int(rng.integers(1, 3))):
        size, stride = int(rng.integers(1, 4)), int(rng.integers(1, 3))
        x = keras.layers.Conv2D(
            3, size, strides=stride, padding=padding, activation="softplus", dtype="float64"
        )(x)
        if number == 0 and rng.integers(2):
            x = keras.layers.AveragePooling2D(2, padding=padding, dtype="float64")(x)
    probe = fp.ModelProbe(keras.Model(image, x), input_space=fp.InputSpace(0.0, low=-2, high=2))
    layer = list(probe.summary())[-1].path
    rows, cols, channels = probe.shape_of(layer)

    def draw() -> fp.Node:
        row, col = (int(rng.integers(n)) for n in (rows, cols))
        return fp.Node(layer, row=row, col=col, channel=int(rng.integers(channels)))

    return probe, draw


@settings(max_examples=2, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6), padding=st.sampled_from(["same", "valid"]), sphere=st.booleans())
def test_crops_are_full_images_on_random_nets(seed, padding, sphere):
    """Nodes anywhere, borders included; an interior one is solved as the one in the middle."""
    probe, draw = random_net(seed, padding)
    options = {
        "regularizers": (fp.Every(2, fp.GaussianBlur(0.5)), After(3, Mean(1))),
        "constraint": fp.Sphere() if sphere else fp.Box(),
        "steps": 6,
    }
    node = draw()
    crops = run(probe, node, **options)
    rows, cols = probe.shape_of(node.layer)[:2]
    middle = dataclasses.replace(node, row=rows // 2, col=cols // 2)
    full = [run(probe, n, crop=False, **options).scores for n in (node, middle)]
    gaps = [np.max(np.abs(crops.scores - scores) / np.abs(scores)) for scores in full]
    assert min(gaps) <= 1e-4
    answers = probe.activations(crops.images[0], node.layer)[:, node.row, node.col, node.channel]
    np.testing.assert_allclose(answers, crops.scores[0], rtol=1e-4)
