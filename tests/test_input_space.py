"""InputSpace: pixel units and model units, presets, and what is read off a model."""

from pathlib import Path

import keras
import numpy as np
import pytest
from keras.applications.imagenet_utils import preprocess_input

import featureprobe as fp

PHOTOS = np.random.default_rng(0).integers(0, 256, (4, 6, 5, 3)).astype(np.uint8)
PER_PIXEL = fp.InputSpace(
    fp.ArrayValue(np.random.default_rng(1).uniform(0, 255, (6, 5, 3))),
    std=fp.ArrayValue(np.random.default_rng(2).uniform(20, 90, (6, 5, 3))),
)
SPACES = {
    "identity": fp.InputSpace.identity(low=0, high=255),
    "global": fp.InputSpace(33.3, std=78.6),
    "channel": fp.InputSpace((10.0, 20.0, 200.0), std=(1.0, 50.0, 300.0)),
    "pixel": PER_PIXEL,
    "order": fp.InputSpace((1.0, 2.0, 3.0), order=(1, 2, 0)),
    "caffe": fp.InputSpace.caffe(),
    "tf": fp.InputSpace.tf(),
    "torch": fp.InputSpace.torch(),
}


@pytest.mark.parametrize("mode", ["caffe", "tf", "torch"])
def test_presets_are_keras_preprocessing(mode: str) -> None:
    """Each preset computes what Keras' preprocessing of that name does."""
    expected = preprocess_input(PHOTOS.astype(np.float32), data_format="channels_last", mode=mode)
    found = getattr(fp.InputSpace, mode)().to_model(PHOTOS)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("name", SPACES)
def test_there_and_back(name: str) -> None:
    """To model units and back gives the same pixels, uint8 exactly."""
    space = SPACES[name]
    back = space.to_pixels(space.to_model(PHOTOS))
    assert back.dtype == np.float32
    assert np.abs(back - PHOTOS).max() <= 1e-3
    np.testing.assert_array_equal(np.rint(back).astype(np.uint8), PHOTOS)


def test_standardization_by_hand() -> None:
    """(pixel[..., order] - mean) / std, with numbers that a reader can check."""
    space = fp.InputSpace((1.0, 2.0), std=(10.0, 5.0), order=(1, 0))
    np.testing.assert_allclose(space.to_model([[[[12.0, 31.0]]]]), [[[[3.0, 2.0]]]])
    np.testing.assert_allclose(space.to_pixels([[[[3.0, 2.0]]]]), [[[[12.0, 31.0]]]])


def test_each_pixel_has_its_own_numbers() -> None:
    """Per-pixel means reach their own pixel; order applies before them."""
    mean = np.arange(12, dtype=np.float64).reshape(2, 3, 2)
    space = fp.InputSpace(mean, order=(1, 0))
    assert isinstance(space.mean, fp.ArrayValue)
    pixels = mean[..., ::-1] + 7.0
    np.testing.assert_array_equal(space.to_model(pixels), np.full((2, 3, 2), 7.0))


def test_bounds_are_the_range_in_model_units() -> None:
    """What lies in low..high lies in the bounds, and the ends are reached."""
    for name in ("caffe", "tf", "torch", "identity"):
        space = SPACES[name]
        low, high = space.bounds
        ends = [space.to_model(np.full((1, 1, 3), v)) for v in (0.0, 255.0)]
        np.testing.assert_allclose(ends[0], np.broadcast_to(low, (1, 1, 3)), rtol=1e-6)
        np.testing.assert_allclose(ends[1], np.broadcast_to(high, (1, 1, 3)), rtol=1e-6)
    assert SPACES["global"].bounds is None


@pytest.mark.parametrize(
    ("space", "center", "spread"),
    [
        (fp.InputSpace(33.3, std=78.6, low=0, high=255), 0.0, 1.0),
        (fp.InputSpace.identity(low=0, high=1), 0.5, 0.275),
        (fp.InputSpace.identity(), 0.0, 1.0),
        (fp.InputSpace.caffe(), 0.0, 70.0),
        (fp.InputSpace.tf(), 0.0, 70 / 127.5),
        (fp.InputSpace.torch(), 0.0, 1.0),
        (fp.InputSpace(std=255.0, low=0, high=255), 0.5, 0.275),  # rescaled, not standardized
        (fp.InputSpace(127.5, std=127.5, low=0, high=255), 0.0, 0.55),
        (fp.InputSpace(std=100.0, low=0, high=255), 1.275, 1.0),
        (fp.InputSpace(127.0, std=127.0, low=0, high=255), 0.0, 0.275 * 255 / 127),
        (fp.InputSpace(std=255.0), 0.0, 1.0),
        (fp.InputSpace(1.0, center=3.0, spread=4.0), 3.0, 4.0),
    ],
)
def test_typical_data(space: fp.InputSpace, center: float, spread: float) -> None:
    """Centre and spread of typical data are given, or follow from standardization and range."""
    assert space.center == pytest.approx(center)
    assert space.spread == pytest.approx(spread)


def test_equal_spaces_are_equal_in_every_way() -> None:
    """1 and 1.0 make equal spaces with equal hashes, configs and digests."""
    one, other = (
        fp.InputSpace(1, std=2, low=0, high=255),
        fp.InputSpace(1.0, std=2.0, low=0.0, high=255.0),
    )
    assert one == other
    assert hash(one) == hash(other)
    assert one.digest() == other.digest()
    assert fp.InputSpace(np.float32([1, 2])) == fp.InputSpace((1.0, 2.0))


def sequential(*layers: keras.layers.Layer) -> keras.Model:
    """Return a net with these first layers."""
    return keras.Sequential([keras.Input((6, 5, 3)), *layers, keras.layers.Conv2D(2, 3)])


@pytest.mark.parametrize(
    ("scale", "offset", "says"),
    [(1 / 255, 0.0, "0..1"), (1 / 127.5, -1.0, "-1..1"), ([1 / 255] * 3, [0.0] * 3, "0..1")],
)
def test_range_is_read_off_a_rescaling(scale: object, offset: object, says: str) -> None:
    """A leading Rescaling tells the range; repr and summary say what was assumed."""
    layer = keras.layers.Rescaling(scale, offset=offset, name="scale")
    probe = fp.ModelProbe(sequential(layer))
    space = probe.input_space
    assert (space.low, space.high, space.center) == (0.0, 255.0, 127.5)
    for text in (repr(probe), str(probe.summary()), space.describe()):
        assert "'scale' (Rescaling)" in text
        assert says in text
    np.testing.assert_array_equal(space.to_model(PHOTOS), PHOTOS)  # the layer does the rest


def test_typical_data_is_read_off_a_normalization() -> None:
    """A leading Normalization tells mean and deviation, not the range; repr says so."""
    layer = keras.layers.Normalization(mean=[1.0, 2.0, 3.0], variance=[4.0, 4.0, 4.0], name="norm")
    probe = fp.ModelProbe(sequential(layer))
    space = probe.input_space
    assert (space.low, space.high) == (None, None)
    assert space.center == pytest.approx(2.0)
    assert space.spread == pytest.approx(2.0)
    assert "'norm' (Normalization); open range" in repr(probe)


def test_a_given_space_goes_before_the_layer() -> None:
    """What the user gives is not replaced by what could be read off."""
    given = fp.InputSpace.identity(low=0, high=1)
    assert (
        fp.ModelProbe(sequential(keras.layers.Rescaling(1 / 255)), input_space=given).input_space
        == given
    )


@pytest.mark.parametrize(
    "layers",
    [
        (),
        (keras.layers.ReLU(), keras.layers.Rescaling(1 / 255)),
        (keras.layers.Rescaling(1 / 255, offset=-0.5),),
        (keras.layers.Rescaling(-1.0, offset=0.0),),
        (keras.layers.Rescaling([1.0, 2.0, 3.0]),),
        (keras.layers.Normalization(mean=0.0, variance=1.0, invert=True),),
    ],
    ids=["none", "late", "odd offset", "negative", "per channel", "inverse"],
)
def test_no_range_is_guessed(layers: tuple[keras.layers.Layer, ...]) -> None:
    """Without a leading layer whose meaning is known, the input space is asked for."""
    with pytest.raises(fp.ConfigError, match="Pass input_space="):
        fp.ModelProbe(sequential(*layers))


def test_only_the_images_own_layer_counts() -> None:
    """A Normalization of another input says nothing about images."""
    image, other = keras.Input((6, 5, 3), name="image"), keras.Input((2,), name="other")
    deep = keras.layers.Normalization(mean=[9.0, 9.0], variance=[1.0, 1.0])(other)
    for _ in range(4):  # so that it comes first in the graph
        deep = keras.layers.Dense(2)(deep)
    flat = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(image))
    model = keras.Model([image, other], keras.layers.Concatenate()([flat, deep]))
    probe = fp.ModelProbe(model, other_inputs={"other": [0.0, 0.0]})
    assert (probe.input_space.low, probe.input_space.high) == (0.0, 255.0)


def test_images_that_go_around_the_rescaling_tell_no_range() -> None:
    """When raw images reach a second layer, the Rescaling does not speak for the model."""
    image = keras.Input((6, 5, 3))
    joined = keras.layers.Concatenate()([keras.layers.Rescaling(1 / 255)(image), image])
    with pytest.raises(fp.ConfigError, match="cannot be guessed"):
        fp.ModelProbe(keras.Model(image, joined))


@pytest.mark.parametrize(
    ("fields", "error", "says"),
    [
        ({"low": 255, "high": 0}, fp.RangeError, "Swap them"),
        ({"low": 1, "high": 1}, fp.RangeError, "low must be smaller"),
        ({"low": 0}, fp.ConfigError, "Give both"),
        ({"low": float("nan"), "high": 1}, fp.RangeError, "low"),
        ({"low": -np.inf, "high": np.inf}, fp.RangeError, "low"),
        ({"low": "0", "high": 255}, fp.RangeError, "low"),
        ({"std": 0}, fp.RangeError, "greater than 0"),
        ({"std": (1.0, -1.0)}, fp.RangeError, "greater than 0"),
        ({"std": float("inf")}, fp.ConfigError, "finite"),
        ({"std": ()}, fp.ConfigError, "one per channel"),
        ({"mean": None}, fp.ConfigError, "one per channel"),
        ({"mean": ("a",)}, fp.RangeError, "mean"),
        ({"mean": [[1, 2], [3]]}, fp.RangeError, "mean"),
        ({"mean": float("nan")}, fp.ConfigError, "finite"),
        ({"order": (0, 0, 1)}, fp.ConfigError, "permutation"),
        ({"order": ("a",)}, fp.ConfigError, "permutation"),
        ({"order": 5}, fp.ConfigError, "permutation"),
        ({"order": ()}, fp.ConfigError, "permutation"),
        ({"spread": 0.0}, fp.RangeError, "spread"),
        ({"spread": "x"}, fp.RangeError, "spread"),
        ({"center": float("nan")}, fp.RangeError, "center"),
    ],
)
def test_impossible_spaces_are_refused(fields: dict, error: type, says: str) -> None:
    """Numbers that make no space are refused at construction, by name."""
    with pytest.raises(error, match=says):
        fp.InputSpace(**fields)


@pytest.mark.parametrize(
    "space",
    [
        fp.InputSpace((1.0, 2.0)),
        fp.InputSpace(np.zeros((5, 6, 3))),
        fp.InputSpace(np.zeros((2, 6, 5, 3))),
        fp.InputSpace(order=(1, 0)),
    ],
    ids=["channels", "turned", "too deep", "order"],
)
def test_a_space_of_another_shape_is_refused_by_the_probe(space: fp.InputSpace) -> None:
    """Numbers for other images than the model's are refused before anything runs."""
    with pytest.raises(fp.ConfigError, match="channel"):
        fp.ModelProbe(sequential(), input_space=space)


def test_order_needs_its_channels() -> None:
    """Images with another number of channels than ``order`` are refused in both directions."""
    space = fp.InputSpace(order=(2, 1, 0))
    for way in (space.to_model, space.to_pixels):
        with pytest.raises(fp.ConfigError, match="one entry a channel"):
            way(np.zeros((2, 2, 1)))


@pytest.mark.parametrize(
    ("space", "ends", "says"),
    [
        (fp.InputSpace.identity(low=0, high=255), (0, 1), "look like 0..1. Multiply them by 255"),
        (fp.InputSpace.identity(low=0, high=255), (0, 1.02), "look like 0..1"),  # resized
        (fp.InputSpace.identity(low=0, high=1), (0, 255), "look like 0..255"),
        (fp.InputSpace.identity(low=-3, high=3), (0, 255), "look like 0..255"),
        (fp.InputSpace.identity(low=0, high=255), (0, 200), None),
        (fp.InputSpace.identity(low=0, high=255), (0, -300), None),
        (fp.InputSpace.identity(low=0, high=255), (0, 0), None),
        (fp.InputSpace.identity(low=0, high=255), (0, 1e-5), None),  # black, but for rounding
        (fp.InputSpace.identity(low=0, high=1), (0, 4), None),
        (fp.InputSpace.identity(low=0, high=1), (-30, 90), None),  # on a sphere
        (fp.InputSpace.identity(low=-128, high=127), (-128, -127), None),
        (fp.InputSpace.identity(low=-1000, high=3000), (-1000, -999), None),
        (fp.InputSpace.identity(), (0, 1), None),
    ],
)
def test_images_of_another_scale_are_told(space: fp.InputSpace, ends: tuple, says: str) -> None:
    """0..1 for 0..255, and the reverse, by whatever shows images to the net; nothing else."""
    probe = fp.ModelProbe(sequential(), input_space=space)
    given = np.linspace(*ends, 4 * probe.image_shape[0] * probe.image_shape[1] * 3)
    given = given.reshape(4, *probe.image_shape).astype(np.float32)
    for show in (probe.predict, lambda shown: fp.Evidence.collect(probe, shown)):
        if says is None:
            show(given)  # a warning would be an error
            continue
        with pytest.warns(UserWarning, match=says) as told:
            show(given)
        assert {Path(w.filename).name for w in told} == {Path(__file__).name}  # where the user is


@pytest.mark.parametrize("dtype", ["int8", "complex64", "¼¾", "", "f4"])
def test_model_units_are_floats(dtype: str) -> None:
    """What would cut numbers off, or is no dtype, is refused."""
    with pytest.raises(fp.ConfigError, match="dtype must be one of"):
        fp.InputSpace.identity().to_model(np.zeros((2, 2, 1)), dtype)
