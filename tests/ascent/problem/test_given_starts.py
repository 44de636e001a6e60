"""Starts that the user gives: what they skip, what is checked, and that a recipe repeats them."""

import dataclasses

import numpy as np
import pytest

import featureprobe as fp
from featureprobe.ascent.starts import find_starts as found


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    """Two starts for each of three targets, (3, 2, 28, 28, 1) uint8."""
    images, _ = fp.samples.mnist_digits()
    return images[:6].reshape(3, 2, 28, 28, 1)


@pytest.fixture(scope="module")
def maps(reference) -> list[fp.Objective]:
    """Three targets, of which two are equal."""
    first, second = fp.MapMean.each(reference, "Conv2D_3")[4:6]
    return [first, second, first]


@pytest.fixture(scope="module")
def given(reference, maps, digits) -> fp.AscentResult:
    """A short run from the digits; nobody is to draw, search, try out or remedy anything."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("draw_images", "search_starts", "dead_thresholds", "score_images"):
            patch.setattr(found, name, _never)
        return fp.Ascent(steps=4).run(reference, maps, rng=3, start_images=digits)


def _never(*args, **kwargs):
    raise AssertionError("Starts are given.")


def test_each_target_starts_from_its_own_images(reference, maps, digits, given):
    """The first scores are those of the digits; equal targets keep what they were given."""
    assert given.images.shape == (3, 2, 28, 28, 1)
    assert set(given.origins.ravel()) == {"given"}
    for number, target in enumerate(maps):
        answers = reference.activations(digits[number], "Conv2D_3").mean(axis=(1, 2))
        np.testing.assert_allclose(
            given.score_trace[0, number], answers[:, target.channel], rtol=1e-4, atol=1e-4
        )
    assert (given.images[0] != given.images[2]).any()
    # Rows and columns that no path leads from stay those of the image that was given.
    np.testing.assert_allclose(given.images[:, :, 26:], digits[:, :, 26:], atol=1e-3)


def test_alone_and_in_a_list(reference, maps, digits, given):
    """A target's result does not depend on the others."""
    alone = fp.Ascent(steps=4).run(reference, maps[2], rng=3, start_images=digits[2:])
    np.testing.assert_allclose(alone.images[0], given.images[2], atol=1e-2)


def test_shared_by_all_targets(reference, maps, digits):
    """(starts, H, W, C) is the same as those images for each target."""
    ascent = fp.Ascent(steps=2)
    shared = ascent.run(reference, maps, rng=3, start_images=digits[0])
    each = ascent.run(reference, maps, rng=3, start_images=np.stack([digits[0]] * 3))
    np.testing.assert_array_equal(shared.images, each.images)
    assert shared.state.start_images.shape == (2, 28, 28, 1)


def test_a_recipe_repeats_them(reference, given, tmp_path):
    """Also from a file, and for some of the targets."""
    given.save(tmp_path / "r.npz")
    loaded = fp.AscentResult.load(tmp_path / "r.npz")
    assert loaded.recipe.to_json() == given.recipe.to_json()
    again = loaded.recipe.run(reference)
    np.testing.assert_array_equal(again.images, given.images)
    assert again.recipe.to_json() == given.recipe.to_json()
    part = loaded[[2, 0]]
    swapped = part.recipe.run(reference)
    np.testing.assert_allclose(swapped.images, given.images[[2, 0]], atol=1e-2)


def test_a_recipe_without_them_says_what_is_missing(reference, digits, given):
    """They can be passed by hand."""
    bare = dataclasses.replace(given.recipe, arrays={})
    with pytest.raises(fp.ConfigError, match=r"given its start images.*start_images="):
        bare.run(reference)
    again = bare.run(reference, start_images=digits)
    np.testing.assert_array_equal(again.images, given.images)


def test_a_run_goes_on_bit_for_bit(reference, maps, digits, given, tmp_path):
    """From start() or from a saved state, with the starts that were given."""
    short, whole = fp.Ascent(steps=2), fp.Ascent(steps=4)
    state = short.start(reference, maps, rng=3, start_images=digits)
    for later, _ in short.iterate(reference, maps, state):
        state = later
    short.result(reference, maps, state).save(tmp_path / "r.npz", state=True)
    state = fp.AscentResult.load(tmp_path / "r.npz").state
    for later, _ in whole.iterate(reference, maps, state):
        state = later
    result = whole.result(reference, maps, state)
    np.testing.assert_array_equal(result.images, given.images)
    assert result.recipe.to_json() == given.recipe.to_json()


def test_nodes_of_a_map_on_crops(reference, digits):
    """Interior nodes are one problem where starts are shared by place, not where they are given."""
    nodes = [fp.Node("Conv2D_2", row=r, col=4, channel=2) for r in (3, 4)]
    settings = {"steps": 3, "regularizers": (), "polish": 2}
    runs = [
        fp.Ascent(crop=crop, **settings).run(reference, nodes, rng=3, start_images=digits[:2])
        for crop in (True, False)
    ]
    assert all(text.startswith("crop") for text in runs[0].crops)
    np.testing.assert_allclose(runs[0].scores, runs[1].scores, rtol=1e-3)
    answers = reference.activations(digits[:2].reshape(-1, 28, 28, 1), "Conv2D_2")[..., 2]
    wanted = [answers[:2, 3, 4], answers[2:, 4, 4]]
    np.testing.assert_allclose(runs[0].score_trace[0], wanted, rtol=1e-3, atol=1e-3)


def test_from_an_earlier_result(reference, maps):
    """What an ascent returns, on the sphere beyond the range too, is a start of the next."""
    for constraint in (fp.Sphere(), fp.Box()):
        ascent = fp.Ascent(steps=2, starts=1, search=None, remedies=(), constraint=constraint)
        first = ascent.run(reference, maps[:2], rng=0)
        second = ascent.run(reference, maps[:2], rng=0, start_images=first.images)
        np.testing.assert_allclose(second.score_trace[0], first.scores, rtol=1e-3, atol=1e-3)


SHAPE, RANGE, DATA = fp.ShapeError, fp.RangeError, fp.DataError


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        (lambda d: d[:2], SHAPE, "3 targets, starts, 28, 28, 1"),
        (lambda d: d[0, 0], SHAPE, "3 targets, starts, 28, 28, 1"),
        (lambda d: d[..., 0], SHAPE, "3 targets, starts, 28, 28, 1"),
        (lambda d: d[:, :, :27], SHAPE, "3 targets, starts, 28, 28, 1"),
        (lambda d: d[:, :0], SHAPE, "3 targets, starts, 28, 28, 1"),
        (lambda d: "digits", SHAPE, "start_images"),
        (lambda d: [[d[0, 0]], [d[0, 0], d[0, 1]]], SHAPE, "start_images"),
        (lambda d: np.where(d > 200, np.nan, d), DATA, "start_images must be finite"),
        (lambda d: np.where(d > 200, np.inf, d), DATA, "start_images must be finite"),
        (lambda d: d.astype(float) - 300, RANGE, r"0\.\.255.*-300"),
        (lambda d: d * 2.0, RANGE, r"0\.\.255.*to 510"),
    ],
)
def test_what_is_no_start_is_refused(reference, maps, digits, change, error, says):
    """In words, before anything runs; start() likewise."""
    for call in (fp.Ascent(steps=1).run, fp.Ascent(steps=1).start):
        with pytest.raises(error, match=says):
            call(reference, maps, start_images=change(digits))


def test_images_of_another_scale_are_warned_of(reference, maps, digits):
    """0..1 in a space of 0..255 is most often a mistake, as for activations."""
    with pytest.warns(UserWarning, match="look like 0..1"):
        fp.Ascent(steps=1).start(reference, maps[0], start_images=digits[:1] / 255.0)
