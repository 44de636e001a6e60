"""Chance: intervals cover, and figures differ when they do."""

import numpy as np
import pytest

from featureprobe.probe.spaces import chance


@pytest.mark.parametrize(("right", "count"), [(0, 6), (3, 6), (6, 6), (142, 200)])
def test_interval_of_a_share(right: int, count: int) -> None:
    """It holds the share, is no longer than needed, and narrows with the images."""
    low, high = chance.interval_of_share(right / count, count)
    assert 0 <= low <= right / count <= high <= 1
    wide = chance.interval_of_share(right / count, 10 * count)
    assert wide[1] - wide[0] < high - low


def test_few_images_that_differ() -> None:
    """Six of six differ, five of five do not: the chance of the latter is one in sixteen."""
    assert chance.differ(np.ones(6), np.zeros(6))
    assert not chance.differ(np.ones(5), np.zeros(5))
    assert not chance.differ(np.array([1.0, 0, 1, 0]), np.array([0.0, 1, 1, 0]))


@pytest.mark.parametrize("count", [12, 40])
def test_level(count: int) -> None:
    """Of figures that do not differ, about five in a hundred seem to."""
    rng = np.random.default_rng(1)
    found = [chance.differ(*rng.normal(size=(2, count))) for _ in range(200)]
    assert 0.01 < np.mean(found) < 0.1


def test_many_images_that_differ() -> None:
    """A small difference shows with many images, and not with few."""
    rng = np.random.default_rng(2)
    apart = rng.normal(0.3, 1.0, 400)
    assert chance.differ(apart, np.zeros(400))
    assert not chance.differ(apart[:14], np.zeros(14))


def test_interval_of_a_mean() -> None:
    """The interval is about two standard errors to each side."""
    values = np.random.default_rng(3).normal(5, 1, 100)
    low, high = chance.interval_of_mean(values)
    assert low < values.mean() < high
    assert 0.3 < high - low < 0.5
