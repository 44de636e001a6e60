"""Unclear images: those that the net nearly takes for another class, found by rule."""

from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from featureprobe import _checks
from featureprobe._arguments import Count, Layers, checked
from featureprobe.analysis.finding import Finding
from featureprobe.analysis.patterns.contributions import Contributions, margin_weights, split_margin
from featureprobe.analysis.patterns.distances import distances, nearest_images
from featureprobe.analysis.patterns.patterns import Patterns, two_classes
from featureprobe.analysis.patterns.view_parts import pixel_range
from featureprobe.analysis.stats.calibration import (
    best_temperature,
    calibration_error,
    confusion_matrix,
    softmax,
)
from featureprobe.errors import ConfigError, RangeError
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.types import OUTPUT, FloatArray, Floats, Whole


@dataclass(frozen=True, eq=False, repr=False)
class UnclearImages(Finding):
    """The n images of a class with the smallest margin over another, and what is known of each.

    Option of ``plot``: ``count``, how many of the images are drawn.

    Args:
        label: Their class.
        against: The class that they are nearly taken for.
        layers: Where distances are measured.
        places: (n,) their places among the images given, the least clear first.
        images: (n, H, W, C), pixel units.
        margins: (n,) logit(label) - logit(against).
        ranks: (L, n) share of the class's images that lean at least as much to the other class
            (distance to their own mean pattern less that to the other's), 0..1; small is unusual.
        to_own: (L, n) cosine distance to the mean pattern of ``label``, without the image itself.
        to_other: (L, n) cosine distance to that of ``against``.
        differing_own: (L, n) share of nodes that are on or off unlike in most images of ``label``.
        differing_other: (L, n) the same for ``against``.
        typical_on: (L, n) share of the nodes common to ``label`` that are active.
        shares: How the margin of each splits at ``layers[0]``.
        neighbours: (n, k) places of the nearest other images at ``layers[0]``, by cosine.
        neighbour_images: (n, k, H, W, C).
        neighbour_labels: (n, k).
        confusion: (K, K) counts over all images given: true class by what the net says.
        temperature: By which logits must be divided to be calibrated on these images.
        calibration_error: Expected calibration error as the net is, and at that temperature.
        low: Pixel units shown black.
        high: Pixel units shown white.

    Example:
        >>> import featureprobe as fp
        >>> probe, (images, labels) = fp.samples.mnist_probe(), fp.samples.mnist_digits()
        >>> found = fp.analysis.unclear_images(probe, images, labels, 4, 9, ["Dense_1"], count=2)
        >>> found.neighbour_labels.shape
        (2, 5)
    """

    kind: ClassVar[str] = "unclear_images"
    _shapes: ClassVar[str] = (
        "places: n; images: n ...; margins: n; ranks: L n; to_own: L n; to_other: L n; "
        "differing_own: L n; differing_other: L n; typical_on: L n; layers: L; neighbours: "
        "n k; neighbour_images: n k ...; neighbour_labels: n k; confusion: K K"
    )
    label: int
    _: KW_ONLY
    against: int
    layers: tuple[str, ...]
    places: Whole
    images: FloatArray
    margins: Floats
    ranks: Floats
    to_own: Floats
    to_other: Floats
    differing_own: Floats
    differing_other: Floats
    typical_on: Floats
    shares: Contributions
    neighbours: Whole
    neighbour_images: FloatArray
    neighbour_labels: Whole
    confusion: Whole
    temperature: float
    calibration_error: tuple[float, float]
    low: float = 0.0
    high: float = 255.0

    @property
    def verdict(self) -> str:
        """How unclear they are, and to whom."""
        wrong = int((self.margins <= 0).sum())
        nearer = (self.to_other < self.to_own).mean(axis=1)
        where = ", ".join(f"{p} {share:.0%}" for p, share in zip(self.layers, nearer, strict=True))
        return (
            f"The {len(self.places)} least clear images of {self.label} have margins over "
            f"{self.against} of {self.margins.min():.2f} to {self.margins.max():.2f} logits, {wrong} "
            f"on the wrong side; nearer to the mean pattern of {self.against} than of {self.label}: "
            f"{where}."
        )

    @property
    def _size(self) -> tuple[float, float]:
        return 14.0, 2.3 * min(4, len(self.places)) + 0.8


@checked
def unclear_images(
    probe: ModelProbe,
    images: npt.ArrayLike,
    labels: npt.ArrayLike,
    label: int,
    against: int,
    layers: Layers,
    *,
    count: Count = 8,
    neighbours: Count = 5,
    threshold: float = 0.0,
) -> UnclearImages:
    """Find the images of a class with the smallest margin over another, and describe each.

    Args:
        probe: The opened model.
        images: (N, H, W, C), pixel units, of all classes.
        labels: (N,) numbers of outputs.
        label: The class.
        against: The class that it is nearly taken for.
        layers: Where distances are measured; the first must be one that all paths to the output go
            through: the margin is split there.
        count: Images to describe.
        neighbours: Nearest images of each.
        threshold: A node is active above this activation.

    Returns:
        The images, least clear first.

    Raises:
        RangeError: When the class has fewer images than ``count``, or a label is no output.
        DataError: When a class has no image.
        ModelError: When a path to the output avoids the first layer.
        MissingExtraError: Without scipy and scikit-learn, which ``featureprobe[analysis]`` brings.

    Example:
        >>> import featureprobe as fp
        >>> probe, (images, labels) = fp.samples.mnist_probe(), fp.samples.mnist_digits()
        >>> found = unclear_images(probe, images, labels, 4, 9, ["Conv2D_3", "Dense_1"], count=3)
        >>> bool((found.margins[1:] >= found.margins[:-1]).all())
        True
    """
    if isinstance(layers, str) or not len(layers):
        raise ConfigError(f"layers is a list of paths. Received: {layers!r}.")
    pixels = _checks.images(images, probe.image_shape)
    first, *_ = every = [Patterns.of(probe, pixels, labels, layer) for layer in layers]
    two_classes(first, label, against)
    own = _of_class(first, label, count)
    logits = _logits(probe, pixels, first.labels)
    margins = logits[own].astype(np.float64) @ margin_weights(probe, label, against)
    places = own[np.argsort(margins, kind="stable")[:count]]
    near = nearest_images(first, places, neighbours)
    by_layer = [distances(p, places, label, against, threshold) for p in every]
    measured: dict[str, Any] = {n: np.stack([row[n] for row in by_layer]) for n in by_layer[0]}
    measured |= _calibration(first.labels, logits) | pixel_range(probe.input_space)
    return UnclearImages(
        int(label),
        against=int(against),
        layers=tuple(layers),
        places=places,
        images=pixels[places],
        margins=np.sort(margins, kind="stable")[:count],
        shares=split_margin(probe, pixels[places], layers[0], label, against),
        neighbours=near,
        neighbour_images=pixels[near],
        neighbour_labels=first.labels[near],
        **measured,
    )


def _of_class(patterns: Patterns, label: int, count: int) -> Whole:
    """Return the places of a class's images, at least ``count``."""
    own = patterns.where(label)
    if _checks.whole("count", count, least=1) > len(own):
        raise RangeError(
            f"count is at most the number of images of the class {label}, {len(own)}. "
            f"Received {count}. Give a smaller one."
        )
    return own


def _logits(probe: ModelProbe, pixels: FloatArray, labels: Whole) -> FloatArray:
    """Return (N, K) outputs before their activation, of which the labels are numbers."""
    logits = probe.activations(pixels, OUTPUT, pre=True)
    if labels.min() < 0 or labels.max() >= logits.shape[1]:
        raise RangeError(
            f"labels are numbers of the {logits.shape[1]} outputs. Received "
            f"{labels.min()}..{labels.max()}."
        )
    return logits


def _calibration(labels: Whole, logits: FloatArray) -> dict[str, Any]:
    temperature = best_temperature(labels, logits)
    errors = [calibration_error(labels, softmax(logits, t)) for t in (1.0, temperature)]
    return {
        "confusion": confusion_matrix(labels, logits.argmax(axis=1), logits.shape[1]),
        "temperature": temperature,
        "calibration_error": tuple(errors),
    }
