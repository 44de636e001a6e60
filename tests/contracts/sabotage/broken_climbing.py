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


def _by_pixels(self, params, grad, score, slots, step):
    return {n: params[n] + 0.1 * step.space.spread * tf.sign(g) for n, g in grad.items()}, slots


def _with_logit(self, images, shape, space, keys):
    return {"pixels": images, "logit": tf.zeros_like(images)}


def _with_alpha(self, params, step):
    return params["pixels"], {"alpha": tf.sigmoid(params["logit"])}


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
SPREADS = "test_spreads_are_positive_and_of_parameters"
KEEPS, ALONE = "test_keeps_names_shapes_and_dtypes", "test_no_image_affects_another"

TWINS = [
    _params(ROWS, "Return a dict", fit=lambda self, images, shape, space, keys: [images]),
    _params(
        ROWS, r"tensors \(N", fit=lambda self, images, shape, space, keys: {"pixels": images[0]}
    ),
    _params(
        ROWS,
        r"tensors \(N",
        fit=lambda self, images, shape, space, keys: {"pixels": images.numpy()},
    ),
    _params(SHAPE, "Keep shape", render=lambda self, params, step: params["pixels"][:, :5]),
    _params(
        SHAPE, "Keep shape", render=lambda self, params, step: tf.cast(params["pixels"], tf.float32)
    ),
    _params(EXACT, "says exact = True", render=lambda self, params, step: 0.99 * params["pixels"]),
    _params(EXACT, "Say `exact", exact=None),
    _params(
        GRADIENT,
        "reaches the parameter 'unused'",
        fit=lambda self, images, shape, space, keys: {"pixels": images, "unused": 2 * images},
    ),
    _params(
        GRADIENT,
        "use every",
        render=lambda self, params, step: tf.constant(params["pixels"].numpy()),
    ),
    _params(
        ALONE,
        "alone and in a batch",
        fit=lambda self, images, shape, space, keys: {
            "pixels": images - tf.reduce_mean(images, axis=0)
        },
    ),
    _params(
        ALONE,
        "alone and in a batch",
        render=lambda self, params, step: params["pixels"] - tf.reduce_mean(params["pixels"]),
    ),
    _params(ROWS, "in constants", constants=("magnitude",)),
    _params(ROWS, "in shared", shared=("common",)),
    _params(EXACT, "does not say all", fit=_with_logit, render=_with_alpha),
    _params(
        "test_what_is_drawn_follows_from_the_keys",
        "draws other numbers",
        fit=lambda self, images, shape, space, keys: {
            "pixels": images + tf.random.normal(tf.shape(images))
        },
    ),
    _params(
        "test_extras_are_the_same_with_and_without_a_step",
        "same names",
        render=lambda self, params, step: (
            params["pixels"],
            {} if step is None else {"alpha": params["pixels"]},
        ),
    ),
    _params(SPREADS, "which fit", spreads=lambda self, shape, space: {"phase": 1.0}),
    _params(SPREADS, "above 0", spreads=lambda self, shape, space: {"pixels": 0.0}),
    _params(
        "test_a_run_is_the_same_resumed_and_in_any_chunks",
        "ends at other images",
        render=lambda self, params, step: (
            params["pixels"] + tf.random.normal(tf.shape(params["pixels"]))
        ),
    ),
    _rule(
        "test_steps_scale_with_the_spread_of_a_parameter",
        "step.spread",
        update=_by_pixels,
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
