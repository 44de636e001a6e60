"""The size of views, and whether the net and the targets can do with it: found out before a run."""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import Any, NoReturn

import numpy as np
import tensorflow as tf

from featureprobe._component import ArrayValue, Component
from featureprobe._spatial import is_place, size_text
from featureprobe._tracing import traced_code
from featureprobe.ascent.step.evaluation import Evaluation
from featureprobe.ascent.step.image_step import ImageStep
from featureprobe.ascent.step.views import Views, viewed
from featureprobe.constraints.live_pixels import LivePixels
from featureprobe.errors import FeatureProbeError, ShapeError
from featureprobe.input_space import InputSpace
from featureprobe.objectives.base import Objective, reads_of
from featureprobe.probe.network.network import Network
from featureprobe.transforms.base import Transform
from featureprobe.types import ImageShape, Tensor

_TRIED = 3  # images

FAILURES = (ValueError, TypeError, NotImplementedError, tf.errors.InvalidArgumentError)
"""What other people's code raises where sizes do not fit; the last but one is numpy's."""


def view_shape(network: Network, space: InputSpace, views: Views) -> ImageShape:
    """Return (*spatial, C) of the views of the net's images; every transform is tried out.

    Raises:
        ShapeError: When a transform does not give one view of each image, all of one size.
    """
    shape = network.image_shape
    for salt, transform in enumerate(views.transforms):
        key = ("view size", transform, salt, shape, space)
        make = lambda t=transform, s=shape, n=salt: _tried(network, space, t, s, n)  # noqa: E731
        shape = network.remembered(key, make)
    return shape


def _tried(
    network: Network, space: InputSpace, transform: Transform, shape: ImageShape, salt: int
) -> ImageShape:
    """Return the size that a transform makes of images of a shape."""
    ones = tf.ones((1, *network.image_shape[:-1], 1), network.dtype)
    one = tf.ones([1] * len(ones.shape), network.dtype)
    live = LivePixels(ones, ones, one * float(np.prod(network.image_shape)), 0 * one, one)

    def view(images: Tensor, index: Tensor, keys: Tensor) -> Tensor:
        return viewed(transform, images, ImageStep(index, space, None, live, keys, salt))

    image = tf.TensorSpec((None, *shape), network.dtype)
    signature = [image, tf.TensorSpec((), tf.int32), tf.TensorSpec((None, 2), tf.int32)]
    images = tf.fill((_TRIED, *shape), tf.constant(space.center, network.dtype))
    keys = tf.reshape(tf.range(2 * _TRIED), (_TRIED, 2))
    try:
        with traced_code():
            call = tf.function(view, input_signature=signature, autograph=False)
            made = call.get_concrete_function()(images, tf.constant(1), keys)
    except FeatureProbeError:
        raise
    except (ValueError, tf.errors.InvalidArgumentError) as cause:
        raise ShapeError(
            f"{transform!r} cannot view images of {shape}: {_first_line(cause)} Give it sizes that "
            "fit them."
        ) from cause
    if made.shape[0] != _TRIED:
        raise ShapeError(
            f"{transform!r} makes {made.shape[0]} views of {_TRIED} images. A transform gives one "
            "view of each image; for several, pass fp.Ascent(views=)."
        )
    return tuple(made.shape[1:])


def check_sizes(network: Network, targets: Sequence[Objective], shape: ImageShape) -> None:
    """Raise unless targets of one structure can be read off views of another size than the images.

    Args:
        network: The net.
        targets: The targets.
        shape: (*spatial, C) of the views.

    Raises:
        ShapeError: When the net cannot run on that size, or a target names a place of the image.
    """
    if shape == network.image_shape:
        return
    reads = reads_of(targets[0])
    wanted = tuple(dict.fromkeys((read.layer, read.pre) for read in reads))
    made = network.shapes_at(shape, wanted)
    advice = f"bring views back to {shape_text(network.image_shape)} with a last transform."
    placed: dict[tuple[int, ...], str] = {network.image_shape: "the image"}
    for read in reads:
        own = network.shape_of(read.layer)
        if len(own) > 1 and np.prod(own[: len(own) - 1]) > 1:
            placed[own] = repr(read.layer)
            if any(map(is_place, read.axes)):
                raise ShapeError(
                    f"{targets[0].label} reads at a position of {read.layer!r}, which is another "
                    f"place in views of {shape_text(shape)}: the layer gives {own} for the image and "
                    f"{made[read.layer]} for its views. Read a whole map, or {advice}"
                )
    placed |= {own[:-1]: name for own, name in placed.items() if len(own) > 2}
    for target in targets:
        for array in _arrays(target):
            if array.shape in placed:
                raise ShapeError(
                    f"{target.label} holds an array {array.shape}, the shape of {placed[array.shape]}, "
                    f"which is another one for views of {shape_text(shape)}. Leave the size of the "
                    f"image as it is, or {advice}"
                )


def raise_for_size(
    cause: Exception, evaluation: Evaluation, views: tf.TensorShape, images: tf.TensorShape
) -> NoReturn:
    """Raise what came while views were evaluated: as it is, or as an error of their size.

    Raises:
        ShapeError: When views are of another size than the images.
    """
    if isinstance(cause, FeatureProbeError) or views[1:] == images[1:]:
        raise cause
    names = ", ".join(dict.fromkeys(type(leaf.template).__name__ for leaf in evaluation.leaves))
    raise ShapeError(
        f"{names} cannot be computed for views of {shape_text(views[1:])}: {_first_line(cause)} "
        f"Bring views back to {shape_text(images[1:])} with a last transform."
    ) from cause


def shape_text(shape: Sequence[int]) -> str:
    """Return the size of an image as text."""
    return size_text(shape[: len(shape) - 1])


def _arrays(value: Any) -> Iterator[Any]:
    """Yield the arrays that a component holds, also within others."""
    if isinstance(value, ArrayValue):
        yield value.array
    elif isinstance(value, Component):
        for field in fields(value):  # type: ignore[arg-type]
            yield from _arrays(getattr(value, field.name))
    elif isinstance(value, tuple):
        for inner in value:
            yield from _arrays(inner)


def _first_line(cause: Exception) -> str:
    text = str(cause).strip().splitlines()
    return f"{text[0].rstrip('.')}." if text else f"{type(cause).__name__}."
