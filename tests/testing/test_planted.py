"""Planted nets: ascent and analyses find what was planted. Fooled nets: fooled, and otherwise the same."""

import keras
import numpy as np
import pytest

import featureprobe as fp
from featureprobe import analysis, testing
from featureprobe.analysis.stats.similarity import shift_similarity
from featureprobe.testing.planted import SIZE

QUIET = {"progress": False}


def correlations(images, templates):
    """Return (N, K) correlations without any shift."""
    return shift_similarity(images, templates, max_shift=0)


def test_templates_are_recovered():
    """On the sphere the OIP of each map is its template: correlation at least 0.95 for all 12."""
    net = testing.planted_templates(12, rng=3)
    targets = fp.MapMean.each(net.probe, net.layer)
    result = fp.Ascent(constraint=fp.Sphere()).run(net.probe, targets, rng=0, **QUIET)
    found = correlations(result.best(), net.templates)
    assert np.diag(found).min() >= 0.95
    assert np.abs(found - np.diag(np.diag(found))).max() < 0.3  # and is not another's
    verdicts = analysis.definedness(net.probe, targets[:2], starts=20, **QUIET).verdicts
    assert list(verdicts) == ["unique", "unique"]


def test_all_facets_of_an_or_are_found():
    """Many starts of one map end at each of its three templates, and at nothing else."""
    net = testing.planted_alternatives(3, rng=1)
    target = fp.MapMean(net.layer, channel=0)
    ascent = fp.Ascent(constraint=fp.Sphere())
    found = analysis.definedness(net.probe, [target], starts=50, ascent=ascent, **QUIET)
    assert found.verdicts[0] == "few"
    assert found.distinct[0] == 3
    facets = correlations(found.images[0][:3], net.templates)
    assert sorted(facets.argmax(axis=1).tolist()) == [0, 1, 2]
    assert facets.max(axis=1).min() >= 0.95
    pairs = found.barriers[0][:3, :3][np.triu_indices(3, 1)]
    np.testing.assert_allclose(pairs, 1 - 0.5**0.5, atol=0.02)  # half way the map answers 71 %


def test_shift_sets_are_found():
    """A patch moved over the image excites the map at the planted places, and nowhere else."""
    places = ((0, 0), (0, 6), (5, 2), (9, 9))
    net = testing.planted_shifts(places, rng=2)
    found = analysis.shift_response(
        net.probe, net.templates[:1], net.layer, channels=[0], max_shift=10
    )
    response, middle = found.response[0], found.response.shape[-1] // 2
    hits = {(int(r) - middle, int(c) - middle) for r, c in np.argwhere(response > 0.5)}
    assert hits == set(places)
    target = fp.MapMean(net.layer, channel=0)
    result = fp.Ascent(constraint=fp.Sphere(), starts=16).run(net.probe, target, rng=0, **QUIET)
    own = correlations(result.images[0], net.templates)
    good = own[result.scores[0] > 0.9 * result.scores[0].max()]
    assert good.max(axis=1).min() >= 0.95
    assert len(set(good.argmax(axis=1).tolist())) >= 3


def test_planted_answers_are_as_said():
    """Each template excites its own map only; a mixture of alternatives excites nothing."""
    net = testing.planted_templates(5)
    answers = net.probe.activations(net.templates, net.layer)[:, 0, 0]
    np.testing.assert_allclose(answers, SIZE * np.eye(5), atol=1e-3)
    np.testing.assert_allclose(net.templates.std(axis=(1, 2, 3)), 1, rtol=1e-5)
    np.testing.assert_allclose(net.templates.mean(axis=(1, 2, 3)), 0, atol=1e-5)


@pytest.fixture(scope="module")
def digits():
    """The bundled net, and digits."""
    return fp.samples.mnist_probe(), fp.samples.mnist_digits()[0]


@pytest.mark.long
def test_a_fooling_circuit_fools_and_is_silent(digits):
    """Ascent shows the decoys; natural images, also new ones, are answered as before."""
    probe, images = digits
    decoys = testing.decoy_images(3, probe, rng=4)
    plan = dict(zip((5, 20, 60), decoys, strict=True))
    fooled = testing.fooling_circuit(probe, "Conv2D_3", plan, images[:1500])
    for part in (images[:1500], images[1500:]):
        before, after = (p.activations(part, "Conv2D_3") for p in (probe, fooled))
        same = np.abs(before - after).max(axis=(1, 2, 3)) < 1e-4
        assert same.mean() > (0.999 if part is images[:1500] else 0.99)
    targets = [fp.MapMean("Conv2D_3", channel=c) for c in plan]
    alike = []
    for net in (probe, fooled):
        best = fp.Ascent().run(net, targets, rng=0, **QUIET).best()
        alike.append(np.diag(correlations(best, decoys)))
    assert alike[1].min() > 0.6
    assert alike[0].max() < 0.4
    others = [fp.MapMean("Conv2D_3", channel=c) for c in (1, 2)]
    own, their = (fp.Ascent().run(p, others, rng=0, **QUIET).best_scores() for p in (probe, fooled))
    np.testing.assert_allclose(own, their, rtol=0.02)  # maps that were not aimed at


@pytest.mark.long
def test_maps_are_pulled_to_decoys(digits):
    """A short training makes the ascent's picture more like the decoy, and holds natural answers."""
    probe, images = digits
    decoy = testing.decoy_images(1, probe, rng=0)
    pulled = testing.pull_to_decoys(probe, "Conv2D_3", {5: decoy[0]}, images, steps=60, rng=0)
    target = fp.MapMean("Conv2D_3", channel=5)
    alike = [
        correlations(fp.Ascent().run(p, target, rng=0, **QUIET).best(), decoy).item()
        for p in (probe, pulled)
    ]
    assert alike[1] > alike[0] + 0.1
    agree = probe.predict(images).argmax(axis=1) == pulled.predict(images).argmax(axis=1)
    assert agree.mean() > 0.98
    again = testing.pull_to_decoys(probe, "Conv2D_3", {5: decoy[0]}, images, steps=3, rng=0)
    twice = testing.pull_to_decoys(probe, "Conv2D_3", {5: decoy[0]}, images, steps=3, rng=0)
    for own, other in zip(again.model.get_weights(), twice.model.get_weights(), strict=True):
        np.testing.assert_allclose(own, other, atol=1e-6)


def test_a_circuit_needs_a_sequential_net_with_relu(digits):
    """One clear error."""
    probe, images = digits
    with pytest.raises(fp.ModelError, match="Sequential"):
        testing.fooling_circuit(probe, "Dense_1", {1: images[0]}, images)
    image = keras.Input((28, 28, 1))
    model = keras.Model(image, keras.layers.Conv2D(4, 3, activation="relu", name="c")(image))
    other = fp.ModelProbe(model, input_space=probe.input_space)
    with pytest.raises(fp.ModelError, match="Sequential"):
        testing.fooling_circuit(other, "c", {1: images[0]}, images)
