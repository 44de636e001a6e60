"""The suspicion score: how little a picture has to do with what real images do to its unit."""

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]

USUAL = 8  # pictures from which on one can say what is usual


def suspicion(
    company: Floats,
    sources: Floats,
    explains: Floats,
    explains_top: Floats,
    *,
    excited: Floats,
    top_natural: Floats,
) -> npt.NDArray[np.float64]:
    """Return (K,) the suspicion that a picture does not show what its unit answers to, 0..1.

    It is one minus the mean of four agreements, each held within 0..1. No weight is fitted to data,
    but sources by their size, and moderation, were chosen after a first formula had missed circuits:

    - *company*: how alike the answers of the unit's whole layer to the picture and to the unit's top
      natural images are, 1 as alike as those are among each other, 0 as alike as any images
      (:attr:`Likeness.normalized`);
    - *sources*: the same for what each earlier map contributes to the unit, times how much of the
      answer comes through the layer at all: whether the picture excites it through the maps through
      which real images do (the mean over earlier layers; a unit of a first layer has none);
    - *explanation*: the rank correlation of likeness to the picture and the unit's answers on unseen
      images, as a share of what the top natural images reach;
    - *moderation*: how many times the picture exceeds the best natural image, against what is usual
      among the pictures assessed together: the usual ratio (their median) as a share of its own, at
      most 1. A hidden way has to drown the natural one. Known for eight pictures or more.

    What is not known (NaN) is left out of the mean. A unit that the picture excites and no natural
    image does has a suspicion of 1; one that neither excites has none (NaN). The path of activations
    through earlier layers (Geirhos et al., ICML 2024) is reported beside it, but does not count:
    pictures by ascent leave it even where nothing is wrong.

    Args:
        company: (K,) normalized likeness of activations in the unit's layer.
        sources: (K, M) shared sources.
        explains: (K,) rank correlation by the picture.
        explains_top: (K,) rank correlation by the top natural images.
        excited: (K,) score of the picture.
        top_natural: (K,) score of the best natural image.
    """
    explanation = share_of(explains, explains_top)
    moderation = _moderation(share_of(excited, top_natural))
    agreements = [company, mean_known(sources), explanation, moderation]
    found = 1 - mean_known(np.stack(agreements, axis=1).clip(0, 1))
    found = np.where(top_natural > 0, found, 1.0)
    return np.where((excited > 0) | (top_natural > 0), found, np.nan)


def _moderation(ratio: Floats) -> Floats:
    """Return (K,) the usual ratio as a share of each, at most 1; NaN for fewer than eight."""
    known = ratio[np.isfinite(ratio)]
    if len(known) < USUAL:
        return np.full(len(ratio), np.nan)
    return np.asarray(np.minimum(1, np.median(known) / np.maximum(ratio, 1e-12)))


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
