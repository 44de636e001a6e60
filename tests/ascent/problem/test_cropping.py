"""An ascent on crops is the ascent on full images, in less time."""

import numpy as np
import pytest

import featureprobe as fp

NODES = [
    *(fp.Node("Conv2D_3", row=1, col=1, channel=c) for c in range(4)),
    fp.Node("Conv2D_3", row=0, col=2, channel=0),
    fp.Node("Conv2D_2", row=0, col=10, channel=3),
]


MIDDLE = [
    *(fp.Node("Conv2D_3", row=1, col=1, channel=c) for c in range(4)),
    fp.Node("Conv2D_2", row=5, col=5, channel=3),
    fp.Node("Conv2D_1", row=13, col=13, channel=2),
]
"""Nodes in the middle of their map are climbed where they lie."""


BRIEF = fp.Precursor(candidates=64, rounds=1, trials=4, trial_steps=2)


def run(probe, targets=NODES, **kwargs):
    """Climb nodes."""
    options = {"steps": 24, "starts": 2, "regularizers": (), "search": BRIEF} | kwargs
    return fp.Ascent(**options).run(probe, targets, rng=3, progress=False)


@pytest.mark.parametrize(
    ("constraint", "rule"),
    [
        pytest.param(fp.Box(), fp.Momentum(), id="box-momentum"),
        pytest.param(fp.Sphere(), fp.Adam(0.05), id="sphere-adam", marks=pytest.mark.long),
        pytest.param(fp.Box(), fp.Adam(0.05), id="box-adam", marks=pytest.mark.long),
        pytest.param(fp.Sphere(), fp.Momentum(), id="sphere-momentum", marks=pytest.mark.long),
    ],
)
def test_the_same_result_with_and_without_crops(reference, constraint, rule):
    """Scores, certificates, and images inside and outside the field agree."""
    options = {"constraint": constraint, "rule": rule}
    crops = run(reference, MIDDLE, crop=True, **options)
    full = run(reference, MIDDLE, crop=False, **options)
    assert all(text.startswith("crop: ") for text in crops.crops)
    assert set(full.crops) == {"full image: crop=False"}
    assert (full.best_scores() > 0.5).sum() >= 4
    np.testing.assert_allclose(crops.scores, full.scores, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(crops.certificates, full.certificates, atol=0.02)
    apart = np.abs(crops.images - full.images).max(axis=(2, 3, 4))
    assert np.median(apart) <= 0.05, "in units of 0..255; a kink may part single images"


def test_scores_are_those_of_the_full_images_returned(reference):
    """Re-measured on the whole image, through the front door."""
    result = run(reference)
    for number, node in enumerate(NODES):
        answers = reference.activations(result.images[number], node.layer)
        measured = answers[:, node.row, node.col, node.channel]
        np.testing.assert_allclose(result.scores[number], measured, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("kwargs", "target", "why"),
    [
        ({"regularizers": (fp.Every(2, fp.Standardize()),)}, NODES[0], "Standardize"),
        ({"transforms": (fp.Jitter(1),)}, NODES[0], "Jitter"),
        ({"parameterization": fp.Fourier()}, NODES[0], "Fourier"),
        ({}, NODES[0] - fp.TotalVariation(), "TotalVariation"),
        ({}, fp.MapMean("Conv2D_3", channel=1), "receptive field is 26 x 26"),
        ({}, fp.Node("Dense_1", index=3), "Dense_1"),
        (
            {},
            fp.objective_from(
                lambda seen: seen[0] - seen.images[:, 0, 0, 0],
                reads=fp.Read("Conv2D_3", row=1, col=1, channel=2),
            ),
            "looks at the whole image",
        ),
    ],
    ids=["standardize", "jitter", "fourier", "penalty", "map", "dense", "images"],
)
def test_what_needs_the_full_image_says_why(reference, kwargs, target, why):
    """By default it runs on the full image; asked for a crop, it refuses."""
    options = {"steps": 2, "starts": 1, "search": None, "remedies": ()} | kwargs
    result = run(reference, [target], **options)
    assert result.crops[0].startswith("full image: ")
    assert why in result.crops[0]
    with pytest.raises(fp.ConfigError, match="cannot be climbed on a crop"):
        run(reference, [target], crop=True, **options)


def test_pointwise_operators_and_own_objectives_keep_the_crop(reference):
    """Clip works pixel by pixel; an objective that reads a node gets its crop for free."""
    own = fp.objective_from(
        lambda seen: 2 * seen[0], reads=fp.Read("Conv2D_3", row=2, col=0, channel=5)
    )
    result = run(reference, [own], regularizers=(fp.Every(2, fp.Clip(2.0)),), steps=4)
    assert result.crops == ("crop: 18 x 18 of 28 x 28 pixels",)


def test_a_cropped_run_resumes_bit_by_bit(reference):
    """Cutting and placing lose nothing."""
    for constraint in (fp.Box(), fp.Sphere()):
        short, long = (
            fp.Ascent(steps=s, starts=2, regularizers=(), constraint=constraint) for s in (7, 14)
        )
        begin = short.start(reference, NODES, rng=3)
        half = list(short.iterate(reference, NODES, begin))[-1][0]
        resumed = list(long.iterate(reference, NODES, half))[-1][0]
        straight = list(long.iterate(reference, NODES, begin))[-1][0]
        for tree in ("params", "slots", "best", "traces"):
            for name, values in getattr(straight, tree).items():
                np.testing.assert_array_equal(getattr(resumed, tree)[name], values)


def test_one_trace_for_all_nodes_of_a_geometry():
    """Nodes at nine places are one structure of one size."""
    probe = fp.samples.mnist_probe()
    places = [(r, c) for r in range(3) for c in range(3)]
    nodes = [fp.Node("Conv2D_3", row=r, col=c, channel=r) for r, c in places]
    run(probe, nodes, steps=2, search=None, remedies=())
    networks = [made for made, _, kind in probe.network._traces.values() if kind == "crop"]
    assert [network.traces for network in networks] == [1]


def test_interior_nodes_of_a_map_are_solved_once(reference):
    """Nine nodes are one problem; each gets its image in its own place, with its own score."""
    places = [(r, c) for r in range(3) for c in range(3)]
    nodes = [fp.Node("Conv2D_3", row=r, col=c, channel=5) for r, c in places]
    for constraint in (fp.Box(), fp.Sphere()):
        result = run(reference, nodes, constraint=constraint, record_every=12)
        assert len(result.state.best["total"]) == 2, "one problem, two starts"
        assert np.ptp(result.scores, axis=0).max() == 0
        assert result.labels[2] == "Conv2D_3 row 0 col 2 channel 5"
        for images, scores in (
            (result.images, result.scores),
            (result.snapshots[0], result.score_trace[12]),
        ):
            for number, node in enumerate(nodes):
                answers = reference.activations(images[number], "Conv2D_3")
                measured = answers[:, node.row, node.col, 5]
                np.testing.assert_allclose(measured, scores[number], rtol=1e-4, atol=1e-5)
        alone = run(reference, nodes[7], constraint=constraint)
        np.testing.assert_array_equal(alone.images[0], result.images[7])
        dead = result.images[:, :, 26:]
        np.testing.assert_allclose(dead, dead[0, 0, 0, 0, 0], atol=1e-3)
    assert len(run(reference, nodes, crop=False, steps=2).state.best["total"]) == 18


def test_a_range_that_differs_from_pixel_to_pixel_forbids_crops():
    """The box of a per-pixel scaler is not the same at every place."""
    space = fp.InputSpace(0.0, std=np.linspace(50, 90, 784).reshape(28, 28, 1), low=0, high=255)
    probe = fp.ModelProbe(fp.samples.mnist_cnn("a"), input_space=space)
    result = run(probe, NODES[:1], steps=2, search=None, remedies=())
    assert "differs from pixel to pixel" in result.crops[0]
