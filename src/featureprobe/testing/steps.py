"""Images and steps as the engine hands them out, for tests of what runs inside a step."""

import numpy as np
import tensorflow as tf

from featureprobe._randomness import run_key
from featureprobe._spatial import inner_axes, spatial_of
from featureprobe.ascent.step.image_step import ImageStep
from featureprobe.constraints.live_pixels import LivePixels
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.types import ImageShape, Tensor


def make_images(
    probe: ModelProbe,
    count: int,
    *,
    seed: int = 0,
    dtype: str = "float32",
    shape: ImageShape | None = None,
) -> Tensor:
    """Return noise images around the middle of the probe's input space.

    Args:
        probe: Says the shape and the space.
        count: N.
        seed: Image k follows from the seed and k alone.
        dtype: ``"float32"`` or ``"float64"``.
        shape: (*spatial, C) of one image; None for the probe's.

    Returns:
        (N, *spatial, C) model units, all different.

    Example:
        >>> import featureprobe as fp
        >>> make_images(fp.testing.tiny_probe(), 3).shape
        TensorShape([3, 12, 10, 2])
    """
    space = probe.input_space
    size = shape or probe.image_shape
    noise = [np.random.default_rng([seed, k]).normal(size=size) for k in range(count)]
    return tf.constant(space.center + space.spread * np.stack(noise), dtype)


def make_step(
    probe: ModelProbe,
    count: int,
    *,
    index: int = 1,
    seed: int = 0,
    gradient: bool = True,
    dtype: str = "float32",
    shape: ImageShape | None = None,
) -> ImageStep:
    """Return a step of ``count`` images, each with a key and a receptive field of its own.

    Args:
        probe: Says the shape and the space.
        count: N.
        index: Number of the step, from 1.
        seed: What image k gets follows from the seed and k alone.
        gradient: Whether the step has a gradient; transforms run before there is one.
        dtype: ``"float32"`` or ``"float64"``.
        shape: (*spatial, C) of one image; None for the probe's.

    Returns:
        What regularizers, transforms and rules get; see :class:`featureprobe.step.Step`.

    Example:
        >>> import featureprobe as fp
        >>> make_step(fp.testing.tiny_probe(), 3).uniform((2,)).shape
        TensorShape([3, 2])
    """
    size = shape or probe.image_shape
    first, channels = size[0], size[-1]
    ones, one = np.ones((1, *spatial_of(size), 1)), (1,) * len(size)
    field = np.repeat(ones, count, axis=0)
    for k in range(count):
        field[k, : k % max(1, first // 2)] = 0.0  # image k does not see what comes first
    live = LivePixels(
        layer=tf.constant(ones, dtype),
        field=tf.constant(field, dtype),
        count=tf.constant(np.full((1, *one), np.prod(size)), dtype),
        beyond=tf.constant(
            (1 - field).sum(axis=inner_axes(field.ndim), keepdims=True) * channels, dtype
        ),
        fill=tf.constant(np.full((count, *one), probe.input_space.center), dtype),
    )
    slope = make_images(probe, count, seed=seed + 1, dtype=dtype, shape=shape)
    return ImageStep(
        index=tf.constant(index),
        space=probe.input_space,
        gradient=slope * live.field if gradient else None,
        live=live,
        keys=tf.constant(np.stack([run_key(seed, f"{k:032x}", 0) for k in range(count)])),
        salt=0,
    )


def take_image(step: ImageStep, number: int) -> ImageStep:
    """Return the step that image ``number`` would see if it ran alone."""

    def own(values: Tensor) -> Tensor:
        return values[number : number + 1] if values.shape[0] != 1 else values

    live = step.live
    return ImageStep(
        index=step.index,
        space=step.space,
        gradient=None if step.gradient is None else own(step.gradient),
        live=LivePixels(*map(own, (live.layer, live.field, live.count, live.beyond, live.fill))),
        keys=own(step.keys),
        salt=step.salt,
    )


def cut_step(step: ImageStep, part: tuple[slice, ...]) -> ImageStep:
    """Return the step of a part of the image: what has the shape of images is cut."""
    live = step.live
    masks = LivePixels(live.layer[part], live.field[part], live.count, live.beyond, live.fill)
    gradient = None if step.gradient is None else step.gradient[part]
    return ImageStep(step.index, step.space, gradient, masks, step.keys, step.salt)


def at_step(step: ImageStep, index: Tensor) -> ImageStep:
    """Return the same step under another number."""
    return ImageStep(index, step.space, step.gradient, step.live, step.keys, step.salt)
