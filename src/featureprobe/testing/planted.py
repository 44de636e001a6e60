"""Planted nets: hand-set weights, so that what a map answers to is known exactly."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from featureprobe._randomness import Rng, seed_from
from featureprobe.input_space import InputSpace
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.types import FloatArray

SIZE = 16
"""Rows and columns of the images of planted nets."""

LAYER = "answer"
"""Path of the layer whose maps are planted; each map has a single node."""

_THRESHOLD = 0.6  # of the strongest answer: two templates at once reach less than one


@dataclass(frozen=True, eq=False)
class Planted:
    """A net and what its maps answer to.

    Attributes:
        probe: The net; images (16, 16, 1), pixel units are model units.
        layer: Path of the planted layer.
        templates: (K, 16, 16, 1) the images, of mean 0 and standard deviation 1, that excite the
            maps most on the sphere; for maps with several maxima all of them.

    Example:
        >>> import featureprobe as fp
        >>> net = fp.testing.planted_templates(2)
        >>> net.layer, net.templates.shape
        ('answer', (2, 16, 16, 1))
    """

    probe: ModelProbe
    layer: str
    templates: FloatArray


def planted_templates(count: int = 4, *, rng: Rng = 0) -> Planted:
    """Return a net whose map k answers to template k and to nothing that is orthogonal to it.

    On the sphere (mean 0, fixed norm) the only maximum of map k is template k: a matched filter.

    Args:
        count: Maps, 1 to 64.
        rng: Seed of the templates, which are smooth noise.

    Example:
        >>> import featureprobe as fp
        >>> net = fp.testing.planted_templates(3)
        >>> net.probe.activations(net.templates, net.layer)[:, 0, 0].argmax(axis=1).tolist()
        [0, 1, 2]
    """
    templates = _templates(count, seed_from(rng))
    model = keras.Sequential([
        keras.Input((SIZE, SIZE, 1)),
        keras.layers.Conv2D(count, SIZE, activation="relu", use_bias=False, name=LAYER),
    ], name="planted_templates")  # fmt: skip
    model.get_layer(LAYER).set_weights([_kernels(templates)])
    return Planted(_probe(model), LAYER, templates)


def planted_alternatives(count: int = 3, *, rng: Rng = 0) -> Planted:
    """Return a net whose one map answers to any of several templates: an OR.

    Each template is a strict local maximum on the sphere, all of one height: an answer to one takes
    60 % of its strength, which no mixture of two reaches in sum.

    Args:
        count: Templates, 1 to 64.
        rng: Seed of the templates.

    Example:
        >>> import featureprobe as fp
        >>> net = fp.testing.planted_alternatives(3)
        >>> answers = net.probe.activations(net.templates, net.layer).ravel()
        >>> mixed = net.probe.activations(net.templates.mean(axis=0) * 3**0.5, net.layer).item()
        >>> bool(answers.min() > 0.9 * answers.max() > 0 == mixed)
        True
    """
    templates = _templates(count, seed_from(rng))
    model = keras.Sequential([
        keras.Input((SIZE, SIZE, 1)),
        keras.layers.Conv2D(count, SIZE, activation="relu", name="facets"),
        keras.layers.Conv2D(1, 1, activation="relu", use_bias=False, name=LAYER),
    ], name="planted_alternatives")  # fmt: skip
    threshold = np.full(count, -_THRESHOLD * SIZE, np.float32)
    model.get_layer("facets").set_weights([_kernels(templates), threshold])
    model.get_layer(LAYER).set_weights([np.ones((1, 1, count, 1), np.float32)])
    return Planted(_probe(model), LAYER, templates)


def planted_shifts(
    shifts: tuple[tuple[int, int], ...] = ((0, 0), (0, 6), (5, 2)), *, rng: Rng = 0
) -> Planted:
    """Return a net whose one map answers to a patch of 6 x 6 pixels at some places, and nowhere else.

    Args:
        shifts: (row, col) of the patch's upper left pixel, 0..10 each.
        rng: Seed of the patch.

    Returns:
        The net; ``templates[k]`` has the patch at ``shifts[k]``.

    Example:
        >>> import featureprobe as fp
        >>> net = fp.testing.planted_shifts(((0, 0), (3, 7)))
        >>> moved = fp.testing.planted_shifts(((4, 4),)).templates
        >>> both = net.probe.activations(net.templates, net.layer).ravel()
        >>> bool(both.min() > 0), net.probe.activations(moved, net.layer).item()
        (True, 0.0)
    """
    patch = _smooth(np.random.default_rng(seed_from(rng)), 6)
    patch /= np.linalg.norm(patch)
    templates = np.zeros((len(shifts), SIZE, SIZE, 1), np.float32)
    gate = np.zeros((SIZE - 5, SIZE - 5, 1, 1), np.float32)
    for template, (row, col) in zip(templates, shifts, strict=True):
        template[row : row + 6, col : col + 6, 0] = SIZE * patch  # of norm 16: deviation 1
        gate[row, col] = 1.0
    model = keras.Sequential([
        keras.Input((SIZE, SIZE, 1)),
        keras.layers.Conv2D(1, 6, activation="relu", name="patch"),
        keras.layers.Conv2D(1, SIZE - 5, activation="relu", use_bias=False, name=LAYER),
    ], name="planted_shifts")  # fmt: skip
    threshold = np.full(1, -_THRESHOLD * SIZE, np.float32)
    model.get_layer("patch").set_weights([patch[:, :, None, None].astype(np.float32), threshold])
    model.get_layer(LAYER).set_weights([gate])
    return Planted(_probe(model), LAYER, templates)


def _templates(count: int, seed: int) -> FloatArray:
    """Return (K, 16, 16, 1) orthogonal smooth images of mean 0 and standard deviation 1."""
    rng = np.random.default_rng(seed)
    drawn = np.stack([np.ones(SIZE * SIZE), *(_smooth(rng, SIZE).ravel() for _ in range(count))])
    basis = np.linalg.qr(drawn.T)[0].T[1:]
    return (SIZE * basis.reshape(count, SIZE, SIZE, 1)).astype(np.float32)


def _smooth(rng: np.random.Generator, size: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return (size, size) noise of mean 0 without fine grain."""
    spectrum = np.fft.fft2(rng.normal(size=(size, size)))
    radius = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.fftfreq(size)[None])
    found = np.fft.ifft2(spectrum * np.exp(-((radius / 0.15) ** 2))).real
    return np.asarray(found - found.mean())


def _kernels(templates: FloatArray) -> FloatArray:
    """Return (16, 16, 1, K) kernels of norm 1."""
    return np.asarray(np.moveaxis(templates, 0, -1) / SIZE, np.float32)


def _probe(model: Any) -> ModelProbe:
    return ModelProbe(model, input_space=InputSpace.identity())
