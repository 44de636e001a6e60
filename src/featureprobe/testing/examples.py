"""An example of every built-in kind, on the layers of the tiny nets.

A kind without an example fails `tests/contracts/test_builtins.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import tensorflow as tf

from featureprobe._component import ArrayValue, Component
from featureprobe.initializers.from_image import FromImage
from featureprobe.initializers.from_images import FromImages
from featureprobe.initializers.lifted import initializer_from
from featureprobe.initializers.moved import Moved
from featureprobe.initializers.multi_scale_noise import MultiScaleNoise
from featureprobe.initializers.pixel_noise import PixelNoise
from featureprobe.initializers.spectral_noise import SpectralNoise
from featureprobe.input_space import InputSpace
from featureprobe.objectives.diversity import Diversity
from featureprobe.objectives.input_norm import InputNorm
from featureprobe.objectives.lifted import objective_from
from featureprobe.objectives.logit import Logit
from featureprobe.objectives.map_mean import MapMean
from featureprobe.objectives.node import Node
from featureprobe.objectives.pattern_match import PatternMatch
from featureprobe.objectives.reach import Reach
from featureprobe.objectives.seen import Seen
from featureprobe.objectives.total_variation import TotalVariation
from featureprobe.parameterizations.fourier import Fourier
from featureprobe.parameterizations.pixels import Pixels
from featureprobe.regularizers.clip import Clip
from featureprobe.regularizers.every import Every
from featureprobe.regularizers.gaussian_blur import GaussianBlur
from featureprobe.regularizers.lifted import regularizer_from
from featureprobe.regularizers.standardize import Standardize
from featureprobe.regularizers.until import Until
from featureprobe.rules.adam import Adam
from featureprobe.rules.backtracking import Backtracking
from featureprobe.rules.momentum import Momentum
from featureprobe.rules.normalized_gradient import NormalizedGradient
from featureprobe.step import Step
from featureprobe.testing.models import IMAGE_SHAPE
from featureprobe.transforms.jitter import Jitter
from featureprobe.transforms.lifted import transform_from
from featureprobe.transforms.noise import Noise
from featureprobe.types import FloatArray, ImageShape, Read, Tensor


@dataclass(frozen=True)
class Example:
    """A component with what its contract must know about it.

    Attributes:
        component: Fields are not at their defaults, where there is a choice.
        declared: Class attributes of the contract, such as ``{"random": False}``.

    Example:
        >>> EXAMPLES["jitter"][0].component
        Jitter(pixels=2)
    """

    component: Component
    declared: Mapping[str, Any] = field(default_factory=dict)


def _strongest(seen: Seen) -> Tensor:
    return tf.reduce_max(seen[0], axis=(1, 2)) - 0.1 * tf.reduce_mean(seen[1], axis=1)


def _grey(shape: ImageShape, space: InputSpace, rng: np.random.Generator) -> FloatArray:
    grey = space.center + 0.1 * space.spread * rng.uniform(-1, 1, shape)
    return space.to_pixels(grey)


def _fade(images: Tensor, step: Step) -> Tensor:
    center = step.space.center
    return center + 0.99 * (images - center)


def _dim(images: Tensor, step: Step) -> Tensor:
    draw = tf.cast(step.uniform([1] * (len(images.shape) - 1)), images.dtype)
    return images * (0.5 + 0.5 * draw)


_PICTURE = ArrayValue((np.arange(240) % 251).astype(np.uint8).reshape(IMAGE_SHAPE))
_PICTURES = ArrayValue((np.arange(720) % 251).astype(np.uint8).reshape(3, *IMAGE_SHAPE))
_PATTERN = ArrayValue(np.sin(np.arange(36, dtype=np.float32)).reshape(3, 2, 6))  # of conv2
_MASK = ArrayValue(np.array([[0, 1], [2, 0], [0, 0.5]], np.float32))  # of conv2's maps
_ONE_SHAPE = {"shapes": (IMAGE_SHAPE,)}

EXAMPLES: Mapping[str, tuple[Example, ...]] = {
    example[0].component.kind: example
    for example in (
        (
            Example(MapMean("conv2", channel=3)),
            Example(MapMean("conv1", channel=1, pre=True)),
        ),
        (
            Example(Node("conv2", row=2, col=1, channel=4)),
            Example(Node("dense", index=2, pre=True)),
        ),
        (
            Example(Logit(3)),
            Example(Logit(2, layer="conv2", position=(1, 0))),
            Example(Logit(4, layer="conv2", mask=_MASK)),
        ),
        (
            Example(PatternMatch("conv2", pattern=_PATTERN, power=2.0)),
            Example(PatternMatch("conv2", pattern=_PATTERN, power=0.0)),
        ),
        (
            Example(Reach(MapMean("conv2", channel=3), goal=0.2)),
            Example(Reach(Node("dense", index=1) - 0.5 * Node("dense", index=2), 3.0, within=0.5)),
        ),
        (
            Example(0.5 * MapMean("conv2", channel=3) - 0.1 * TotalVariation()),
            Example(
                MapMean("conv1", channel=2)
                + 2 * Node("conv2", row=1, col=0, channel=5)
                + 0.3 * Diversity("conv2")
            ),
        ),
        (Example(TotalVariation()),),
        (Example(InputNorm(3.0)),),
        (Example(Diversity("conv2")),),
        (
            Example(
                objective_from(_strongest, reads=(Read("conv2", channel=1), Read("dense"))),
            ),
        ),
        (Example(PixelNoise(0.7)),),
        (Example(MultiScaleNoise((2, 5), weights=(2.0, 1.0), amount=0.9)),),
        (
            Example(FromImage(_PICTURE, noise=0.2), _ONE_SHAPE),
            Example(FromImage(_PICTURE), {**_ONE_SHAPE, "random": False}),
        ),
        (Example(FromImages(_PICTURES, noise=0.2), _ONE_SHAPE),),
        (Example(Moved(PixelNoise(0.5), shift=0.1, zoom=1.5)),),
        (Example(SpectralNoise(1.5, amount=0.8)), Example(SpectralNoise(0.0))),
        (Example(initializer_from(_grey)),),
        (Example(GaussianBlur(0.6, size=3)), Example(GaussianBlur(0.0))),
        (Example(Standardize()),),
        (Example(Clip()), Example(Clip(1.5))),
        (Example(Every(2, GaussianBlur(0.8))), Example(Every(1, Clip(1.0)))),
        (Example(Until(2, GaussianBlur(0.8))), Example(Until(3, Every(2, Clip(1.0))))),
        (Example(regularizer_from(_fade)),),
        (Example(Jitter(2)), Example(Jitter(0), {"random": False})),
        (Example(Noise(0.3)),),
        (Example(transform_from(_dim)),),
        (Example(Pixels()),),
        (Example(Fourier(decay=0.5)), Example(Fourier())),
        (
            Example(NormalizedGradient(0.3, decay=4.0)),
            Example(NormalizedGradient()),
        ),
        (Example(Adam(0.1, beta1=0.8)),),
        (Example(Backtracking(0.1, beta=0.5)),),
        (Example(Momentum(0.3, beta=0.7, decay=8.0)), Example(Momentum(decay=None))),
    )
}
"""Examples of every built-in kind of the open entry-point groups, by kind."""
