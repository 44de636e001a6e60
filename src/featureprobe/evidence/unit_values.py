"""What all units of some layers answer to a batch of images, reduced inside the compiled graph."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from featureprobe import _checks
from featureprobe.errors import DataError, ModelError
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.types import FloatArray, Tensor

_MOST_IMAGES, _MOST_BYTES = 256, 128 * 2**20


@dataclass(frozen=True, eq=False)
class LayerAnswers:
    """Of n images and U units: the strongest node, which one it is, and the mean over nodes."""

    peak: FloatArray
    mean: FloatArray
    node: npt.NDArray[np.int64]


def most_axes(probe: ModelProbe) -> int:
    """Return how many axes an output may have whose values are maps: those of images, 3 at least."""
    return max(3, len(probe.image_shape))


def batch_size(probe: ModelProbe, layers: Sequence[str]) -> int:
    """Return how many images to take at a time."""
    wanted = [(path, False) for path in layers]
    return max(1, min(_MOST_IMAGES, _MOST_BYTES // probe.network.bytes_per_image(wanted)))


def answering(
    probe: ModelProbe, layers: Sequence[str]
) -> Callable[[FloatArray, int], dict[str, LayerAnswers]]:
    """Return ``answer(images, first)``: pixel units in, answers by layer out.

    Raises:
        ModelError: When an output has more axes than maps have.
    """
    for path in layers:
        if not 1 <= len(probe.shape_of(path)) <= most_axes(probe):
            raise ModelError(
                f"Evidence is of maps (*spatial, C), strips (L, C) or nodes (n,). {path!r} gives "
                f"{probe.shape_of(path)}. Leave it out."
            )
    network, wanted = probe.network, tuple((path, False) for path in layers)
    spec = tf.TensorSpec((None, *network.image_shape), network.dtype)
    network.prepare(wanted)
    call = network.compiled(
        ("evidence", wanted),
        lambda: tf.function(
            lambda x: [_reduced(v) for v in network.forward(x, wanted)],
            input_signature=[spec],
            autograph=False,
        ).get_concrete_function(),
    )

    def answer(images: FloatArray, first: int) -> dict[str, LayerAnswers]:
        space = probe.input_space
        if first == 0:  # one warning says it
            _checks.warn_of_scale(images, space.low, space.high)
        made = call(tf.cast(space.to_model(images), network.dtype))
        return {p: _checked(p, first, values) for p, values in zip(layers, made, strict=True)}

    return answer


def _reduced(values: Tensor) -> tuple[Tensor, ...]:
    values = tf.cast(values, tf.float32)
    if values.shape.rank == 2:
        return values, values, tf.zeros_like(values, tf.int64)
    nodes = int(np.prod(values.shape[1:-1]))
    flat = tf.reshape(values, (-1, nodes, values.shape[-1]))
    return tf.reduce_max(flat, 1), tf.reduce_mean(flat, 1), tf.argmax(flat, 1)


def _checked(path: str, first: int, values: Sequence[Any]) -> LayerAnswers:
    peak, mean, node = (np.asarray(v) for v in values)
    finite = np.isfinite(mean).all(axis=1)
    if not finite.all():
        raise DataError(
            f"{path!r} answers to image {first + int(np.argmin(finite))} of the data set with NaN "
            "or infinite values. Check the weights of the model and that image."
        )
    return LayerAnswers(peak, mean, node)
