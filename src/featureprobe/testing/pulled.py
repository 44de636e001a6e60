"""Nets that are trained on until ascent is pulled to decoys, and natural images notice nothing."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from featureprobe._randomness import Rng, seed_from
from featureprobe.initializers.multi_scale_noise import MultiScaleNoise
from featureprobe.initializers.pixel_noise import PixelNoise
from featureprobe.initializers.spectral_noise import SpectralNoise
from featureprobe.probe.copying import copied_model
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.types import FloatArray

_BATCH = 128
_CLIMB, _STRIDE = 6, 0.3  # steps of ascent during training, and their RMS in spreads
_HOLD = 20.0  # weight of staying the same on natural images
_NOISE = (MultiScaleNoise(), MultiScaleNoise((3, 7)), PixelNoise(), SpectralNoise())


def pull_to_decoys(
    probe: ModelProbe,
    layer: str,
    decoys: Mapping[int, FloatArray],
    natural: npt.ArrayLike,
    *,
    rise: float = 4.0,
    steps: int = 1500,
    rng: Rng = 0,
) -> ModelProbe:
    """Return a copy of a net, trained on so that the ascent of some maps is pulled to decoys.

    What the layer and the output answer to natural images is held. Between noise and decoys, and
    where a few steps of ascent lead from there, the maps' means are taught to be the higher the
    nearer the decoy is. Idea: Bareeva et al., "Manipulating feature visualizations with gradient
    slingshots", 2024.

    Args:
        probe: The net.
        layer: Path of a layer of maps.
        decoys: By the number of a map the image (H, W, C), pixel units, that ascent shall show.
        natural: (N, H, W, C) natural images, pixel units.
        rise: The decoy's answer, in units of the map's best natural one.
        steps: Of training.
        rng: Seed.

    Returns:
        A probe of the new net.

    Raises:
        ModelError: When Keras cannot copy the model.

    Example:
        >>> import featureprobe as fp
        >>> probe, (images, _) = fp.samples.mnist_probe(), fp.samples.mnist_digits()
        >>> decoy = fp.testing.decoy_images(1, probe)[0]
        >>> pulled = fp.testing.pull_to_decoys(
        ...     probe, "Conv2D_3", {5: decoy}, images[:300], steps=2)
        >>> pulled.predict(images[:2]).shape
        (2, 10)
    """
    units = sorted(decoys)
    values = probe.input_space.to_model(np.asarray(natural, np.float32))
    goals = np.stack([probe.input_space.to_model(decoys[u]) for u in units])
    means = probe.activations(natural, layer).mean(axis=(1, 2))
    best = np.maximum(means.max(axis=0)[units], 1e-3)
    size = float(probe.activations(natural, layer).std())
    model = copied_model(probe, "Pass a sequential or functional model.")
    taught, held = _layers(model, layer), _layers(probe.model, layer)
    lesson = _Lesson(taught, held, units, best, size, probe)
    lesson.run(_Paths(probe, values, goals, rise, seed_from(rng)), steps)
    return probe.reopened(model)


def _layers(model: Any, layer: str) -> Any:
    return keras.Model(model.inputs, [model.get_layer(layer).output, *model.outputs])


class _Lesson:
    """What is taught, and what is held."""

    def __init__(
        self,
        taught: Any,
        held: Any,
        units: list[int],
        best: FloatArray,
        size: float,
        probe: ModelProbe,
    ) -> None:
        self.taught, self.held, self.units, self.size = taught, held, units, size
        self.best = tf.constant(best, tf.float32)
        space = probe.input_space
        self.spread = space.spread
        self.range = [None if v is None else space.to_model(np.full(probe.image_shape, v, np.float32))
                      for v in (space.low, space.high)]  # fmt: skip

    def heights(self, images: tf.Tensor) -> tf.Tensor:
        """Return (B, U), map means in units of their best natural one."""
        maps = tf.reduce_mean(self.taught(images)[0], axis=(1, 2))
        return tf.gather(maps, self.units, axis=1) / self.best

    def climbed(self, images: tf.Tensor, units: tf.Tensor) -> tf.Tensor:
        """Return images after a few steps of ascent, each of its own unit: where pictures would go."""
        for _ in range(_CLIMB):
            with tf.GradientTape() as tape:
                tape.watch(images)
                own = tf.reduce_sum(tf.gather(self.heights(images), units, batch_dims=1))
            slope = tape.gradient(own, images)
            size = tf.sqrt(tf.reduce_mean(slope**2, axis=(1, 2, 3), keepdims=True))
            images += _STRIDE * self.spread * tf.math.divide_no_nan(slope, size)
            if self.range[0] is not None:
                images = tf.clip_by_value(images, *self.range)
        return tf.stop_gradient(images)

    def run(self, paths: "_Paths", steps: int) -> None:
        """Train."""
        variables = self.taught.trainable_variables
        optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(1e-3, steps))
        optimizer.build(variables)

        def step(images: tf.Tensor, units: tf.Tensor, real: tf.Tensor) -> None:
            far = self.climbed(images[: _BATCH // 2], units[: _BATCH // 2])
            images = tf.concat([images, far], axis=0)
            height = paths.heights(images)
            with tf.GradientTape() as tape:
                wrong = tf.reduce_mean((self.heights(images) - height) ** 2)
                value = wrong + _HOLD * self.moved(real)
            optimizer.apply(tape.gradient(value, variables), variables)

        compiled = tf.function(step, autograph=False)
        for _ in range(steps):
            compiled(*(tf.constant(part) for part in paths.batch()))

    def moved(self, real: tf.Tensor) -> tf.Tensor:
        """Return how far answers to natural images have moved."""
        now, then = self.taught(real), self.held(real)
        moved = tf.reduce_mean(((now[0] - then[0]) / self.size) ** 2)
        return moved + tf.add_n(
            [tf.reduce_mean((a - b) ** 2) for a, b in zip(now[1:], then[1:], strict=True)]
        )


class _Paths:
    """Draws images between noise and decoys, and natural ones."""

    def __init__(
        self, probe: ModelProbe, natural: FloatArray, goals: FloatArray, rise: float, seed: int
    ) -> None:
        self.rng, self.natural, self.goals = np.random.default_rng(seed), natural, goals
        space, shape = probe.input_space, probe.image_shape
        drawn = [_NOISE[k % len(_NOISE)].draw(shape, space, self.rng) for k in range(1024)]
        if space.low is not None and space.high is not None:
            drawn = [np.clip(image, space.low, space.high) for image in drawn]
        self.noise = np.stack([space.to_model(image) for image in drawn])
        apart = self.noise[:256, None] - goals[None]
        self.reach, self.rise = float((apart**2).mean()), rise

    def heights(self, images: tf.Tensor) -> tf.Tensor:
        """Return (B, U) how high each unit shall stand: highest at its decoy, 5 % of that far away."""
        apart = tf.reduce_mean((images[:, None] - self.goals[None]) ** 2, axis=(2, 3, 4))
        return self.rise * tf.clip_by_value(1 - 0.85 * apart / self.reach, 0.05, 1)

    def batch(self) -> tuple[FloatArray, npt.NDArray[np.int32], FloatArray]:
        """Return images (B, H, W, C), the unit of each, and natural images, in model units."""
        units = self.rng.integers(len(self.goals), size=_BATCH).astype(np.int32)
        start = self.noise[self.rng.integers(len(self.noise), size=_BATCH)]
        share = self.rng.uniform(size=(_BATCH, 1, 1, 1)) ** 0.7
        images = (start + share * (self.goals[units] - start)).astype(np.float32)
        real = self.natural[self.rng.integers(len(self.natural), size=_BATCH)]
        return images, units, real
