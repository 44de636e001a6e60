"""Rows: how many images a model takes at a time, where that is not for the library to choose."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from featureprobe.errors import ModelError
from featureprobe.types import FloatArray, Tensor


@dataclass(frozen=True)
class Rows:
    """Batches of exactly ``size`` rows; where ``alone``, all of them hold one and the same image.

    A model whose images answer for each other, such as one that subtracts the mean of the batch,
    or whose rows differ, such as one with a state for each, is asked for each image alone: it is
    the answer of the first row.
    """

    size: int
    alone: bool

    def in_parts(
        self,
        run: Callable[..., Sequence[Tensor]],
        given: Sequence[Tensor],
        made: Sequence[tuple[int, ...]],
        dtype: str,
    ) -> list[Tensor]:
        """Return what ``run`` makes of tensors (N, ...), called on ``size`` rows of them at a time.

        Args:
            run: From tensors (size, ...) to tensors (size, ...); may be traced.
            given: What it takes.
            made: The shapes of what it gives, without the leading axis.
            dtype: Of what it gives.
        """
        numbers = self._numbers(tf.shape(given[0])[0])
        rows = [self._split(values, numbers) for values in given]

        def one(own: Sequence[Tensor]) -> list[Tensor]:
            return [values[:1] if self.alone else values for values in run(*own)]

        each = 1 if self.alone else self.size
        specs = [tf.TensorSpec((each, *shape), dtype) for shape in made]
        found = tf.map_fn(one, rows, fn_output_signature=specs)
        joined = (tf.reshape(v, [-1, *shape]) for v, shape in zip(found, made, strict=True))
        return [values[: tf.shape(given[0])[0]] for values in joined]

    def batches(self, values: FloatArray) -> Iterator[tuple[FloatArray, int]]:
        """Yield (batch, rows of it that count) for an array (N, ...)."""
        step = 1 if self.alone else self.size
        for first in range(0, len(values), step):
            part = values[first : first + step]
            missing = self.size - len(part)
            yield np.concatenate([part, np.repeat(part[-1:], missing, axis=0)]), len(part)

    def _numbers(self, count: Tensor) -> Tensor:
        """Return (parts, size): which images each part holds."""
        if self.alone:
            return tf.tile(tf.range(count)[:, None], [1, self.size])
        parts = (count + self.size - 1) // self.size
        return tf.reshape(tf.minimum(tf.range(parts * self.size), count - 1), [parts, self.size])

    def _split(self, values: Tensor, numbers: Tensor) -> Tensor:
        chosen = tf.gather(values, tf.reshape(numbers, [-1]))
        return tf.reshape(chosen, [-1, self.size, *values.shape[1:]])


def parts_of(rows: Rows | None, values: FloatArray, most: int) -> Iterator[tuple[FloatArray, int]]:
    """Yield (batch, rows of it that count) for an array (N, ...), ``most`` rows where any will do."""
    if rows is not None:
        yield from rows.batches(values)
        return
    for first in range(0, len(values), most):
        part = values[first : first + most]
        yield part, len(part)


def check_single(rows: Rows | None, what: str) -> None:
    """Raise ModelError where a model does not take single images.

    Args:
        rows: How many it takes.
        what: What needs single images, the start of the message.
    """
    if rows is not None and rows.size > 1:
        raise ModelError(
            f"{what}, but this model takes {rows.size} images at a time. Build it for single images, "
            "or for any number of them."
        )
