"""What is said of images that are not finite: nothing, however finite their score may be."""

from collections.abc import Iterable

import tensorflow as tf

from featureprobe.types import Tensor


def nan_where_broken(
    seen: dict[str, Tensor], images: Tensor, params: Iterable[Tensor]
) -> dict[str, Tensor]:
    """Return values by name with NaN for each image that is not finite, or whose parameters are not.

    Fused kernels drop NaN, so that a broken image may have a finite score.

    Args:
        seen: (N, ...) by name.
        images: (N, *spatial, C).
        params: (N, ...) each, what the images are made of; none where that is the images.
    """
    broken = _nan_where_broken(images)
    for param in params:
        broken += tf.cast(_nan_where_broken(param), broken.dtype)
    return {name: own + _of_rank(broken, own) for name, own in seen.items()}


def _nan_where_broken(values: Tensor) -> Tensor:
    """Return (N,): 0 where all of values (N, ...) are finite, else NaN."""
    # A sum is not finite wherever a value is not; half precision would overflow by itself.
    wide = tf.float32 if values.dtype in (tf.float16, tf.bfloat16) else values.dtype
    total = tf.reduce_sum(tf.cast(values, wide), axis=tuple(range(1, len(values.shape))))
    return 0.0 * (tf.abs(total) if wide.is_complex else total)


def _of_rank(per_image: Tensor, values: Tensor) -> Tensor:
    """Return numbers (N,) in a shape that broadcasts with values (N, ...)."""
    for _ in values.shape[1:]:
        per_image = per_image[:, None]
    return tf.cast(per_image, values.dtype)
