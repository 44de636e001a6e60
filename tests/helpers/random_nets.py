"""Random nets of images with one, two or three spatial axes."""

from typing import Any

import keras
import numpy as np
from keras import layers

Spatial = tuple[int, ...]


def random_net(
    seed: int, shape: Spatial, *, residual: bool = False, rising: bool = False, depth: int = 4
) -> Any:
    """Return a net of a few layers, each of a random kind that fits.

    Args:
        seed: Says which.
        shape: Sizes of the spatial axes.
        residual: Whether layers are sometimes added to what they get.
        rising: Whether every number rises with every pixel in its field, by weights above 0.
        depth: How many layers.
    """
    rng = np.random.default_rng(seed)
    keras.utils.set_random_seed(seed)
    given = keras.Input((*shape, int(rng.integers(1, 8))))
    value = given
    for number in range(depth):
        made = _layer(rng, len(shape), value, f"layer{number}", rising=rising)
        if residual and made.shape == value.shape:
            made = layers.Add(name=f"sum{number}")([made, value])
        elif residual and rng.random() < 0.5 and made.shape[:-1] == value.shape[:-1]:
            made = layers.Concatenate(name=f"joined{number}")([made, value])
        value = made
    model = keras.Model(given, value)
    for weight in model.weights:
        low, high = (0.5, 1.5) if rising or "variance" in weight.path else (-1.0, 1.0)
        if "bias" not in weight.path and "kernel" in weight.path:
            high, low = (v / np.prod(weight.shape[:-1]) ** 0.5 for v in (high, low))
        weight.assign(rng.uniform(low, high, weight.shape))
    return model


def _layer(rng: np.random.Generator, rank: int, value: Any, name: str, *, rising: bool) -> Any:
    """Return what a random layer makes of a value; the value where the drawn one does not fit."""
    size = tuple(value.shape[1:-1])
    kinds = ["conv", "conv", "pool", "mean", "norm", "pad", "crop", "up", "transposed", "steps"]
    kinds += ["depthwise", "separable"] * (rank < 3) + ["causal"] * (rank == 1)
    kind = str(rng.choice(kinds))
    act = "relu" if rising else str(rng.choice(["elu", "relu", "tanh"]))
    taps = tuple(int(n) for n in rng.integers(1, 4, rank))
    padding = str(rng.choice(["same", "valid"]))
    step = int(rng.integers(1, 3))
    uneven = tuple(int(n) for n in rng.integers(1, 3, rank))
    if kind in ("crop", "conv", "pool", "mean", "depthwise", "separable") and min(size) < 6:
        kind = "norm"
    if kind in ("up", "transposed") and max(size) > 20:
        kind = "norm"
    plain = {"padding": padding, "name": name}
    of = lambda stem: getattr(layers, f"{stem}{rank}D")  # noqa: E731
    pads = tuple((int(a), int(b)) for a, b in rng.integers(0, 3, (rank, 2)))
    ends = pads if rank > 1 else pads[0]
    holes = {"dilation_rate": 2} if rng.random() < 0.3 else {"strides": uneven}
    makers: dict[str, Any] = {
        "conv": lambda: of("Conv")(int(rng.integers(1, 5)), taps, activation=act, **plain, **holes),
        "causal": lambda: layers.Conv1D(3, 3, padding="causal", dilation_rate=step, name=name),
        "depthwise": lambda: of("DepthwiseConv")(3, strides=step, activation=act, **plain),
        "separable": lambda: of("SeparableConv")(3, 3, strides=step, **plain),
        "pool": lambda: of("MaxPooling")(taps, strides=uneven, **plain),
        "mean": lambda: of("AveragePooling")(taps, strides=step, **plain),
        "norm": lambda: layers.BatchNormalization(name=name),
        "pad": lambda: of("ZeroPadding")(ends, name=name),
        "crop": lambda: of("Cropping")(ends, name=name),
        "up": lambda: of("UpSampling")(step if rank == 1 else uneven, name=name),
        "transposed": lambda: getattr(layers, f"Conv{rank}DTranspose")(2, taps, step, **plain),
        "steps": lambda: layers.TimeDistributed(_inside(rank - 1, act), name=name),
    }
    return makers[kind]()(value)


def _inside(rank: int, activation: str) -> Any:
    """Return a layer of images with one spatial axis fewer."""
    if rank == 0:
        return layers.Dense(3, activation=activation)
    return getattr(layers, f"Conv{rank}D")(3, 3, padding="same", activation=activation)
