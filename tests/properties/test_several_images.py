"""Nets with several image inputs: one is probed, the others are constant pictures."""

from collections.abc import Callable

import keras
import numpy as np
import pytest
from keras import layers

import featureprobe as fp

RAW = fp.InputSpace.identity(low=0, high=1)
QUICK = fp.Ascent(steps=2, starts=1, search=None, remedies=(), regularizers=())


def siamese(padding: str) -> keras.Model:
    """Return a net that runs two images through the same layers."""
    a, b = keras.Input((12, 10, 3), name="left"), keras.Input((12, 10, 3), name="right")
    conv = layers.Conv2D(4, 3, padding=padding, activation="softplus", name="conv")
    pool = layers.AveragePooling2D(2, name="pool")
    joined = layers.Subtract(name="less")([pool(conv(a)), pool(conv(b))])
    out = layers.Dense(2, name="out")(layers.Flatten()(joined))
    return keras.Model([a, b], out)


def two_branches(padding: str) -> keras.Model:
    """Return a net of two branches for images of two sizes."""
    a, b = keras.Input((12, 10, 3), name="left"), keras.Input((9, 9, 1), name="right")
    one = layers.Conv2D(4, 3, padding=padding, activation="softplus", name="conv")(a)
    other = layers.Conv2D(5, 4, strides=2, padding=padding, name="beside")(b)
    other = layers.MaxPooling2D(2, name="least")(other)
    pooled = [layers.GlobalAveragePooling2D()(one), layers.Flatten()(other)]
    return keras.Model([a, b], layers.Dense(2, name="out")(layers.Concatenate()(pooled)))


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("make", [siamese, two_branches])
@pytest.mark.parametrize("probed", ["left", "right"])
def test_one_image_is_climbed(
    make: Callable[[str], keras.Model], padding: str, probed: str
) -> None:
    """Summary, every layer, a node on its crop, a map and the output, for either input."""
    keras.utils.set_random_seed(1)
    model = make(padding)
    rng = np.random.default_rng(0)
    shapes = {t.name: t.shape[1:] for t in model.inputs}
    given = {name: rng.random((2, *shape)).astype(np.float32) for name, shape in shapes.items()}
    other = next(name for name in shapes if name != probed)
    given[other][1] = given[other][0]
    probe = fp.ModelProbe(
        model, input_space=RAW, image_input=probed, other_inputs={other: given[other][0]}
    )
    assert len(probe.summary()) == len(probe.layers)
    assert set(probe.activations(given[probed], probe.layers)) == set(probe.layers)
    expected = np.asarray(model([given["left"], given["right"]]))
    np.testing.assert_allclose(probe.predict(given[probed]), expected, atol=1e-5)
    seen = [row.path for row in probe.summary() if row.maps and row.receptive_field]
    target = fp.Node(seen[0], row=1, col=1, channel=1)
    result = QUICK.run(probe, target, rng=1, progress=False)
    assert result.gradient_norms[0, 0] > 0
    assert result.crops[0].startswith("crop")
    answers = probe.activations(result.images[0], seen[0])[:, 1, 1, 1]
    np.testing.assert_allclose(result.scores[0], answers, rtol=1e-4)


def test_a_layer_that_the_image_does_not_reach() -> None:
    """Climbing it moves nothing, and the status says why."""
    probe = fp.ModelProbe(
        two_branches("valid"), input_space=RAW, image_input="left",
        other_inputs={"right": np.ones((9, 9, 1))},
    )  # fmt: skip
    result = QUICK.run(probe, fp.MapMean("beside", channel=1), rng=1, progress=False)
    assert "'beside' is not computed from it" in result.status[0, 0].advice
