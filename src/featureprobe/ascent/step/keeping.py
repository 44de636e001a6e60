"""What is kept of a run: the best of the pictures that it came by, or the last one."""

from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from featureprobe.ascent.step.shared_numbers import averaged
from featureprobe.types import Tensor

Kept = dict[str, Any]
"""``images``, what is known of them by name, and where these are carried ``params`` and ``extras``."""


@dataclass(frozen=True, eq=False)
class Keeping:
    """Which picture stays.

    Args:
        best: Keep the one with the highest total; False keeps the last one.
        together: Whether the starts of a target share numbers and are kept at one step.
    """

    best: bool
    together: bool

    def begin(self, images: Tensor, **beside: Any) -> Kept:
        """Return images (N, *spatial, C) of which nothing is known yet; anything is better."""
        zeros = tf.zeros_like(images[(slice(None), *(0 for _ in images.shape[1:]))])
        names = ("score", "gradient", "certificate")
        known = {"total": zeros - float("inf"), **dict.fromkeys(names, zeros)}
        return {"images": images, **known, **{n: value for n, value in beside.items() if value}}

    def offer(self, kept: Kept, offered: Kept, anew: Tensor, starts: Tensor) -> Kept:
        """Return what is kept from now on.

        Args:
            kept: What was kept before.
            offered: The same of the new images, and perhaps more.
            anew: Whether keeping starts anew with them.
            starts: int32 scalar: rows of one target.
        """
        totals, before, gradient = offered["total"], kept["total"], offered["gradient"]
        if self.together:
            totals, before, gradient = (averaged(v, starts) for v in (totals, before, gradient))
        better = tf.math.is_finite(totals)
        if self.best:
            # A silent image does not take the place of one that answers: there is no way on from it.
            better &= (totals > before) | (anew & (gradient > 0))

        def either(new: Tensor, old: Tensor) -> Tensor:
            return tf.where(tf.reshape(better, [-1, *([1] * (len(old.shape) - 1))]), new, old)

        return {n: tf.nest.map_structure(either, offered[n], old) for n, old in kept.items()}
