"""Backbones of KerasHub with random weights: opened, read, optimized; skipped where it is not installed."""

import warnings
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

import featureprobe as fp

pytestmark = pytest.mark.long
SIDE = 48
QUICK = fp.Ascent(steps=4, starts=1, search=None, remedies=(), regularizers=())


@pytest.fixture(scope="module")
def hub() -> Any:
    """KerasHub."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its own imports
        return pytest.importorskip("keras_hub", reason="pip install keras-hub").models


def resnet(hub: Any) -> Any:
    """A functional backbone."""
    return hub.ResNetBackbone(
        input_conv_filters=[64], input_conv_kernel_sizes=[7], stackwise_num_filters=[64, 64],
        stackwise_num_blocks=[1, 1], stackwise_num_strides=[1, 2], block_type="basic_block",
        use_pre_activation=False, image_shape=(SIDE, SIDE, 3),
    )  # fmt: skip


def vit(hub: Any) -> Any:
    """Blocks with code of their own."""
    return hub.ViTBackbone(
        image_shape=(SIDE, SIDE, 3), patch_size=(16, 16), num_layers=2, num_heads=2,
        hidden_dim=16, mlp_dim=32,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("make", "layer", "some"),
    [
        (resnet, "stack0_block0_1_conv", {"conv1_conv", "conv1_bn"}),
        (vit, "vit_encoder/transformer_block_1", {"vit_patching_and_embedding"}),
    ],
)
def test_a_backbone_is_opened(
    hub: Any, make: Callable[[Any], Any], layer: str, some: set[str]
) -> None:
    """Its output and its layers are those of Keras; a channel rises; weights stay as they are."""
    keras.utils.set_random_seed(0)
    model = make(hub)
    before = [np.array(w) for w in model.get_weights()]
    space = fp.InputSpace.tf()
    probe = fp.ModelProbe(model, input_space=space)
    assert some <= set(probe.layers)
    photos = np.random.default_rng(0).uniform(0, 255, (2, SIDE, SIDE, 3)).astype(np.float32)
    expected = np.asarray(model(space.to_model(photos), training=False))
    np.testing.assert_allclose(probe.predict(photos), expected, rtol=1e-4, atol=1e-4)
    result = QUICK.run(probe, fp.MapMean(layer, channel=3), rng=0, progress=False)
    assert result.score_trace[-1, 0, 0] > result.score_trace[0, 0, 0]
    score = probe.activations(result.best(), layer)[0, ..., 3].mean()
    np.testing.assert_allclose(result.scores[0, 0], score, rtol=1e-3, atol=1e-5)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_images_beside_words(hub: Any) -> None:
    """A backbone that takes a dict: token ids are held constant, by their key."""
    keras.utils.set_random_seed(0)
    vision = hub.CLIPVisionEncoder(
        patch_size=16, hidden_dim=16, num_layers=2, num_heads=2, intermediate_dim=32,
        image_shape=(SIDE, SIDE, 3),
    )  # fmt: skip
    text = hub.CLIPTextEncoder(
        vocabulary_size=30, embedding_dim=16, hidden_dim=16, num_layers=2, num_heads=2,
        intermediate_dim=32, max_sequence_length=7,
    )  # fmt: skip
    model = hub.CLIPBackbone(vision, text, projection_dim=8)
    ids = np.array([3, 1, 4, 1, 5, 9, 29], np.int32)
    space = fp.InputSpace.tf()
    probe = fp.ModelProbe(
        model, input_space=space, size=(SIDE, SIDE), other_inputs={"token_ids": ids}
    )
    photos = np.random.default_rng(0).uniform(0, 255, (1, SIDE, SIDE, 3)).astype(np.float32)
    expected = model({"images": space.to_model(photos), "token_ids": ids[None]}, training=False)
    found = probe.predict(photos)
    assert set(found) == set(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-3, atol=1e-4)
