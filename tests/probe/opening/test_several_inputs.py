"""Models of several inputs: what each is called, what is held constant, one image for several."""

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, ops

import featureprobe as fp

RAW = fp.InputSpace.identity(low=0, high=1)
QUICK = fp.Ascent(steps=3, starts=1, search=None, remedies=(), regularizers=())
IDS, MASK = np.array([3, 1, 8, 0]), np.array([True, True, True, False])


class Words(layers.Layer):
    """The mean of the words that a mask leaves; refuses what is not of the dtype that was declared."""

    def build(self, ids_shape: Any) -> None:
        """Make the table."""
        self.table = self.add_weight(shape=(9, 3), name="table")

    def call(self, ids: Any, mask: Any) -> Any:
        """Look the words up."""
        dtypes = {keras.backend.standardize_dtype(v.dtype) for v in (ids, mask)}
        if dtypes != {"int64", "bool"}:
            raise TypeError(f"ids and mask came as {dtypes}")
        kept = ops.cast(mask, "float32")[..., None]
        return ops.sum(ops.take(self.table, ids, axis=0) * kept, axis=1)


def image_and_words(*, nested: bool = False) -> keras.Model:
    """Return a net of an image, token ids and a mask in a dict, perhaps with a dict inside."""
    keras.utils.set_random_seed(3)
    ids = keras.Input((4,), dtype="int64", name="ids")
    mask = keras.Input((4,), dtype="bool", name="mask")
    image = keras.Input((8, 7, 2), name="picture")
    seen = layers.GlobalMaxPooling2D()(layers.Conv2D(4, 3, name="conv")(image))
    out = layers.Dense(2, name="out")(layers.Concatenate()([seen, Words(name="words")(ids, mask)]))
    text = {"token_ids": ids, "padding_mask": mask}
    return keras.Model({"images": image, **({"text": text} if nested else text)}, out)


FLAT = ({"token_ids": IDS, "padding_mask": MASK}, {"ids": IDS, "mask": MASK[None]})
NESTED = ({"text": FLAT[0]}, *FLAT, {"text/token_ids": IDS[None], "mask": MASK})


@pytest.mark.filterwarnings("ignore:When providing")
@pytest.mark.parametrize(
    ("nested", "given"), [(False, v) for v in FLAT] + [(True, v) for v in NESTED]
)
def test_constants_by_name_or_key(nested: bool, given: dict[str, Any]) -> None:
    """They reach their layer in their own dtype, whatever they are called, and stay as they are."""
    model = image_and_words(nested=nested)
    probe = fp.ModelProbe(model, input_space=RAW, image_input="images", other_inputs=given)
    images = np.random.default_rng(0).random((2, 8, 7, 2)).astype(np.float32)
    text = {"token_ids": np.tile(IDS, (2, 1)), "padding_mask": np.tile(MASK, (2, 1))}
    expected = model({"images": images, **({"text": text} if nested else text)})
    np.testing.assert_allclose(probe.predict(images), expected, atol=1e-5)
    result = QUICK.run(probe, fp.Node("out", index=1), rng=1, progress=False)
    np.testing.assert_allclose(
        result.scores[0], probe.predict(result.images[0])[:, 1], rtol=1e-4, atol=1e-6
    )
    assert result.gradient_norms[0, 0] > 0


@pytest.mark.filterwarnings("ignore:When providing")
@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        ({}, fp.ModelError, r"need constant values.*'padding_mask'|need constant values.*'mask'"),
        ({"token_idz": IDS}, fp.ModelError, "'token_idz'. Nearest: 'token_ids'"),
        ({"token_ids": IDS, "ids": IDS}, fp.ConfigError, "two values for the input 'ids'"),
        ({"token_ids": IDS, "mask": MASK, "images": 0}, fp.ModelError, "'picture', the input that"),
        ({"token_ids": IDS[:3], "mask": MASK}, fp.ShapeError, r"'ids'.*\(4,\).*Received: \(3,\)"),
        ({"token_ids": [IDS, IDS], "mask": MASK}, fp.ShapeError, r"Received: \(2, 4\)"),
        ({"token_ids": IDS + 0.5, "mask": MASK}, fp.DataError, "'ids' has the dtype int64|int64"),
        ({"token_ids": IDS, "mask": [2, 1, 1, 0]}, fp.DataError, "bool"),
        ({"token_ids": ["a"] * 4, "mask": MASK}, fp.DataError, "array of numbers"),
        ({3.5: IDS}, fp.ConfigError, r"Received the key 3\.5"),
        ([IDS, MASK], fp.ConfigError, "Pass a dict"),
    ],
)
def test_what_is_wrong_with_constants_is_said(given: Any, error: type, says: str) -> None:
    """Missing, unknown, doubled, misshapen, of another dtype: each by its name."""
    with pytest.raises(error, match=says):
        fp.ModelProbe(image_and_words(), input_space=RAW, other_inputs=given)


def siamese(*, padding: str = "valid", sizes: tuple[Any, Any] = ((12, 10, 1),) * 2) -> keras.Model:
    """Return a net that runs two images through the same layers."""
    keras.utils.set_random_seed(4)
    left, right = (
        keras.Input(size, name=name) for size, name in zip(sizes, ("left", "right"), strict=True)
    )
    conv = layers.Conv2D(3, 3, padding=padding, activation="tanh", name="conv")
    base = layers.Cropping2D(((0, 1), (0, 2)), name="base")(conv(left))
    moved = layers.Cropping2D(((1, 0), (2, 0)), name="moved")(conv(right))
    times = layers.Multiply(name="times")([base, moved])
    out = layers.Dense(2, name="out")(layers.GlobalAveragePooling2D()(times))
    return keras.Model([left, right], out)


BOTH = ("left", "right")


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_one_image_into_both(padding: str) -> None:
    """It is the model fed twice; fields are unions, and a node's crop answers like the full image."""
    model = siamese(padding=padding)
    probe = fp.ModelProbe(model, input_space=RAW, image_input=BOTH)
    images = np.random.default_rng(0).random((3, 12, 10, 1)).astype(np.float32)
    np.testing.assert_allclose(probe.predict(images), model([images, images]), atol=1e-5)
    rows = {row.path: row.receptive_field for row in probe.summary()}
    assert rows["conv@1"] == rows["conv@2"] == (3, 3)
    assert rows["times"] == (4, 5)  # the other's window lies one row and two columns further
    row, col = (n // 2 for n in probe.shape_of("times")[:2])
    node = fp.Node("times", row=row, col=col, channel=1)
    results = [
        fp.Ascent(steps=4, starts=2, search=None, remedies=(), regularizers=(), crop=crop).run(
            probe, node, rng=1, progress=False
        )
        for crop in (True, False)
    ]
    assert results[0].crops[0].startswith("crop: 4 x 5")
    np.testing.assert_allclose(results[0].images, results[1].images, atol=1e-4)
    answers = probe.activations(results[0].images[0], "times")[:, row, col, 1]
    np.testing.assert_allclose(results[0].scores[0], answers, rtol=1e-4)


def test_calls_are_counted_in_the_order_they_were_made() -> None:
    """``conv@1`` is of the image that the layer was called on first."""
    model = siamese()
    probe = fp.ModelProbe(
        model, input_space=RAW, image_input="left", other_inputs={"right": np.zeros((12, 10, 1))}
    )
    fields = {row.path: row.receptive_field for row in probe.summary()}
    assert (fields["conv@1"], fields["conv@2"]) == ((3, 3), None)


def test_what_is_held_is_not_the_image() -> None:
    """Of two inputs that could be images, the one without a constant is climbed."""
    held = {"left": np.zeros((12, 10, 1))}
    probe = fp.ModelProbe(siamese(), input_space=RAW, other_inputs=held)
    assert probe.network.feeding.images == (probe.network.graph.inputs[1],)


def test_a_space_read_off_a_shared_layer() -> None:
    """Where all inputs that take the image begin with the same layer, it says what pixels are."""
    inner = keras.Input((6, 6, 1))
    encoder = keras.Model(inner, layers.Flatten()(layers.Rescaling(1 / 255, name="scale")(inner)))
    pair = [keras.Input((6, 6, 1), name=name) for name in BOTH]
    model = keras.Model(pair, layers.Subtract()([encoder(v) for v in pair]))
    space = fp.ModelProbe(model, image_input=BOTH).input_space
    assert (space.low, space.high) == (0, 255)


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        (("left", "rihgt"), fp.ModelError, "no input 'rihgt'. Nearest: 'right'"),
        (("left", "left"), fp.ConfigError, "names an input twice"),
        ((), fp.ConfigError, "image_input is the name"),
        (("left", 3), fp.ConfigError, r"Received: \('left', 3\)"),
        ({"left"}, fp.ConfigError, "image_input is the name"),
        (BOTH, fp.ShapeError, r"take one shape.*'right': \(9, 10, 1\)"),
    ],
)
def test_what_is_wrong_with_image_input_is_said(given: Any, error: type, says: str) -> None:
    """Unknown, doubled and mixed inputs, and such as take images of different sizes."""
    left, right = keras.Input((12, 10, 1), name="left"), keras.Input((9, 10, 1), name="right")
    joined = layers.Concatenate()([layers.Flatten()(left), layers.Flatten()(right)])
    with pytest.raises(error, match=says):
        fp.ModelProbe(keras.Model([left, right], joined), input_space=RAW, image_input=given)


def test_sizes_of_shared_inputs() -> None:
    """What one input leaves open, another one or ``size`` says."""
    model = siamese(sizes=((None, None, 1), (12, None, 1)))
    with pytest.raises(fp.ShapeError, match="any size"):
        fp.ModelProbe(model, input_space=RAW, image_input=BOTH)
    probe = fp.ModelProbe(model, input_space=RAW, image_input=BOTH, size=(12, 9))
    assert probe.image_shape == (12, 9, 1)
