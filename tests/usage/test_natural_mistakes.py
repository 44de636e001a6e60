"""What people write by mistake: one sentence of ours; and values that stay what they are."""

import copy
import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import keras
import numpy as np
import pytest
import tensorflow as tf

import featureprobe as fp

A = fp.analysis
QUICK = fp.Ascent(steps=1, starts=1, search=None, remedies=(), regularizers=())
MAP = fp.MapMean("conv", channel=1)


@dataclass(frozen=True)
class WithNumpy(fp.Objective):
    """A plug-in that uses numpy where tensors have no values yet."""

    kind: ClassVar[str] = "test.with_numpy"
    how: str

    def reads(self) -> tuple[fp.Read, ...]:
        """Return one map."""
        return (fp.Read("conv", channel=1),)

    def value(self, seen: fp.Seen) -> Any:
        """Return what no graph can be made of."""
        values = seen[0]
        if self.how == "numpy":
            return np.mean(values, axis=(1, 2))
        if self.how == "if":
            return tf.reduce_mean(values, axis=(1, 2)) if values[0, 0, 0] > 0 else None
        if self.how == "float":
            return float(values[0, 0, 0])
        return values.numpy() if self.how == "method" else None


def model_for_a_probe(probe: fp.ModelProbe, images: np.ndarray) -> dict[str, Callable[[], Any]]:
    """Return calls that get the model where the opened one is meant."""
    net, labels = probe.model, np.arange(len(images)) % 2
    result = QUICK.run(probe, MAP, rng=1, progress=False)
    patterns = A.Patterns.of(probe, images, labels, "conv")
    return {
        "collect": lambda: fp.Evidence.collect(net, images, "conv"),
        "MapMean.each": lambda: fp.MapMean.each(net, "conv"),
        "Node.each": lambda: fp.Node.each(net, "conv"),
        "Logit.each": lambda: fp.Logit.each(net),
        "run": lambda: QUICK.run(net, MAP),
        "start": lambda: QUICK.start(net, MAP),
        "recipe.run": lambda: result.recipe.run(net),
        "Patterns.of": lambda: A.Patterns.of(net, images, labels, "conv"),
        "follow": lambda: A.follow(net, images, ["conv"]),
        "split_margin": lambda: A.split_margin(net, images, "conv", 0, 1),
        "assess": lambda: A.assess(net, result, images),
        "definedness": lambda: A.definedness(net, MAP),
        "sensitivity": lambda: A.sensitivity(net, MAP),
        "node_vs_map": lambda: A.node_vs_map(net, "conv"),
        "decompose": lambda: A.decompose(net, images[0], MAP),
        "shift_response": lambda: A.shift_response(net, images, "conv"),
        "linear_probes": lambda: A.linear_probes(net, images, labels, ["conv"]),
        "compare_nets": lambda: A.compare_nets(probe, net, images, ["conv"], match="conv"),
        "unclear_images": lambda: A.unclear_images(net, images, labels, 0, 1, ["conv"]),
        "ablate": lambda: A.ablate(net, patterns, 0, 1, {}),
        "insert_patterns": lambda: A.insert_patterns(net, result, images, 0, 1),
        "untrained": lambda: A.untrained(net),
    }


def test_a_model_for_a_probe(small_probe: fp.ModelProbe, small_images: np.ndarray) -> None:
    """Everything that takes a probe says what to do with a model."""
    for name, call in model_for_a_probe(small_probe, small_images).items():
        with pytest.raises(fp.FeatureProbeError) as caught:
            call()
        assert isinstance(caught.value, fp.ConfigError), name
        assert "ModelProbe" in str(caught.value), name
        assert "Open the model first" in str(caught.value), name


@pytest.mark.parametrize("layers", [[], ()])
def test_an_empty_list_of_layers(
    small_probe: fp.ModelProbe, small_images: np.ndarray, layers: Any
) -> None:
    """There is nothing to do, which is said."""
    labels = np.arange(5) % 2
    for call in (
        lambda: fp.Evidence.collect(small_probe, small_images, layers),
        lambda: A.follow(small_probe, small_images, layers),
        lambda: A.linear_probes(small_probe, small_images, labels, layers),
        lambda: A.unclear_images(small_probe, small_images, labels, 0, 1, layers),
        lambda: A.compare_nets(small_probe, small_probe, small_images, layers, match="conv"),
    ):
        with pytest.raises(fp.ConfigError, match=r"layers .*empty"):
            call()


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: fp.MultiScaleNoise(7), r"scales .*brackets, too: \[value\]"),
        (lambda: fp.MapMean("conv", 5), r"MapMean.*channel=.*by its name"),
        (lambda: fp.Logit("out", index=3), "Logit.*multiple values"),
        (lambda: fp.Node("conv", 1, 1, 5), r"Node.*row=, col=, channel="),
        (lambda: fp.GaussianBlur(0.6, 3), "size="),
        (lambda: fp.Ascent(64), "steps="),
        (lambda: fp.MapMean("conv", chanel=5), "no 'chanel'. Nearest: 'channel'"),
        (lambda: fp.MapMean(3, channel=5), "layer must be a text"),
        (lambda: fp.MapMean("conv", channel=5, pre="False"), "pre (is|must be) True or False"),
        (lambda: fp.Node("conv", row=1, col=1, channel=1, pre=1), "pre (is|must be) True or False"),
        (lambda: fp.Read("conv", pre="no"), "True or False"),
        (lambda: fp.Ascent(crop=0), "crop is 'auto', True or False"),
        (lambda: fp.Ascent(crop="yes"), "crop is 'auto', True or False"),
        (lambda: MAP / 0, "cannot be divided by 0"),
        (lambda: MAP / np.float64(0), "cannot be divided by 0"),
        (lambda: MAP / float("nan"), "divided by"),
        (lambda: MAP * float("inf"), "weight"),
        (lambda: fp.GaussianBlur(10**400), "sigma is a number"),
        (lambda: fp.GaussianBlur(10**5000), "sigma is a number"),
        (lambda: fp.objective_from(lambda seen: seen[0], reads=None), "reads must be"),
        (lambda: fp.InputSpace(0.0, std=np.zeros((0, 4, 4))), "std holds at least one number"),
        (lambda: fp.InputSpace(True), "mean is a number"),
    ],
)  # fmt: skip
def test_small_mistakes(call: Callable[[], Any], says: str) -> None:
    """One sentence of ours, which names what to write."""
    with pytest.raises(fp.FeatureProbeError, match=says):
        call()


@pytest.mark.parametrize("how", ["numpy", "if", "float", "method", "nothing"])
def test_numpy_inside_of_value(small_probe: fp.ModelProbe, how: str) -> None:
    """An objective that uses numpy ends in a sentence about graphs."""
    with pytest.raises(fp.FeatureProbeError, match=r"traced by TensorFlow|one score per image"):
        QUICK.run(small_probe, WithNumpy(how), rng=1, progress=False)


def test_mistakes_of_a_users_own_stay(small_probe: fp.ModelProbe) -> None:
    """What has nothing to do with graphs comes through as it is."""

    def wrong(seen: fp.Seen) -> Any:
        raise KeyError("mine")

    target = fp.objective_from(wrong, reads=fp.Read("conv", channel=1))
    with pytest.raises(KeyError, match="mine"):
        QUICK.run(small_probe, target, rng=1, progress=False)


def test_names_that_people_try(small_probe: fp.ModelProbe, small_images: np.ndarray) -> None:
    """A missing method says what does it; hasattr, copies and pickles work as ever."""
    grid = small_probe.grid(small_images[0], "conv")
    result = QUICK.run(small_probe, MAP, rng=1, progress=False)
    for thing, name, says in (
        (grid, "save", "np.save"), (grid, "show", "grid.plot"), (result, "plott", "'plot'"),
        (small_probe, "activation", "'activations'"),
        (A.Patterns.of(small_probe, small_images, np.zeros(5, int), "conv"), "mean", "Nearest"),
    ):  # fmt: skip
        with pytest.raises(fp.UnknownNameError, match=says):
            getattr(thing, name)
        assert not hasattr(thing, name)
        assert not hasattr(thing, "_ipython_display_")
    assert copy.copy(grid).layer == pickle.loads(pickle.dumps(grid)).layer == "conv"


def test_masked_arrays_are_refused(small_probe: fp.ModelProbe, small_images: np.ndarray) -> None:
    """A mask would be dropped without a word; one that hides nothing does no harm."""
    masked = np.ma.masked_greater(small_images, 9)
    for call in (
        lambda: small_probe.activations(masked, "conv"),
        lambda: small_probe.activations([masked[0], masked[1]], "conv"),
        lambda: fp.Evidence.collect(small_probe, masked, "conv"),
        lambda: fp.Evidence.collect(small_probe, iter(masked), "conv"),
        lambda: fp.FromImage(masked[0]),
        lambda: fp.ArrayValue(masked),
        lambda: fp.InputSpace(masked[0].astype(float)),
        lambda: fp.plotting.show_image(masked[0]),
        lambda: fp.plotting.tile(masked[0]),
    ):
        with pytest.raises(fp.DataError, match=r"masked values.*filled"):
            call()
    bare = np.ma.masked_greater(small_images, 300)
    np.testing.assert_array_equal(
        small_probe.activations(bare, "conv"), small_probe.activations(small_images, "conv")
    )


def test_flags_of_numpy_are_flags(small_probe: fp.ModelProbe) -> None:
    """np.False_ is False everywhere, and is recorded as such."""
    assert fp.Ascent(crop=np.False_).crop is False
    assert fp.MapMean("conv", channel=1, pre=np.True_) == fp.MapMean("conv", channel=1, pre=True)
    assert fp.Ascent(crop=np.False_).digest() == fp.Ascent(crop=False).digest()


@pytest.mark.parametrize(
    "remake", [copy.copy, copy.deepcopy, lambda v: pickle.loads(pickle.dumps(v)), lambda v: v]
)
def test_an_array_value_stays_frozen(remake: Callable[[Any], Any]) -> None:
    """Read-only with its digest, after copying and pickling too, and whatever flags are set."""
    given = np.arange(4.0)
    target = remake(fp.PatternMatch("conv", pattern=given))
    given[:] = 7
    held = target.pattern.array
    assert target == fp.PatternMatch("conv", pattern=np.arange(4.0))
    assert target.digest() == fp.PatternMatch("conv", pattern=np.arange(4.0)).digest()
    assert not held.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        held[:] = 99
    with pytest.raises(ValueError, match="WRITEABLE"):
        held.setflags(write=True)
    with pytest.raises(AttributeError, match="frozen"):
        target.pattern.sha256 = "mine"


def test_a_probe_that_was_used_can_be_pickled(
    small_probe: fp.ModelProbe, small_images: np.ndarray
) -> None:
    """It is opened again as it was opened; copies answer alike."""
    answers = small_probe.activations(small_images, "dense")
    QUICK.run(small_probe, MAP, rng=1, progress=False)
    for again in (pickle.loads(pickle.dumps(small_probe)), copy.deepcopy(small_probe)):
        assert again.fingerprint == small_probe.fingerprint
        np.testing.assert_allclose(again.activations(small_images, "dense"), answers, rtol=1e-6)
    i, c = keras.Input((6, 6, 1), name="image"), keras.Input((2,), name="context")
    both = keras.layers.Concatenate()([keras.layers.Flatten()(i), c])
    model, context = keras.Model([i, c], keras.layers.Dense(2)(both)), np.array([1.0, 2.0])
    space = fp.InputSpace.identity(low=0, high=255)
    probe = fp.ModelProbe(
        model, input_space=space, image_input="image", other_inputs={"context": context}
    )
    before = probe.predict(small_images)
    context[:] = 1000
    again = pickle.loads(pickle.dumps(probe))
    np.testing.assert_allclose(again.predict(small_images), before, rtol=1e-6)


def arrays_given(probe: fp.ModelProbe) -> Iterator[tuple[np.ndarray, Callable[[], Any]]]:
    """Yield an array of a user's, and what is to stay as it is when the user writes to it."""
    rng = np.random.default_rng(0)
    image = (200 * rng.random((6, 6, 1))).astype(np.float32)
    for make in (
        lambda a: fp.FromImage(a).image.array,
        lambda a: fp.FromImages(a[None]).images.array,
        lambda a: fp.InputSpace(a).mean.array,
        lambda a: fp.ActivationGrid(a, "conv").array,
        lambda a: fp.ActivationGrid(np.ones(3), "dense", image=a).image,
        lambda a: fp.PatternMatch("conv", pattern=a).pattern.array,
        lambda a: A.Patterns("conv", values=a[None], labels=[0]).values,
        lambda a: A.follow(probe, a[None], ["conv"]).images,
        lambda a: probe.grid(a, "conv").image,
        lambda a: fp.Evidence.collect(probe, a[None] * 1, "conv").images,
    ):
        given = image.copy()
        kept = make(given)
        yield given, lambda kept=kept: np.array(kept)


def test_arrays_of_users_are_copied(small_probe: fp.ModelProbe) -> None:
    """What is kept does not change with the user's array, and that stays writeable."""
    for number, (given, kept) in enumerate(arrays_given(small_probe)):
        before = kept()
        given[:] = 5.0
        np.testing.assert_array_equal(kept(), before, err_msg=str(number))


def _ring(color: str) -> Any:
    ax = fp.plotting.show_maps(np.ones((3, 3, 4)), columns=2)
    return fp.plotting.ring_nodes((3, 3, 4), [(0, 0, 3)], ax=ax, columns=2, color=color)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: _ring("reddish"), "color must be a colour"),
        (
            lambda: fp.plotting.show_overlay(np.ones((4, 4, 1)), np.eye(4), cmap="nowhere"),
            "cmap must be a matplotlib colour map",
        ),
        (lambda: fp.Read("conv", row=np.array(["a", "b"])), "whole number"),
        (lambda: fp.Read("conv", channel=np.array([1, 2])), "whole number"),
        (lambda: fp.InputSpace(order=np.array(3.0)), "permutation"),
        (
            lambda: fp.InputSpace((1.0, 2.0), std=(1.0, 1.0)).to_pixels(np.ones((4, 4, 3))),
            "do not fit",
        ),
        (
            lambda: fp.InputSpace((1.0, 2.0), std=(1.0, 1.0)).to_model(np.ones((4, 4, 3))),
            "do not fit",
        ),
        (
            lambda: fp.revive(fp.GaussianBlur(0.6).to_config(), np.ones((2, 2))),
            "by sha256",
        ),
    ],
)
def test_values_of_another_kind(make: Callable[[], Any], said: str) -> None:
    """Colours, places, orders and shapes."""
    with pytest.raises(fp.FeatureProbeError, match=said):
        make()
