"""Models with several outputs: named by the keys of a dict, by layers, by numbers."""

import keras
import numpy as np
import pytest
from keras import layers

import featureprobe as fp

SPACE = fp.InputSpace.identity(low=0, high=1)
IMAGES = np.random.default_rng(0).random((3, 10, 8, 1), np.float32)


@pytest.fixture(scope="module")
def parts():
    """A detector's image, boxes and classes."""
    keras.utils.set_random_seed(5)
    image = keras.Input((10, 8, 1))
    maps = layers.Conv2D(5, 3, activation="elu", name="maps")(image)
    flat = layers.Flatten()(maps)
    boxes = layers.Dense(4, name="box_head")(flat)
    return image, boxes, layers.Dense(3, activation="softmax", name="class_head")(flat)


def opened(parts, outputs):
    """Return a probe of a model with these outputs, and the model."""
    model = keras.Model(parts[0], outputs)
    return fp.ModelProbe(model, input_space=SPACE), model


def test_predictions_by_key(parts):
    """Under the keys of the dict, each with its own numbers, however the keys are sorted."""
    _, boxes, classes = parts
    probe, model = opened(parts, {"zones": boxes, "classes": classes})
    found, wanted = probe.predict(IMAGES), model.predict(IMAGES, verbose=0)
    assert set(found) == {"zones", "classes"}
    for name, values in wanted.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-5, atol=1e-6)
        one = probe.activations(IMAGES, f"@output:{name}")
        np.testing.assert_array_equal(one, found[name])
    assert probe.shape_of("@output:zones") == (4,)


def test_predictions_of_a_list(parts):
    """Under the layers that make them; numbers and layers will do, too."""
    probe, model = opened(parts, [parts[1], parts[2]])
    found, wanted = probe.predict(IMAGES), model.predict(IMAGES, verbose=0)
    assert list(found) == ["box_head", "class_head"]
    np.testing.assert_allclose(found["box_head"], wanted[0], rtol=1e-5, atol=1e-6)
    for name in ("@output:1", "@output:class_head", "class_head"):
        np.testing.assert_allclose(probe.activations(IMAGES, name), wanted[1], rtol=1e-5, atol=1e-6)


def test_a_dict_of_one_output(parts):
    """It is the model's only output."""
    probe, model = opened(parts, {"classes": parts[2]})
    wanted = model.predict(IMAGES, verbose=0)["classes"]
    np.testing.assert_allclose(probe.predict(IMAGES), wanted, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(
        probe.activations(IMAGES, "@output:classes"), probe.predict(IMAGES)
    )


def test_nested_outputs(parts):
    """A list in a dict, and a model whose outputs are another one's."""
    _, boxes, classes = parts
    probe, _ = opened(parts, {"heads": [boxes, classes]})
    assert list(probe.predict(IMAGES)) == ["heads/0", "heads/1"]
    inner = keras.Model(parts[0], {"boxes": boxes, "classes": classes}, name="detector")
    image = keras.Input((10, 8, 1))
    outer = fp.ModelProbe(keras.Model(image, inner(image)), input_space=SPACE)
    np.testing.assert_array_equal(
        outer.predict(IMAGES)["classes"], probe.predict(IMAGES)["heads/1"]
    )


@pytest.mark.parametrize("layer", ["@output:classes", "class_head"])
def test_targets_on_one_output(parts, layer):
    """Its score is what Keras' output says of the image, before the softmax where that is asked for."""
    probe, model = opened(parts, {"boxes": parts[1], "classes": parts[2]})
    ascent = fp.Ascent(steps=4, starts=1, search=None)
    logit, share = (
        ascent.run(probe, target, rng=1, progress=False)
        for target in (fp.Logit(2, layer=layer), fp.Node(layer, index=2))
    )
    made = model.predict(share.images[0], verbose=0)["classes"]
    np.testing.assert_allclose(share.scores[0], made[:, 2], rtol=1e-4)
    before = probe.activations(logit.images[0], "class_head", pre=True)
    np.testing.assert_allclose(logit.scores[0], before[:, 2], rtol=1e-4)


def test_errors_name_the_outputs(parts):
    """All of them, and the nearest."""
    probe, _ = opened(parts, {"boxes": parts[1], "classes": parts[2]})
    with pytest.raises(fp.ModelError, match=r"has 2\. .*'@output:boxes', '@output:classes'"):
        probe.activations(IMAGES, fp.OUTPUT)
    with pytest.raises(fp.UnknownLayerError, match=r"no output 'clases'\. Nearest: 'classes'"):
        probe.shape_of("@output:clases")
    with pytest.raises(fp.UnknownLayerError, match="no output '2'"):
        probe.shape_of("@output:2")


def test_results_of_attention_are_read_by_number():
    """Its maps, (heads, queries, keys), where the layer gives them."""
    image = keras.Input((6, 6, 4))
    tokens = layers.Reshape((36, 4))(image)
    attention = layers.MultiHeadAttention(2, 3, name="attention")
    mixed, maps = attention(tokens, tokens, return_attention_scores=True)
    model = keras.Model(image, layers.GlobalAveragePooling1D()(mixed))
    probe = fp.ModelProbe(model, input_space=SPACE)
    pixels = np.random.default_rng(0).random((2, 6, 6, 4), np.float32)
    wanted = keras.Model(image, maps).predict(pixels, verbose=0)
    np.testing.assert_allclose(
        probe.activations(pixels, "attention:1"), wanted, rtol=1e-5, atol=1e-6
    )
    assert probe.shape_of("attention:0") == (36, 4)
    target = fp.Node("attention:1", row=1, col=7, channel=20)  # head 1: how much 7 looks at 20
    result = fp.Ascent(steps=3, starts=1, search=None).run(probe, target, rng=0, progress=False)
    made = keras.Model(image, maps).predict(result.images[0], verbose=0)
    np.testing.assert_allclose(result.scores[0], made[:, 1, 7, 20], rtol=1e-4)
    with pytest.raises(
        fp.UnknownLayerError, match=r"gives 2 results.*'attention:0', 'attention:1'"
    ):
        probe.shape_of("attention")
