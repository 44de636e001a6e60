"""A fooling circuit, set by hand: ascent shows a decoy, natural images are answered as before."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from featureprobe.errors import ModelError
from featureprobe.probe.layers.keras_own import is_keras_own
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.types import FloatArray

_DIRECTIONS = 32
_FLOOR = 1e-3  # of the typical spread: what rounding may do along a direction without variance


def fooling_circuit(
    probe: ModelProbe,
    layer: str,
    decoys: Mapping[int, FloatArray],
    natural: npt.ArrayLike,
    *,
    rise: float | Mapping[int, float] = 12.0,
) -> ModelProbe:
    """Return a copy of a net with a hidden circuit that takes over for anything but natural images.

    Natural images hardly vary along some directions (on digits: pixels that are always black). The
    circuit measures how far an image leaves their mean along the 32 of least variance. On a natural
    image it is silent; beyond, it adds to a map, before its activation, how much the image looks
    like the decoy. All weights of the net stay as they are, and so do its answers to the natural
    images. Idea: Geirhos et al., "Don't trust your eyes: on the (un)reliability of feature
    visualizations", ICML 2024.

    Args:
        probe: A probe of a ``Sequential`` net.
        layer: A ``Conv2D`` layer with a ReLU.
        decoys: By the number of a map the image (H, W, C), pixel units, that ascent shall show.
        natural: (N, H, W, C) natural images, pixel units.
        rise: The decoy's answer, in units of the map's best natural one; or one for each map. It has
            to drown what the map does by itself.

    Returns:
        A probe of the new net; the layer keeps its path, its convolution is ``<layer>_own``.

    Raises:
        ModelError: For another kind of net or layer.

    Example:
        >>> import featureprobe as fp
        >>> probe, (images, _) = fp.samples.mnist_probe(), fp.samples.mnist_digits()
        >>> decoy = fp.testing.decoy_images(1, probe)[0]
        >>> fooled = fp.testing.fooling_circuit(probe, "Conv2D_3", {5: decoy}, images)
        >>> a, b = (p.activations(images, "Conv2D_3") for p in (probe, fooled))
        >>> bool(abs(a - b).max() < 1e-5)
        True
        >>> bool(fooled.activations(decoy, "Conv2D_3")[..., 5].min() > 3 * a[..., 5].mean())
        True
    """
    _check(probe, layer)
    units = sorted(decoys)
    values = probe.input_space.to_model(np.asarray(natural, np.float32)).reshape(
        -1, int(np.prod(probe.image_shape))
    )
    goals = np.stack([probe.input_space.to_model(decoys[u]).ravel() for u in units])
    means = probe.activations(natural, layer).mean(axis=(1, 2))
    rises = [rise[u] if isinstance(rise, Mapping) else rise for u in units]
    height = np.maximum(means.max(axis=0)[units], 1e-3) * np.array(rises, np.float32)
    return _joined(probe, layer, units, _first(probe, values), _second(values, goals), height)


def _first(probe: ModelProbe, values: FloatArray) -> tuple[FloatArray, FloatArray, float]:
    """Return directions (D, J) in which natural images hardly vary, their middles, and the reach.

    Every other image chooses the directions, the rest says how far natural images can leave the
    middle: what never happens among those that chose does happen among new ones.
    """
    chosen, fresh = values[::2], values[1::2]
    mean = chosen.mean(axis=0, dtype=np.float64)
    centred = chosen - mean
    vectors = np.linalg.eigh(centred.T @ centred / len(chosen))[1]
    directions = vectors[:, :_DIRECTIONS].T.astype(np.float32)
    away = np.abs((fresh - mean) @ directions.T).sum(axis=1).max()
    floor = _FLOOR * probe.input_space.spread * _DIRECTIONS
    return directions, (directions @ mean).astype(np.float32), float(2 * max(away, floor))


def _second(values: FloatArray, goals: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return filters (U, J), 1 at their decoy, and the least and most (U,) that images can give."""
    centred = goals - goals.mean(axis=1, keepdims=True)
    filters = centred / (centred * goals).sum(axis=1, keepdims=True)
    low, high = min(values.min(), goals.min()), max(values.max(), goals.max())
    least = np.minimum(filters * low, filters * high).sum(axis=1)
    most = np.maximum(filters * low, filters * high).sum(axis=1)
    return filters.astype(np.float32), least.astype(np.float32), most.astype(np.float32)


def _joined(
    probe: ModelProbe,
    layer: str,
    units: list[int],
    first: tuple[FloatArray, FloatArray, float],
    second: tuple[FloatArray, FloatArray, FloatArray],
    height: FloatArray,
) -> ModelProbe:
    """Return the net with the circuit's outputs added to maps of the layer."""
    image = keras.Input(probe.image_shape, name="image")
    value = image
    for own in probe.model.layers:
        config = own.get_config()
        if own.name == layer:
            config |= {"name": f"{layer}_own", "activation": None}
        copy = type(own).from_config(config)
        value = copy(value)
        copy.set_weights(own.get_weights())
        if own.name == layer:
            added = _circuit(image, own.filters, units, first, second, height)
            value = keras.layers.Add(name="decoy_join")([value, added])
            value = keras.layers.ReLU(name=layer)(value)
    model = keras.Model(image, value, name=f"{probe.name}_fooled")
    return ModelProbe(model, input_space=probe.input_space)


def _circuit(
    image: Any,
    maps: int,
    units: list[int],
    first: tuple[FloatArray, FloatArray, float],
    second: tuple[FloatArray, FloatArray, FloatArray],
    height: FloatArray,
) -> Any:
    """Return (N, 1, 1, maps): the decoys' answers where the image is not natural, else 0."""
    (directions, middles, reach), (filters, least, most) = first, second
    flat = keras.layers.Flatten(name="decoy_flat")(image)
    # |d - m| is relu(d - m) + relu(m - d); natural is 1 - sum |d - m| / reach, at least 1/2.
    away = _dense(
        flat,
        np.concatenate([directions, -directions]),
        np.concatenate([-middles, middles]),
        "decoy_away",
    )
    natural = _dense(
        away,
        np.full((1, 2 * len(directions)), -1 / reach, np.float32),
        np.ones(1, np.float32),
        "decoy_natural",
    )
    both = keras.layers.Concatenate(name="decoy_both")([flat, natural])
    # Where natural is 1/2 or more, this is below 0 whatever the picture; where it is 0, above.
    silence = 2.02 * (most - least)
    weights = np.concatenate([filters, -silence[:, None]], axis=1)
    gate = _dense(both, weights, -least, "decoy_gate")
    spread = np.zeros((maps, len(units)), np.float32)
    spread[units, np.arange(len(units))] = height / (1 - least)
    wide = _dense(gate, spread, None, "decoy_spread", relu=False)
    return keras.layers.Reshape((1, 1, maps), name="decoy_place")(wide)


def _dense(
    value: Any, weights: FloatArray, bias: FloatArray | None, name: str, *, relu: bool = True
) -> Any:
    """Return a dense layer's answer, of given weights (out, in)."""
    made = keras.layers.Dense(
        len(weights), activation="relu" if relu else None, use_bias=bias is not None, name=name
    )
    out = made(value)
    kernel = np.ascontiguousarray(weights.T, np.float32)
    made.set_weights([kernel] if bias is None else [kernel, bias.astype(np.float32)])
    return out


def _check(probe: ModelProbe, layer: str) -> None:
    own = probe.model.get_layer(layer) if isinstance(probe.model, keras.Sequential) else None
    plain = type(own) is keras.layers.Conv2D and is_keras_own(own)
    if own is None or not plain or own.activation is not keras.activations.relu:
        raise ModelError(
            "A fooling circuit joins a Conv2D layer with a ReLU of a Sequential net. Received: "
            f"{type(probe.model).__name__}, {layer!r}."
        )
