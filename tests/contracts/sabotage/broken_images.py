"""Twins of the promises of initializers, regularizers and transforms."""

from typing import Any

import numpy as np
import tensorflow as tf
from twins import Twin, broken

from featureprobe.initializers import PixelNoise
from featureprobe.regularizers import Clip, GaussianBlur, Standardize
from featureprobe.testing import InitializerContract, RegularizerContract, TransformContract
from featureprobe.transforms import Noise

_own_generator = np.random.default_rng(0)


def _draw(method: str, draw: Any, says: str, **declared: Any) -> Twin:
    return Twin(InitializerContract, method, broken(PixelNoise, draw=draw), says, declared)


def _apply(method: str, apply: Any, says: str, **declared: Any) -> Twin:
    return Twin(RegularizerContract, method, broken(Clip, apply=apply), says, declared)


def _wide(reach: Any, apply: Any, says: str, method: str) -> Twin:
    own = broken(Clip, apply=apply, reach=reach)
    return Twin(RegularizerContract, method, own, says)


def _now_and_then(due: Any, apply: Any, says: str) -> Twin:
    return Twin(RegularizerContract, DUE, broken(Clip, apply=apply, due=due), says)


def _view(method: str, view: Any, says: str, **declared: Any) -> Twin:
    return Twin(TransformContract, method, lambda: broken(Noise, view=view)(0.5), says, declared)


def _unguarded(self, images, step):
    centred = images - tf.reduce_mean(images, axis=(1, 2, 3), keepdims=True)
    return centred / tf.math.reduce_std(images, axis=(1, 2, 3), keepdims=True)


def _standard_noise(self, shape, space, rng):
    noise = rng.standard_normal(shape)
    with np.errstate(invalid="ignore"):
        return ((noise - noise.mean()) / noise.std()).astype(np.float32)


def _one_key(self, images, step):
    return images + tf.random.stateless_normal(images.shape[1:], seed=step.keys[0])


def _fixed_key(self, images, step):
    return images + tf.random.stateless_normal(images.shape[1:], seed=(7, 7))


def _same_every_step(self, images, step):
    draw = lambda key: tf.random.stateless_normal(images.shape[1:], seed=key)  # noqa: E731
    return images + tf.map_fn(draw, step.keys, fn_output_signature=tf.float32)


def _blurred(self, images, step):
    return GaussianBlur(1.0).apply(images, step)


def _darker_at_the_top(self, images, step):
    rows = tf.range(images.shape[1], dtype=images.dtype)
    return images * tf.reshape(rows / float(images.shape[1]), (1, -1, 1, 1))


def _noisy(self, images, step):
    return images + step.normal(images.shape[1:])


def _every_second(self, images, step):
    return tf.where(tf.equal(step.index % 2, 0), 0.5 * images, images)


def _of_pictures(self, images, step):
    return images - tf.reduce_mean(images, axis=(1, 2, 3), keepdims=True)


def _fade(self, images, step):
    return 0.5 * images


SHAPES, KEEPS = "test_gives_finite_float32_images_of_any_shape", "test_keeps_shape_and_dtype"
GREY, ALONE = "test_is_finite_on_a_constant_image", "test_no_image_affects_another"
BEYOND = "test_nothing_beyond_its_reach_matters"
PART = "test_a_part_of_the_image_is_treated_as_within_the_image"
DUE = "test_it_is_due_when_it_does_something"
TRACE, VIEWS = "test_one_trace_serves_all_steps", "test_each_image_and_step_gets_its_own_view"

TWINS = [
    _draw(SHAPES, lambda self, shape, space, rng: rng.normal(size=shape), "dtype float64"),
    _draw(SHAPES, lambda self, shape, space, rng: np.zeros(shape[::-1], "f4"), "when asked for"),
    _draw(SHAPES, lambda self, shape, space, rng: np.zeros((9, 9, 1), "f4"), "when asked for"),
    _draw(SHAPES, _standard_noise, r"shape \(1, 1, 1\) that is not finite"),
    _draw(
        "test_same_rng_same_image",
        lambda self, shape, space, rng: _own_generator.random(shape, "f4"),
        "no generator of your own",
    ),
    _draw(
        "test_other_rng_other_image",
        lambda self, shape, space, rng: np.ones(shape, "f4"),
        "the same image from different generators",
    ),
    _draw(
        "test_other_rng_other_image",
        lambda self, shape, space, rng: rng.random(shape, "f4"),
        "different images from different generators",
        random=False,
    ),
    _draw(
        "test_leaves_the_global_numpy_generator_alone",
        lambda self, shape, space, rng: np.random.normal(size=shape).astype("f4"),  # noqa: NPY002
        "changes the state of np.random",
    ),
    _apply(KEEPS, lambda self, images, step: images[:, 1:], "Keep shape and dtype"),
    _apply(KEEPS, lambda self, images, step: tf.cast(images, tf.float64), "Keep shape and dtype"),
    _apply(KEEPS, lambda self, images, step: tf.math.log(images), "NaN or infinite"),
    _apply(
        "test_keeps_float64",
        lambda self, images, step: tf.cast(images, tf.float32),
        "Keep shape and dtype",
    ),
    _apply(GREY, _unguarded, "Guard divisions"),
    _apply(
        ALONE,
        lambda self, images, step: images - tf.reduce_mean(images, axis=0),
        "alone and in a batch",
    ),
    _apply(
        "test_same_step_same_images",
        lambda self, images, step: images + tf.random.normal(images.shape),
        "two results for one step",
    ),
    _apply(TRACE, lambda self, images, step: images * int(step.index), "step.index is a tensor"),
    _apply(
        TRACE,
        lambda self, images, step: images if step.index % 2 == 0 else -images,
        "step.index is a tensor",
    ),
    _apply(
        TRACE,
        lambda self, images, step: images * (1.0 if tf.executing_eagerly() else 0.5),
        "is wrong at step 1",
    ),
    _view(KEEPS, lambda self, images, step: tf.repeat(images, 3, axis=0), "Give one view of each"),
    _view(KEEPS, lambda self, images, step: images[..., :1], "Give one view of each image"),
    _view(KEEPS, lambda self, images, step: images[:, :, :, 0], "Give one view of each image"),
    _view(KEEPS, lambda self, images, step: tf.cast(images, tf.float64), "tf.cast what you add"),
    _view(KEEPS, lambda self, images, step: images[:, : 3 + step.index], "of several sizes"),
    _view(
        KEEPS,
        lambda self, images, step: images[
            :, : 3 + tf.cast(2 * tf.reduce_sum(images[0, 0, 0]) * 0, tf.int32)
        ],
        "must be known when the step is compiled",
    ),
    _wide(2, _blurred, "further away", BEYOND),
    _wide(0, Standardize.apply, "further away", BEYOND),
    _wide(True, _fade, "whole number", BEYOND),
    _wide(-1, _fade, "whole number", BEYOND),
    _wide(2, _blurred, "something else of a part", PART),
    _wide(3, lambda self, images, step: tf.roll(images, 3, axis=1), "a part of the image", PART),
    _wide(0, _darker_at_the_top, "where that lies", PART),
    _wide(0, _noisy, "a draw of the image's shape", PART),
    _now_and_then(Clip.due, _every_second, "Override due"),
    _now_and_then(
        lambda self, index: tf.equal(index % 3, 0), _every_second, "not due at the steps"
    ),
    _now_and_then(lambda self, index: int(index) % 2 == 0, _every_second, "index is a tensor"),
    _now_and_then(lambda self, index: index % 2, _every_second, "no boolean scalar"),
    _now_and_then(lambda self, index: tf.constant(not tf.executing_eagerly()), _fade, "wrong at 1"),
    _draw(
        SHAPES,
        lambda self, shape, space, rng: rng.random((*shape[:2], 1), "f4"),
        "asked for",
        rank=1,
    ),
    _draw(SHAPES, lambda self, shape, space, rng: rng.random(shape[1:], "f4"), "asked for", rank=3),
    _apply(KEEPS, _of_pictures, "fails on", rank=1),
    _apply(
        KEEPS, lambda self, images, step: images[:, :, :, :, :1], "Keep shape and dtype", rank=3
    ),
    _view(KEEPS, lambda self, images, step: images[:, :, 0], "Give one view of each", rank=3),
    _view(ALONE, _one_key, "one key per image"),
    _view(
        "test_a_gradient_flows_through_the_view",
        lambda self, images, step: tf.stop_gradient(images),
        "No gradient flows",
    ),
    _view(
        "test_a_gradient_flows_through_the_view",
        lambda self, images, step: images + tf.sqrt(tf.nn.relu(-tf.abs(images))),
        "not finite",
    ),
    _view(VIEWS, _fixed_key, "the same view .* different images of one step"),
    _view(VIEWS, _same_every_step, "the same view .* different steps"),
    _view(VIEWS, Noise.view, "different views", random=False),
]
