"""Pixels without a path to the layer: the user's own in a picture that began with the user's image."""

import keras
import numpy as np
import pytest

import featureprobe as fp


@pytest.fixture(scope="module")
def probe() -> fp.ModelProbe:
    """A net that cannot see the last row and column of its images, 8 x 8."""
    keras.utils.set_random_seed(1)
    conv = keras.layers.Conv2D(3, 3, strides=2, activation="softplus", name="conv")
    model = keras.Sequential([keras.Input((8, 8, 1)), conv])
    return fp.ModelProbe(model, input_space=fp.InputSpace(100.0, std=50.0, low=0, high=255))


@pytest.fixture(scope="module")
def image() -> np.ndarray:
    """Some image."""
    return np.random.default_rng(0).integers(20, 230, (8, 8, 1)).astype(np.uint8)


def climbed(probe: fp.ModelProbe, **kwargs: object) -> fp.AscentResult:
    """Climb one map, a few steps."""
    ascent = fp.Ascent(steps=3, starts=2, remedies=(), **{"search": None, **kwargs})
    return ascent.run(probe, fp.MapMean("conv", channel=1), rng=1, progress=False)


def test_a_box_keeps_them_as_they_are(probe: fp.ModelProbe, image: np.ndarray) -> None:
    """The frame is the image's, the rest has climbed, and the score is that of the picture."""
    result = climbed(probe, initializer=fp.FromImage(image), constraint=fp.Box())
    shown = result.images[0, 0]
    np.testing.assert_array_equal(shown[7], image[7])
    np.testing.assert_array_equal(shown[:, 7], image[:, 7])
    assert np.abs(shown[:7, :7] - image[:7, :7]).max() > 1
    answer = probe.activations(shown, "conv")[0, :, :, 1].mean()
    np.testing.assert_allclose(answer, result.scores[0, 0], rtol=1e-5)


def test_a_sphere_standardizes_them_with_the_rest(probe: fp.ModelProbe, image: np.ndarray) -> None:
    """Their contrast is that of the start image as it is climbed from."""
    result = climbed(probe, initializer=fp.FromImage(image), constraint=fp.Sphere())
    model = (image.astype(float) - 100) / 50
    live = model[:7, :7]
    expected = (model - live.mean()) / live.std() * 50 + 100
    np.testing.assert_allclose(result.images[0, 0, 7], expected[7], rtol=1e-4)


def test_searched_copies_and_snapshots(probe: fp.ModelProbe, image: np.ndarray) -> None:
    """So it is with noise on the image, in a search, and in snapshots."""
    search = fp.Precursor(
        initializers=(fp.FromImage(image, noise=0.2),), candidates=4, rounds=1, trials=0
    )
    result = climbed(probe, search=search, constraint=fp.Box(), record_every=1)
    assert (result.images[0, :, 7] == image[7]).all()
    assert (result.snapshots[:, 0, :, 7] == image[7]).all()


def test_other_starts_have_the_mean(probe: fp.ModelProbe) -> None:
    """Noise is nobody's image: what cannot matter is the space's mean."""
    result = climbed(probe, initializer=fp.PixelNoise())
    np.testing.assert_allclose(result.images[0, 0, 7], 100.0, atol=1e-3)
