"""Receptive fields of series, pictures and volumes: what pixels change, and nothing else."""

from typing import Any

import keras
import numpy as np
import pytest
from random_nets import random_net

import featureprobe as fp
from featureprobe.probe.fields.layer_rules import RULES
from featureprobe.types import Read

SIZES = [(17,), (9, 8), (6, 7, 6)]
SPACE = fp.InputSpace.identity(low=-3, high=3)


def changed(model: Any, layer: str, shape: tuple[int, ...]) -> np.ndarray:
    """Return (*spatial of the image, *spatial of the layer) whether a pixel changes a position.

    Each pixel in turn is made much larger; in a rising net what sees it rises.
    """
    channels, count = model.input.shape[-1], int(np.prod(shape))
    base = np.random.default_rng(0).random((*shape, channels)).astype(np.float64)
    images = np.repeat(base[None], count + 1, axis=0).reshape(count + 1, count, channels)
    images[np.arange(count), np.arange(count)] += 1e5
    sub = keras.Model(model.inputs, model.get_layer(layer).output)
    made = sub.predict_on_batch(images.reshape(-1, *shape, channels).astype(np.float32))
    off = (np.abs(made[:-1] - made[-1:]) > 1e-3 * (1 + np.abs(made[-1:]))).any(axis=-1)
    return off.reshape(*shape, *made.shape[1:-1])


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("shape", SIZES)
@pytest.mark.parametrize("seed", range(5))
def test_fields_are_what_pixels_change(
    seed: int, shape: tuple[int, ...], *, residual: bool
) -> None:
    """Exactly, in chains of layers; where branches meet, boxes contain it."""
    model = random_net(seed, shape, residual=residual, rising=True)
    network = fp.ModelProbe(model, input_space=SPACE).network
    last = model.layers[-1].name
    off = changed(model, last, shape)
    assert off.any()
    for place in np.ndindex(*network.shape_of(last)[:-1]):
        seen = network.live_box(Read(last, position=place)) > 0
        moved = off[(..., *place)]
        assert not (moved & ~seen).any(), (place, [type(x).__name__ for x in model.layers])
        assert residual or np.array_equal(moved, seen), place


CONFIGS: dict[str, list[dict[str, Any]]] = {
    "Conv": [{"filters": 2, "kernel_size": 3, "dilation_rate": 2}],
    "DepthwiseConv": [{"kernel_size": 3, "strides": 2, "padding": "same"}],
    "SeparableConv": [{"filters": 2, "kernel_size": 2, "strides": 2}],
    "Transpose": [
        {"filters": 2, "kernel_size": 2, "strides": 3},
        {"filters": 2, "kernel_size": 3, "strides": 2, "padding": "same"},
    ],
    "MaxPooling": [{"pool_size": 3, "strides": 2, "padding": "same"}, {"pool_size": 2}],
    "AveragePooling": [{"pool_size": 3, "strides": 1, "padding": "same"}],
    "GlobalMaxPooling": [{"keepdims": True}],
    "GlobalAveragePooling": [{"keepdims": True}],
    "AdaptiveMaxPooling": [{"output_size": 3}],
    "AdaptiveAveragePooling": [{"output_size": 2}],
    "ZeroPadding": [{"padding": 2}],
    "Cropping": [{"cropping": 1}],
    "UpSampling": [{"size": 2}],
    "SpatialDropout": [{"rate": 0.5}],
}
OTHERS = [kind for kind in RULES if any(rank in kind.__name__ for rank in ("1D", "3D"))]


@pytest.mark.parametrize("kind", OTHERS, ids=lambda kind: kind.__name__)
def test_each_layer_of_series_and_volumes(kind: Any) -> None:
    """What it claims to see is what pixels change, and a node's crop is its field."""
    stem = "Transpose" if "Transpose" in kind.__name__ else kind.__name__[:-2]
    shape = (9,) if "1D" in kind.__name__ else (5, 6, 5)
    for config in CONFIGS[stem]:
        given = keras.Input((*shape, 2))
        model = keras.Model(given, kind(name="layer", **config)(given))
        rng = np.random.default_rng(0)
        for weight in model.weights:
            weight.assign(rng.uniform(0.5, 1.5, weight.shape))
        network = fp.ModelProbe(model, input_space=SPACE).network
        off = changed(model, "layer", shape)
        for place in np.ndindex(*network.shape_of("layer")[:-1]):
            seen = network.live_box(Read("layer", position=place)) > 0
            np.testing.assert_array_equal(off[(..., *place)], seen)


@pytest.mark.parametrize("shape", SIZES)
def test_the_table_has_one_number_for_each_axis(shape: tuple[int, ...]) -> None:
    """Of a pooling that differs between axes, and a convolution behind it."""
    rank = len(shape)
    pooled = (1, 2, 3)[:rank]
    given = keras.Input((*shape, 1))
    value = getattr(keras.layers, f"MaxPooling{rank}D")(pooled, strides=pooled, name="pool")(given)
    conv = getattr(keras.layers, f"Conv{rank}D")(2, 2, padding="same", name="conv")(value)
    probe = fp.ModelProbe(keras.Model(given, conv), input_space=SPACE)
    rows = {row.path: row for row in probe.summary()}
    assert rows["pool"].receptive_field == pooled
    assert rows["conv"].receptive_field == tuple(2 * n for n in pooled)
    assert rows["conv"].jump == pooled
    assert rows["conv"].maps == 2
    assert ("2 x 4" in str(probe.summary())) == (rank > 1)
