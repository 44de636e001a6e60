"""NaN and infinite values never end in a kept image, nor in a certificate."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import featureprobe as fp

TARGET = fp.MapMean("Conv2D_3", channel=5)
SHORT = {"steps": 6, "starts": 2, "search": None, "remedies": ()}


def spoiled(value, after, *, share=0.02, until=100):
    """Return an operator that sets some pixels to a value in some steps."""

    def spoil(images, step):
        some = tf.random.stateless_uniform(images.shape[1:], (1, 2)) < share
        now = (step.index > after) & (step.index <= until)
        return tf.where(some & now, tf.constant(value, images.dtype), images)

    return fp.regularizer_from(spoil)


def check_kept(result) -> None:
    """What is kept is whole, and its figures are its own."""
    assert np.isfinite(result.images).all()
    kept = np.isfinite(result.scores)
    assert (np.isfinite(result.certificates) <= kept).all()
    assert (np.isfinite(result.gradient_norms) <= kept).all()


@pytest.mark.parametrize("keep", ["best", "last"])
@pytest.mark.parametrize("constraint", [fp.Box(), fp.Sphere()])
def test_an_operator_that_makes_nan_ends_as_diverged(reference, keep, constraint):
    """Fused kernels drop NaN, so that the scores of broken images look fine; they are not told."""
    ascent = fp.Ascent(
        **SHORT, keep=keep, constraint=constraint, regularizers=(spoiled(np.nan, 2),)
    )
    result = ascent.run(reference, TARGET, rng=1, progress=False)
    assert set(result.status.ravel()) == {fp.Status.DIVERGED}
    assert np.isfinite(result.score_trace[:3]).all()
    for trace in (result.score_trace, result.total_trace, result.term_trace, result.gradient_trace,
                  result.certificate_trace):  # fmt: skip
        assert np.isnan(trace[3:]).all()
    check_kept(result)
    scores = reference.activations(result.images[0], "Conv2D_3")[..., 5].mean(axis=(1, 2))
    np.testing.assert_allclose(result.scores[0], scores, rtol=1e-4)
    with pytest.raises(fp.DivergedError):
        result.raise_if_failed()


def test_from_the_first_step_on_the_start_is_kept(reference):
    """It is whole, and its score is its own."""
    ascent = fp.Ascent(**SHORT, regularizers=(spoiled(np.inf, 0),), constraint=fp.Sphere())
    result = ascent.run(reference, TARGET, rng=1, progress=False)
    assert set(result.status.ravel()) == {fp.Status.DIVERGED}
    check_kept(result)


def test_images_that_are_broken_do_not_arrive(reference):
    """They do not leave the batch as converged."""
    stop = fp.Converged(gain=1.0, over=1, certificate=0.0)
    ascent = fp.Ascent(**SHORT | {"steps": 17}, stop=stop, regularizers=(spoiled(np.nan, 4),))
    result = ascent.run(reference, TARGET, rng=1, progress=False)
    assert set(result.status.ravel()) == {fp.Status.DIVERGED}
    check_kept(result)


@pytest.mark.parametrize("value", [np.inf, np.nan])
def test_scores_that_are_not_finite_take_no_finite_ones_place(reference, value):
    """What was best before stays."""

    def high(seen):
        mean = tf.reduce_mean(seen[0], axis=(1, 2))
        return tf.where(mean > 1.0, tf.constant(value, mean.dtype), mean)

    target = fp.objective_from(high, reads=fp.Read("Conv2D_3", channel=5))
    ascent = fp.Ascent(**SHORT | {"steps": 12}, regularizers=())
    result = ascent.run(reference, target, rng=1, progress=False)
    assert set(result.status.ravel()) == {fp.Status.DIVERGED}
    assert np.isfinite(result.scores).all()
    assert (result.scores <= 1.0).all()
    check_kept(result)


def test_a_gradient_that_is_not_a_number_gives_no_certificate():
    """The root of 0 has an infinite slope, and 0 times that is none."""
    model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Conv2D(1, 4, name="c")])
    model.get_layer("c").set_weights([np.zeros((4, 4, 1, 1)), np.zeros(1)])
    probe = fp.ModelProbe(model, input_space=fp.InputSpace.identity(low=0, high=1))
    target = fp.objective_from(
        lambda seen: tf.sqrt(seen[0][:, 0, 0]), reads=fp.Read("c", channel=0)
    )
    for constraint in (fp.Box(), fp.Sphere()):
        ascent = fp.Ascent(**SHORT, regularizers=(), constraint=constraint)
        result = ascent.run(probe, target, rng=0, progress=False)
        assert set(result.status.ravel()) == {fp.Status.DIVERGED}
        assert not np.isfinite(result.certificate_trace).any()
        assert not np.isfinite(result.certificates).any()


def test_parameters_that_are_not_finite_end_as_diverged(reference):
    """Fourier coefficients far too large for an image."""
    ascent = fp.Ascent(**SHORT, regularizers=(), parameterization=fp.Fourier(),
                       rule=fp.NormalizedGradient(1e38))  # fmt: skip
    result = ascent.run(reference, TARGET, rng=0, progress=False)
    check_kept(result)
    assert set(result.status.ravel()) == {fp.Status.DIVERGED}
