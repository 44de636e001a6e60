"""The quality profile, definedness and statistics of pictures on series, images and volumes."""

import keras
import matplotlib.pyplot as plt
import numpy as np
import pytest

import featureprobe as fp
from featureprobe.analysis.quality.likeness import slid
from featureprobe.analysis.quality.robustness import CHANGES, _shifted, changes_of
from featureprobe.analysis.stats.similarity import shift_similarity
from featureprobe.analysis.stats.spectrum import high_frequency_share

SPATIAL = {1: (24,), 2: (12, 10), 3: (6, 9, 8)}


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_likeness_finds_what_was_moved(rank: int) -> None:
    """A picture moved by two along every axis is like itself within a tolerance of two, not of one."""
    rng = np.random.default_rng(0)
    image = np.zeros((1, *(12,) * rank, 2))
    image[:, *(slice(4, 8),) * rank] = rng.normal(size=(1, *(4,) * rank, 2))
    image -= image.mean()
    moved = np.roll(image, (2,) * rank, tuple(range(1, rank + 1)))
    assert shift_similarity(image, moved, max_shift=2)[0, 0] > 0.98
    assert shift_similarity(image, moved, max_shift=1)[0, 0] < 0.9


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_a_window_is_found_wherever_it_is(rank: int) -> None:
    """Cut out of an image, it correlates with it fully, and less with another one."""
    images = np.random.default_rng(0).normal(size=(2, *(10,) * rank, 2)).astype(np.float32)
    window = images[:1, *(slice(3, 7),) * rank]
    found = slid(window, images, np.ones((4,) * rank, bool))
    assert found[0, 0] == pytest.approx(1, abs=1e-4)
    assert found[0, 1] < 0.95


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_grain_and_shifts_go_along_every_axis(rank: int) -> None:
    """An alternating picture is all fine, a slow one is not; shifts go both ways along each axis."""
    at = np.indices((16,) * rank)
    fine = np.stack([(-1.0) ** axis for axis in at])[..., None]
    slow = np.stack([np.sin(2 * np.pi * axis / 16) for axis in at])[..., None]
    assert (high_frequency_share(fine) > 0.95).all()
    assert (high_frequency_share(slow) < 0.05).all()
    moved = _shifted(slow, 1)
    assert len(moved) == 2 * rank
    np.testing.assert_array_equal(moved[0][:, 1:], slow[:, :-1])


def test_a_series_is_not_turned() -> None:
    """Rotation has no meaning in one dimension; all else is asked."""
    assert set(CHANGES) - set(changes_of(1)) == {"rotation 5"}
    assert changes_of(2) == changes_of(3) == CHANGES


def small_probe(rank: int) -> fp.ModelProbe:
    """Return a net on images of so many axes."""
    keras.utils.set_random_seed(rank)
    conv = {1: keras.layers.Conv1D, 2: keras.layers.Conv2D, 3: keras.layers.Conv3D}[rank]
    inputs = keras.Input((*SPATIAL[rank], 1))
    maps = conv(4, 3, activation="relu", name="conv1")(inputs)
    maps = conv(4, 2, activation="relu", name="conv2")(maps)
    out = keras.layers.Dense(2, name="out")(keras.layers.Flatten()(maps))
    return fp.ModelProbe(
        keras.Model(inputs, out), input_space=fp.InputSpace.identity(low=-3, high=3)
    )


@pytest.mark.long
@pytest.mark.parametrize("rank", [1, 3])
def test_pictures_are_assessed(rank: int) -> None:
    """A profile of maps and of a node: every picture, percentile and change; both plots."""
    probe = small_probe(rank)
    rng = np.random.default_rng(0)
    natural = rng.normal(size=(60, *probe.image_shape)).astype(np.float32)
    climb = fp.Ascent(steps=8, starts=2, search=None, remedies=())
    place = tuple(size // 2 for size in probe.shape_of("conv2")[:-1])
    for targets in (
        fp.MapMean.each(probe, "conv2")[:2],
        [fp.Node("conv2", position=place, channel=1)],
    ):
        result = climb.run(probe, targets, rng=1, progress=False)
        profile = fp.analysis.assess(probe, result, natural, constraint=fp.Box())
        assert profile.kept.shape == (len(targets), len(changes_of(rank)))
        np.testing.assert_allclose(profile.score, result.best_scores(), rtol=1e-3)
        profile.plot().draw_without_rendering()
        profile.plot(pictures=True).draw_without_rendering()
    plt.close("all")


@pytest.mark.long
@pytest.mark.parametrize("rank", [1, 3])
def test_maxima_are_counted(rank: int) -> None:
    """Definedness runs on series and volumes; what is about rows and columns says so."""
    probe = small_probe(rank)
    targets = fp.MapMean.each(probe, "conv2")[:2]
    climb = fp.Ascent(steps=8, starts=4, search=None, remedies=())
    found = fp.analysis.definedness(probe, targets, ascent=climb, rng=1)
    assert len(found.targets) == 2
    found.plot().draw_without_rendering()
    found.plot(target=0).draw_without_rendering()
    image = np.zeros(probe.image_shape)
    with pytest.raises(fp.ShapeError, match="rows, columns, channels"):
        fp.analysis.shift_response(probe, image, "conv2")
    with pytest.raises(fp.ShapeError, match="rows, columns, channels"):
        fp.analysis.decompose(probe, image, targets[0])
    plt.close("all")
