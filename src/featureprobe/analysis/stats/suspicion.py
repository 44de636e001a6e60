"""The suspicion score: how little a picture has to do with what real images do to its unit."""

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]

USUAL = 8  # pictures from which on one can say what is usual
HARDLY = 0.05
"""A unit whose best natural answer is below this share of the usual is hardly excited by any image."""


def suspicion(
    company: Floats,
    sources: Floats,
    explanation: Floats,
    reach: Floats,
    *,
    excited: Floats,
    natural: Floats,
) -> npt.NDArray[np.float64]:
    """Return (K,) the suspicion that a picture does not show what its unit answers to, 0..1.

    It is one minus the mean of three agreements, each held within 0..1. No weight is fitted to data,
    but which agreements count was learned from earlier formulas, on nets that were fooled by hand:

    - *the way*: what each earlier map contributes to the unit, how alike for the picture and for the
      unit's top natural images, 1 as alike as these are among each other, 0 as alike as any images
      (:attr:`Likeness.normalized`), times how much of the answer comes through the layer at all; the
      mean over earlier layers (a unit of a first layer has none);
    - *the height*: how far the unit's strongest node goes before its activation, in units of the range
      of natural images: what is usual, as a share of the picture's own, at most 1. A hidden way has
      to drown the natural one. Usual is the median of the pictures assessed together, at least 1,
      or 1 for fewer than eight. Before the activation, for there a unit has a range even where
      it is rectified and seldom answers;
    - *what natural images say*: the mean of the *company*, the answers of the unit's whole layer
      compared in the same way, and of the *explanation*.

    What is not known (NaN) is left out of the means. Where only the height is known, and for a unit
    that natural images hardly excite, there is nothing to hold a picture against, and the suspicion is
    NaN. A picture that goes no further than is usual has at most 2/3 where all three are known. The
    path of activations through earlier layers (Geirhos et al., ICML 2024) is reported beside it, but
    does not count: pictures by ascent leave it even where nothing is wrong.

    Args:
        company: (K,) normalized likeness of activations in the unit's layer.
        sources: (K, M) shared sources.
        explanation: (K,) explanatory power, 0 as by chance, 1 as of the top natural images.
        reach: (K,) how far the strongest node goes, 1 as far as for the best natural image.
        excited: (K,) score of the picture.
        natural: (K,) score of the best natural image, as a share of the layer's usual unit's.
    """
    agreed = agreements(company, sources, explanation, reach)
    known = np.isfinite(agreed[:, [0, 2]]).any(axis=1) & (natural >= HARDLY)
    return np.where(known, np.where(excited > 0, 1 - mean_known(agreed), 1.0), np.nan)


def agreements(
    company: Floats, sources: Floats, explanation: Floats, reach: Floats
) -> npt.NDArray[np.float64]:
    """Return (K, 3): the way, the height, what natural images say, each 0..1; NaN where unknown.

    Arguments as for :func:`suspicion`.
    """
    said = mean_known(np.stack([company, explanation], axis=1).clip(0, 1))
    return np.stack([mean_known(sources.clip(0, 1)), _moderation(reach), said], axis=1)


def _moderation(reach: Floats) -> Floats:
    """Return (K,) the usual reach as a share of each, at most 1; NaN where it is unknown."""
    known = reach[np.isfinite(reach)]
    usual = max(1.0, float(np.median(known))) if len(known) >= USUAL else 1.0
    return np.asarray(np.minimum(1, usual / np.maximum(reach, 1e-12)))


def share_of(values: Floats, of: Floats) -> Floats:
    """Return values as shares of what is positive; NaN elsewhere."""
    positive = np.nan_to_num(of) > 0
    return np.asarray(np.where(positive, values / np.where(positive, of, 1), np.nan))


def mean_known(values: Floats) -> npt.NDArray[np.float64]:
    """Return the mean along the last axis of what is finite; NaN where nothing is."""
    known = np.isfinite(values)
    count = known.sum(axis=-1)
    total = np.where(known, values, 0).sum(axis=-1)
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan), np.float64)
