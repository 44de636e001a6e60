"""Logits of heads that say a class everywhere: segmentations of any rank, before their softmax.

True logits are made by hand, from what Keras' own layers give and the weights of the last one.
"""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

import featureprobe as fp
from featureprobe.ascent.problem.targets import check_reads
from featureprobe.objectives.structure import leaf_of
from featureprobe.testing._targets import evaluate

SPACE = fp.InputSpace.identity(low=0, high=1)
CLASSES = 3
CONVS = {1: layers.Conv1D, 2: layers.Conv2D, 3: layers.Conv3D}
SIZES = {1: (24,), 2: (10, 8), 3: (4, 6, 5)}


def head(rank: int, activation: Any = None, name: str = "logits") -> Any:
    """Return a convolution that says classes, with biases that count."""
    return CONVS[rank](
        CLASSES, 1, activation=activation, name=name, bias_initializer="random_normal"
    )


def alone(activation: Any) -> Callable[[Any], Any]:
    """Return an ending of one layer, made anew for each net."""
    return lambda x: head(2, activation)(x)  # noqa: PLW0108 - a new layer each time


def net(ending: Callable[[Any], Any], rank: int = 2) -> Any:
    """Return a net whose maps before the head are called late."""
    keras.utils.set_random_seed(rank)
    image = keras.Input((*SIZES[rank], 1))
    late = CONVS[rank](5, 3, padding="same", activation="elu", name="late")(image)
    return keras.Model(image, ending(late))


def logits_of(model: Any, images: Any, late: str = "late") -> np.ndarray:
    """Return the logits (N, *spatial, classes) as the weights of the head say."""
    made = keras.Model(model.input, model.get_layer(late).output).predict(images, verbose=0)
    kernel, bias = model.get_layer("logits").get_weights()
    return made @ kernel.reshape(made.shape[-1], -1) + bias


def climbed(model: Any, target: fp.Objective) -> tuple[np.ndarray, np.ndarray]:
    """Return the images and scores of a short run."""
    probe = fp.ModelProbe(model, input_space=SPACE)
    ascent = fp.Ascent(steps=3, starts=2, search=None, regularizers=())
    result = ascent.run(probe, target, rng=2, progress=False)
    assert (np.ravel(result.scores) > result.score_trace[0].ravel()).all()
    return result.images[0], result.scores[0]


def scored(model: Any, target: fp.Objective) -> tuple[np.ndarray, np.ndarray]:
    """Return images, and their scores as the engine computes them."""
    probe = fp.ModelProbe(model, input_space=SPACE)
    check_reads(probe, target)
    images = np.random.default_rng(5).random((2, *probe.image_shape), np.float32)
    return images, evaluate(probe, [target], tf.constant(images), 2).score.numpy()


ENDINGS: dict[str, Callable[[Any], Any]] = {
    "fused": alone("softmax"),
    "sigmoid": alone("sigmoid"),
    "Softmax": lambda x: layers.Softmax()(head(2)(x)),
    "Activation": lambda x: layers.Activation("softmax", dtype="float32")(head(2)(x)),
    "ops.softmax": lambda x: ops.softmax(head(2)(x), axis=-1),
    "none": alone(None),
    "reshaped to pixels": lambda x: layers.Softmax()(layers.Reshape((80, CLASSES))(head(2)(x))),
    "reshaped behind": lambda x: layers.Reshape((80, CLASSES))(head(2, "softmax")(x)),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_mean_over_all_positions(ending: str) -> None:
    """Whatever turns the logits into shares."""
    model = net(ENDINGS[ending])
    images, scores = scored(model, fp.Logit(2))
    np.testing.assert_allclose(
        scores, logits_of(model, images)[..., 2].mean(axis=(1, 2)), rtol=1e-4, atol=1e-5
    )


def test_a_temperature() -> None:
    """It is part of the logit, as in classifiers of one answer."""
    model = net(lambda x: layers.Softmax()(layers.Rescaling(0.5)(head(2)(x))))
    images, scores = scored(model, fp.Logit(1))
    wanted = 0.5 * logits_of(model, images)[..., 1].mean(axis=(1, 2))
    np.testing.assert_allclose(scores, wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_one_place_and_a_mask_in_any_rank(rank: int) -> None:
    """Of series, pictures and volumes."""
    model = net(head(rank, "softmax"), rank)
    place = tuple(size // 2 for size in SIZES[rank])
    images, scores = scored(model, fp.Logit(1, position=place))
    wanted = logits_of(model, images)[(slice(None), *place, 1)]
    np.testing.assert_allclose(scores, wanted, rtol=1e-4, atol=1e-5)
    mask = np.zeros(SIZES[rank])
    mask[tuple(slice(1, 3) for _ in place)] = 1
    mask[place] = 2.5
    images, scores = scored(model, fp.Logit(0, mask=mask))
    own = logits_of(model, images)[..., 0].reshape(2, -1)
    wanted = own @ mask.ravel() / mask.sum()
    np.testing.assert_allclose(scores, wanted, rtol=1e-4, atol=1e-5)


def test_masks_of_any_kind_share_a_trace() -> None:
    """True and False are weights like others; each target keeps to its own."""
    model = net(head(2, "softmax"))
    left, right = np.zeros((2, 10, 8), bool)
    left[:, :3], right[:, 5:] = True, True
    targets = [fp.Logit(1, mask=left), fp.Logit(2, mask=right.astype("float64"))]
    assert targets[0] == fp.Logit(1, mask=fp.ArrayValue(left.astype("float32")))
    assert len({leaf_of(target).key for target in targets}) == 1
    probe = fp.ModelProbe(model, input_space=SPACE)
    ascent = fp.Ascent(steps=3, starts=1, search=None, regularizers=())
    result = ascent.run(probe, targets, rng=0, progress=False)
    own = logits_of(model, result.best())
    wanted = [own[0, ..., 1][left].mean(), own[1, ..., 2][right].mean()]
    np.testing.assert_allclose(result.scores[:, 0], wanted, rtol=1e-4, atol=1e-5)


def test_one_place_is_climbed_on_its_crop() -> None:
    """As a node is: what cannot reach it stays one constant."""
    model = net(head(2, "softmax"))
    images, _ = climbed(model, fp.Logit(1, position=(2, 5)))
    seen = np.zeros((10, 8), bool)
    seen[1:4, 4:7] = True
    assert (np.ptp(images[:, ~seen], axis=(1, 2)) < 1e-6).all()


def test_a_u_net_with_transposed_convolutions() -> None:
    """And skips, in float16."""
    keras.utils.set_random_seed(4)
    keras.config.set_dtype_policy("mixed_float16")
    try:
        image = keras.Input((12, 8, 1))
        down = layers.Conv2D(4, 3, padding="same", activation="relu")(image)
        deep = layers.Conv2D(6, 3, padding="same", activation="relu")(layers.MaxPooling2D(2)(down))
        up = layers.Conv2DTranspose(4, 3, strides=2, padding="same", activation="relu")(deep)
        late = layers.Concatenate(name="late")([up, down])
        model = keras.Model(image, layers.Activation("softmax", dtype="float32")(head(2)(late)))
    finally:
        keras.config.set_dtype_policy("float32")
    images, scores = climbed(model, fp.Logit(1))
    wanted = logits_of(model, images)[..., 1].mean(axis=(1, 2))
    np.testing.assert_allclose(scores, wanted, rtol=1e-2, atol=1e-2)
    images, scores = scored(model, fp.Logit(2, position=(6, 3)))
    np.testing.assert_allclose(scores, logits_of(model, images)[:, 6, 3, 2], rtol=1e-2, atol=1e-2)


def test_upsampled_logits() -> None:
    """Bilinear before the softmax: the logits are the upsampled ones."""
    model = net(
        lambda x: layers.Softmax()(layers.UpSampling2D(2, interpolation="bilinear")(head(2)(x)))
    )
    images, scores = scored(model, fp.Logit(1, position=(9, 4)))
    up = layers.UpSampling2D(2, interpolation="bilinear")(logits_of(model, images)).numpy()
    np.testing.assert_allclose(scores, up[:, 9, 4, 1], rtol=1e-4, atol=1e-5)


def test_upsampled_probabilities_have_no_logits_but_where_they_are_made() -> None:
    """Bilinear behind the softmax averages shares; the error names the layer to read."""
    model = net(lambda x: layers.UpSampling2D(2, interpolation="bilinear")(head(2, "softmax")(x)))
    with pytest.raises(fp.ModelError, match=r"'logits', which holds probabilities.*fp\.Logit"):
        scored(model, fp.Logit(1))
    images, scores = scored(model, fp.Logit(1, layer="logits"))
    wanted = logits_of(model, images)[..., 1].mean(axis=(1, 2))
    np.testing.assert_allclose(scores, wanted, rtol=1e-4, atol=1e-5)


def test_repeated_probabilities_are_repeated_logits() -> None:
    """Nearest neighbours behind the softmax change no value."""
    model = net(lambda x: layers.UpSampling2D(2)(head(2, "softmax")(x)))
    images, scores = scored(model, fp.Logit(1, position=(9, 4)))
    np.testing.assert_allclose(scores, logits_of(model, images)[:, 4, 2, 1], rtol=1e-4, atol=1e-5)


def test_a_detector_s_dense_classes() -> None:
    """By the key of its dict, beside boxes."""
    model = net(lambda x: {"boxes": layers.Conv2D(4, 1)(x), "classes": head(2, "softmax")(x)})
    target = fp.Logit(1, output="classes", position=(4, 4))
    assert target == fp.Logit(1, layer="@output:classes", position=(4, 4))
    images, scores = climbed(model, target)
    np.testing.assert_allclose(scores, logits_of(model, images)[:, 4, 4, 1], rtol=1e-4, atol=1e-5)
    probe = fp.ModelProbe(model, input_space=SPACE)
    assert [t.index for t in fp.Logit.each(probe, output="classes")] == [0, 1, 2]
    assert fp.Logit.each(probe, output="classes", position=(4, 4))[1] == target


@pytest.mark.parametrize(
    ("fields", "label"),
    [
        ({}, "@output index 2"),
        ({"position": (5, 7)}, "@output index 2 at row 5 col 7"),
        ({"position": (5,)}, "@output index 2 at position 5"),
        ({"position": (1, 5, 7)}, "@output index 2 at plane 1 row 5 col 7"),
        ({"output": "classes"}, "@output:classes index 2"),
    ],
)
def test_labels_say_where(fields: dict[str, Any], label: str) -> None:
    """In the words of the layer's axes; the repr, too, and what is saved comes back."""
    target = fp.Logit(2, **fields)
    assert target.label == label
    assert f"position={fields.get('position')}" in repr(target)
    assert fp.Logit(**{k: v for k, v in target.to_config().items() if k != "kind"}) == target


@pytest.mark.parametrize(
    ("fields", "error", "words"),
    [
        (
            {"position": (1, 2), "mask": np.ones((10, 8))},
            fp.ConfigError,
            "one position, or of a mask",
        ),
        ({"position": 3}, fp.ConfigError, "in brackets"),
        ({"mask": -np.ones((10, 8))}, fp.DataError, "from 0 on"),
        ({"mask": np.full((10, 8), np.nan)}, fp.DataError, "from 0 on"),
        ({"layer": "logits", "output": "classes"}, fp.ConfigError, "Leave one out"),
        ({"mask": np.ones((8, 10))}, fp.ShapeError, r"\(10, 8\) positions.*\(8, 10\)"),
        ({"position": (5,)}, fp.ShapeError, "no position axis.*row, col, channel"),
        ({"position": (10, 0)}, fp.RangeError, "row 10 is outside.*from 0 to 9"),
        ({"index": 3}, fp.RangeError, "channel 3 is outside.*from 0 to 2"),
    ],
)
def test_what_does_not_fit_is_refused(fields: dict[str, Any], error: Any, words: str) -> None:
    """With what would."""
    model = net(head(2, "softmax"))
    with pytest.raises(error, match=words):
        scored(model, fp.Logit(**{"index": 0, **fields}))
