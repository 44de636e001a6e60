"""Places: one way to keep each, whatever the rank, and old ways that mean the same."""

import json

import numpy as np
import pytest

import featureprobe as fp
from featureprobe._component import revive
from featureprobe.probe.graph.reads import gather
from featureprobe.types import Read


@pytest.mark.parametrize("cls", [fp.Node, fp.UnitStatistic])
def test_a_place_is_kept_in_one_way(cls: type) -> None:
    """Two numbers as row and col, with the digest that they had; others as a position."""
    unit = {"channel": 5} if cls is fp.Node else {"unit": 5}
    pair = cls("maps", position=(1, 2), **unit)
    assert pair == cls("maps", row=1, col=2, **unit)
    assert (pair.row, pair.col, pair.position) == (1, 2, None)
    assert cls("strips", position=(3,), **unit) == cls("strips", row=3, **unit)
    for place in ((3,), (1, 2), (0, 1, 2)):
        assert cls("layer", position=place, **unit).place == place
    with pytest.raises(fp.ConfigError, match="Leave one out"):
        cls("maps", position=(1, 2), row=1, **unit)
    for wrong in ((), (1, 2, 3, 4)):
        with pytest.raises(fp.ConfigError, match="one number for each spatial axis"):
            cls("maps", position=wrong, **unit)


def test_digests_of_nodes_in_maps_stay() -> None:
    """A node of a map has the digest that it had before there were positions."""
    node = fp.Node("Conv2D_3", position=(1, 1), channel=5)
    assert node.digest() == "af633d24178e436db37e52862b780934151b3264504b71eae64d2abae65201e0"
    for place in ((4,), (4, 1), (0, 4, 1)):
        other = fp.Node("layer", position=place, channel=2)
        assert revive(json.loads(json.dumps(other.to_config()))) == other


@pytest.mark.parametrize("place", [(4,), (4, 1), (0, 4, 1)])
def test_reads_take_each_images_own_value(place: tuple[int, ...]) -> None:
    """What is gathered at a place is that value, in layers of any rank."""
    shape = tuple(number + 2 for number in place)
    values = np.random.default_rng(0).normal(size=(2, *shape, 3)).astype(np.float32)
    read = Read("layer", position=place, channel=2)
    indices = [np.full(2, i, np.int32) for i in read.indices]
    got = gather(values, read.axes, indices)
    np.testing.assert_array_equal(got, values[(slice(None), *place, 2)])
