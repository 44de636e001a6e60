"""Single nodes of a first convolution: the optimum is known in closed form."""

import keras
import numpy as np
import pytest

import featureprobe as fp

ROW = COL = 12
NO_BLUR = {"regularizers": (), "initializer": fp.MultiScaleNoise()}


def filters(probe):
    """Return weights (32, 3, 3) and biases (32,) of Conv2D_1."""
    kernel, bias = probe.model.get_layer("Conv2D_1").get_weights()
    return kernel[:, :, 0].transpose(2, 0, 1).astype(np.float64), bias.astype(np.float64)


def nodes(probe):
    """Return one interior node of each map."""
    return fp.Node.each(probe, "Conv2D_1", row=ROW, col=COL)


def model_patches(probe, result):
    """Return the 3 x 3 receptive fields of the best images in model units, (32, 3, 3)."""
    images = probe.input_space.to_model(result.best())
    return images[:, ROW : ROW + 3, COL : COL + 3, 0].astype(np.float64)


@pytest.fixture(scope="module")
def on_sphere(reference):
    """All 32 nodes, climbed on the sphere."""
    ascent = fp.Ascent(steps=128, starts=24, constraint=fp.Sphere(), **NO_BLUR)
    return ascent.run(reference, nodes(reference), rng=5, progress=False)


@pytest.fixture(scope="module")
def in_box(reference):
    """All 32 nodes, climbed in the box."""
    ascent = fp.Ascent(steps=128, starts=24, constraint=fp.Box(), **NO_BLUR)
    return ascent.run(reference, nodes(reference), rng=5, progress=False)


def test_sphere_scores_reach_the_analytic_optimum(reference, on_sphere):
    """On the sphere the best of 24 starts has at least 0.99 of 28 |Pw| + b."""
    weights, bias = filters(reference)
    # Conv2D_1 sees all 784 pixels; P takes the mean over them out of the filter.
    projected = (weights**2).sum(axis=(1, 2)) - weights.sum(axis=(1, 2)) ** 2 / 784
    optimum = 28.0 * np.sqrt(projected) + bias
    assert (on_sphere.best_scores() >= 0.99 * optimum).all()
    assert (on_sphere.best_scores() <= optimum * (1 + 1e-5)).all()


def test_sphere_images_are_the_filters(reference, on_sphere):
    """On the sphere the receptive field correlates with the filter to at least 0.99."""
    weights, _ = filters(reference)
    for patch, weight in zip(model_patches(reference, on_sphere), weights, strict=True):
        assert np.corrcoef(patch.ravel(), weight.ravel())[0, 1] >= 0.99


def test_sphere_leaves_one_constant_outside(reference, on_sphere):
    """Outside the receptive field there is one constant, and the image is standardized."""
    images = reference.input_space.to_model(on_sphere.best())
    outside = np.ones((28, 28), bool)
    outside[ROW : ROW + 3, COL : COL + 3] = False
    assert np.ptp(images[:, outside], axis=1).max() <= 1e-5
    np.testing.assert_allclose(images.mean(axis=(1, 2, 3)), 0, atol=1e-5)
    np.testing.assert_allclose(images.std(axis=(1, 2, 3)), 1, atol=1e-5)


def test_sphere_certificates_are_one(on_sphere):
    """At the analytic optimum the certificate is 1, and the status says converged."""
    best = np.take_along_axis(on_sphere.certificates, on_sphere.best_starts()[:, None], axis=1)
    assert best.min() >= 0.99
    assert set(on_sphere.best_status()) == {fp.Status.CONVERGED}


def test_box_scores_and_pixels_reach_the_analytic_optimum(reference, in_box):
    """In the box every pixel that matters is at its end of the range."""
    weights, bias = filters(reference)
    low, high = (float(end) for end in reference.input_space.bounds)
    optimum = np.where(weights > 0, high * weights, low * weights).sum(axis=(1, 2)) + bias
    assert (in_box.best_scores() >= 0.99 * optimum).all()
    patches = model_patches(reference, in_box)
    strong = np.abs(weights) >= 0.05 * np.abs(weights).max(axis=(1, 2), keepdims=True)
    wanted = np.where(weights > 0, high, low)
    assert np.abs(patches - wanted)[strong].max() <= 0.01 * (high - low)


def test_sphere_optimum_where_the_field_is_most_of_the_image():
    """With 7 of 16 pixels outside, what the outside constant gives and takes counts much."""
    model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Conv2D(1, 3, name="conv")])
    weights = np.arange(1.0, 10.0).reshape(3, 3)  # far from mean 0
    model.get_layer("conv").set_weights([weights[:, :, None, None], np.zeros(1)])
    probe = fp.ModelProbe(model, input_space=fp.InputSpace(0.1, std=2.0))
    node = fp.Node("conv", row=0, col=1, channel=0)
    ascent = fp.Ascent(steps=128, starts=4, constraint=fp.Sphere(), regularizers=())
    result = ascent.run(probe, node, rng=0, progress=False)
    optimum = 4.0 * np.sqrt((weights**2).sum() - weights.sum() ** 2 / 16)
    np.testing.assert_allclose(result.best_scores(), optimum, rtol=1e-4)
