"""Nets as people subclass them: blocks, loops, functions of TensorFlow, numbers of Python."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

SHAPE = (12, 10, 3)


@keras.saving.register_keras_serializable("own_code_nets")
class Block(layers.Layer):
    """A residual block with a mask and a training flag, as ResNets have it."""

    def __init__(self, maps: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.maps = maps
        self.conv = layers.Conv2D(maps, 3, padding="same", name="conv")
        self.norm = layers.BatchNormalization(name="norm")
        self.drop = layers.Dropout(0.5, name="drop")
        self.skip = layers.Conv2D(maps, 1, name="skip")

    def build(self, shape: Any) -> None:
        """Build the layers, so that a saved block can be loaded."""
        self.conv.build(shape)
        self.norm.build((*shape[:-1], self.maps))
        self.skip.build(shape)
        self.built = True

    def call(self, value: Any, training: Any = None, mask: Any = None) -> Any:
        """Add what two ways make."""
        made = ops.relu(self.norm(self.conv(value), training=training))
        return ops.relu(self.drop(made, training=training) + self.skip(value))

    def get_config(self) -> dict[str, Any]:
        """Return what makes the block."""
        return {**super().get_config(), "maps": self.maps}


@keras.saving.register_keras_serializable("own_code_nets")
class Loop(keras.Model):
    """Convolutions in a list, heads in a dict, a loop in ``call``, one layer called twice."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"name": "loop", **kwargs})
        self.blocks = [Block(4, name="first"), Block(5, name="second")]
        self.mix = layers.Conv2D(5, 3, padding="same", activation="tanh", name="mix")
        self.heads = {"classes": layers.Dense(3, activation="softmax", name="classes")}

    def call(self, images: Any, training: Any = None, **kwargs: Any) -> Any:
        """Run the loop."""
        value = images
        for block in self.blocks:
            value = block(value, training=training)
        value = self.mix(self.mix(value) + value)
        return self.heads["classes"](ops.max(value, axis=(1, 2)))


class Functions(keras.Model):
    """Functions of TensorFlow where others have layers, and a weight of its own."""

    def __init__(self) -> None:
        super().__init__(name="functions")
        self.conv = layers.Conv2D(4, 3, name="conv")
        self.next = layers.Conv2D(4, 3, padding="same", name="next")
        self.head = layers.Dense(2, name="head")

    def build(self, shape: Any) -> None:
        """Make the weight."""
        self.scale = self.add_weight(shape=(4,), initializer="random_normal", name="scale")
        self.conv.build(shape)
        self.next.build((None, None, None, 4))
        self.head.build((None, 8))
        self.built = True

    def call(self, images: Any) -> Any:
        """Mix TensorFlow in."""
        value = tf.nn.relu(self.conv(images)) * self.scale
        own = tf.nn.leaky_relu(self.scale * self.next(value), alpha=0.1)
        both = tf.nn.max_pool2d(tf.concat([own, value], axis=-1), 2, 2, "SAME")
        return self.head(tf.reduce_mean(both, axis=[1, 2]))


class Counts(keras.Model):
    """Takes the number of images from a tensor, around a Sequential and a functional backbone."""

    def __init__(self) -> None:
        super().__init__(name="counts")
        image = keras.Input((None, None, 3))
        deep = layers.Conv2D(4, 3, activation="relu", name="deep")(image)
        self.backbone = keras.Model(image, deep, name="backbone")
        self.tail = keras.Sequential([layers.Conv2D(3, 3, name="inner")], name="tail")
        self.head = layers.Dense(2, name="head")

    def call(self, images: Any) -> Any:
        """Flatten by hand."""
        value = self.tail(self.backbone(images))
        return self.head(ops.reshape(value, (ops.shape(value)[0], -1)))


class Numbers(keras.Model):
    """Turns a tensor into a number of Python."""

    def __init__(self) -> None:
        super().__init__(name="numbers")
        self.conv = layers.Conv2D(4, 3, name="conv")
        self.next = layers.Conv2D(4, 3, padding="same", name="next")

    def call(self, images: Any) -> Any:
        """Branch."""
        value = self.conv(images)
        return self.next(value) if float(ops.mean(value)) > 0 else value


class Two(keras.Model):
    """A detector: a map and a vector by name."""

    def __init__(self) -> None:
        super().__init__(name="two")
        self.conv = layers.Conv2D(4, 3, activation="relu", name="conv")
        self.box = layers.Conv2D(4, 1, name="box")
        self.kind = layers.Dense(2, name="kind")

    def call(self, images: Any) -> Any:
        """Return both."""
        value = self.conv(images)
        return {"box": self.box(value), "kind": self.kind(ops.mean(value, axis=(1, 2)))}


def nested() -> keras.Model:
    """Return a functional model that calls a block twice, and a subclassed model."""
    image, block = keras.Input(SHAPE), Block(3, name="block")
    return keras.Model(image, Loop()(block(block(image))))


def images_of(count: int = 3) -> Any:
    """Return random images in 0..1."""
    return np.random.default_rng(4).random((count, *SHAPE), dtype=np.float32)


def made(model: keras.Model) -> keras.Model:
    """Return a model that was called once, with random biases and statistics."""
    model(images_of(1))
    rng = np.random.default_rng(1)
    for weight in model.weights:
        low = 0.5 if "variance" in weight.path else -0.2
        weight.assign(rng.uniform(low, low + 0.6, weight.shape))
    return model
