"""ModelProbe: values before activations, the layer table, batches, grids; the model is untouched."""

import json
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, ops

import featureprobe as fp
from featureprobe.probe import network

RAW = fp.InputSpace.identity(low=0, high=1)


def randomize(model: keras.Model) -> keras.Model:
    """Give every weight a random value."""
    rng = np.random.default_rng(1)
    for weight in model.weights:
        low = 0.5 if "variance" in weight.path else -0.5
        weight.assign(rng.uniform(low, low + 1.0, weight.shape))
    return model


def probe_of(*stack: layers.Layer, shape: tuple[int, ...] = (6, 6, 2)) -> fp.ModelProbe:
    """Open a stack of layers with random weights."""
    return fp.ModelProbe(randomize(keras.Sequential([keras.Input(shape), *stack])), input_space=RAW)


def images_for(probe: fp.ModelProbe, count: int = 3) -> np.ndarray:
    """Return random images in 0..1."""
    return np.random.default_rng(4).random((count, *probe.image_shape), dtype=np.float32)


FUSED = {
    "Conv2D": layers.Conv2D(4, 3, name="it", activation="tanh"),
    "strided": layers.Conv2D(4, 3, strides=2, padding="same", name="it", activation="tanh"),
    "no bias": layers.Conv2D(4, 3, use_bias=False, name="it", activation="tanh"),
    "Depthwise": layers.DepthwiseConv2D(3, depth_multiplier=2, name="it", activation="tanh"),
    "Separable": layers.SeparableConv2D(4, 3, name="it", activation="tanh"),
    "Transpose": layers.Conv2DTranspose(3, 3, strides=2, name="it", activation="tanh"),
    "Dense": layers.Dense(5, name="it", activation="tanh"),
    "Einsum": layers.EinsumDense("abcd,de->abce", (6, 6, 3), name="it", activation="tanh"),
    "Activation": layers.Activation("tanh", name="it"),
    "softplus": layers.Conv2D(4, 3, name="it", activation="softplus"),
}
INVERSE: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "tanh": np.arctanh,
    "softplus": lambda y: y + np.log(-np.expm1(-y)),
}


@pytest.mark.parametrize("name", FUSED)
def test_pre_is_what_the_activation_was_given(name: str) -> None:
    """The inverse of the activation, applied to the output, gives the value before it."""
    probe = probe_of(layers.Rescaling(0.3, name="first"), FUSED[name])
    images = images_for(probe)
    output = probe.activations(images, "it").astype(np.float64)
    before = probe.activations(images, "it", pre=True)
    assert before.shape == output.shape
    expected = INVERSE["softplus" if name == "softplus" else "tanh"](output)
    np.testing.assert_allclose(before, expected, rtol=1e-3, atol=1e-5)
    assert np.abs(before - output).max() > 1e-4


@pytest.mark.parametrize(
    ("layer", "activation"),
    [
        (layers.Conv2D(4, 3, activation="relu", name="it"), keras.activations.relu),
        (layers.ReLU(name="it"), keras.activations.relu),
        (layers.ReLU(max_value=0.6, negative_slope=0.2, name="it"), None),
        (layers.LeakyReLU(negative_slope=0.2, name="it"), None),
        (layers.ELU(name="it"), keras.activations.elu),
        (layers.PReLU(name="it"), None),
        (layers.Softmax(name="it"), keras.activations.softmax),
        (layers.Activation("softmax", name="it"), keras.activations.softmax),
        (layers.Dense(4, activation="softmax", name="it"), keras.activations.softmax),
        (layers.Activation(lambda x: x**2, name="it"), lambda x: x**2),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, layers.Layer) else "",
)
def test_the_activation_of_pre_is_the_output(
    layer: layers.Layer, activation: Callable[[Any], Any] | None
) -> None:
    """Fused or alone, with or without parameters: activation(pre) == output, and pre differs."""
    probe = probe_of(layers.Dense(3, name="first"), layer)
    images = images_for(probe)
    before, after = (probe.activations(images, "it", pre=pre) for pre in (True, False))
    applied = np.asarray((activation or layer)(before))
    np.testing.assert_allclose(applied, after, rtol=1e-5, atol=1e-6)
    assert np.abs(before - after).max() > 1e-2
    if type(layer).__name__ in ("ReLU", "LeakyReLU", "ELU", "PReLU", "Softmax", "Activation"):
        np.testing.assert_array_equal(before, probe.activations(images, "first"))


def test_pre_of_operations() -> None:
    """An activation from keras.ops gives its input; other operations have none."""
    image = keras.Input((6, 6, 2))
    x = layers.Conv2D(3, 3, name="conv")(image)
    left, right = ops.split(ops.sigmoid(x) * 2.0, [1], axis=-1)
    model = randomize(keras.Model(image, ops.concatenate([left, right], axis=-1)))
    probe = fp.ModelProbe(model, input_space=RAW)
    images = images_for(probe)
    kinds = {row.path: row.kind for row in probe.summary()}
    sigmoid = next(path for path, kind in kinds.items() if kind == "Sigmoid")
    np.testing.assert_array_equal(
        probe.activations(images, sigmoid, pre=True), probe.activations(images, "conv")
    )
    for path in (p for p, kind in kinds.items() if kind in ("Split", "Multiply", "Concatenate")):
        after = probe.activations(images, path)
        np.testing.assert_array_equal(probe.activations(images, path, pre=True), after)


@pytest.mark.parametrize(
    "layer",
    [
        layers.Conv2D(3, 3, name="it"),
        layers.MaxPooling2D(2, name="it"),
        layers.BatchNormalization(name="it"),
        layers.Flatten(name="it"),
    ],
)
def test_without_activation_pre_is_the_output(layer: layers.Layer) -> None:
    """A layer that has no activation gives the same with and without pre."""
    probe = probe_of(layer)
    images = images_for(probe)
    np.testing.assert_array_equal(
        probe.activations(images, "it", pre=True), probe.activations(images, "it")
    )


class Sealed(layers.Layer):
    """A layer whose activation nobody can take off."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation = keras.activations.tanh

    def call(self, inputs: Any) -> Any:
        """Apply the activation somewhere in the middle."""
        return 2.0 * self.activation(inputs)


@pytest.mark.parametrize(
    ("stack", "path"),
    [
        ((Sealed(name="it"),), "it"),
        ((layers.Reshape((6, 12)), layers.LSTM(3, name="it")), "it"),
        ((layers.ConvLSTM1D(2, 3, name="it"),), "it"),
    ],
    ids=["own layer", "LSTM", "ConvLSTM"],
)
def test_pre_of_other_kinds_is_refused(stack: tuple[layers.Layer, ...], path: str) -> None:
    """Where the activation cannot be taken off, that is said; the output can be read."""
    probe = probe_of(*stack)
    images = images_for(probe)
    with pytest.raises(fp.ModelError, match=r"'it'.*cannot be read.*pre=False"):
        probe.activations(images, path, pre=True)
    assert probe.activations(images, path).shape[0] == 3


def test_pre_through_a_nested_model_and_the_output() -> None:
    """``pre`` works by nested path, by the nested model's own path, and for OUTPUT."""
    inner = keras.Input((6, 6, 2))
    nested = keras.Model(
        inner, layers.Conv2D(3, 3, activation="relu", name="conv")(inner), name="box"
    )
    image = keras.Input((6, 6, 2))
    dense = layers.Dense(4, activation="softmax", name="dense")
    model = randomize(keras.Model(image, dense(layers.Flatten(name="flat")(nested(image)))))
    probe = fp.ModelProbe(model, input_space=RAW)
    images = images_for(probe)
    before = probe.activations(images, "box/conv", pre=True)
    assert before.min() < 0
    np.testing.assert_array_equal(np.maximum(before, 0), probe.activations(images, "box/conv"))
    np.testing.assert_array_equal(probe.activations(images, "box", pre=True), before)
    logits = probe.activations(images, fp.OUTPUT, pre=True)
    by_hand = probe.activations(images, "flat") @ np.asarray(dense.kernel) + np.asarray(dense.bias)
    np.testing.assert_allclose(logits, by_hand, rtol=1e-4, atol=1e-5)


def test_weights_are_followed() -> None:
    """New weights in the user's model show at once, before and after the activation."""
    probe = probe_of(layers.Conv2D(3, 3, activation="relu", name="conv"))
    images = images_for(probe)
    old = [probe.activations(images, "conv", pre=pre) for pre in (True, False)]
    old_print = probe.fingerprint
    kernel, bias = probe.model.get_weights()
    probe.model.set_weights([2 * kernel, 2 * bias])
    for values, pre in zip(old, (True, False), strict=True):
        np.testing.assert_allclose(
            probe.activations(images, "conv", pre=pre), 2 * values, rtol=1e-5
        )
    assert probe.fingerprint != old_print, "a recipe would claim the weights of before"


def rich_model() -> keras.Model:
    """A model with everything that could be changed by accident."""
    inner = keras.Input((8, 8, 2))
    x = layers.Conv2D(4, 3, activation="relu", name="conv")(inner)
    x = layers.Dropout(0.5, name="drop")(layers.BatchNormalization(name="norm")(x), training=True)
    backbone = keras.Model(inner, x, name="backbone")
    image = keras.Input((8, 8, 2), name="image")
    twice = layers.Conv2D(4, 3, padding="same", activation="tanh", name="twice")
    x = layers.ReLU(name="relu")(twice(twice(backbone(image))) + 1.0)
    x = layers.Flatten(name="flat")(x)
    model = randomize(keras.Model(image, layers.Dense(3, activation="softmax", name="out")(x)))
    model.get_layer("backbone").get_layer("norm").trainable = False
    model.compile(optimizer="sgd", loss="mse")
    return model


def snapshot(model: keras.Model) -> dict[str, Any]:
    """Return everything of a model that no call may change."""
    parts = list(model._flatten_layers())
    return {
        "variables": [(v.path, v.numpy().tobytes()) for v in model.variables],
        "optimizer": [(v.path, v.numpy().tobytes()) for v in model.optimizer.variables],
        "trainable": [(layer.name, layer.trainable) for layer in parts],
        "weights": [(v.path, v.trainable) for v in model.weights],
        "config": json.dumps(model.get_config(), sort_keys=True, default=str),
        "nodes": [(p.name, len(p._inbound_nodes), len(p._outbound_nodes)) for p in parts],
        "activations": [id(getattr(layer, "activation", None)) for layer in parts],
        "attributes": [(layer.name, sorted(vars(layer))) for layer in parts],
        "losses": len(model.losses),
    }


def climb(probe: fp.ModelProbe, images: np.ndarray) -> None:
    """Run a short ascent over reads of all kinds."""
    targets = [
        fp.MapMean("backbone/conv", channel=1),
        fp.MapMean("twice@2", channel=1, pre=True) - 0.1 * fp.TotalVariation(),
        fp.Node("relu", row=1, col=1, channel=0),
        fp.Logit(2),
    ]
    fp.Ascent(steps=2, starts=1).run(probe, targets, rng=0, progress=False)


USES: dict[str, Callable[[fp.ModelProbe, np.ndarray], object]] = {
    "summary": lambda p, x: (str(p.summary()), p.summary()._repr_html_(), repr(p)),
    "activations": lambda p, x: p.activations(x, p.layers),
    "pre": lambda p, x: p.activations(x, ["backbone/conv", "twice@1", "relu", "out"], pre=True),
    "predict": lambda p, x: p.predict(x),
    "grid": lambda p, x: p.grid(x[0], "relu").image_grid(),
    "fingerprint": lambda p, x: p.fingerprint,
    "refused": lambda p, x: pytest.raises(fp.UnknownLayerError, p.activations, x, "nope"),
    "ascent": climb,
}


@pytest.mark.parametrize("use", USES)
def test_the_users_model_is_never_changed(use: str) -> None:
    """Weights to the bit, flags, config, wiring, activations and attributes stay as they were."""
    model = rich_model()
    before = snapshot(model)
    probe = fp.ModelProbe(model, input_space=RAW)
    assert snapshot(model) == before, "opening changes the model"
    USES[use](probe, images_for(probe))
    after = snapshot(model)
    for part, value in before.items():
        assert after[part] == value, f"{part} changed"
    assert probe.model is model


def test_the_snapshot_would_notice() -> None:
    """The comparison above sees a weight, a flag, a node and an activation that change."""
    changes = {
        "variables": lambda m: m.get_layer("out").bias.assign_add([1e-7, 0, 0]),
        "trainable": lambda m: setattr(m.get_layer("out"), "trainable", False),
        "nodes": lambda m: m.get_layer("relu")(keras.Input((2, 2, 1))),
        "activations": lambda m: setattr(
            m.get_layer("out"), "activation", keras.activations.linear
        ),
    }
    for part, change in changes.items():
        model = rich_model()
        before = snapshot(model)
        change(model)
        assert snapshot(model)[part] != before[part], part


class TestBatches:
    """Activations of many images, in memory-bounded batches."""

    def test_small_batches_give_the_same(
        self, small_probe: fp.ModelProbe, small_images: np.ndarray, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """With memory for one or two images the result is that of one batch, in order."""
        whole = small_probe.activations(small_images, ["conv", "dense"])
        one = small_probe.network.bytes_per_image([("conv", False), ("dense", False)])
        for budget in (1, one, 2 * one):
            monkeypatch.setattr(network, "_BATCH_BYTES", budget)
            parts = small_probe.activations(small_images, ["conv", "dense"])
            for path, values in whole.items():
                np.testing.assert_allclose(parts[path], values, rtol=1e-6, atol=1e-6)

    def test_no_batch_is_larger_than_the_budget(
        self, small_probe: fp.ModelProbe, small_images: np.ndarray, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The compiled function never sees more images than fit."""
        sizes = []
        compiled = network.Network.compiled

        def spying(self: network.Network, key: Any, make: Callable[[], Any]) -> Any:
            call = compiled(self, key, make)
            return lambda batch: (sizes.append(len(batch)), call(batch))[1]

        monkeypatch.setattr(network.Network, "compiled", spying)
        one = small_probe.network.bytes_per_image([("conv", False)])
        monkeypatch.setattr(network, "_BATCH_BYTES", 2 * one)
        assert small_probe.activations(small_images, "conv").shape == (5, 4, 4, 3)
        assert sizes == [2, 2, 1]

    def test_bytes_count_what_is_needed(self, small_probe: fp.ModelProbe) -> None:
        """float32 of the image and of all values up to the wanted layer, no further."""
        count = small_probe.network.bytes_per_image
        assert count([("conv", False)]) == 4 * (36 + 48)
        assert count([("flat", False), ("conv", False)]) == 4 * (36 + 48 + 12 + 12)

    def test_one_image_or_many_any_dtype(
        self, small_probe: fp.ModelProbe, small_images: np.ndarray
    ) -> None:
        """A single image is a batch of one; uint8, int and float pixels mean the same."""
        batch = small_probe.activations(small_images, "conv")
        single = small_probe.activations(small_images[2], "conv")
        assert single.shape == (1, 4, 4, 3)
        np.testing.assert_allclose(single[0], batch[2], rtol=1e-6, atol=1e-6)
        for dtype in (np.int64, np.float16, np.float32, np.float64):
            same = small_probe.activations(small_images.astype(dtype), "conv")
            np.testing.assert_array_equal(same, batch)
        np.testing.assert_array_equal(small_probe.activations(small_images.tolist(), "conv"), batch)

    def test_a_path_gives_an_array_and_a_list_a_dict(
        self, small_probe: fp.ModelProbe, small_images: np.ndarray
    ) -> None:
        """Lists and tuples of any length give dicts in the order asked for."""
        assert isinstance(small_probe.activations(small_images, "conv"), np.ndarray)
        for paths in ([], ["dense"], ("dense", "conv"), ["conv", fp.OUTPUT]):
            assert list(small_probe.activations(small_images, paths)) == list(paths)

    def test_images_are_converted_once(self, small_probe: fp.ModelProbe) -> None:
        """Pixels go through the input space on their way in."""
        x = np.full((6, 6, 1), 150.0)
        conv = small_probe.model.get_layer("conv")
        expected = conv(np.ones((1, 6, 6, 1), np.float32))  # (150 - 100) / 50
        np.testing.assert_allclose(small_probe.activations(x, "conv"), expected, rtol=1e-5)


class TestSummary:
    """The layer table: typed rows, text and HTML."""

    def test_the_articles_cnn(self) -> None:
        """Every value of the reference CNN's table is the one that can be worked out by hand."""
        table = fp.samples.mnist_probe().summary()
        assert [tuple(vars(row).values()) for row in table] == [
            ("Conv2D_1", "Conv2D", (26, 26, 32), 32, 320, (3, 3), (1, 1)),
            ("Max_Pool_1", "MaxPooling2D", (13, 13, 32), 32, 0, (4, 4), (2, 2)),
            ("Conv2D_2", "Conv2D", (11, 11, 64), 64, 18496, (8, 8), (2, 2)),
            ("Max_Pool_2", "MaxPooling2D", (5, 5, 64), 64, 0, (10, 10), (4, 4)),
            ("Conv2D_3", "Conv2D", (3, 3, 128), 128, 73856, (18, 18), (4, 4)),
            ("Flatten", "Flatten", (1152,), None, 0, None, None),
            ("Dense_1", "Dense", (100,), None, 115300, None, None),
            ("Dense_2", "Dense", (10,), None, 1010, None, None),
        ]
        assert len(table) == 8

    def test_as_text(self) -> None:
        """The text has a head, one line a layer, the total, and the input space."""
        lines = str(fp.samples.mnist_probe().summary()).splitlines()
        assert lines[0] == "mnist_cnn_a: 208,982 parameters"
        assert lines[1].split()[:5] == ["layer", "kind", "output", "maps", "parameters"]
        assert lines[7].split() == ["Conv2D_3", "Conv2D", "3", "x", "3", "x", "128", "128", "73,856",
                                    "18", "4"]  # fmt: skip
        assert lines[8].split() == ["Flatten", "Flatten", "1152", "0", "all"]
        assert "Images (28, 28, 1) in pixel units" in lines[-1]
        assert "0..255" in lines[-1]

    def test_as_html(self) -> None:
        """The HTML has one row a layer, and names cannot smuggle markup in."""
        row = fp.LayerRow("<b>&conv", "Conv2D", (2, 2, 1), 1, 1234, (3, 5), (1.0, 0.5))
        text = fp.LayerTable("<i>net", (row,), "a < b")._repr_html_()
        assert text.count("<tr>") == 2
        assert "&lt;b&gt;&amp;conv" in text
        assert "<b>" not in text
        assert "<i>" not in text
        assert "a &lt; b" in text
        for cell in ("2 x 2 x 1", "1,234", "3 x 5", "1 x 0.5"):
            assert f"<td>{cell}</td>" in text

    def test_shared_parameters_count_once(self) -> None:
        """A layer that is called twice has its parameters in one row."""
        conv = layers.Conv2D(2, 3, padding="same", name="conv")
        image = keras.Input((6, 6, 2))
        model = keras.Model(image, conv(conv(image)))
        table = fp.ModelProbe(model, input_space=RAW).summary()
        assert [row.parameters for row in table] == [38, 0]
        assert sum(row.parameters for row in table) == model.count_params()

    def test_every_listed_path_can_be_read(self) -> None:
        """Whatever the table lists is an address, results of several outputs included."""
        image = keras.Input((6, 6, 4))
        model = keras.Model(image, ops.add(*ops.split(layers.ReLU()(image), 2, axis=-1)))
        probe = fp.ModelProbe(model, input_space=RAW)
        assert [row.path for row in probe.summary()] == list(probe.layers)
        for path in probe.layers:
            assert probe.activations(images_for(probe), path).shape[1:] == probe.shape_of(path)


class TestGrid:
    """The activations of one image as an ActivationGrid."""

    def test_maps_and_nodes(self, small_probe: fp.ModelProbe, small_images: np.ndarray) -> None:
        """A grid holds the layer's activations, its kind, the image and the prediction."""
        for path, kind in (("conv", "Conv2D"), ("pool", "MaxPooling2D"), ("dense", "Dense")):
            grid = small_probe.grid(small_images[1], path)
            expected = small_probe.activations(small_images[1], path)[0]
            np.testing.assert_allclose(grid.array, expected, rtol=1e-6, atol=1e-7)
            assert (grid.layer, grid.kind) == (path, kind)
            np.testing.assert_array_equal(grid.image, small_images[1])
            prediction = small_probe.predict(small_images[1])[0]
            np.testing.assert_allclose(grid.prediction, prediction, rtol=1e-6)

    def test_a_batch_of_one_will_do_but_not_more(
        self, small_probe: fp.ModelProbe, small_images: np.ndarray
    ) -> None:
        """A grid shows one image; several are refused with what to pass."""
        assert small_probe.grid(small_images[:1], "conv").n_maps == 3
        with pytest.raises(fp.ShapeError, match=r"Received 5; pass images\[0\]"):
            small_probe.grid(small_images, "conv")


class TestOpening:
    """What ModelProbe refuses at once."""

    @pytest.mark.parametrize("thing", [None, "net.keras", np.ones(3), layers.Dense(3), int])
    def test_no_keras_model(self, thing: object) -> None:
        """Anything but a Keras model is named by type, with how to load one."""
        with pytest.raises(fp.ModelError, match="opens a Keras 3 model.*Load it with"):
            fp.ModelProbe(thing, input_space=RAW)

    @pytest.mark.parametrize("nested", [False, True])
    def test_channels_first(self, nested: bool) -> None:
        """Channels first is refused by layer name, nested layers included."""
        pool = layers.GlobalAveragePooling2D(data_format="channels_first", name="wrong")
        inner = keras.Input((6, 6, 2))
        box = keras.Model(inner, pool(inner), name="box")
        image = keras.Input((6, 6, 2))
        model = keras.Model(image, (box if nested else pool)(image))
        with pytest.raises(fp.ModelError, match="'wrong' is channels_first.*channels_last"):
            fp.ModelProbe(model, input_space=RAW)

    @pytest.mark.parametrize("shape", [(28,), (28, 28), (4, 4, 4, 1)])
    def test_no_image_input(self, shape: tuple[int, ...]) -> None:
        """A model without a (rows, columns, channels) input is refused with its shapes."""
        model = keras.Sequential([keras.Input(shape, name="it"), layers.Flatten()])
        with pytest.raises(fp.ModelError, match="One input takes images.*'it'"):
            fp.ModelProbe(model, input_space=RAW)

    def test_unknown_channels(self) -> None:
        """An unknown number of channels cannot be filled in."""
        model = keras.Sequential([keras.Input((4, 4, None)), layers.ReLU()])
        with pytest.raises(fp.ModelError, match="unknown number of channels"):
            fp.ModelProbe(model, input_space=RAW)

    def test_two_inputs_ask_for_what_is_missing(self) -> None:
        """Ambiguous, unknown, missing and misshapen inputs are each told apart."""
        left, right = keras.Input((4, 4, 1), name="left"), keras.Input((4, 4, 1), name="right")
        size = keras.Input((3,), name="size")
        parts = [layers.Flatten()(left), layers.Flatten()(right), size]
        model = keras.Model([left, right, size], layers.Concatenate()(parts))
        zeros = np.zeros((4, 4, 1))
        for kwargs, error, says in (
            ({}, fp.ModelError, "image_input='left'"),
            ({"image_input": "rigth"}, fp.ModelError, "Nearest: 'right'"),
            ({"image_input": "size"}, fp.ModelError, "One input takes images"),
            ({"image_input": "left"}, fp.ModelError, "other_inputs={'right': array of shape"),
            ({"image_input": "left", "other_inputs": {"right": zeros}}, fp.ModelError, "'size'"),
            (
                {"image_input": "left", "other_inputs": {"right": zeros, "sizes": [0] * 3}},
                fp.ModelError,
                "'sizes'. Nearest: 'size'",
            ),
            (
                {"image_input": "left", "other_inputs": {"right": zeros, "size": [0] * 4}},
                fp.ShapeError,
                r"shape \(3,\)",
            ),
        ):
            with pytest.raises(error, match=says):
                fp.ModelProbe(model, input_space=RAW, **kwargs)

    @pytest.mark.parametrize(
        "size", [7, "ab", (7,), (7, 7, 7), (0, 7), (-1, 7), (7.0, 7.0), (8, 8), None]
    )
    def test_sizes(self, size: object) -> None:
        """A size is two positive whole numbers that do not contradict the model."""
        model = keras.Sequential([keras.Input((None, 9, 2)), layers.Conv2D(1, 3)])
        with pytest.raises(fp.ShapeError, match="size"):
            fp.ModelProbe(model, input_space=RAW, size=size)
        assert fp.ModelProbe(model, input_space=RAW, size=(7, 9)).image_shape == (7, 9, 2)

    @pytest.mark.parametrize("space", ["caffe", fp.InputSpace, (0, 255), 255])
    def test_input_space_is_an_input_space(self, space: object) -> None:
        """Anything else is refused with what to write."""
        model = keras.Sequential([keras.Input((4, 4, 1)), layers.ReLU()])
        with pytest.raises(fp.ConfigError, match="input_space is an fp.InputSpace"):
            fp.ModelProbe(model, input_space=space)
