"""The hand-written TensorFlow loop in a peer's environment: a bridge between the versions."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from handwritten import standardize, update


class Given:
    """What the benchmark handed over: the net, its units, start images in model units."""

    def __init__(self) -> None:
        folder = Path(sys.argv[1])
        about = json.loads((folder / "about.json").read_text())
        self.layer: str = about["layer"]
        self.low, self.high = about["low"], about["high"]
        self.mean, self.std = about["mean"], about["std"]
        self.model: Any = keras.saving.load_model(folder / "net.keras", compile=False)
        self.maps = int(self.model.get_layer(self.layer).output.shape[-1])
        with np.load(folder / "arrays.npz") as file:
            self.starts = file["starts"] if "starts" in file.files else None

    def pixels(self, images: Any) -> np.ndarray:
        """Return images in pixel units, from model units."""
        return np.asarray(images) * self.std + self.mean


def rate_of(rate: float, steps: int, *, decay: bool) -> Any:
    """Return a learning rate, or its schedule."""
    return keras.optimizers.schedules.CosineDecay(rate, steps) if decay else rate


def score_maps(answers: tf.Tensor) -> tf.Tensor:
    """Return (N,): the mean of map k % maps for image k, from answers (N, rows, cols, maps)."""
    numbers = tf.range(tf.shape(answers)[0]) % answers.shape[3]
    own = tf.gather(answers, numbers[:, None], axis=3, batch_dims=1)
    return tf.reduce_mean(own, axis=(1, 2, 3))


def plain_loop(model: Any, layer: str) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """Return ``run(images (N, ...), steps)``: image k climbs map k; ``handwritten``, unblurred."""
    sub = keras.Model(model.inputs, model.get_layer(layer).output)

    @tf.function
    def run(images: tf.Tensor, steps: tf.Tensor) -> tf.Tensor:
        images = standardize(images)
        for _ in tf.range(steps):
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(images)
                loss = tf.reduce_sum(score_maps(sub(images, training=False)))
            images = standardize(update(images, tape.gradient(loss, images)))
        return images

    return run


def hand_job(given: Given) -> Callable[..., np.ndarray]:
    """Return the job that runs the loop from the start images."""
    run, starts = plain_loop(given.model, given.layer), tf.constant(given.starts)

    def hand(steps: int) -> np.ndarray:
        return given.pixels(run(starts, tf.constant(steps)).numpy())

    return hand
