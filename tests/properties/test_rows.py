"""One image has one answer: whatever is beside it in a batch, whatever was asked before.

A zoo of nets that Keras runs, whose layers count rows, mix them, keep a state, or want batches of
one size. The reference is the model itself, on the image alone where its rows are not.
"""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from every_use import IMAGE_SHAPE, USES, labelled_images, sturdy
from keras import layers, ops

import featureprobe as fp
from featureprobe.probe.network.rows import Rows
from featureprobe.testing.models import tiny_space

FREE, ALONE = None, Rows(1, alone=True)


class Counter(layers.Layer):
    """A layer that adds the number of its calls, kept in a weight."""

    def build(self, shape: Any) -> None:
        """Make the count."""
        self.count = self.add_weight(shape=(), initializer="zeros", trainable=False)

    def call(self, values: Any) -> Any:
        """Count, in training or not."""
        self.count.assign_add(1.0)
        return values + self.count


class PythonCounter(layers.Layer):
    """A layer that counts its calls in Python."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.count = 0

    def call(self, values: Any) -> Any:
        """Count, in training or not."""
        self.count += 1
        return values * float(self.count)


class Noisy(layers.Layer):
    """A layer that draws noise at inference, from a seed generator."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seed = keras.random.SeedGenerator(3)

    def call(self, values: Any) -> Any:
        """Add it, one draw for all rows."""
        return values + keras.random.normal(tuple(values.shape[1:]), seed=self.seed)


def net(then: Callable[[Any], Any], batch: int | None = None) -> keras.Model:
    """Return a net with something between its convolutions."""
    return sturdy(keras.Input(IMAGE_SHAPE, batch_size=batch, name="image"), then)


def recurrent(values: Any) -> Any:
    """Read the rows of the image in turn, with a state for each image of the batch."""
    lines = layers.LSTM(12, stateful=True, return_sequences=True)(layers.Reshape((5, 16))(values))
    return layers.Reshape((5, 4, 3))(lines)


def lambda_of(function: Callable[[Any], Any]) -> Any:
    """Return a layer that applies a function."""
    return layers.Lambda(function)


def mean_of_batch(values: Any) -> Any:
    """Return values less a part of the batch's mean."""
    return values - 0.5 * tf.reduce_mean(values, axis=0, keepdims=True)


def seen_alone(model: keras.Model, images: np.ndarray, size: int) -> np.ndarray:
    """Return what a model gives for each image when all rows of the batch hold it."""
    scope = keras.StatelessScope  # the reference must not move the state either
    found = []
    for image in images:
        with scope(initialize_variables=False):
            found.append(np.asarray(model(np.repeat(image[None], size, axis=0)))[0])
    return np.stack(found)


def no_change(values: Any) -> Any:
    """Return values as they are, by way of a reshaping that any batch passes."""
    return ops.reshape(values, (-1, *values.shape[1:]))


ZOO: dict[str, tuple[Callable[[], keras.Model], Rows | None]] = {
    "plain": (lambda: net(None), FREE),
    "declared, not relied on": (lambda: net(None, 2), FREE),
    "declared one, not relied on": (lambda: net(None, 1), FREE),
    "a lambda of each value": (lambda: net(lambda_of(lambda v: v * 1.5)), FREE),
    "a harmless reshape": (lambda: net(no_change), FREE),
    "a reshape to one row": (
        lambda: net(lambda v: ops.reshape(v, (1, *v.shape[1:])), 1), Rows(1, alone=False),
    ),
    "a reshape to three rows": (
        lambda: net(lambda v: ops.reshape(v, (3, *v.shape[1:])), 3), Rows(3, alone=False),
    ),
    "an offset for each row": (
        lambda: net(lambda v: v + np.array([[[[0.0]]], [[[1.0]]]], np.float32), 2),
        Rows(2, alone=True),
    ),
    "the batch's mean": (lambda: net(lambda_of(mean_of_batch)), ALONE),
    "the batch's mean, of two": (lambda: net(lambda_of(mean_of_batch), 2), Rows(2, alone=True)),
    "a mean by operations": (
        lambda: net(lambda v: v - 0.5 * ops.mean(v, axis=0, keepdims=True)), ALONE,
    ),
    "rows in turn": (lambda: net(lambda v: v + 0.5 * ops.roll(v, 1, axis=0)), ALONE),
    "rows backwards": (lambda: net(lambda v: ops.flip(v, axis=0)), ALONE),
    "the number of rows": (
        lambda: net(lambda_of(lambda v: v * tf.cast(tf.shape(v)[0], v.dtype))), ALONE,
    ),
    "a norm over the batch": (lambda: net(layers.UnitNormalization(axis=0)), ALONE),
    "an activation over the batch": (
        lambda: net(layers.Activation(lambda v: v - 0.5 * ops.mean(v, axis=0, keepdims=True))), ALONE,
    ),
    "a counter": (lambda: net(Counter()), FREE),
    "a seed generator": (lambda: net(Noisy()), FREE),
    "a state": (lambda: net(recurrent, 1), Rows(1, alone=False)),
    "a state for each row": (lambda: net(recurrent, 2), Rows(2, alone=True)),
}  # fmt: skip


def variables_of(model: keras.Model) -> dict[str, bytes]:
    """Return all that a model holds, seeds and states included."""
    return {v.path: np.asarray(v.numpy()).tobytes() for v in model.variables}


def use_all(name: str, uses: list[str]) -> None:
    """Use a net of the zoo, and compare its answers and its variables before and after."""
    make, rows = ZOO[name]
    model, (images, labels) = make(), labelled_images()
    for state in (v for v in model.variables if not v.trainable and "seed" not in v.path):
        state.assign(np.random.default_rng(6).uniform(0, 0.2, state.shape))
    before = variables_of(model)
    probe = fp.ModelProbe(model, input_space=tiny_space())
    assert probe.network.rows == rows
    size = 1 if rows is None else rows.size
    size = model.inputs[0].shape[0] or size
    expected = seen_alone(model, tiny_space().to_model(images[:5]), size)
    np.testing.assert_allclose(probe.predict(images[:5]), expected, atol=2e-5)
    for use in uses:
        USES[use](probe, images, labels)
        assert variables_of(model) == before, f"{use} moves the model's state"
    np.testing.assert_allclose(probe.predict(images[4:0:-1]), expected[4:0:-1], atol=2e-5)
    if not uses:
        return
    result = USES["node of a full image"](probe, images, labels)
    answers = probe.activations(result.images[0], "conv2")[:, 2, 1, 4]
    np.testing.assert_allclose(result.scores[0], answers, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("name", ZOO)
def test_one_image_has_one_answer(name: str) -> None:
    """What a probe says of an image is what the model says of it alone; nothing of it moves."""
    use_all(name, [])


@pytest.mark.parametrize("name", ["a reshape to three rows"])
def test_some_uses_of_odd_nets(name: str) -> None:
    """A climb on the full image; the matrix of all uses takes minutes."""
    use_all(name, ["node of a full image"])


@pytest.mark.long
@pytest.mark.exhaustive
@pytest.mark.parametrize("name", [name for name, (_, rows) in ZOO.items() if rows] + ["a counter"])
def test_many_uses_of_odd_nets(name: str) -> None:
    """What runs the net in its own way: evidence, crops, remedies, polish, tails, slopes."""
    use_all(name, ["evidence", "node", "remedy pre_activation", "polish", "split_margin", "assess"])


def test_what_cannot_be_held_still_is_refused() -> None:
    """A tf.Variable that a call writes to, and noise without a seed, name the operation."""
    count = tf.Variable(0.0)
    for function in (
        lambda v: v + count.assign_add(1.0),
        lambda v: v + tf.random.normal(tf.shape(v)),
    ):
        model = net(lambda_of(function))
        with pytest.raises(fp.ModelError, match="several answers"):
            fp.ModelProbe(model, input_space=tiny_space())


def drawn_by_numpy(values: Any) -> Any:
    """Return values with noise that TensorFlow sees nothing of."""
    noise = np.random.default_rng()
    made = tf.numpy_function(
        lambda v: v + np.float32(noise.normal(size=v.shape)), [values], values.dtype
    )
    made.set_shape(values.shape)
    return made


@pytest.mark.parametrize(
    "then",
    [
        PythonCounter(name="odd"),
        layers.Lambda(
            lambda v: v + np.float32(np.random.default_rng().normal(size=v.shape[1:])), name="odd"
        ),
        layers.Lambda(drawn_by_numpy, output_shape=lambda shape: shape, name="odd"),
    ],
    ids=["counted by Python", "drawn at the trace", "drawn at each run"],
)
def test_what_differs_from_run_to_run_is_refused(then: Any) -> None:
    """Python's part of a layer is fixed by a trace, so that two traces are compared."""
    with pytest.raises(fp.ModelError, match="layer 'odd' gives the same image other values"):
        fp.ModelProbe(net(then), input_space=tiny_space())


def test_draws_from_the_generator_of_all_are_refused() -> None:
    """Keras' own generator moves on by whatever else is drawn."""
    model = net(lambda_of(lambda v: v + keras.random.normal(tuple(v.shape[1:]))))
    with pytest.raises(fp.ModelError, match="a generator that is not its own"):
        fp.ModelProbe(model, input_space=tiny_space())


def test_ordinary_nets_are_not_tried_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening a net of Keras' own layers runs nothing."""
    monkeypatch.setattr(tf, "function", None)
    fp.ModelProbe(net(None), input_space=tiny_space())
