"""xplique: ``optimize`` of all maps of a layer in one batch.

The tool draws its own starts and stretches every image over the whole range at every step. Its
channel objective divides by the number of maps; the multiplier takes that back, since Adam's
epsilon would otherwise matter.
"""

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from xplique.features_visualizations import Objective, optimize

from peers.bridge import Given, hand_job, rate_of
from peers.protocol import serve

OPTIMIZERS = {"Adam": keras.optimizers.Adam, "Nadam": keras.optimizers.Nadam}
given = Given()
PLAIN = {
    "copies": 1,  # starts of each map in one batch
    "use_fft": False,
    "image_normalizer": "sigmoid",
    "warmup_steps": False,
    "standard": False,
}


def run(seed: int, steps: int, optimizer: Any, setting: dict[str, Any]) -> np.ndarray:
    """Return images in pixel units."""
    tf.random.set_seed(seed)
    maps = list(range(given.maps)) * setting["copies"]
    objective = Objective.channel(given.model, given.layer, maps, multiplier=float(given.maps))
    images, _ = optimize(
        objective,
        optimizer,
        nb_steps=steps,
        use_fft=setting["use_fft"],
        image_normalizer=setting["image_normalizer"],
        warmup_steps=setting["warmup_steps"],
        values_range=(given.low, given.high),
        transformations="standard" if setting["standard"] else None,
        custom_shape=None,
    )
    return given.pixels(images[-1])


def climb(
    seed: int, steps: int, optimizer: str, rate: float, decay: bool = False, **setting: Any
) -> np.ndarray:
    """Climb from the tool's own starts."""
    # A warm-up takes its steps from the same optimizer.
    whole = steps + int(setting.get("warmup_steps", 0))
    chosen = OPTIMIZERS[optimizer](rate_of(rate, whole, decay=decay))
    return run(seed, steps, chosen, PLAIN | setting)


def start(seed: int, **setting: Any) -> np.ndarray:
    """Return the images that ``climb`` starts from: one step of no length, without a warm-up."""
    return run(seed, 1, keras.optimizers.SGD(0.0), PLAIN | setting | {"warmup_steps": False})


def plain(steps: int) -> np.ndarray:
    """Climb with the tool's optimizer, without transformations and Fourier coefficients."""
    return run(0, steps, OPTIMIZERS["Adam"](0.05), PLAIN)


def plain_fft(steps: int) -> np.ndarray:
    """Climb with the tool's optimizer and Fourier coefficients, without transformations."""
    return run(0, steps, OPTIMIZERS["Adam"](0.05), PLAIN | {"use_fft": True})


if __name__ == "__main__":
    jobs = {"climb": climb, "start": start, "plain": plain, "plain_fft": plain_fft}
    serve(jobs if given.starts is None else jobs | {"hand": hand_job(given)})
