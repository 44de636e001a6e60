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
    """Return a net whose one map answers to any of several templates: an OR, by their maximum.

    Each template is a strict local maximum on the sphere, all of one height; half way between two
    the map answers 71 % as much.

    Args:
        count: Templates, 1 to 64.
        rng: Seed of the templates.

    Example:
        >>> import featureprobe as fp
        >>> net = fp.testing.planted_alternatives(3)
        >>> net.probe.activations(net.templates, net.layer).ravel().round(3).tolist()
        [16.0, 16.0, 16.0]
    """
    return _any_of("planted_alternatives", _templates(count, seed_from(rng)))


def planted_shifts(
    shifts: tuple[tuple[int, int], ...] = ((0, 0), (0, 6), (5, 2)), *, rng: Rng = 0
) -> Planted:
    """Return a net whose one map answers to a patch of 6 x 6 pixels at some places only.

    Args:
        shifts: (row, col) of the patch's upper left pixel, 0..10 each.
        rng: Seed of the patch, which is white noise: moved by a pixel, it is unlike itself.

    Returns:
        The net; ``templates[k]`` has the patch at ``shifts[k]``.

    Example:
        >>> import featureprobe as fp
        >>> net = fp.testing.planted_shifts(((0, 0), (3, 7)))
        >>> moved = fp.testing.planted_shifts(((4, 4),)).templates
        >>> answers = net.probe.activations(net.templates, net.layer).ravel()
        >>> other = net.probe.activations(moved, net.layer).item()
        >>> answers.round(3).tolist(), other < 8
        ([16.0, 16.0], True)
    """
    patch = np.random.default_rng(seed_from(rng)).normal(size=(6, 6, 1))
    patch -= patch.mean()
    templates = np.zeros((len(shifts), SIZE, SIZE, 1), np.float32)
    for template, (row, col) in zip(templates, shifts, strict=True):
        template[row : row + 6, col : col + 6] = SIZE * patch / np.linalg.norm(patch)
    return _any_of("planted_shifts", templates)


def _any_of(name: str, templates: FloatArray) -> Planted:
    """Return a net of one map: the largest of the answers to the templates, at least 0."""
    image = keras.Input((SIZE, SIZE, 1), name="image")
    facets = [
        keras.layers.Conv2D(1, SIZE, activation="relu", use_bias=False, name=f"facet_{k}")
        for k in range(len(templates))
    ]
    answers = [facet(image) for facet in facets]
    answer = (
        keras.layers.Maximum(name=LAYER)(answers)
        if len(answers) > 1
        else (keras.layers.Identity(name=LAYER)(answers[0]))
    )
    model = keras.Model(image, answer, name=name)
    for facet, template in zip(facets, templates, strict=True):
        facet.set_weights([_kernels(template[None])])
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
