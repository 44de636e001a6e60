"""Nets of keras.applications are known by their layers, and the probe says what it assumed of their input."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

import featureprobe as fp

APPS = keras.applications
SIDE = 64
CAFFE, TF, TORCH = fp.InputSpace.caffe(), fp.InputSpace.tf(), fp.InputSpace.torch()
# (function, what it is built with, what it wants); None: it has its own layer, or is not known.
MEMBERS = [
    ("VGG16", {}, CAFFE),
    ("VGG19", {}, CAFFE),
    ("ResNet50", {}, CAFFE),
    ("ResNet101", {}, CAFFE),
    ("ResNet152", {}, CAFFE),
    ("ResNet50V2", {}, TF),
    ("ResNet101V2", {}, TF),
    ("ResNet152V2", {}, TF),
    ("DenseNet121", {}, TORCH),
    ("DenseNet169", {}, TORCH),
    ("DenseNet201", {}, TORCH),
    ("MobileNet", {}, TF),
    ("MobileNetV2", {}, TF),
    ("MobileNetV2", {"alpha": 0.35}, TF),
    ("MobileNetV3Small", {"include_preprocessing": False}, TF),
    ("MobileNetV3Large", {"include_preprocessing": False, "minimalistic": True}, TF),
    ("EfficientNetV2S", {"include_preprocessing": False}, TF),
    ("InceptionV3", {"input_shape": (107, 107, 3)}, TF),
    ("InceptionResNetV2", {"input_shape": (107, 107, 3)}, TF),
    ("Xception", {"input_shape": (107, 107, 3)}, TF),
    ("NASNetMobile", {}, TF),
    ("NASNetLarge", {}, TF),
    ("ConvNeXtTiny", {"include_preprocessing": False}, TORCH),
    ("ConvNeXtBase", {"include_preprocessing": False}, TORCH),
]
QUICK = ("VGG16", "MobileNet", "MobileNetV3Small")
PREPROCESS: dict[str, Callable[[Any], Any]] = {
    "MobileNet": APPS.mobilenet.preprocess_input,
    "VGG16": APPS.vgg16.preprocess_input,
    "DenseNet121": APPS.densenet.preprocess_input,
}


def member(name: str, **options: Any) -> keras.Model:
    """Return a member of a family with random weights, without its head."""
    given = {"weights": None, "include_top": False, "input_shape": (SIDE, SIDE, 3)} | options
    return getattr(APPS, name)(**given)


def same(space: fp.InputSpace, other: fp.InputSpace) -> bool:
    """Whether two spaces make the same numbers, and have the same ends."""
    pixels = np.random.default_rng(0).uniform(0, 255, (50, 1, 1, 3))
    close = np.allclose(space.to_model(pixels), other.to_model(pixels), atol=1e-4)
    return close and (space.low, space.high) == (other.low, other.high)


@pytest.mark.parametrize(
    ("name", "options", "wanted"),
    [
        pytest.param(*m, id=f"{m[0]}-{k}", marks=[] if m[0] in QUICK else [pytest.mark.long])
        for k, m in enumerate(MEMBERS)
    ],
)
def test_families(name: str, options: dict[str, Any], wanted: fp.InputSpace) -> None:
    """Each takes what Keras' own preprocess_input makes, and the repr says that it was assumed."""
    probe = fp.ModelProbe(member(name, **options))
    assert same(probe.input_space, wanted)
    assert "keras.applications" in probe.input_space.assumed
    assert "assumed" in repr(probe)
    assert "assumed" in probe.summary().note


@pytest.mark.long
@pytest.mark.parametrize(
    "name", ["MobileNetV3Small", "EfficientNetB0", "EfficientNetV2B0", "EfficientNetV2S"]
)
def test_own_layer_in_front(name: str) -> None:
    """Families that scale their input themselves take pixels."""
    space = fp.ModelProbe(member(name)).input_space
    assert (space.mean, space.std, space.low) == (0, 1, 0)
    assert "Rescaling" in space.assumed


@pytest.mark.long
def test_normalization_of_convnext() -> None:
    """ConvNeXt begins with a Normalization of pixels, which says nothing of their range; the family does."""
    space = fp.ModelProbe(member("ConvNeXtTiny")).input_space
    assert (space.mean, space.std, space.low, space.high) == (0, 1, 0, 255)
    assert "ConvNeXt" in space.assumed


@pytest.mark.long
def test_what_is_not_known() -> None:
    """The B nets of EfficientNetV2 were trained on other numbers than Keras says of the family."""
    with pytest.raises(fp.ConfigError, match="cannot be guessed"):
        fp.ModelProbe(member("EfficientNetV2B0", include_preprocessing=False))


class TestOtherNets:
    """Nets that people make of a family."""

    def test_with_its_head(self) -> None:
        """Ten classes of one's own."""
        model = member("MobileNet", include_top=True, classes=10)
        assert same(fp.ModelProbe(model).input_space, TF)

    @pytest.mark.parametrize(
        ("name", "layer"), [("VGG16", "block3_pool"), ("MobileNet", "conv_pw_2")]
    )
    def test_cut_off_and_renamed(self, name: str, layer: str) -> None:
        """A part of the net, called otherwise."""
        whole = member(name)
        part = keras.Model(whole.inputs, whole.get_layer(layer).output, name="features")
        assert same(fp.ModelProbe(part).input_space, CAFFE if name == "VGG16" else TF)

    def test_in_a_sequential(self) -> None:
        """With augmentation in front, and a head."""
        model = keras.Sequential(
            [
                keras.Input((80, 80, 3)),
                layers.RandomFlip("horizontal"),
                layers.Resizing(SIDE, SIDE),
                member("MobileNet"),
                layers.GlobalAveragePooling2D(),
                layers.BatchNormalization(),
                layers.Dense(2, activation="softmax"),
            ]
        )
        assert same(fp.ModelProbe(model).input_space, TF)

    def test_a_head_of_ones_own(self) -> None:
        """VGG holds no normalization; a head on it may."""
        base = member("VGG16")
        head = layers.BatchNormalization()(base.output)
        model = keras.Model(base.inputs, layers.Dense(2)(layers.GlobalMaxPooling2D()(head)))
        assert same(fp.ModelProbe(model).input_space, CAFFE)

    @pytest.mark.parametrize(
        "name", ["MobileNet", "VGG16", pytest.param("DenseNet121", marks=pytest.mark.long)]
    )
    def test_preprocessing_as_operations(self, name: str) -> None:
        """Transfer learning as Keras' guide shows it: preprocess_input in the graph."""
        image = keras.Input((SIDE, SIDE, 3))
        values = member(name)(PREPROCESS[name](image))
        model = keras.Model(image, layers.GlobalAveragePooling2D()(values))
        space = fp.ModelProbe(model).input_space
        assert same(space, fp.InputSpace.identity(low=0, high=255))
        assert "behind its own" in space.assumed

    def test_rescaling_in_front(self) -> None:
        """A Rescaling layer of the outer model counts."""
        model = keras.Sequential(
            [
                keras.Input((SIDE, SIDE, 3)),
                layers.Rescaling(1 / 127.5, offset=-1),
                member("MobileNet"),
            ]
        )
        space = fp.ModelProbe(model).input_space
        assert same(space, fp.InputSpace.identity(low=0, high=255))
        assert "Rescaling" in space.assumed

    @pytest.mark.parametrize("front", ["other", "family"])
    def test_something_else_in_front(self, front: str) -> None:
        """Another scale, or the preprocessing of another family: nothing is assumed."""
        image = keras.Input((SIDE, SIDE, 3))
        values = image / 255.0 if front == "other" else PREPROCESS["VGG16"](image)
        model = keras.Model(image, member("MobileNet")(values))
        with pytest.raises(fp.ConfigError, match="cannot be guessed"):
            fp.ModelProbe(model)

    def test_a_given_space_counts(self) -> None:
        """What the user says is not doubted."""
        probe = fp.ModelProbe(member("MobileNet"), input_space=TORCH)
        assert probe.input_space is TORCH

    def test_a_net_that_only_looks_like_one(self) -> None:
        """Names of VGG's layers on another net, with other filters or with normalization."""
        for filters, norm in ((32, False), (64, True)):
            stack = [keras.Input((SIDE, SIDE, 3))]
            for name, count in (("block1_conv1", filters), ("block1_conv2", filters)):
                stack.append(layers.Conv2D(count, 3, name=name, padding="same", activation="relu"))
                stack += [layers.BatchNormalization()] * norm
            stack += [
                layers.Conv2D(128, 3, name=f"block2_conv{k}", padding="same", activation="relu")
                for k in (1, 2)
            ]
            with pytest.raises(fp.ConfigError, match="cannot be guessed"):
                fp.ModelProbe(keras.Sequential(stack))

    def test_saved_and_loaded(self, tmp_path: Any) -> None:
        """What is known comes with the file."""
        part = keras.Model((whole := member("VGG16")).inputs, whole.get_layer("block2_pool").output)
        part.save(tmp_path / "part.keras")
        assert same(fp.ModelProbe.load(tmp_path / "part.keras").input_space, CAFFE)

    def test_any_size(self) -> None:
        """A net for images of any size."""
        model = member("MobileNet", input_shape=(None, None, 3))
        assert same(fp.ModelProbe(model, size=(48, 64)).input_space, TF)
