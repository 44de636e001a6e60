"""Nodes of series and volumes, climbed on their crops: what the full image gives."""

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

import featureprobe as fp

SPACE = fp.InputSpace.identity(low=-3, high=3)
ASCENT: dict[str, Any] = {"steps": 5, "starts": 2, "search": None, "regularizers": ()}


def opened(shape: tuple[int, ...]) -> fp.ModelProbe:
    """Return a net with a pooling and padding; a series is also read causally."""
    keras.utils.set_random_seed(4)
    given = keras.Input((*shape, 2))
    conv, pool = (getattr(layers, f"{name}{len(shape)}D") for name in ("Conv", "MaxPooling"))
    value = conv(4, 3, padding="causal" if len(shape) == 1 else "same", activation="elu")(given)
    value = layers.BatchNormalization()(pool(2, padding="same")(value))
    value = conv(3, 2, padding="same", name="conv")(value)
    return fp.ModelProbe(keras.Model(given, value), input_space=SPACE)


@pytest.mark.parametrize(
    ("shape", "constraint"),
    [
        ((40,), fp.Box()),
        ((40,), fp.Sphere()),
        pytest.param((12, 14, 12), fp.Box(), marks=pytest.mark.long),
        ((12, 14, 12), fp.Sphere()),
    ],
)
def test_nodes_on_crops_end_as_on_the_full_image(shape: tuple[int, ...], constraint: Any) -> None:
    """At both ends and in the middle, where two places are one problem."""
    probe = opened(shape)
    own = probe.shape_of("conv")[:-1]
    middle = tuple(n // 2 for n in own)
    places = [(0,) * len(own), tuple(n - 1 for n in own), middle, (middle[0] - 1, *middle[1:])]
    nodes = [fp.Node("conv", position=place, channel=1) for place in places]
    crops, full = (
        fp.Ascent(**ASCENT, constraint=constraint, crop=crop).run(
            probe, nodes, rng=3, progress=False
        )
        for crop in (True, False)
    )
    np.testing.assert_allclose(crops.scores[:3], full.scores[:3], rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(crops.images[:3], full.images[:3], rtol=1e-2, atol=2e-3)
    # The neighbour of the middle is the same function of its crop, and solved with it.
    np.testing.assert_allclose(crops.scores[3], crops.scores[2], rtol=1e-6)
    for number, place in enumerate(places):
        answers = probe.activations(crops.images[number], "conv")
        np.testing.assert_allclose(answers[:, *place, 1], crops.scores[number], rtol=1e-3)


@pytest.mark.parametrize("shape", [(40,), pytest.param((12, 14, 12), marks=pytest.mark.long)])
def test_a_margin_that_a_blur_reaches(shape: tuple[int, ...]) -> None:
    """A window with a margin is cut, and the crop found in it."""
    probe = opened(shape)
    place = tuple(n - 2 for n in probe.shape_of("conv")[:-1])
    node = fp.Node("conv", position=place, channel=1)
    recipe = ASCENT | {"regularizers": (fp.GaussianBlur(0.4, size=3),)}
    crop, full = (
        fp.Ascent(**recipe, crop=on).run(probe, node, rng=3, progress=False) for on in (True, False)
    )
    np.testing.assert_allclose(crop.scores, full.scores, rtol=1e-3, atol=1e-5)


def test_a_node_of_too_few_numbers_says_what_a_place_is() -> None:
    """The layer's axes are named."""
    probe = opened((12, 14, 12))
    with pytest.raises(fp.ShapeError, match="plane and row and col"):
        fp.Ascent(**ASCENT).run(
            probe, fp.Node("conv", position=(1, 2), channel=0), rng=0, progress=False
        )
