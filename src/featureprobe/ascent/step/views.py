"""Views: what the transforms show of each image, one random view of it or several."""

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import tensorflow as tf

from featureprobe._spatial import image_axes
from featureprobe.ascent.step.evaluation import Evaluation
from featureprobe.ascent.step.image_step import ImageStep
from featureprobe.constraints.live_pixels import LivePixels
from featureprobe.errors import ShapeError
from featureprobe.transforms.base import Transform
from featureprobe.types import Tensor


@dataclass(frozen=True)
class Views:
    """The views of each image that a step averages over.

    Rows are repeated view by view, not image by image, so that the starts of a target stay side by
    side and a group term sees each view of them whole.

    Args:
        transforms: What makes a view, in order.
        wanted: Views of each image, at least 1.
    """

    transforms: tuple[Transform, ...] = ()
    wanted: int = 1

    @property
    def count(self) -> int:
        """How many are made: without transforms all views are the same, and one will do."""
        return self.wanted if self.transforms else 1

    def repeated(self, values: Tensor) -> Tensor:
        """Return what each row has (N, ...), or all rows share (1, ...), for all views of them."""
        if self.count == 1:
            return values
        times = tf.where(tf.shape(values)[0] == 1, 1, self.count)
        return tf.tile(values, [times, *([1] * (len(values.shape) - 1))])

    def tiled(self, values: Tensor) -> Tensor:
        """Return what each image has (N, ...) for all views of them, all first ones first."""
        if self.count == 1:
            return values
        return tf.tile(values, [self.count, *([1] * (len(values.shape) - 1))])

    def step(self, step: ImageStep) -> ImageStep:
        """Return the step that the views are drawn in: each has a key of its own, the first the image's.

        To be made once for many steps, as only the index of a step changes.
        """
        if self.count == 1:
            return step
        live = step.live
        shared = LivePixels(
            layer=self.repeated(live.layer),
            field=self.repeated(live.field),
            count=self.repeated(live.count),
            beyond=self.repeated(live.beyond),
            fill=self.repeated(live.fill),
            whole=live.whole,
        )
        # Steps count from 1: a negative number is never one of them.
        further = [_folded(step.keys, -view) for view in range(1, self.count)]
        return replace(step, live=shared, keys=tf.concat([step.keys, *further], axis=0))

    def of(self, images: Tensor, step: ImageStep) -> Tensor:
        """Return (count * N, *spatial, C): views of images (N, *spatial, C), all first ones first.

        Args:
            images: Model units.
            step: From :meth:`step`.
        """
        shown = self.tiled(images)
        for salt, transform in enumerate(self.transforms):
            shown = viewed(transform, shown, replace(step, salt=salt))
        return shown

    def mean(self, values: Tensor) -> Tensor:
        """Return (N,) the means over views of (count * N,) values."""
        if self.count == 1:
            return values
        return tf.reduce_mean(tf.reshape(values, [self.count, -1]), axis=0)


class Shown(NamedTuple):
    """What the views of images are drawn and evaluated with.

    Attributes:
        step: The step that they are drawn in, but for its index.
        data: As of a chunk, one row for each view.
        evaluation: What evaluates them, for these rows.
    """

    step: ImageStep
    data: dict[str, Tensor]
    evaluation: Evaluation


def viewed(transform: Transform, images: Tensor, step: ImageStep) -> Tensor:
    """Return what a transform makes of images (N, *spatial, C), in their dtype.

    Raises:
        ShapeError: When that is no (N, *spatial, C) of a fixed size, or holds no floats.
    """
    made = _tensor(transform, transform.view(images, step))
    (rows, *_, channels), shape = images.shape, made.shape
    fits = (
        shape.rank == images.shape.rank
        and None not in shape[1:]
        and 0 not in shape
        and shape[-1] == channels
        and (rows is None or shape[0] in (None, rows))
    )
    if not fits:
        raise ShapeError(
            f"{transform!r} makes {_named(shape)} of images of {_named(images.shape)}. A transform "
            f"gives one view of each image, {_wanted(images.shape)}: as many as there are images, with "
            "their channels, all of one size that is known when the step is compiled. Use Python "
            "numbers for sizes; for several views of an image, pass fp.Ascent(views=)."
        )
    if not made.dtype.is_floating:
        raise ShapeError(
            f"{transform!r} makes {made.dtype.name} of {images.dtype.name} images, which cuts the "
            "gradient. Return floats, without tf.round and integer casts on the way."
        )
    return tf.cast(made, images.dtype)


def _tensor(transform: Transform, made: Any) -> Tensor:
    try:
        return tf.convert_to_tensor(made)
    except (TypeError, ValueError) as cause:
        raise ShapeError(
            f"{transform!r} must return its views as one tensor (N, *spatial, C). "
            f"Received: {type(made).__name__}. Return a tensor from view."
        ) from cause


def _wanted(shape: tf.TensorShape) -> str:
    """Return the shape of views of images as text, their sizes as letters: (N, h, w, 3)."""
    return f"(N, {image_axes(shape.rank - 1).lower()[1:-2]}{shape[-1]})"


def _named(shape: tf.TensorShape) -> str:
    """Return a shape as text, its unknown sizes as N for the rows and ? for the others."""
    if shape.rank is None:
        return "an unknown shape"
    sizes = ["?" if size is None else str(size) for size in shape]
    if sizes and sizes[0] == "?":
        sizes[0] = "N"
    return f"({', '.join(sizes)})"


def _folded(keys: Tensor, number: int) -> Tensor:
    """Return (N, 2) keys with a number folded in."""
    fold = lambda key: tf.random.fold_in(key, number)  # noqa: E731
    return tf.map_fn(fold, keys, fn_output_signature=tf.TensorSpec((2,), keys.dtype))
