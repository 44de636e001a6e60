"""Draws follow from (seed, target, start, step, component, stream), and from nothing else."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

import featureprobe as fp
from featureprobe._randomness import run_key, start_generator
from featureprobe.testing import make_step


@pytest.fixture(scope="module")
def step():
    """A step of three images."""
    return make_step(fp.testing.tiny_probe(), 3, index=4)


def draws(step, **kwargs):
    """Draw uniform numbers, (3, 8)."""
    return step.uniform((8,), **kwargs).numpy()


def test_draws_change_with_step_component_and_stream(step):
    """No two of them draw the same; the same one draws the same again."""
    families = [
        draws(step),
        draws(replace(step, index=tf.constant(5))),
        draws(replace(step, salt=step.salt + 1)),
        draws(step, stream=1),
        step.normal((8,)).numpy(),
    ]
    np.testing.assert_array_equal(draws(step), families[0])
    for one, other in itertools.combinations(families, 2):
        assert not np.isclose(one, other).any()


def test_an_image_draws_the_same_in_any_batch(step):
    """Keys belong to images: order and company do not matter, and no two share a key."""
    alone = draws(replace(step, keys=step.keys[1:2]))
    backward = draws(replace(step, keys=step.keys[::-1]))
    np.testing.assert_array_equal(alone[0], draws(step)[1])
    np.testing.assert_array_equal(backward[::-1], draws(step))
    assert not np.isclose(draws(step)[0], draws(step)[1]).any()


def test_keys_tell_seeds_targets_and_starts_apart():
    """Each part of a run's key counts."""
    digests = [fp.MapMean("conv", channel=c).digest() for c in range(3)]
    keys = {tuple(run_key(s, d, n)) for s in range(3) for d in digests for n in range(3)}
    assert len(keys) == 27


def test_starts_tell_seeds_and_numbers_apart():
    """Each start of each seed has its own image, and always the same one."""
    first = [start_generator(s, n).standard_normal() for s in range(3) for n in range(3)]
    assert len(set(first)) == 9
    assert first == [start_generator(s, n).standard_normal() for s in range(3) for n in range(3)]
