"""Starts: every target gets its own best ones, and silent targets come to life."""

import tracemalloc

import numpy as np
import pytest

import featureprobe as fp
from featureprobe.ascent.problem.starts import Images, Starts
from featureprobe.ascent.starts import find_starts
from featureprobe.ascent.starts.search import _merge

LAYER = "Conv2D_3"


@pytest.fixture(scope="module")
def maps(reference):
    """All maps of the last convolution."""
    return fp.MapMean.each(reference, LAYER)


def start_scores(probe, targets, **kwargs):
    """Return (targets, starts): what each target answers to its projected start images."""
    ascent = fp.Ascent(**{"starts": 2} | kwargs)
    state = ascent.start(probe, targets, rng=5)
    images = probe.input_space.to_pixels(state.best["images"])
    answers = probe.activations(images, LAYER).mean(axis=(1, 2))
    channels = np.repeat([t.channel for t in targets], ascent.starts)
    return answers[np.arange(len(images)), channels].reshape(len(targets), -1), state


def test_each_target_gets_its_best_candidates(reference, maps):
    """Without trial climbs the starts are the candidates that score best, best first."""
    search = fp.Precursor(candidates=40, rounds=1, trials=0)
    found, state = start_scores(reference, maps[:9], search=search, remedies=())
    all_of_them = fp.Ascent(starts=40, search=search, remedies=())
    shared = all_of_them.start(reference, maps[0], rng=5)
    images = reference.input_space.to_pixels(shared.best["images"])
    answers = reference.activations(images, LAYER).mean(axis=(1, 2))[:, :9]
    best = -np.sort(-answers, axis=0)[:2].T
    np.testing.assert_allclose(found, best, rtol=1e-5, atol=1e-6)
    assert (found[:, 0] >= found[:, 1]).all()
    assert all(origin.startswith("search: ") for origin in state.start_origins.ravel())


def test_further_rounds_are_for_targets_that_are_still_dead(reference, maps):
    """Few candidates leave maps dead; rounds wake most of them and leave the others alone."""
    search = lambda rounds: fp.Precursor(candidates=2, rounds=rounds, trials=0)  # noqa: E731
    options = {"initializer": fp.PixelNoise(), "remedies": ()}
    once, first = start_scores(reference, maps, search=search(1), **options)
    more, state = start_scores(reference, maps, search=search(6), **options)
    dead = once[:, 0] <= 1e-6
    assert dead.sum() >= 15
    assert (more[dead, 0] > 1e-6).mean() > 0.4
    np.testing.assert_allclose(more[~dead], once[~dead], rtol=1e-4, atol=1e-7)
    woken = state.start_origins[dead & (more[:, 0] > 1e-6), 0]
    assert all("round" in origin for origin in woken)
    assert not any("round" in origin for origin in first.start_origins.ravel())


def test_a_search_does_not_depend_on_the_other_targets(reference, maps):
    """A target's starts are the same alone and in a list."""
    together, _ = start_scores(reference, maps[:20])
    alone, _ = start_scores(reference, maps[13:14])
    np.testing.assert_allclose(together[13], alone[0], rtol=1e-3)


def test_trial_climbs_raise_the_starts(reference, maps):
    """The starts that were tried out answer more strongly than the best candidates."""
    raw, _ = start_scores(reference, maps[:16], search=fp.Precursor(trials=0))
    tried, state = start_scores(reference, maps[:16])
    assert (tried[:, 0] > 1.2 * raw[:, 0]).mean() > 0.9
    assert all("best of 24 after 8 steps" in origin for origin in state.start_origins.ravel())


@pytest.mark.parametrize("remedy", [fp.RedirectedGradients(), fp.PreActivation()], ids=str)
def test_remedies_wake_silent_starts(reference, maps, remedy):
    """Most maps that one pixel-noise image leaves silent answer after a remedy, and say so."""
    options = {"starts": 1, "initializer": fp.PixelNoise(), "search": None}
    silent, _ = start_scores(reference, maps, remedies=(), **options)
    helped, state = start_scores(reference, maps, remedies=(remedy,), **options)
    dead = silent[:, 0] <= 1e-6
    assert dead.sum() > 20
    assert (helped[dead, 0] > 1e-6).mean() > 0.8
    np.testing.assert_array_equal(helped[~dead], silent[~dead])
    for number, origin in enumerate(state.start_origins[:, 0]):
        woken = dead[number] and helped[number, 0] > 1e-6
        assert origin == ("drawn; " + remedy.name if woken else "drawn")


def test_given_initializers_are_what_is_searched(reference, maps):
    """``initializer=`` and ``Precursor(initializers=)`` say what candidates are drawn from."""
    _, state = start_scores(reference, maps[:3], initializer=fp.PixelNoise())
    assert all("PixelNoise" in origin for origin in state.start_origins.ravel())
    digits, _ = fp.samples.mnist_digits()
    search = fp.Precursor(initializers=(fp.FromImages(digits[:50]),), trials=0)
    found, state = start_scores(reference, maps[:3], search=search)
    assert all("FromImages" in origin for origin in state.start_origins.ravel())
    answers = reference.activations(digits[:50], LAYER).mean(axis=(1, 2))[:, :3]
    np.testing.assert_allclose(found[:, 0], answers.max(axis=0), rtol=1e-4)
    with pytest.raises(fp.ConfigError, match="Give one of them"):
        fp.Ascent(initializer=fp.PixelNoise(), search=search)


def test_a_given_image_is_not_searched(reference, maps):
    """One image without noise is the start of every target, as it is."""
    digits, _ = fp.samples.mnist_digits()
    ascent = fp.Ascent(starts=2, initializer=fp.FromImage(digits[0]), remedies=())
    state = ascent.start(reference, maps[:3], rng=0)
    assert set(state.start_origins.ravel()) == {"drawn"}
    live = reference.input_space.to_pixels(state.best["images"])[:, :26, :26]
    np.testing.assert_allclose(live, np.repeat(digits[:1, :26, :26], 6, axis=0), atol=1e-3)


def test_remedies_leave_the_model_alone(reference):
    """Weights and activations are those from before."""
    model = reference.model
    before = [w.copy() for w in model.get_weights()]
    activations = [getattr(layer, "activation", None) for layer in model.layers]
    fp.Ascent(steps=2, starts=1, initializer=fp.PixelNoise(), search=None).run(
        reference, fp.MapMean.each(reference, LAYER), rng=0, progress=False
    )
    assert activations == [getattr(layer, "activation", None) for layer in model.layers]
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(new, old)


def test_candidates_are_put_in_order_in_little_memory():
    """What is kept a candidate and target is a few numbers, not their names."""
    targets, width, count = 500, 24, 1000
    best = np.full((targets, width), -np.inf, np.float32)
    found = Starts(
        np.zeros((0, 2, 2, 1), np.float32),
        np.zeros((targets, width), np.int64),
        np.full((targets, width), "", dtype=object),
    )
    scores = np.random.default_rng(0).random((targets, count), np.float32)
    names = [f"search: MultiScaleNoise {n}" for n in range(count)]
    tracemalloc.start()
    merged = _merge(found, best, scores, Images(np.zeros((count, 2, 2, 1), np.float32)), names)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 40 * targets * count
    first = scores.argmax(axis=1)
    assert [names[n] for n in first] == merged.origins[:, 0].tolist()


def test_silent_targets_are_found_in_parts_as_all_at_once(monkeypatch):
    """However many targets are looked at together."""
    probe = fp.samples.mnist_probe()
    targets = fp.MapMean.each(probe, "Conv2D_3")[:12]
    ascent = fp.Ascent(steps=2, starts=2, search=None, initializer=fp.PixelNoise())
    whole = ascent.run(probe, targets, rng=3, progress=False)
    monkeypatch.setattr(find_starts, "_SCORES", 5)
    parts = ascent.run(probe, targets, rng=3, progress=False)
    assert (whole.origins != "drawn").any()  # some were silent
    np.testing.assert_array_equal(whole.origins, parts.origins)
    np.testing.assert_array_equal(whole.images, parts.images)
