"""ModelProbe: opening, batches, the layer table, grids."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, ops

import featureprobe as fp
from featureprobe.probe.network import network

RAW = fp.InputSpace.identity(low=0, high=1)


def images_for(probe: fp.ModelProbe, count: int = 3) -> np.ndarray:
    """Return random images in 0..1."""
    return np.random.default_rng(4).random((count, *probe.image_shape), dtype=np.float32)


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
        """Lists and tuples give dicts in the order asked for; an empty one is refused."""
        assert isinstance(small_probe.activations(small_images, "conv"), np.ndarray)
        for paths in (["dense"], ("dense", "conv"), ["conv", fp.OUTPUT]):
            assert list(small_probe.activations(small_images, paths)) == list(paths)
        with pytest.raises(fp.ConfigError, match="layers is empty"):
            small_probe.activations(small_images, [])

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
        with pytest.raises(fp.ModelError, match=r"opens a Keras 3 model.*Load it with"):
            fp.ModelProbe(thing, input_space=RAW)

    @pytest.mark.parametrize("nested", [False, True])
    def test_channels_first(self, nested: bool) -> None:
        """Channels first is refused by layer name, nested layers included."""
        pool = layers.GlobalAveragePooling2D(data_format="channels_first", name="wrong")
        inner = keras.Input((6, 6, 2))
        box = keras.Model(inner, pool(inner), name="box")
        image = keras.Input((6, 6, 2))
        model = keras.Model(image, (box if nested else pool)(image))
        with pytest.raises(fp.ModelError, match=r"'wrong' is channels_first.*channels_last"):
            fp.ModelProbe(model, input_space=RAW)

    @pytest.mark.parametrize("shape", [(28,), (2, 4, 4, 4, 1)])
    def test_no_image_input(self, shape: tuple[int, ...]) -> None:
        """A model without an input of one to three spatial axes is refused with its shapes."""
        model = keras.Sequential([keras.Input(shape, name="it"), layers.Flatten()])
        with pytest.raises(fp.ModelError, match=r"One input takes images.*'it'"):
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
        with pytest.raises(fp.ConfigError, match=r"input_space is an fp.InputSpace"):
            fp.ModelProbe(model, input_space=space)
