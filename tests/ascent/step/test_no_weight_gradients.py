"""No gradient with respect to weights is ever executed."""

import re

import keras
import numpy as np
import pytest
import tensorflow as tf

import featureprobe as fp

FILTER = re.compile(rb"[\w/]*(?:Conv2D|DepthwiseConv2dNative)BackpropFilter")
INPUT = re.compile(rb"[\w/]*(?:Conv2D|DepthwiseConv2dNative)BackpropInput")
DENSE = re.compile(rb"gradient_tape/[\w/]*dense[\w/]*MatMul[\w/]*:")


def small_net():
    """Return a net with every kind of layer whose weights could get a gradient."""
    keras.utils.set_random_seed(1)
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((12, 12, 6)),
            layers.Conv2D(8, 3, activation="relu", name="conv"),
            layers.DepthwiseConv2D(3, name="depthwise"),
            layers.BatchNormalization(name="norm"),
            layers.Conv2D(8, 3, activation="relu", name="deep"),
            layers.Flatten(),
            layers.Dense(9, activation="relu", name="dense_a"),
            layers.Dense(4, name="dense_b"),
        ]
    )


def executed(call, folder):
    """Return the names of all operations that run in a call, as the profiler wrote them."""
    call()  # traced before
    tf.profiler.experimental.start(str(folder))
    call()
    tf.profiler.experimental.stop()
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*.xplane.pb")))


@pytest.mark.parametrize("crop", [False, True])
def test_only_gradients_of_images_run(tmp_path, crop):
    """Convolutions send back to their inputs, never to their kernels; dense layers likewise."""
    probe = fp.ModelProbe(small_net(), input_space=fp.InputSpace.identity())
    target = fp.Node("deep", row=1, col=1, channel=2) if crop else fp.Logit(2)
    ascent = fp.Ascent(
        steps=4, starts=2, search=None, remedies=(), regularizers=(), crop=crop or "auto"
    )
    names = executed(lambda: ascent.run(probe, target, rng=1, progress=False), tmp_path)
    assert INPUT.search(names)
    assert not FILTER.search(names), FILTER.findall(names)[:5]
    if not crop:
        assert len(set(DENSE.findall(names))) == 2, set(DENSE.findall(names))


def test_the_measure_would_see_them(tmp_path):
    """A loop that does ask for weight gradients shows them."""
    model = small_net()
    images = tf.constant(np.random.default_rng(0).normal(size=(2, 12, 12, 6)), tf.float32)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            tape.watch(images)
            total = tf.reduce_sum(model(images, training=False))
        return tape.gradient(total, [images, *model.trainable_variables])

    names = executed(step, tmp_path)
    assert len(set(FILTER.findall(names))) >= 3
    assert len(set(DENSE.findall(names))) == 4
