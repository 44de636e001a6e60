"""Twins of the promises of parameterizations and update rules."""

from itertools import count
from typing import Any

import tensorflow as tf
from twins import Twin, broken

from featureprobe.parameterizations import Pixels
from featureprobe.rules import NormalizedGradient
from featureprobe.testing import ParameterizationContract, UpdateRuleContract

_calls = count(1)


def _params(method: str, says: str, **members: Any) -> Twin:
    return Twin(ParameterizationContract, method, broken(Pixels, **members), says)


def _rule(method: str, says: str, *, init: Any = None, update: Any = None) -> Twin:
    members = {"init": init or NormalizedGradient.init, "update": update or _plain}
    return Twin(UpdateRuleContract, method, broken(NormalizedGradient, **members), says)


def _plain(self, params, grad, score, slots, step):
    return {name: params[name] + 0.1 * grad[name] for name in params}, slots


def _moved(params, grad, factor):
    return {name: params[name] + factor(grad[name]) * grad[name] for name in params}


def _renamed(self, params, grad, score, slots, step):
    return {f"new_{name}": value for name, value in params.items()}, slots


def _heavier(self, params, grad, score, slots, step):
    return {name: tf.cast(value, tf.float64) for name, value in params.items()}, slots


def _growing(self, params, grad, score, slots, step):
    return params, {**slots, "more": tf.zeros(3)}


def _unguarded(self, params, grad, score, slots, step):
    square = lambda g: tf.reduce_mean(g**2, axis=(1, 2, 3), keepdims=True)  # noqa: E731
    return _moved(params, grad, lambda g: 0.1 / tf.sqrt(square(g))), slots


def _descending(self, params, grad, score, slots, step):
    return _moved(params, grad, lambda g: -0.1), slots


def _batch_norm(self, params, grad, score, slots, step):
    return _moved(params, grad, lambda g: 1 / (1 + tf.norm(g))), slots


def _counting(self, params, grad, score, slots, step):
    number = float(next(_calls))
    return _moved(params, grad, lambda g: 1 / number), slots


EXACT = "test_exact_means_that_fit_and_render_give_the_image_back"
ROWS, SLOTS = (
    "test_params_are_tensors_with_one_row_per_image",
    "test_slots_are_tensors_with_one_row_per_image",
)
SHAPE, GRADIENT = (
    "test_renders_images_of_the_same_shape_and_dtype",
    "test_a_gradient_reaches_the_params",
)
KEEPS, ALONE = "test_keeps_names_shapes_and_dtypes", "test_no_image_affects_another"

TWINS = [
    _params(ROWS, "Return a dict", fit=lambda self, images: [images]),
    _params(ROWS, r"tensors \(N", fit=lambda self, images: {"pixels": images[0]}),
    _params(ROWS, r"tensors \(N", fit=lambda self, images: {"pixels": images.numpy()}),
    _params(SHAPE, "Keep shape", render=lambda self, params: params["pixels"][:, :5]),
    _params(SHAPE, "Keep shape", render=lambda self, params: tf.cast(params["pixels"], tf.float32)),
    _params(EXACT, "says exact = True", render=lambda self, params: 0.99 * params["pixels"]),
    _params(EXACT, "Say `exact", exact=None),
    _params(
        GRADIENT,
        "reaches the parameter 'unused'",
        fit=lambda self, images: {"pixels": images, "unused": 2 * images},
    ),
    _params(
        GRADIENT, "use every", render=lambda self, params: tf.constant(params["pixels"].numpy())
    ),
    _params(
        ALONE,
        "alone and in a batch",
        fit=lambda self, images: {"pixels": images - tf.reduce_mean(images, axis=0)},
    ),
    _params(
        ALONE,
        "alone and in a batch",
        render=lambda self, params: params["pixels"] - tf.reduce_mean(params["pixels"]),
    ),
    _rule(KEEPS, "Keep names", update=_renamed),
    _rule(KEEPS, "Keep names", update=_heavier),
    _rule(SLOTS, "a step counter", init=lambda self, params: {"count": 0}),
    _rule(SLOTS, "a step counter", init=lambda self, params: {"count": tf.constant(0)}),
    _rule(SLOTS, "Return the layout", init=lambda self, params: {}, update=_growing),
    _rule("test_gradients_of_any_size_give_finite_steps", "divide_no_nan", update=_unguarded),
    _rule(
        "test_a_step_along_the_gradient_of_a_linear_score_raises_it",
        "add the gradient",
        update=_descending,
    ),
    _rule(ALONE, "alone and in a batch", update=_batch_norm),
    _rule("test_a_run_resumes_from_its_slots", "in its slots", update=_counting),
]
