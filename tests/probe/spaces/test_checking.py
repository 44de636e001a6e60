"""probe.check: the space that a net was trained in ranks first, with labels and without."""

import json
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

import featureprobe as fp
from featureprobe.probe.spaces.candidates import candidates

SIZE = 12
BGR = (2, 1, 0)


def photos(count: int = 24, channels: int = 3, axes: int = 2, seed: int = 0) -> np.ndarray:
    """Return smooth pictures of 0..255 whose channels have means and deviations of their own."""
    rng = np.random.default_rng(seed)
    small = rng.normal(size=(count, *(SIZE // 4,) * axes, channels))
    for axis in range(1, axes + 1):
        small = np.repeat(small, 4, axis=axis)
    scale = np.linspace(55, 40, channels)
    mean = np.linspace(150, 95, channels)
    return np.clip(mean + scale * small, 0, 255).astype(np.uint8)


SPACES = {
    "0..1": fp.InputSpace(std=255.0, low=0, high=255),
    "0..1 BGR": fp.InputSpace(std=255.0, low=0, high=255, order=BGR),
    "-1..1": fp.InputSpace.tf(),
    "0..255": fp.InputSpace.identity(low=0, high=255),
    "0..255 BGR": fp.InputSpace(low=0, high=255, order=BGR),
    "caffe": fp.InputSpace.caffe(),
    "torch": fp.InputSpace.torch(),
}


def settled(space: fp.InputSpace, images: np.ndarray, seed: int = 1) -> keras.Model:
    """Return a net whose BatchNormalization layers remember images that were fed in ``space``."""
    keras.utils.set_random_seed(seed)
    kind = {1: layers.Conv1D, 2: layers.Conv2D, 3: layers.Conv3D}[images.ndim - 2]
    model = keras.Sequential(
        [
            keras.Input(images.shape[1:]),
            kind(8, 3, name="conv1"),
            layers.BatchNormalization(momentum=0.0, name="norm1"),
            layers.ReLU(),
            kind(8, 3, name="conv2"),
            layers.BatchNormalization(momentum=0.0, name="norm2"),
            layers.ReLU(),
            layers.Flatten(),
            layers.Dense(4, activation="softmax"),
        ],
        name="settled",
    )
    model(space.to_model(images), training=True)
    return model


class TestWithoutLabels:
    """What layers hold, or what views tell."""

    @pytest.mark.parametrize("given", ["0..255", "torch"])
    @pytest.mark.parametrize("name", SPACES)
    def test_remembered_space_is_first(self, name: str, given: str) -> None:
        """Other images of the same kind, fed as those that the layers remember."""
        model = settled(SPACES[name], photos(64))
        check = fp.ModelProbe(model, input_space=SPACES[given]).check(photos(24, seed=5))
        assert (check.measure, check.layers) == ("statistics", ("norm1", "norm2"))
        assert check.best.name == name
        assert check.as_trained is (name == given)
        assert check[given].given
        assert check.best.figures["statistics"] > 0.9

    @pytest.mark.parametrize("axes", [1, 3])
    def test_other_ranks(self, axes: int) -> None:
        """Series and volumes have no colours to swap."""
        images = photos(48, channels=2, axes=axes)
        model = settled(SPACES["-1..1"], images)
        probe = fp.ModelProbe(model, input_space=SPACES["0..1"])
        check = probe.check(images[:20])
        assert check.best.name == "-1..1"
        assert not any("BGR" in row.name for row in check)

    def test_grey_of_no_range(self) -> None:
        """A series without a range is compared unchanged and standardized."""
        images = np.random.default_rng(0).normal(300, 40, (40, SIZE, 1))
        given = fp.InputSpace(300.0, std=40.0)
        probe = fp.ModelProbe(settled(given, images), input_space=given)
        check = probe.check(images)
        assert {row.name for row in check} <= {"as given", "standardized", "identity"}
        assert check.as_trained

    def test_untrained_layers_say_nothing(self) -> None:
        """Means of 0 and variances of 1 were never learned."""
        model = keras.Sequential(
            [keras.Input((8, 8, 3)), layers.BatchNormalization(), layers.Conv2D(1, 3)]
        )
        check = fp.ModelProbe(model, input_space=SPACES["0..1"]).check(photos()[:, :8, :8])
        assert check.measure == "nothing"
        assert check.as_trained is None
        assert "Nothing can be said" in check.sentence
        assert check.best.given
        assert len(check.ties) == len(check)

    def test_normalization_in_front(self) -> None:
        """A leading Normalization layer holds the data's own statistics."""
        norm = layers.Normalization(name="norm")
        norm.adapt(photos(64).astype("float32"))
        model = keras.Sequential([keras.Input((SIZE, SIZE, 3)), norm, layers.Conv2D(2, 3)])
        check = fp.ModelProbe(model, input_space=SPACES["0..1"]).check(photos(20, seed=3))
        assert check.best.name == "0..255"
        assert check.layers == ("norm",)

    @pytest.mark.parametrize("which", ["a", "b"])
    def test_views_of_digits(self, which: Any) -> None:
        """No layer holds statistics; the net's own space is first, and others are ruled out."""
        images, _ = fp.samples.mnist_digits()
        check = fp.samples.mnist_probe(which).check(images)
        assert check.measure == "views"
        assert check.best.given
        assert "weaker" in check.sentence
        assert not check["0..1"].tied
        wrong = fp.ModelProbe(fp.samples.mnist_cnn(which), input_space=check["0..1"].space)
        assert wrong.check(images).best.name != "0..1"


class TestWithLabels:
    """How many answers are right."""

    @pytest.mark.parametrize("which", ["a", "b"])
    @pytest.mark.parametrize("count", [20, 2000])
    def test_digits(self, which: Any, count: int) -> None:
        """The space of the bundled nets is first, and few digits tell it from fewer spaces."""
        images, labels = fp.samples.mnist_digits()
        check = fp.samples.mnist_probe(which).check(images[:count], labels[:count])
        assert check.best.given
        assert check.best.figures["accuracy"] > 0.9
        low, high = check.best.interval or (0, 0)
        assert low <= check.best.figures["accuracy"] <= high
        assert check["0..255"].tied == (count == 20)
        assert not check["0..1"].tied

    def test_wrong_space(self) -> None:
        """A net that is fed otherwise is told how it was meant."""
        images, labels = fp.samples.mnist_digits()
        wrong = fp.ModelProbe(
            fp.samples.mnist_cnn(), input_space=fp.InputSpace(std=255.0, low=0, high=255)
        )
        check = wrong.check(images[:1000], labels[:1000])
        assert check.best.name == "standardized"
        assert check.as_trained is False
        assert check.given.name == "0..1"
        mended = fp.ModelProbe(fp.samples.mnist_cnn(), input_space=check.best.space)
        assert mended.check(images[:1000], labels[:1000]).as_trained

    def test_images_on_another_scale(self) -> None:
        """Images of 0..1 given to a probe of 0..255 are seen as what they are."""
        images, labels = fp.samples.mnist_digits()
        check = fp.samples.mnist_probe().check(images[:500] / 255.0, labels[:500])
        assert not check.given.tied
        assert check.best.name == "standardized"
        assert (check.best.space.low, check.best.space.high) == (0, 1)

    def test_regression(self) -> None:
        """Values are compared by their loss."""
        model = keras.Sequential(
            [keras.Input((SIZE, SIZE, 3)), layers.GlobalAveragePooling2D(), layers.Dense(1)]
        )
        images = photos(40)
        truth = model(SPACES["torch"].to_model(images)).numpy()[:, 0]
        check = fp.ModelProbe(model, input_space=SPACES["0..1"]).check(images, truth)
        assert (check.measure, check.best.name) == ("loss", "torch")
        assert not check.given.tied
        assert "loss" in check.sentence

    def test_names(self) -> None:
        """Labels by name, known to the probe."""
        images, labels = fp.samples.mnist_digits()
        names = [f"digit {k}" for k in range(10)]
        probe = fp.ModelProbe(
            fp.samples.mnist_cnn(),
            input_space=fp.samples.mnist_probe().input_space,
            labels=names,
        )
        named = probe.check(images[:50], [names[k] for k in labels[:50]])
        numbered = probe.check(images[:50], labels[:50])
        assert named.to_dict() == numbered.to_dict()


class TestPhotos:
    """Trained nets and photographs, where FEATUREPROBE_TEST_DATA names them."""

    @pytest.mark.long
    @pytest.mark.parametrize("labelled", [True, False])
    @pytest.mark.parametrize("given", ["own", "0..1", "-1..1 BGR"])
    @pytest.mark.parametrize("net", ["squeezenet", "efficientnet"])
    def test_true_space_is_first(
        self, net: str, given: str, labelled: bool, photo_check: Any
    ) -> None:
        """The encoding that its authors name; what is like it is named, too."""
        check, true = photo_check(net, given, labelled)
        if net == "squeezenet" and not labelled and given != "own":
            assert check[true].tied  # no statistics are held: a weaker measure, and it says so
            assert not check.given.tied
            return
        assert true in (check.best.name, *check.best.also)
        assert check.given.tied == (given == "own")


class TestValue:
    """What is returned."""

    def test_probe_is_not_changed(self) -> None:
        """Weights and statistics stay as they are, and so does the space."""
        model = settled(SPACES["torch"], photos(64))
        before = [np.array(w) for w in model.get_weights()]
        probe = fp.ModelProbe(model, input_space=SPACES["0..1"])
        space = probe.input_space
        probe.check(photos(8))
        probe.check(photos(8), [0, 1, 2, 3] * 2)
        assert probe.input_space is space
        for old, new in zip(before, model.get_weights(), strict=True):
            np.testing.assert_array_equal(old, new)

    def test_it_is_the_same_again(self) -> None:
        """Nothing is left to chance."""
        images, labels = fp.samples.mnist_digits()
        probe = fp.samples.mnist_probe()
        first, again = (probe.check(images[:60], labels[:60]).to_dict() for _ in range(2))
        assert first == again

    def test_printed_and_drawn(self) -> None:
        """Text, HTML, JSON and a picture of it."""
        images, labels = fp.samples.mnist_digits()
        check = fp.samples.mnist_probe().check(images[:100], labels[:100])
        text = str(check)
        assert text.startswith("Fed as given")
        assert all(row.title in text for row in check)
        assert "<table>" in check._repr_html_()
        assert json.loads(json.dumps(check.to_dict()))["rows"][0]["given"] is True
        ax = check.plot()
        assert len(ax.patches) == len(check)
        with pytest.raises(fp.UnknownNameError, match=r"0\.\.1"):
            check["0..2"]
        with pytest.raises(AttributeError):
            check.measure = "views"  # type: ignore[misc]

    def test_one_image(self) -> None:
        """One image is compared, and tells little."""
        images, labels = fp.samples.mnist_digits()
        check = fp.samples.mnist_probe().check(images[0], labels[:1])
        assert check.images == 1
        assert check.as_trained
        assert fp.samples.mnist_probe().check(images[0]).measure == "nothing"


def test_the_same_numbers_are_one() -> None:
    """Spaces that agree on the images are one row, with both names."""
    images = photos().astype(np.float32)
    found = candidates(fp.InputSpace(127.0, std=128.0, low=0, high=255), images, None)
    assert (found[0].name, found[0].given) == ("-1..1", True)
    assert len({c.name for c in found}) == len(found)
    assert next(c for c in found if c.name == "0..255").also == ("identity",)
    caffe = next(c for c in found if c.name == "caffe")
    assert caffe.space == fp.InputSpace.caffe()
    given = candidates(fp.InputSpace.caffe(), images, None)[0]
    assert (given.name, given.given) == ("caffe", True)


def test_what_a_leading_layer_wants() -> None:
    """A range that no usual space has comes from the model itself."""
    model = keras.Sequential(
        [
            keras.Input((SIZE, SIZE, 3)),
            layers.Rescaling(1 / 4095.0),
            layers.Conv2D(4, 3),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    probe = fp.ModelProbe(model, input_space=SPACES["0..1"])
    row = probe.check(photos())["0..4095, as its first layer wants"]
    white = row.space.to_model(np.full((1, 1, 3), 255.0))
    np.testing.assert_allclose(white, 4095.0, rtol=1e-6)
