"""Reads: what fits a layer, and each image's own value out of a batch."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import featureprobe as fp
from featureprobe.probe.graph.reads import check_read, gather
from featureprobe.types import Read

MAPS, STRIPS, NODES, VOLUMES = (4, 5, 3), (7, 3), (6,), (2, 4, 6, 3)


@pytest.mark.parametrize(
    ("read", "shape"),
    [
        (Read("a"), MAPS),
        (Read("a", channel=2), MAPS),
        (Read("a", row=3, col=4, channel=0), MAPS),
        (Read("a", row=0), MAPS),
        (Read("a", row=6, channel=2), STRIPS),
        (Read("a", index=5), NODES),
        (Read("a", position=(6,), channel=2), STRIPS),
        (Read("a", position=(3, 4), channel=0), MAPS),
        (Read("a", position=(1, 3, 5), channel=2), VOLUMES),
        (Read("a"), (2, 2, 2, 2)),
        (Read("a", unit=2), MAPS),
        (Read("a", unit=5), NODES),
        (Read("a", unit=2), VOLUMES),
    ],
)
def test_what_fits(read: Read, shape: tuple[int, ...]) -> None:
    """Axes that the layer has, with the first and last index of each, are accepted."""
    assert check_read(read, shape) is None


@pytest.mark.parametrize(
    ("read", "shape", "error", "says"),
    [
        (Read("a", channel=3), MAPS, fp.RangeError, "channel 3.*from 0 to 2"),
        (Read("a", row=4), MAPS, fp.RangeError, "row 4.*from 0 to 3"),
        (Read("a", col=5), MAPS, fp.RangeError, "col 5.*from 0 to 4"),
        (Read("a", row=-1), MAPS, fp.RangeError, "row -1"),
        (Read("a", index=6), NODES, fp.RangeError, "index 6.*from 0 to 5"),
        (Read("a", row=7, channel=0), STRIPS, fp.RangeError, "row 7.*from 0 to 6"),
        (Read("a", col=0), STRIPS, fp.ShapeError, "no col axis.*position, channel"),
        (Read("a", channel=0), NODES, fp.ShapeError, r"no channel axis.*fp\.Node\(layer, index="),
        (Read("a", index=0), MAPS, fp.ShapeError, "no index axis.*row, col, channel"),
        (Read("a", channel=0), (2, 2, 2, 2, 2), fp.ShapeError, "none that can be indexed"),
        (Read("a", position=(7,), channel=0), STRIPS, fp.RangeError, "position 7.*from 0 to 6"),
        (Read("a", position=(1,)), MAPS, fp.ShapeError, "no position axis.*row, col, channel"),
        (Read("a", position=(0, 0, 6)), VOLUMES, fp.RangeError, "col 6.*from 0 to 5"),
    ],
)
def test_what_does_not_fit(
    read: Read, shape: tuple[int, ...], error: type[Exception], says: str
) -> None:
    """A missing axis and an index outside are told apart, with the shape and the choice."""
    with pytest.raises(error, match=says) as caught:
        check_read(read, shape)
    assert str(tuple(shape)) in str(caught.value)


@pytest.mark.parametrize("layer", ["", None, 3])
def test_a_read_needs_a_path(layer: object) -> None:
    """A read without a layer is refused at construction."""
    with pytest.raises(fp.ConfigError, match="path of a layer"):
        Read(layer)


def test_a_read_is_of_a_map_or_of_a_dense_layer() -> None:
    """An index goes with nothing else."""
    with pytest.raises(fp.ConfigError, match="either index="):
        Read("a", index=1, channel=2)


def test_axes_and_indices_are_in_one_order() -> None:
    """Axes come in the order row, col, channel, however they were given."""
    read = Read("a", channel=2, row=0)
    assert (read.axes, read.indices) == (("row", "channel"), (0, 2))


@pytest.mark.parametrize("traced", [False, True])
def test_each_image_has_its_own_place(traced: bool) -> None:
    """With unknown batch size too, image k gives the value at its own row, col and channel."""
    values = np.random.default_rng(0).random((3, *MAPS), dtype=np.float32)
    rows, cols, channels = np.int32([[3, 0, 1], [4, 0, 2], [0, 2, 1]])
    take = gather
    if traced:
        take = lambda v, axes, at: tf.function(  # noqa: E731
            lambda x: gather(x, axes, at),
            input_signature=[tf.TensorSpec((None, *MAPS), tf.float32)],
        )(v)
    found = take(values, ("row", "col", "channel"), (rows, cols, channels))
    np.testing.assert_array_equal(
        found, [values[0, 3, 4, 0], values[1, 0, 0, 2], values[2, 1, 2, 1]]
    )
    for word in ("channel", "unit"):
        found = take(values, (word,), (channels,))
        np.testing.assert_array_equal(found, [values[k, :, :, c] for k, c in enumerate(channels)])


def test_a_unit_is_named_alone() -> None:
    """Other axes go by channel and index; outside of a layer it is called what it is there."""
    with pytest.raises(fp.ConfigError, match="stands alone"):
        Read("a", unit=1, row=0)
    with pytest.raises(fp.RangeError, match="index 6 is outside"):
        check_read(Read("a", unit=6), NODES)
    with pytest.raises(fp.RangeError, match="channel 3 is outside"):
        check_read(Read("a", unit=3), MAPS)


@pytest.mark.parametrize("pre", ["False", "True", 0, 1, None, [], np.array([True])])
def test_pre_is_true_or_false(pre: Any, small_probe: fp.ModelProbe, small_images: Any) -> None:
    """Everywhere: text, numbers and None are refused, not taken for their truth."""
    for made in (
        lambda: fp.Read("conv", pre=pre),
        lambda: fp.MapMean("conv", channel=0, pre=pre),
        lambda: fp.MapMean.each(small_probe, "conv", pre=pre),
        lambda: fp.Node("dense", index=0, pre=pre),
        lambda: fp.Node.each(small_probe, "dense", pre=pre),
        lambda: small_probe.activations(small_images, "conv", pre=pre),
        lambda: small_probe.activations(small_images, ["conv"], pre=pre),
    ):
        with pytest.raises(fp.ConfigError, match=r"pre (is|must be) True or False"):
            made()


@pytest.mark.parametrize("pre", [True, False, np.True_, np.False_])
def test_numpy_bools_are_bools(pre: Any) -> None:
    """They become Python's own, so that a recipe can hold them."""
    for made in (fp.Read("a", pre=pre), fp.MapMean("a", channel=0, pre=pre)):
        assert made.pre is bool(pre)
    assert fp.Node("a", index=0, pre=pre) == fp.Node("a", index=0, pre=bool(pre))
