"""Tiny nets with fixed weights: small enough to trace in a moment, irregular enough to find bugs.

Images have more rows than columns and two channels; pixel units and model units differ, channels
are swapped between them, and the spread of typical data is not 1. What is confused shows.
"""

from functools import cache
from typing import Any

import keras
import numpy as np

from featureprobe.input_space import InputSpace
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.types import ImageShape

IMAGE_SHAPE: ImageShape = (12, 10, 2)
"""(H, W, C) of the tiny nets' images."""

_SHAPES: dict[int, ImageShape] = {1: (12, 2), 2: IMAGE_SHAPE, 3: (11, 12, 10, 2)}


def tiny_cnn(activation: str = "softplus", *, seed: int = 0, rank: int = 2) -> Any:
    """Return a small convolutional net; the same weights every time.

    Layers: ``conv1`` (10, 8, 4), ``pool`` (5, 4, 4), ``conv2`` (3, 2, 6), ``flat`` (36,), ``dense``
    (5,) with a softmax. For series and volumes, images are (12, 2) and (11, 12, 10, 2), and the layers
    are called the same.

    Args:
        activation: Of the convolutions. With ``"relu"`` the pool takes maxima and gradients may be
            0; with a smooth function such as ``"softplus"`` or ``"tanh"`` it averages, and every
            node has a gradient at every image.
        seed: Of the weights.
        rank: Spatial axes of its images: 1, 2 or 3.

    Returns:
        A ``keras.Model`` for images (12, 10, 2) in model units.

    Example:
        >>> tiny_cnn("relu").get_layer("conv2").output.shape
        (None, 3, 2, 6)
        >>> tiny_cnn(rank=1).get_layer("conv2").output.shape
        (None, 3, 6)
    """
    image = keras.Input(_SHAPES[rank], name="image")
    out = keras.layers.Dense(5, activation="softmax", name="dense")(
        _features(image, activation, flat=True)
    )
    return _fixed(keras.Model(image, out, name=f"tiny_{activation}"), seed)


def nested_cnn(*, seed: int = 0) -> Any:
    """Return a net whose convolutions sit in a nested model: ``backbone/conv1``, ...

    Args:
        seed: Of the weights.

    Returns:
        A ``keras.Model`` for images (12, 10, 2) in model units.

    Example:
        >>> tiny_probe(nested_cnn()).shape_of("backbone/conv2")
        (3, 2, 6)
    """
    inner = keras.Input(IMAGE_SHAPE, name="pixels")
    backbone = keras.Model(inner, _features(inner, "softplus", flat=False), name="backbone")
    image = keras.Input(IMAGE_SHAPE, name="image")
    pooled = keras.layers.GlobalAveragePooling2D(name="average")(backbone(image))
    out = keras.layers.Dense(5, activation="softmax", name="dense")(pooled)
    return _fixed(keras.Model(image, out, name="tiny_nested"), seed)


def two_input_cnn(*, seed: int = 0) -> Any:
    """Return a net with the inputs ``image`` (12, 10, 2) and ``context`` (3,).

    Args:
        seed: Of the weights.

    Returns:
        A ``keras.Model``; a probe needs a constant context.

    Example:
        >>> tiny_probe(two_input_cnn(), other_inputs={"context": [1, 2, 3]}).image_shape
        (12, 10, 2)
    """
    image = keras.Input(IMAGE_SHAPE, name="image")
    context = keras.Input((3,), name="context")
    joined = keras.layers.Concatenate(name="join")(
        [_features(image, "softplus", flat=True), context]
    )
    out = keras.layers.Dense(5, activation="softmax", name="dense")(joined)
    return _fixed(keras.Model([image, context], out, name="tiny_two_inputs"), seed)


def tiny_space() -> InputSpace:
    """Return the input space of the tiny nets: 0..255, channels swapped, spread 0.8."""
    return InputSpace(
        (100.0, 120.0), std=(50.0, 60.0), low=0.0, high=255.0, order=(1, 0), center=0.1, spread=0.8
    )


def tiny_probe(model: Any = None, **kwargs: Any) -> ModelProbe:
    """Return a probe of a tiny net.

    Args:
        model: A model for images (12, 10, 2); the smooth :func:`tiny_cnn` by default.
        **kwargs: As for :class:`~featureprobe.ModelProbe`; ``input_space`` is given by default.

    Returns:
        A fresh :class:`~featureprobe.ModelProbe`.

    Example:
        >>> tiny_probe().shape_of("conv1")
        (10, 8, 4)
    """
    kwargs.setdefault("input_space", tiny_space())
    return ModelProbe(tiny_cnn() if model is None else model, **kwargs)


@cache
def shared_probe(rank: int = 2) -> ModelProbe:
    """Return the smooth tiny net's probe that all contracts share, with what it has compiled."""
    return tiny_probe(tiny_cnn(rank=rank))


def _features(image: Any, activation: str, *, flat: bool) -> Any:
    layers, own = keras.layers, f"{len(image.shape) - 2}D"
    conv = getattr(layers, f"Conv{own}")
    pool = getattr(layers, f"{'Max' if activation == 'relu' else 'Average'}Pooling{own}")
    values = conv(4, 3, activation=activation, name="conv1")(image)
    values = pool(2, name="pool")(values)
    values = conv(6, 3, activation=activation, name="conv2")(values)
    return layers.Flatten(name="flat")(values) if flat else values


def _fixed(model: Any, seed: int) -> Any:
    """Give a model weights that follow from ``seed`` alone, of about unit gain."""
    rng = np.random.default_rng(seed)
    weights = []
    for weight in model.weights:
        shape = tuple(weight.shape)
        gain = 0.1 if len(shape) == 1 else 1.5 / np.sqrt(np.prod(shape[:-1]))
        weights.append((gain * rng.standard_normal(shape)).astype(np.float32))
    model.set_weights(weights)
    return model
