"""Where a gradient is cut, the result names the operation; where it is not, it blames none."""

import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

import featureprobe as fp
from featureprobe.probe.network.gradient_cuts import cut_of

RAW = fp.InputSpace.identity(low=0, high=1)
QUICK = fp.Ascent(
    steps=2, starts=1, search=fp.Precursor(candidates=4, rounds=1, trials=0), crop=False,
    remedies=fp.RedirectedGradients(steps=1),
)  # fmt: skip


class ToBytes(layers.Layer):
    """Whole numbers in 0..255, as a file holds them."""

    def call(self, values: Any) -> Any:
        """Cast there and back."""
        return ops.cast(ops.cast(values * 255, "uint8"), "float32") / 255


def by_numpy(values: Any) -> Any:
    """Return values by way of numpy, which TensorFlow does not look into."""
    made = tf.numpy_function(lambda v: 2 * v, [values], tf.float32)
    made.set_shape(values.shape)
    return made


@tf.custom_gradient
def without_gradient(values: Any) -> Any:
    """Return values with a gradient of 0."""
    return values + 0.0, tf.zeros_like


CUTS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "a cast in a layer": (ToBytes(), r"ToBytes: a cast to uint8"),
    "an operation": (lambda v: ops.cast(ops.cast(v * 9, "int32"), "float32"), r"Cast: a cast to int32"),
    "stop_gradient": (ops.stop_gradient, "StopGradient: stop_gradient"),
    "rounding": (ops.round, "Round: round"),
    "a sign": (ops.sign, "Sign: sign"),
    "a comparison": (lambda v: ops.where(v > 0.5, 1.0, 0.0), "Greater"),
    "argmax": (
        lambda v: layers.Reshape((12, 12, 1))(ops.cast(ops.argmax(v, axis=-1), "float32")), r"Argmax: .*argmax",
    ),
    "a lambda": (layers.Lambda(lambda v: tf.round(v * 4) / 4, name="four"), r"'four' \(Lambda: round"),
    "numpy": (layers.Lambda(by_numpy, name="num"), r"'num' \(Lambda: a Python function"),
    "a gradient of one's own": (layers.Lambda(without_gradient, name="own"), r"'own' \(Lambda"),
}  # fmt: skip


def probe_of(cut: Callable[[Any], Any]) -> fp.ModelProbe:
    """Return a probe of a net with something between its convolutions."""
    keras.utils.set_random_seed(0)
    image = keras.Input((12, 12, 3))
    values = cut(layers.Conv2D(3, 1, bias_initializer="ones", name="first")(image))
    conv = layers.Conv2D(4, 3, activation="relu", bias_initializer="ones", name="conv")
    out = layers.Dense(3, name="out")(layers.GlobalAveragePooling2D()(conv(values)))
    return fp.ModelProbe(keras.Model(image, out), input_space=RAW)


@pytest.mark.parametrize("name", CUTS)
def test_the_cut_is_named(name: str) -> None:
    """For a map and for the output behind it; nothing for the layer before it."""
    cut, named = CUTS[name]
    probe = probe_of(cut)
    for layer in ("conv", fp.OUTPUT):
        assert re.search(named, str(cut_of(probe.network, RAW, layer)))
    assert cut_of(probe.network, RAW, "first") is None


def test_the_status_says_so() -> None:
    """Before the activation too; a layer before the cut is climbed."""
    targets = [fp.MapMean("conv", channel=1, pre=True), fp.MapMean("first", channel=0)]
    result = QUICK.run(probe_of(ToBytes(name="to_bytes")), targets, rng=1, progress=False)
    status = result.status[0, 0]
    assert status == fp.Status.SATURATED
    assert "'to_bytes' (ToBytes: a cast to uint8)" in status.advice
    assert "pre=True" not in status.advice
    assert result.gradient_norms[1, 0] > 0
    assert not result.status[1, 0].reason


def test_a_closed_relu_is_no_cut() -> None:
    """A target that is silent everywhere is dead, and nothing is blamed."""
    probe = probe_of(layers.Identity())
    layer = probe.model.get_layer("conv")
    layer.bias.assign(-100.0 * np.ones(4))
    result = QUICK.run(probe, fp.MapMean("conv", channel=1), rng=1, progress=False)
    assert result.status[0, 0] == fp.Status.DEAD
    assert not result.status[0, 0].reason


def test_the_reason_is_kept(tmp_path: Path) -> None:
    """In the table, on disk and in a pickle."""
    result = QUICK.run(probe_of(ToBytes()), fp.MapMean("conv", channel=1), rng=1, progress=False)
    reason = result.status[0, 0].reason
    assert "to_bytes" in reason
    assert reason in result.table()
    result.save(tmp_path / "cut.npz")
    for again in (fp.AscentResult.load(tmp_path / "cut.npz"), pickle.loads(pickle.dumps(result))):
        assert again.status[0, 0] == fp.Status.SATURATED
        assert again.status[0, 0].advice == reason
