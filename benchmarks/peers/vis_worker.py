"""tf-keras-vis: ActivationMaximization of all maps of a layer in one batch.

The tool is eager and takes the score, the input modifiers and the gradient modifier as functions;
they are given in their fastest form. It clips the images that it returns, not those it climbs from:
``project`` adds that, as an input modifier.
"""

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tf_keras_vis.activation_maximization import ActivationMaximization

from peers.bridge import Given, hand_job, rate_of, score_maps
from peers.protocol import serve

OPTIMIZERS = {
    "RMSprop": lambda rate: keras.optimizers.RMSprop(rate, rho=0.999),  # the tool's default
    "Adam": keras.optimizers.Adam,
    "normalized": keras.optimizers.SGD,
}
given = Given()
HIGH = 255.0  # pixel units


def pixel_model() -> Any:
    """Return the net up to the layer, for images in pixel units, as the tool's defaults expect."""
    pixels = keras.Input(given.model.input_shape[1:])
    units = keras.layers.Rescaling(1 / given.std, -given.mean / given.std)(pixels)
    sub = keras.Model(given.model.inputs, given.model.get_layer(given.layer).output)
    return keras.Model(pixels, sub(units))


tool = ActivationMaximization(pixel_model())
direct = ActivationMaximization(
    keras.Model(given.model.inputs, given.model.get_layer(given.layer).output)
)


def normalize(gradient: tf.Tensor) -> tf.Tensor:
    """Return the gradient at root mean square 1 for each image."""
    rms = tf.sqrt(tf.reduce_mean(gradient**2, axis=(1, 2, 3), keepdims=True))
    return gradient / (rms + 1e-20)


def project(images: tf.Tensor) -> tf.Tensor:
    return tf.clip_by_value(images, 0.0, HIGH)


def start(seed: int, copies: int = 1) -> np.ndarray:
    """Return start images as the tool draws them: uniform over the range."""
    shape = (copies * given.maps, *given.model.input_shape[1:])
    return np.random.default_rng(seed).uniform(0, HIGH, shape).astype(np.float32)


def climb(
    seed: int,
    steps: int,
    optimizer: str,
    rate: float,
    project_each: bool,
    defaults: bool,
    copies: int = 1,
    decay: bool = False,
) -> np.ndarray:
    """Climb from uniform noise in the range; ``defaults``: modifiers and regularizers left on."""
    off: dict[str, Any] = {
        "input_modifiers": [project] if project_each else [],
        "regularizers": [],
    }
    return tool(
        score_maps,
        seed_input=start(seed, copies),
        steps=steps,
        optimizer=OPTIMIZERS[optimizer](rate_of(rate, steps, decay=decay)),
        gradient_modifier=normalize if optimizer == "normalized" else None,
        **({} if defaults else off),
    )


def plain(steps: int) -> np.ndarray:
    """Climb from the given start images, in model units, with everything off."""
    images = direct(
        score_maps,
        seed_input=given.starts,
        input_range=None,
        steps=steps,
        optimizer=keras.optimizers.SGD(0.2),
        gradient_modifier=normalize,
        input_modifiers=[],
        regularizers=[],
    )
    return given.pixels(images)


if __name__ == "__main__":
    jobs = {"climb": climb, "start": start, "plain": plain}
    serve(jobs if given.starts is None else jobs | {"hand": hand_job(given)})
