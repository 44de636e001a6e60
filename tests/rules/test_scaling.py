"""Inverses of sizes: exact, finite, and the same wherever an image stands in a batch."""

import numpy as np
import tensorflow as tf

from featureprobe.rules.scaling import inverse, unit_peak


def test_inverses_are_exact_and_finite():
    """Correctly rounded; 0 for what is 0 or has no finite inverse; NaN stays visible in the product."""
    sizes = np.array([3.0, 1e-30, 2.0**-126, 1e-40, 0.0, 1e30], np.float32)
    found = inverse(tf.constant(sizes)).numpy()
    np.testing.assert_array_equal(found[[0, 1, 2, 5]], np.float32(1) / sizes[[0, 1, 2, 5]])
    assert found[3] == found[4] == 0
    scaled, _ = unit_peak(tf.constant([[[[np.nan]]]]))
    assert np.isnan(scaled.numpy()).all()


def test_inverses_do_not_depend_on_the_place():
    """Eight at a time or alone, every bit is the same."""
    sizes = np.random.default_rng(0).uniform(1e-3, 1e3, 37).astype(np.float32)
    together = inverse(tf.constant(sizes)).numpy()
    alone = [inverse(tf.constant(sizes[i : i + 1])).numpy()[0] for i in range(len(sizes))]
    np.testing.assert_array_equal(together, alone)


def test_the_largest_value_becomes_one():
    """Gradients whose squares would vanish are scaled; their size is returned."""
    gradient = 1e-25 * np.random.default_rng(0).normal(size=(3, 4, 4, 1)).astype(np.float32)
    scaled, peak = unit_peak(tf.constant(gradient))
    np.testing.assert_allclose(np.abs(scaled.numpy()).max(axis=(1, 2, 3)), 1, rtol=1e-6)
    np.testing.assert_array_equal(peak.numpy(), np.abs(gradient).max(axis=(1, 2, 3)))
