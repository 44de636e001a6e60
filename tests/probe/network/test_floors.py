"""The values below which layers cannot fall: stated where it is so, and only there."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers as kl

import featureprobe as fp
from featureprobe.probe.network.floors import floors_of

NONE = -np.inf


class OwnDense(kl.Conv2D):
    """A convolution with another call."""

    def call(self, inputs):
        """Return what a convolution gives, less 1."""
        return super().call(inputs) - 1.0


def squared(values):
    """Return squared ReLU: what a user's own function does, nobody knows."""
    return tf.square(tf.nn.relu(values))


def conv(activation, **kwargs):
    """Return a convolution with an activation."""
    return kl.Conv2D(3, 3, activation=activation, **kwargs)


def normalized(x, gamma):
    """Return x after a batch normalization with these scales."""
    layer = kl.BatchNormalization()
    made = layer(x)
    layer.set_weights([np.array(gamma), np.full(3, 0.5), np.ones(3), np.full(3, 1 - layer.epsilon)])
    return made


# What follows the input, and the floors of its channels.
CASES = {
    "relu": (conv("relu"), 0),
    "relu6": (conv("relu6"), 0),
    "keras.ops.relu": (conv(keras.ops.relu), 0),
    "tf.nn.relu": (conv(tf.nn.relu), 0),
    "a layer as activation": (conv(kl.ReLU(max_value=3.0)), 0),
    "a leaky layer as activation": (conv(kl.ReLU(negative_slope=0.1)), NONE),
    "ReLU": (lambda x: kl.ReLU(threshold=0.5, max_value=2.0)(conv(None)(x)), 0),
    "ReLU with a slope": (lambda x: kl.ReLU(negative_slope=0.1)(conv(None)(x)), NONE),
    "LeakyReLU": (lambda x: kl.LeakyReLU()(conv(None)(x)), NONE),
    "PReLU": (lambda x: kl.PReLU()(conv(None)(x)), NONE),
    "ops.relu": (lambda x: keras.ops.relu(conv(None)(x)), 0),
    "ops.clip": (lambda x: keras.ops.clip(conv(None)(x), -0.5, 2.0), -0.5),
    "ops.maximum": (lambda x: keras.ops.maximum(conv(None)(x), 0.25), 0.25),
    "hard_sigmoid": (conv("hard_sigmoid"), 0),
    "hard_tanh": (conv("hard_tanh"), -1),
    **{name: (lambda x, name=name: conv(name)(x), NONE)
       for name in ("linear", "tanh", "sigmoid", "softmax", "elu", "selu", "celu", "gelu", "silu",
                    "mish", "softplus", "softsign", "exponential", "leaky_relu", "log_sigmoid",
                    "hard_silu", "soft_shrink", "hard_shrink", "tanh_shrink", "squareplus")},
    "a function of the user's own": (conv(squared), NONE),
    "a subclass": (OwnDense(3, 3, activation="relu"), NONE),
    "depthwise": (kl.DepthwiseConv2D(3, activation="relu"), 0),
    "time distributed": (kl.TimeDistributed(kl.Dense(3, activation="relu")), 0),
    "pooling": (lambda x: kl.AveragePooling2D(2, padding="same")(conv("relu")(x)), 0),
    "pooling of tanh": (lambda x: kl.MaxPooling2D(2, padding="same")(conv("tanh")(x)), NONE),
    "global pooling": (lambda x: kl.GlobalAveragePooling2D()(conv("relu")(x)), 0),
    "dropout and shapes": (lambda x: kl.Flatten()(kl.Dropout(0.5)(conv("relu")(x))), 0),
    "permuted": (lambda x: kl.Permute((3, 1, 2))(kl.Reshape((2, 8, 3))(conv("relu")(x))), 0),
    "sigmoid of ReLU": (lambda x: kl.Activation("sigmoid")(conv("relu")(x)), 0.5),
    "batch normalization": (lambda x: normalized(conv("relu")(x), [1, -1, 2]), [-0.5, NONE, -1.5]),
    "rescaled": (lambda x: kl.Rescaling(2.0, offset=-1.0)(conv("relu")(x)), -1.0),
    "rescaled by less than 0": (lambda x: kl.Rescaling(-2.0)(conv("relu")(x)), NONE),
    "sum": (lambda x: kl.Add()([conv("relu")(x), conv("hard_tanh")(x)]), -1.0),
    "sum with tanh": (lambda x: kl.Add()([conv("relu")(x), conv("tanh")(x)]), NONE),
    "difference": (lambda x: kl.Subtract()([conv("relu")(x), conv("relu")(x)]), NONE),
    "product": (lambda x: kl.Multiply()([conv("relu")(x), conv("hard_sigmoid")(x)]), 0),
    "product with tanh": (lambda x: kl.Multiply()([conv("relu")(x), conv("tanh")(x)]), NONE),
    "product with -2": (lambda x: conv("relu")(x) * -2.0, NONE),
    "maximum": (lambda x: kl.Maximum()([conv("relu")(x), conv("tanh")(x)]), 0),
    "side by side": (lambda x: kl.Concatenate()([conv("relu")(x), conv("tanh")(x)]),
                     [0, 0, 0, NONE, NONE, NONE]),
    "upsampled": (lambda x: kl.UpSampling2D(interpolation="bilinear")(conv("relu")(x)), 0),
    "upsampled, overshooting": (lambda x: kl.UpSampling2D(interpolation="bicubic")(conv("relu")(x)),
                                NONE),
    "layer normalization": (lambda x: kl.LayerNormalization()(conv("relu")(x)), NONE),
    "a linear layer after ReLU": (lambda x: conv(None)(conv("relu")(x)), NONE),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_floors_are_where_the_layers_prove_them(name):
    """The floor is as stated, no image falls below it, and images far down reach it."""
    build, wanted = CASES[name]
    keras.utils.set_random_seed(2)
    image = keras.Input((6, 6, 2))
    made = build(image)
    layer = made._keras_history.operation.name
    probe = fp.ModelProbe(keras.Model(image, made), input_space=fp.InputSpace.identity())
    floors = floors_of(probe.network, layer)
    assert floors.shape == probe.shape_of(layer)
    np.testing.assert_allclose(floors, np.broadcast_to(wanted, floors.shape), atol=1e-6)
    images = np.random.default_rng(0).normal(size=(200, 6, 6, 2)) * 30
    assert (probe.activations(images, layer) >= floors - 1e-6).all()


def test_the_input_and_what_follows_it_have_none():
    """An image may hold anything."""
    image = keras.Input((4, 4, 1))
    model = keras.Model(image, kl.MaxPooling2D(2, name="pool")(image))
    probe = fp.ModelProbe(model, input_space=fp.InputSpace.identity(low=0, high=1))
    assert np.isneginf(floors_of(probe.network, "pool")).all()
