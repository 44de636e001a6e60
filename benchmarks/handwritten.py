"""What one would write by hand in TensorFlow: the loops that featureprobe is measured against."""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

BLUR_EVERY, SIGMA, RATE = 8, 0.6, 0.2


def blur_kernel(sigma: float = SIGMA, reach: int = 3) -> tf.Tensor:
    """Return a (2 reach + 1, 2 reach + 1, 1, 1) Gaussian kernel."""
    offsets = np.arange(-reach, reach + 1)
    line = np.exp(-0.5 * (offsets / sigma) ** 2)
    kernel = np.outer(line, line) / line.sum() ** 2
    return tf.constant(kernel[:, :, None, None], tf.float32)


def standardize(images: tf.Tensor) -> tf.Tensor:
    """Return images (N, H, W, 1) with mean 0 and deviation 1 each."""
    mean = tf.reduce_mean(images, axis=(1, 2, 3), keepdims=True)
    centred = images - mean
    return centred / (tf.math.reduce_std(centred, axis=(1, 2, 3), keepdims=True) + 1e-7)


def update(images: tf.Tensor, gradient: tf.Tensor) -> tf.Tensor:
    """Return images after one step along the normalized gradient."""
    rms = tf.sqrt(tf.reduce_mean(gradient**2, axis=(1, 2, 3), keepdims=True)) + 1e-20
    return images + RATE * gradient / rms


def batched_loop(model: keras.Model, layer: str) -> Callable[..., tf.Tensor]:
    """Return ``run(images (N, ...), maps (N,), steps)``: all maps at once, one compiled loop."""
    sub = keras.Model(model.inputs, model.get_layer(layer).output)
    kernel = blur_kernel()

    @tf.function
    def run(images: tf.Tensor, maps: tf.Tensor, steps: tf.Tensor) -> tf.Tensor:
        images = standardize(images)
        for k in tf.range(steps):
            with tf.GradientTape() as tape:
                tape.watch(images)
                answers = tf.gather(
                    sub(images, training=False), maps[:, None], axis=3, batch_dims=1
                )
                loss = tf.reduce_sum(tf.reduce_mean(answers, axis=(1, 2, 3)))
            images = update(images, tape.gradient(loss, images))
            if (k + 1) % BLUR_EVERY == 0:
                images = tf.nn.conv2d(images, kernel, 1, "SAME")
            images = standardize(images)
        return images

    return run


def eager_loop(model: keras.Model, layer: str) -> Callable[..., tf.Tensor]:
    """Return ``run(image (1, ...), map, steps)``: the articles' way, one map, no compilation."""
    sub = keras.Model(model.inputs, model.get_layer(layer).output)
    kernel = blur_kernel()

    def run(image: tf.Tensor, number: int, steps: int) -> tf.Tensor:
        image = standardize(image)
        for k in range(steps):
            with tf.GradientTape() as tape:
                tape.watch(image)
                loss = tf.reduce_mean(sub(image, training=False)[..., number])
            image = update(image, tape.gradient(loss, image))
            if (k + 1) % BLUR_EVERY == 0:
                image = tf.nn.conv2d(image, kernel, 1, "SAME")
            image = standardize(image)
        return image

    return run
