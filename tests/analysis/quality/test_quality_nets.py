"""Quality of pictures on nets of all kinds: 1-D layers, odd windows, no names, several inputs."""

import keras
import numpy as np
import pytest

import featureprobe as fp
from featureprobe import analysis
from featureprobe.analysis.quality.likeness import Sight, slid
from featureprobe.analysis.quality.units import UnitScore

layers = keras.layers
SPACE = fp.InputSpace.identity(low=0, high=1)


@pytest.fixture(autouse=True)
def _same_weights_each_time():
    keras.utils.set_random_seed(0)


def random_images(*shape):
    """Return images of noise."""
    return np.random.default_rng(0).uniform(size=shape).astype(np.float32)


def opened(*stack, shape=(16, 16, 1), **options):
    """Return a probe of a sequential net."""
    model = keras.Sequential([keras.Input(shape), *stack])
    return fp.ModelProbe(model, input_space=SPACE, **options)


def test_nets_without_names_are_assessed_after_their_activation():
    """Of a subclassed model only the output can be read: reach is taken there."""

    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.inner = [layers.Conv2D(3, 3, activation="relu"), layers.GlobalMaxPool2D()]

        def call(self, x):
            for layer in self.inner:
                x = layer(x)
            return x

    model, images = Own(), random_images(60, 16, 16, 1)
    model(images[:1])
    probe = fp.ModelProbe(model, input_space=SPACE, size=(16, 16))
    targets = [fp.Node(fp.OUTPUT, index=k) for k in range(3)]
    found = analysis.assess(probe, images[:3], images, targets=targets, constraint=fp.Box())
    answers = probe.predict(images)
    usual, best = np.median(answers, axis=0), answers.max(axis=0)
    wanted = (answers[range(3), range(3)] - usual) / (best - usual)
    np.testing.assert_allclose(found.reach, wanted, rtol=1e-4)
    assert np.isfinite(found.certificate).all()


def test_layers_whose_activation_cannot_be_taken_off():
    """A layer of the user's own is read after its activation; windows are cut there too."""

    class Look(layers.Layer):
        def __init__(self, **options):
            super().__init__(**options)
            self.activation = keras.activations.relu
            self.inner = layers.Conv2D(2, 3)

        def build(self, shape):
            self.inner.build(shape)

        def call(self, x):
            return self.activation(self.inner(x))

        def compute_output_shape(self, shape):
            return self.inner.compute_output_shape(shape)

    probe, images = opened(Look(name="look")), random_images(60, 16, 16, 1)
    found = analysis.assess(probe, images[:2], images, targets=fp.MapMean.each(probe, "look"))
    strongest = probe.activations(images, "look").max(axis=(1, 2))
    usual, best = np.median(strongest, axis=0), strongest.max(axis=0)
    wanted = (strongest[range(2), range(2)] - usual) / (best - usual)
    np.testing.assert_allclose(found.reach, wanted, rtol=1e-4)


def test_one_dimensional_layers():
    """Map means over positions, and nodes at one of them."""
    probe = opened(
        layers.Reshape((64, 4)), layers.Conv1D(5, 3, name="along"), layers.ReLU(name="on")
    )
    images = random_images(60, 16, 16, 1)
    values = probe.activations(images, "on")
    means = analysis.assess(
        probe, images[:5], images, targets=fp.MapMean.each(probe, "on"), constraint=fp.Box()
    )
    np.testing.assert_allclose(means.score, values.mean(axis=1)[range(5), range(5)], rtol=1e-5)
    nodes = [fp.Node("on", row=7, channel=k) for k in range(5)]
    found = analysis.assess(probe, images[:5], images, targets=nodes, constraint=fp.Box())
    np.testing.assert_allclose(found.score, values[range(5), 7, range(5)], rtol=1e-5)


def test_strongest_nodes_are_read_before_the_activation():
    """The largest of a map's nodes, also below zero; of a node itself."""
    look = layers.Conv2D(3, 3, activation="relu", name="look")
    probe, images = opened(look), random_images(20, 16, 16, 1)
    look.set_weights([look.get_weights()[0], np.array([-5.0, 0, 5], np.float32)])
    pre = probe.activations(images, "look", pre=True)
    assert pre[..., 0].max() < 0
    np.testing.assert_allclose(UnitScore("look").strongest(probe, images), pre.max(axis=(1, 2)))
    node = UnitScore("look", place=(2, 5))
    np.testing.assert_allclose(node.strongest(probe, images), pre[:, 2, 5])
    # Windows are those of the strongest node, also of a silent map.
    cut = Sight(probe, UnitScore("look"), 4)._cut(images[:4], np.zeros(4, np.int64), (3, 3))
    for image, window, maps in zip(images, cut, pre[..., 0], strict=False):
        row, col = np.unravel_index(maps.argmax(), maps.shape)
        np.testing.assert_array_equal(window, image[row : row + 3, col : col + 3])


@pytest.mark.parametrize(
    "stack",
    [
        [layers.Conv2D(2, (25, 1))],
        [layers.Conv2D(2, (1, 29))],
        [layers.Conv2D(2, 1)],
        [layers.ZeroPadding2D(4), layers.Conv2D(2, 3)],
        [layers.Conv2D(2, 3, strides=2, padding="same"), layers.Conv2D(2, 3, padding="same")],
    ],
    ids=["narrow", "flat", "one pixel", "nodes of padding only", "strided"],
)
def test_windows_of_any_shape(stack):
    """Likenesses are correlations, and an image that holds the picture's window has 1."""
    probe, images = opened(*stack, shape=(64, 64, 1)), random_images(50, 64, 64, 1)
    sight, units = Sight(probe, UnitScore(probe.layers[-1]), 4), np.arange(2)
    found = sight.likeness(images[:2], units, images)
    assert np.isfinite(found).all()
    assert np.abs(found).max() < 1 + 1e-4
    if stack[-1].kernel_size != (1, 1):  # a single grey pixel is like nothing
        coarse = max(stack[-1].kernel_size) > 24  # windows need not start where blocks do
        np.testing.assert_allclose(np.diag(found), 1, atol=0.6 if coarse else 1e-3)
    profile = analysis.assess(
        probe, images[:2], images, targets=fp.MapMean.each(probe, probe.layers[-1])
    )
    assert np.isfinite(profile.explains).all()


def test_of_fields_with_holes_only_what_is_seen_counts():
    """A dilated kernel sees nine of 81 pixels."""
    probe = opened(layers.Conv2D(2, 3, dilation_rate=4, name="look"), shape=(32, 32, 1))
    rng, images = np.random.default_rng(1), random_images(4, 32, 32, 1)
    other = rng.uniform(size=images.shape).astype(np.float32)
    other[:, 5:14:4, 7:16:4] = images[:, 5:14:4, 7:16:4]
    node = Sight(probe, UnitScore("look", place=(5, 7)), 4)
    same = node.likeness(images, np.zeros(4, np.int64), other)
    np.testing.assert_allclose(np.diag(same), 1, atol=1e-5)
    mask = np.zeros((9, 9), np.bool_)
    mask[::4, ::4] = True
    windows = images[:, 5:14, 7:16]
    np.testing.assert_allclose(slid(windows, other, mask).diagonal(), 1, atol=1e-4)
    assert (slid(windows, other, np.ones((9, 9), np.bool_)).diagonal() < 0.9).all()


def test_transfer_to_nets_opened_with_a_size_or_with_further_inputs():
    """Untrained copies are opened as the other net was."""
    images = random_images(60, 16, 16, 1)

    def two_inputs():
        image, gain = keras.Input((16, 16, 1), name="image"), keras.Input((6,), name="gain")
        maps = layers.Conv2D(6, 3, activation="relu", name="look")(image)
        return keras.Model([image, gain], layers.Multiply()([layers.GlobalAvgPool2D()(maps), gain]))

    opened_nets = [
        [opened(layers.Conv2D(6, 3, activation="relu", name="look"), shape=(None, None, 1),
                size=(16, 16)) for _ in range(2)],
        [fp.ModelProbe(two_inputs(), input_space=SPACE, image_input="image",
                       other_inputs={"gain": np.ones(6)}) for _ in range(2)],
    ]  # fmt: skip
    for first, second in opened_nets:
        found = analysis.assess(
            first, images[:6], images, targets=fp.MapMean.each(first, "look"), other=second
        )
        assert found.untrained_rank.shape == (5, 6)
        assert np.isfinite(found.transfer_gain).all()


def test_untrained_copies_are_matched_as_the_other_net_is(monkeypatch):
    """Were the copies the net itself, they would rank as it does."""
    module = "featureprobe.analysis.quality.other_net.untrained"
    monkeypatch.setattr(module, lambda other, rng: other)
    first, second = (fp.samples.mnist_probe(net) for net in "ab")
    images = fp.samples.mnist_digits()[0][:100]
    targets = fp.MapMean.each(first, "Conv2D_3")[:12]
    found = analysis.assess(first, images[:12], images, targets=targets, other=second)
    np.testing.assert_array_equal(found.untrained_rank, [found.transfer_rank] * 5)
    np.testing.assert_allclose(found.transfer_gain, 0, atol=1e-9)


def test_pictures_are_cut_only_where_nodes_see_less_than_half():
    """On the reference net: 3 of 28 pixels in the first layer, more than half in the last."""
    probe = fp.samples.mnist_probe()
    little = [Sight(probe, UnitScore(f"Conv2D_{k}"), 4)._sees_little for k in (1, 3)]
    assert little == [True, False]
