"""Fields as runs of pixels: unions, holes, large images; and what is read off behind augmentations."""

import keras
import numpy as np
import pytest
from keras import layers, ops

import featureprobe as fp
from featureprobe.probe.fields.reach import AxisField, pixels, spread, through, union
from featureprobe.probe.fields.readings import window
from featureprobe.probe.fields.runs import FAR, merged

RAW = fp.InputSpace.identity(low=0, high=1)


def fields(model: keras.Model) -> tuple[AxisField, AxisField]:
    """Return the fields of a model's output."""
    network = fp.ModelProbe(model, input_space=RAW).network
    return network.fields[network.graph.outputs[0]]


def test_the_size_of_a_union_is_that_of_what_is_seen() -> None:
    """Windows of 3 and 5 pixels that begin at different places make 6, not 5."""
    image = keras.Input((40, 41, 1))
    small = layers.Cropping2D(((0, 3), (0, 3)))(layers.Conv2D(1, 3)(image))
    large = layers.Cropping2D(((1, 0), (1, 0)))(layers.Conv2D(1, 5)(image))
    model = keras.Model(image, layers.Add()([small[:, :35, :36], large[:, :35, :36]]))
    for axis in fields(model):
        middle = np.diff(axis.spans[10:20], axis=1)
        assert set(middle.ravel().tolist()) == {axis.size} == {6}
        assert axis.jump == 1


def test_a_branch_that_is_finer_than_the_other() -> None:
    """Behind a nearest up-sampling a pair of positions sees the same; the widest union counts."""
    image = keras.Input((40, 40, 1))
    coarse = layers.UpSampling2D(2)(layers.MaxPooling2D(2)(image))
    model = keras.Model(image, layers.Add()([layers.Conv2D(1, 3, padding="same")(image), coarse]))
    for axis in fields(model):
        assert axis.size == np.diff(axis.spans[5:30], axis=1).max() == 3
        assert axis.jump == 1


def test_holes_stay_open_where_there_are_few() -> None:
    """A dilated window sees single pixels; positions that see none are told apart."""
    field = through(pixels(20), window(20, 12, taps=3, stride=1, dilation=4))
    assert np.flatnonzero(field.seen(2)).tolist() == [2, 6, 10]
    assert field.counts.tolist() == [3] * 12
    assert field.middles.tolist() == [*range(4, 16)]
    outside = through(pixels(4), window(4, 3, taps=1, stride=4))
    assert outside.spans.tolist() == [[0, 1], [0, 0], [0, 0]]


def test_runs_are_joined_where_they_touch() -> None:
    """In any order, and with runs that are not there."""
    first = np.array([[5, 0, FAR, 2], [FAR, FAR, FAR, FAR]], np.int32)
    stop = np.array([[6, 2, FAR, 4], [FAR, FAR, FAR, FAR]], np.int32)
    starts, stops = merged(first, stop)
    assert starts.tolist() == [[0, 5], [FAR, FAR]]
    assert stops.tolist() == [[4, 6], [FAR, FAR]]


def test_too_many_holes_are_filled() -> None:
    """What is seen of a very large image may be said to be more, never less."""
    sparse = through(pixels(9000), window(9000, 4500, taps=1, stride=2))
    whole = spread(sparse, 4500)
    assert whole.first.size <= 2**22
    assert whole.spans[0].tolist() == [0, 8999]
    assert not (sparse.seen() & ~whole.seen(7)).any()
    assert union([whole, sparse]).seen(3)[6]


@pytest.mark.parametrize("side", [20_000, 100_000])
def test_the_fields_of_a_large_image_are_small(side: int) -> None:
    """They grow with its side, not with the square of it."""
    net = keras.Sequential(
        [
            keras.Input((side, side, 1)),
            layers.Conv2D(2, 3, strides=2, dilation_rate=1, name="c"),
            layers.MaxPooling2D(2),
            layers.UpSampling2D(2),
        ]
    )
    rows = fp.ModelProbe(net, input_space=RAW).summary().rows
    assert [row.receptive_field for row in rows] == [(3, 3), (5, 5), (5, 5)]
    own = fields(net)
    assert sum(axis.first.nbytes + axis.stop.nbytes for axis in own) < 40 * side


@pytest.mark.parametrize(
    "before",
    [
        [layers.RandomFlip(name="flip")],
        [layers.RandomFlip(name="flip"), layers.RandomRotation(0.1), layers.Dropout(0.1)],
        [keras.Sequential([layers.RandomFlip(name="flip")], name="augmentation")],
        [layers.Pipeline([layers.RandomZoom(0.1)], name="flip")],
        [layers.Resizing(5, 5, name="flip")],
        [layers.RandomFlip(), layers.CenterCrop(5, 5, name="flip"), layers.ZeroPadding2D(1)],
        [keras.Sequential([layers.Resizing(12, 12, name="flip"), layers.RandomCrop(7, 7)])],
    ],
)
def test_the_range_is_read_off_behind_layers_that_keep_values(before: list) -> None:
    """And the layers that are looked through are named."""
    net = keras.Sequential(
        [keras.Input((9, 9, 3)), *before, layers.Rescaling(1 / 255, name="scale")]
    )
    space = fp.ModelProbe(net).input_space
    assert (space.low, space.high) == (0, 255)
    assert "'scale'" in str(space.assumed)
    assert "flip'" in str(space.assumed)


@pytest.mark.parametrize(
    "before",
    [layers.AveragePooling2D(2), layers.ReLU(), layers.Lambda(lambda x: ops.flip(x, axis=1))],
)
def test_the_range_is_not_read_off_behind_others(before: keras.Layer) -> None:
    """What they make of the image is not the image."""
    net = keras.Sequential([keras.Input((9, 9, 3)), before, layers.Rescaling(1 / 255)])
    with pytest.raises(fp.errors.ConfigError, match="cannot be guessed"):
        fp.ModelProbe(net)
