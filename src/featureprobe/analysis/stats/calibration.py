"""How often a net is right, and how often it says it is."""

import numpy as np

from featureprobe._extras import need
from featureprobe.types import FloatArray, Floats, Whole

_WHAT = "The calibration of a net"


def confusion_matrix(labels: Whole, said: Whole, classes: int) -> Whole:
    """Return (K, K) counts: rows are the true classes, columns what the net says."""
    metrics = need("sklearn.metrics", what=_WHAT, extra="analysis")
    found = metrics.confusion_matrix(labels, said, labels=np.arange(classes))
    return np.asarray(found, np.int64)


def softmax(logits: FloatArray, temperature: float = 1.0) -> Floats:
    """Return (N, K) probabilities of logits, divided by a temperature first."""
    special = need("scipy.special", what=_WHAT, extra="analysis")
    return np.asarray(special.softmax(logits.astype(np.float64) / temperature, axis=1))


def calibration_error(labels: Whole, probabilities: Floats, bins: int = 15) -> float:
    """Return the mean of |confidence - accuracy| over bins of equal width, weighted by images.

    Args:
        labels: (N,) true classes.
        probabilities: (N, K).
        bins: Of the largest probability, over 0..1.

    Source: Naeini et al., "Obtaining well calibrated probabilities using Bayesian binning", 2015.
    """
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    return float(np.abs(np.bincount(place, confidence - right, bins)).sum() / len(labels))


def best_temperature(labels: Whole, logits: FloatArray) -> float:
    """Return the temperature under which the labels are most likely, 0.05 to 20.

    Source: Guo et al., "On calibration of modern neural networks", 2017. The loss has one minimum in
    the inverse temperature, which is looked for in its logarithm.
    """
    special = need("scipy.special", what=_WHAT, extra="analysis")
    optimize = need("scipy.optimize", what=_WHAT, extra="analysis")
    wide, rows = logits.astype(np.float64), np.arange(len(labels))

    def loss(log_temperature: float) -> float:
        chances = special.log_softmax(wide / np.exp(log_temperature), axis=1)
        return float(-chances[rows, labels].mean())

    ends = (np.log(0.05), np.log(20.0))
    found = optimize.minimize_scalar(loss, bounds=ends, method="bounded", options={"xatol": 1e-9})
    return float(np.exp(found.x))
