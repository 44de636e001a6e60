"""Value and gradient of a node, on a crop and on the full image."""

import numpy as np
import tensorflow as tf

import featureprobe as fp
from featureprobe.probe.network.crop_plan import Crop, plan_crop
from featureprobe.probe.network.cropped_network import CroppedNetwork


def crop_of(probe, *reads) -> Crop:
    """Plan a crop that must exist."""
    crop = plan_crop(probe.network, reads)
    assert isinstance(crop, Crop), crop
    return crop


def assert_same(probe, layer, row, col, *, pre=False, moves=True):
    """Value and gradient of all channels of a node agree on the crop and on the full image.

    ``moves``: the node must depend on the image; some nodes see nothing but padding.
    """
    crop = crop_of(probe, fp.Read(layer, row=row, col=col, pre=pre))
    net, wanted = probe.network, ((layer, pre),)
    cropped = CroppedNetwork(net, crop.geometry)
    net.prepare(wanted)
    cropped.prepare(wanted)
    (top, left), (height, width, _) = crop.place, crop.geometry.shape
    shift = dict(crop.offsets)[layer]
    rng = np.random.default_rng(0)
    images = tf.constant(rng.normal(size=(3, *net.image_shape)), net.dtype)
    mix = tf.constant(rng.normal(size=probe.shape_of(layer)[-1]), net.dtype)

    @tf.function(autograph=False)  # as an ascent does: eagerly, weight gradients are computed too
    def run(network, batch, at):
        with tf.GradientTape() as tape:
            tape.watch(batch)
            layer_values = network.forward(batch, wanted)[0]
            value = tf.tensordot(layer_values[:, at[0], at[1]], mix, 1)
        return layer_values, value, tape.gradient(value, batch)

    whole, value, gradient = run(net, images, (row, col))
    part = images[:, top : top + height, left : left + width]
    _, value_there, there = run(cropped, part, (row - shift[0], col - shift[1]))
    gradient, placed = gradient.numpy(), np.zeros(gradient.shape)
    placed[:, top : top + height, left : left + width] = there
    scale = np.abs(whole).max() * np.abs(mix).sum()
    assert scale > 0
    assert np.abs(value - value_there).max() <= 1e-5 * scale
    assert np.abs(gradient).max() > 0 or not moves
    assert np.abs(placed - gradient).max() <= 1e-5 * np.abs(gradient).max()
    return crop
