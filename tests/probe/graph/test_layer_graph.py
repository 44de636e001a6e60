"""Sub-models: what a probe says of a layer is what that layer gives in the full model.

Reference values take another road than the library: ``keras.Model(inputs, layer.output)`` for flat
models, step-by-step calls of the layers for the others.
"""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, ops

import featureprobe as fp

Values = dict[str, np.ndarray]
RAW = fp.InputSpace.identity(low=0, high=1)


def assert_close(found: np.ndarray, expected: Any, path: str) -> None:
    """Demand a difference of at most 1e-5 of the layer's largest absolute value."""
    expected = np.asarray(expected)
    assert found.shape == expected.shape, path
    scale = np.abs(expected).max()
    assert scale > 0, f"{path} is all zero: the comparison would prove nothing"
    assert np.abs(found - expected).max() <= 1e-5 * scale, path


def randomize(model: keras.Model, seed: int = 0) -> keras.Model:
    """Give every weight a random value, so that biases and statistics count."""
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        low = 0.5 if "variance" in weight.path else -0.5
        weight.assign(rng.uniform(low, low + 1.0, weight.shape))
    return model


def images_for(shape: tuple[int, ...], count: int = 3) -> np.ndarray:
    """Return random images in 0..1."""
    return np.random.default_rng(4).random((count, *shape), dtype=np.float32)


def by_keras(model: keras.Model, inputs: Any) -> Values:
    """Return every layer's output of a flat model, by Keras' own sub-model."""
    flat = [layer for layer in model.layers if not isinstance(layer, layers.InputLayer)]
    inputs_of = model.inputs if len(model.inputs) > 1 else model.inputs[0]
    full = keras.Model(inputs_of, [layer.output for layer in flat])
    outputs = full(inputs, training=False)
    return {layer.name: np.asarray(value) for layer, value in zip(flat, outputs, strict=True)}


def check(probe: fp.ModelProbe, images: np.ndarray, expected: Values) -> None:
    """Compare all layers of a probe, one at a time, together, and in the layer table."""
    assert set(probe.layers) <= set(expected), "a layer has no reference value"
    for path in probe.layers:
        found = probe.activations(images, path)
        assert found.dtype == np.float32
        assert probe.shape_of(path) == found.shape[1:]
        assert_close(found, expected[path], path)
    together = probe.activations(images, sorted(expected))
    assert list(together) == sorted(expected)
    for path, found in together.items():
        assert_close(found, expected[path], path)
    assert [row.shape for row in probe.summary()] == [expected[p].shape[1:] for p in probe.layers]


def articles_cnn() -> keras.Model:
    """The articles' CNN with random weights."""
    return randomize(
        keras.Sequential(
            [
                keras.Input((28, 28, 1)),
                layers.Conv2D(32, 3, activation="relu", name="Conv2D_1"),
                layers.MaxPooling2D(2, name="Max_Pool_1"),
                layers.Conv2D(64, 3, activation="relu", name="Conv2D_2"),
                layers.MaxPooling2D(2, name="Max_Pool_2"),
                layers.Conv2D(128, 3, activation="relu", name="Conv2D_3"),
                layers.Flatten(name="Flatten"),
                layers.Dense(100, activation="relu", name="Dense_1"),
                layers.Dense(10, name="Dense_2"),
            ]
        )
    )


def test_the_articles_cnn() -> None:
    """Every layer of the articles' CNN."""
    model, images = articles_cnn(), images_for((28, 28, 1))
    check(fp.ModelProbe(model, input_space=RAW), images, by_keras(model, images))


@pytest.mark.parametrize("name", ["a", "b"])
def test_the_bundled_nets(name: str) -> None:
    """Every layer of the bundled nets, for real digits in pixel units."""
    probe = fp.samples.mnist_probe(name)
    digits = fp.samples.mnist_digits()[0][:4]
    check(probe, digits, by_keras(probe.model, probe.input_space.to_model(digits)))


@pytest.mark.long
def test_squeezenet(data_folder: Path) -> None:
    """Every layer of a trained ImageNet net, with caffe preprocessing."""
    file = data_folder / "models" / "squeezenet_v1_1_imagenet.keras"
    if not file.is_file():
        pytest.skip(f"FEATUREPROBE_TEST_DATA has no {file.name}")
    probe = fp.ModelProbe.load(file, input_space=fp.InputSpace.caffe())
    photos = np.random.default_rng(3).integers(0, 256, (2, *probe.image_shape)).astype(np.uint8)
    expected = by_keras(probe.model, probe.input_space.to_model(photos))
    assert len(probe.layers) == 40
    check(probe, photos, {path: expected[path] for path in probe.layers})


def test_nested_models() -> None:
    """Functional in functional in Sequential, addressed from outside in."""
    conv_a = layers.Conv2D(4, 3, padding="same", activation="relu", name="conv_a")
    conv_b = layers.Conv2D(4, 3, padding="same", name="conv_b")
    add = layers.Add(name="add")
    inner = keras.Input((6, 6, 3))
    first = conv_a(inner)
    block = keras.Model(inner, add([first, conv_b(first)]), name="block")
    conv1, conv2 = layers.Conv2D(3, 3, name="conv1"), layers.Conv2D(2, 3, name="conv2")
    middle = keras.Input((8, 8, 1))
    backbone = keras.Model(middle, conv2(block(conv1(middle))), name="backbone")
    flat, dense = layers.Flatten(name="flat"), layers.Dense(5, name="dense")
    head = keras.Sequential([layers.Dense(4, name="hidden"), dense], name="head")
    model = randomize(keras.Sequential([keras.Input((8, 8, 1)), backbone, flat, head]))

    images = images_for((8, 8, 1))
    expected: Values = {"backbone/conv1": conv1(images)}
    expected["backbone/block/conv_a"] = conv_a(expected["backbone/conv1"])
    expected["backbone/block/conv_b"] = conv_b(expected["backbone/block/conv_a"])
    expected["backbone/block/add"] = add(
        [expected["backbone/block/conv_a"], expected["backbone/block/conv_b"]]
    )
    expected["backbone/conv2"] = conv2(expected["backbone/block/add"])
    expected["flat"] = flat(expected["backbone/conv2"])
    expected["head/hidden"] = head.layers[0](expected["flat"])
    expected["head/dense"] = dense(expected["head/hidden"])
    # A nested model's own path is its output.
    expected["backbone/block"] = expected["backbone/block/add"]
    expected["backbone"] = expected["backbone/conv2"]
    expected["head"] = expected["head/dense"]
    probe = fp.ModelProbe(model, input_space=RAW)
    check(probe, images, {path: np.asarray(value) for path, value in expected.items()})
    assert_close(probe.predict(images), model(images), "output")


def test_two_inputs() -> None:
    """The other input holds its constant, for each image of the batch."""
    image, size = keras.Input((6, 5, 2), name="image"), keras.Input((3,), name="size")
    conv, mix = layers.Conv2D(4, 3, name="conv")(image), layers.Dense(4, name="mix")(size)
    scaled = layers.Multiply(name="scaled")([conv, layers.Reshape((1, 1, 4), name="shape")(mix)])
    pooled = layers.GlobalAveragePooling2D(name="pool")(scaled)
    model = randomize(keras.Model([size, image], layers.Dense(2, name="out")(pooled)))
    constant = np.float32([0.5, -1.0, 2.0])
    probe = fp.ModelProbe(model, input_space=RAW, other_inputs={"size": constant})
    images = images_for((6, 5, 2))
    check(probe, images, by_keras(model, [np.tile(constant, (3, 1)), images]))


def test_two_image_inputs() -> None:
    """With two images the probed one is named; the other holds its constant."""
    left, right = keras.Input((5, 5, 1), name="left"), keras.Input((5, 5, 1), name="right")
    both = layers.Subtract(name="both")([left, right])
    model = randomize(keras.Model([left, right], layers.Conv2D(2, 3, name="conv")(both)))
    images, constant = images_for((5, 5, 1)), images_for((5, 5, 1), 1)[0]
    probe = fp.ModelProbe(
        model, input_space=RAW, image_input="right", other_inputs={"left": constant}
    )
    check(probe, images, by_keras(model, [np.stack([constant] * 3), images]))


def test_shared_layers() -> None:
    """A layer that is called twice has two addresses; its bare name asks for one of them."""
    conv = layers.Conv2D(2, 3, padding="same", activation="relu", name="conv")
    image = keras.Input((6, 6, 2))
    model = randomize(keras.Model(image, layers.ReLU(name="last")(conv(conv(image)))))
    probe = fp.ModelProbe(model, input_space=RAW)
    images = images_for((6, 6, 2))
    first = conv(images)
    second = conv(first)
    assert probe.layers == ("conv@1", "conv@2", "last")
    check(
        probe, images, {"conv@1": first.numpy(), "conv@2": second.numpy(), "last": second.numpy()}
    )
    with pytest.raises(fp.UnknownLayerError, match=r"called 2 times.*'conv@1', 'conv@2'"):
        probe.activations(images, "conv")


def test_shared_nested_models() -> None:
    """A nested model that is called twice has two addresses for each of its layers."""
    inner = keras.Input((4, 4, 1))
    conv = layers.Conv2D(1, 3, padding="same", name="conv")
    tower = keras.Model(inner, conv(inner), name="tower")
    image = keras.Input((4, 4, 1))
    model = randomize(keras.Model(image, tower(tower(image))))
    probe = fp.ModelProbe(model, input_space=RAW)
    images = images_for((4, 4, 1))
    once = conv(images)
    expected = {"tower@1/conv": once.numpy(), "tower@2/conv": conv(once).numpy()}
    check(probe, images, expected)
    with pytest.raises(fp.UnknownLayerError, match="'tower@1/conv', 'tower@2/conv'"):
        probe.shape_of("tower/conv")


def test_operations_of_keras_ops() -> None:
    """Operators and functions on symbolic tensors are calls like any other."""
    conv = layers.Conv2D(4, 3, padding="same", name="conv")
    image = keras.Input((6, 6, 1))
    x = conv(image)
    y = ops.relu(x) + 2.0 * x
    parts = ops.split(y[:, 1:, :, :], 2, axis=-1)
    joined = ops.concatenate([parts[1], parts[0]], axis=-1)
    model = randomize(keras.Model(image, ops.mean(joined, axis=(1, 2))))
    probe = fp.ModelProbe(model, input_space=RAW)
    images = images_for((6, 6, 1))

    x = conv(images).numpy()
    y = np.maximum(x, 0) + 2 * x
    cut = y[:, 1:]
    swapped = np.concatenate([cut[..., 2:], cut[..., :2]], -1)
    references = {
        "Relu": np.maximum(x, 0), "Multiply": 2 * x, "Add": y, "GetItem": cut, "Conv2D": x,
        "Concatenate": swapped, "Mean": swapped.mean((1, 2)),
    }  # fmt: skip
    expected = {}
    for row in probe.summary():
        half = {":0": cut[..., :2], ":1": cut[..., 2:]}.get(row.path[-2:])
        expected[row.path] = half if row.kind == "Split" else references[row.kind]
    assert sum(row.kind == "Split" for row in probe.summary()) == 2
    check(probe, images, expected)


def residual() -> keras.Model:
    """Residual and dense connections, with two outputs of one layer in use."""
    image = keras.Input((8, 8, 3), name="image")
    first = layers.Conv2D(4, 3, strides=2, padding="same", activation="relu", name="first")(image)
    second = layers.Conv2D(4, 3, padding="same", name="second")(first)
    added = layers.Add(name="added")([first, second])
    joined = layers.Concatenate(name="joined")([added, first, second])
    return randomize(keras.Model(image, layers.GlobalMaxPooling2D(name="pool")(joined)))


def test_residual_and_concatenated() -> None:
    """Branches that meet again."""
    model, images = residual(), images_for((8, 8, 3))
    check(fp.ModelProbe(model, input_space=RAW), images, by_keras(model, images))


@pytest.mark.parametrize("training", [None, True])
def test_always_in_inference_mode(training: bool | None) -> None:
    """Normalization uses its statistics and dropout nothing, even where the graph says training."""
    norm, drop = layers.BatchNormalization(name="norm"), layers.Dropout(0.5, name="drop")
    conv, noise = layers.Conv2D(4, 3, name="conv"), layers.GaussianNoise(1.0, name="noise")
    inner = keras.Input((6, 6, 4))
    block = keras.Model(inner, noise(drop(inner, training=training)), name="block")
    image = keras.Input((8, 8, 2))
    model = keras.Model(image, block(norm(conv(image), training=training), training=training))
    probe = fp.ModelProbe(randomize(model), input_space=RAW)
    images = images_for((8, 8, 2))
    x = conv(images)
    y = norm(x, training=False).numpy()
    check(probe, images, {"conv": x.numpy(), "norm": y, "block/drop": y, "block/noise": y})


@pytest.mark.parametrize("count", [1, 4, 9])
def test_fixed_batch_size(count: int) -> None:
    """A model for batches of four answers any number of images."""
    image = keras.Input(batch_shape=(4, 6, 6, 1))
    conv = layers.Conv2D(3, 3, activation="relu", name="conv")
    flat, dense = layers.Flatten(name="flat"), layers.Dense(2, name="dense")
    model = randomize(keras.Model(image, dense(flat(conv(image)))))
    images = images_for((6, 6, 1), count)
    x = conv(images).numpy()
    y = x.reshape(count, -1)
    expected = {"conv": x, "flat": y, "dense": np.asarray(dense(y))}
    check(fp.ModelProbe(model, input_space=RAW), images, expected)


def test_unknown_size() -> None:
    """A model for images of any size is probed at the size that was asked for."""
    image = keras.Input((None, None, 2))
    x = layers.Conv2D(3, 3, strides=2, name="conv")(image)
    x = layers.UpSampling2D(2, name="up")(ops.relu(x))
    model = randomize(keras.Model(image, layers.GlobalAveragePooling2D(name="pool")(x)))
    with pytest.raises(fp.ShapeError, match=r"any size.*size="):
        fp.ModelProbe(model, input_space=RAW)
    for size in ((9, 7), (12, 5)):
        probe = fp.ModelProbe(model, input_space=RAW, size=size)
        images = images_for((*size, 2))
        expected = by_keras(model, images)
        relu = next(path for path in probe.layers if path.startswith("relu"))
        check(probe, images, expected | {relu: np.maximum(expected["conv"], 0)})


def test_a_size_that_leaves_nothing_is_refused() -> None:
    """A size too small for the windows gives one error that says so."""
    image = keras.Input((None, None, 2))
    model = keras.Model(image, layers.Conv2D(3, 5)(image))
    probe = fp.ModelProbe(model, input_space=RAW, size=(3, 3))
    with pytest.raises(fp.ShapeError, match="Choose another size"):
        probe.summary()


def test_several_outputs() -> None:
    """OUTPUT is ambiguous and says which layers there are; each of them can be read."""
    image = keras.Input((6, 6, 1))
    conv = layers.Conv2D(2, 3, name="conv")(image)
    flat = layers.Flatten(name="flat")(conv)
    outputs = [layers.Dense(3, name="left")(flat), conv, layers.Dense(2, name="right")(flat)]
    model = randomize(keras.Model(image, outputs))
    probe, images = fp.ModelProbe(model, input_space=RAW), images_for((6, 6, 1))
    check(probe, images, by_keras(model, images))
    assert set(probe.predict(images)) == {"left", "conv", "right"}
    with pytest.raises(
        fp.ModelError, match=r"has 3.*'@output:left', '@output:conv', '@output:right'"
    ):
        probe.shape_of(fp.OUTPUT)


def test_mixed_precision() -> None:
    """A float16 net takes float32 images and gives float32 activations.

    Sums of products differ in their last bits between processors with and without units for
    float16, and between a compiled net and an eager one; no more than that is asked for.
    """
    kind = {"dtype": "mixed_float16"}
    image = keras.Input((6, 6, 1))
    conv = layers.Conv2D(2, 3, activation="relu", name="conv", **kind)
    deep = layers.Conv2D(2, 3, activation="relu", name="deep", **kind)
    model = randomize(keras.Model(image, deep(conv(image))))
    probe, images = fp.ModelProbe(model, input_space=RAW), images_for((6, 6, 1))
    for path, expected in (("conv", conv(images)), ("deep", deep(conv(images)))):
        found = probe.activations(images, path)
        assert found.dtype == np.float32
        close = {"rtol": 0, "atol": 4 * float(np.finfo(np.float16).eps) * found.max()}
        np.testing.assert_allclose(found, np.float32(expected), **close)
        assert found.max() > 0
        before = probe.activations(images, path, pre=True)
        np.testing.assert_allclose(np.maximum(before, 0), np.float32(expected), **close)


class Counting(layers.Layer):
    """A layer that counts how often it is run."""

    runs = 0

    def call(self, inputs: Any) -> Any:
        """Count, once a trace."""
        type(self).runs += 1
        return inputs + 0.0


def test_only_what_is_needed_runs() -> None:
    """Nothing behind the wanted layer is run, and each sub-model is traced once."""
    image = keras.Input((4, 4, 1))
    x = layers.Conv2D(2, 3, name="conv")(image)
    model = keras.Model(image, layers.ReLU(name="last")(Counting(name="count")(x)))
    probe, images = fp.ModelProbe(model, input_space=RAW), images_for((4, 4, 1))
    before = Counting.runs
    probe.activations(images, "conv")
    assert Counting.runs == before
    for count in (3, 1, 2):
        probe.activations(images[:count], "last")
    assert Counting.runs == before + 1


def test_outputs_that_are_inputs_are_no_layers() -> None:
    """A nested model that hands its input through: that address is refused by name."""
    inner = keras.Input((6, 6, 1))
    aux = keras.Model(inner, [inner, layers.Conv2D(2, 3, name="conv")(inner)], name="aux")
    image = keras.Input((6, 6, 1))
    model = keras.Model(image, layers.ReLU(name="last")(aux(image)[1]))
    probe = fp.ModelProbe(model, input_space=RAW)
    assert probe.layers == ("aux/conv", "last")
    with pytest.raises(fp.UnknownLayerError, match=r"'aux:0' is an input.*'aux/conv'"):
        probe.grid(images_for((6, 6, 1))[0], "aux:0")


def twice_and(name: str) -> keras.Model:
    """Return a model that calls ``conv`` twice and then a layer of that name."""
    image = keras.Input((6, 6, 1))
    conv = layers.Conv2D(1, 3, padding="same", name="conv")
    return keras.Model(image, layers.Conv2D(2, 3, name=name)(conv(conv(image))))


def two_results_and(name: str) -> keras.Model:
    """Return a model of a layer ``split`` with two results, and a layer of that name."""
    image = keras.Input((6, 6, 2))
    inner = keras.Input((6, 6, 2))
    split = keras.Model(inner, [layers.ReLU()(inner), layers.ReLU()(-inner)], name="split")
    left, right = split(image)
    return keras.Model(image, layers.Conv2D(2, 3, name=name)(left + right))


def nested_and(name: str) -> keras.Model:
    """Return a model with ``box/conv`` and a layer that was given that name."""
    image, inner = keras.Input((6, 6, 1)), keras.Input((6, 6, 1))
    box = keras.Model(inner, layers.Conv2D(2, 3, name="conv")(inner), name="box")
    last = layers.Conv2D(2, 3)
    model = keras.Model(image, last(box(image)))
    last.name = name
    return model


@pytest.mark.parametrize(
    ("make", "name", "other"),
    [
        (twice_and, "conv@1", "call 1 of the layer 'conv'"),
        (twice_and, "conv@2", "call 2 of the layer 'conv'"),
        (twice_and, fp.OUTPUT, "the model's output"),
        (two_results_and, "split:1", "output 1 of the layer 'split'"),
        (nested_and, "box/conv", "the layer 'box/conv'"),
    ],
)
def test_two_values_of_one_path_are_refused(make: Any, name: str, other: str) -> None:
    """Both are named; with another name, the model opens."""
    with pytest.raises(fp.ModelError, match=r"two values") as caught:
        fp.ModelProbe(make(name), input_space=RAW)
    assert other in str(caught.value)
    assert f"the layer {name!r}" in str(caught.value)
    probe = fp.ModelProbe(make("free"), input_space=RAW)
    assert "free" in probe.layers


@pytest.mark.parametrize("name", ["conv@7", "a@b", "@", "conv:0", ":", "input", "@Output"])
def test_odd_names_that_collide_with_nothing(name: str) -> None:
    """They are paths like all others."""
    probe = fp.ModelProbe(twice_and(name), input_space=RAW)
    images = images_for((6, 6, 1))
    assert probe.layers == ("conv@1", "conv@2", name)
    for row in probe.summary():
        assert probe.activations(images, row.path).shape[1:] == row.shape
    with pytest.raises(fp.UnknownLayerError, match=r"is called .* 'conv@1', 'conv@2'"):
        probe.shape_of("conv")
