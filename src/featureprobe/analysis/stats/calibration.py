"""How often a net is right, and how often it says it is."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from featureprobe.types import FloatArray

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


def confusion_matrix(labels: Whole, said: Whole, classes: int) -> Whole:
    """Return (K, K) counts: rows are the true classes, columns what the net says."""
    found = np.zeros((classes, classes), np.int64)
    np.add.at(found, (labels, said), 1)
    return found


def softmax(logits: FloatArray, temperature: float = 1.0) -> Floats:
    """Return (N, K) probabilities of logits, divided by a temperature first."""
    scaled = logits.astype(np.float64) / temperature
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


@dataclass(frozen=True, eq=False)
class Reliability:
    """Confidence against accuracy, in bins of equal width.

    Attributes:
        counts: (B,) images of each bin.
        confidence: (B,) mean confidence; NaN where there are none.
        accuracy: (B,) share that is right; likewise.
    """

    counts: Whole
    confidence: Floats
    accuracy: Floats

    @property
    def expected_error(self) -> float:
        """The mean of |confidence - accuracy|, weighted by images.

        Source: Naeini et al., "Obtaining well calibrated probabilities using Bayesian binning", 2015.
        """
        some = self.counts > 0
        gap = np.abs(self.confidence[some] - self.accuracy[some])
        return float((gap * self.counts[some]).sum() / self.counts.sum())


def reliability(labels: Whole, probabilities: Floats, bins: int = 15) -> Reliability:
    """Sort images by the largest probability and see how often it is right.

    Args:
        labels: (N,) true classes.
        probabilities: (N, K).
        bins: Of equal width over 0..1.
    """
    confidence, said = probabilities.max(axis=1), probabilities.argmax(axis=1)
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    counts = np.bincount(place, minlength=bins)
    with np.errstate(invalid="ignore"):
        mean = np.bincount(place, confidence, bins) / counts
        right = np.bincount(place, said == labels, bins) / counts
    return Reliability(counts, mean, right)


def best_temperature(labels: Whole, logits: FloatArray) -> float:
    """Return the temperature under which the labels are most likely.

    Source: Guo et al., "On calibration of modern neural networks", 2017. The loss has one minimum in
    the inverse temperature; it is found by golden sections of its logarithm.
    """

    def loss(log_temperature: float) -> float:
        chances = softmax(logits, float(np.exp(log_temperature)))
        own = chances[np.arange(len(labels)), labels]
        return float(-np.log(np.maximum(own, 1e-300)).mean())

    low, high, ratio = np.log(0.05), np.log(20.0), (np.sqrt(5) - 1) / 2
    for _ in range(60):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        low, high = (low, right) if loss(left) < loss(right) else (left, high)
    return float(np.exp((low + high) / 2))
