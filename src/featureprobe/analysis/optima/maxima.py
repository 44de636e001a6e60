"""The maxima of one target: which ends are good, which are the same, what lies between them."""

from typing import Any

import numpy as np
import numpy.typing as npt

from featureprobe.analysis.optima.climbing import Ends
from featureprobe.analysis.optima.landscape import ANGLES, DIRECTIONS, Landscape
from featureprobe.analysis.optima.thresholds import ALIKE, GOOD_GAP, MOST_SHIFT, PICTURES
from featureprobe.analysis.optima.visible import visible
from featureprobe.analysis.stats.clusters import average_linkage
from featureprobe.analysis.stats.similarity import shift_similarity
from featureprobe.initializers.pixel_noise import PixelNoise
from featureprobe.types import FloatArray, Floats

_OTHERS = 64  # targets that each one is compared with, at most
_NOISE = 10_000  # number of the seeds of directions; those of starts are far below


def gaps_of(scores: npt.ArrayLike, best: npt.ArrayLike) -> Floats:
    """Return (T, R) how far scores (T, R) lie below the best ones (T,), as a share of these."""
    top = np.asarray(best, np.float64)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        gaps = (top - np.asarray(scores, np.float64)) / np.abs(top)
    return np.where(np.asarray(scores) == top, 0.0, gaps)


def describe_maxima(ends: Ends, landscape: Landscape, seed: int) -> dict[str, npt.NDArray[Any]]:
    """Return the fields of a Definedness that are about maxima, all targets' by name."""
    alive = np.where(ends.alive, ends.scores, -np.inf)
    gaps = gaps_of(ends.scores, alive.max(axis=1))
    good = ends.alive & (gaps <= GOOD_GAP)
    space, shape = landscape.probe.input_space, landscape.probe.image_shape
    generator = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(_NOISE,)))
    drawn = [PixelNoise().draw(shape, space, generator) for _ in range(DIRECTIONS)]
    noise = space.to_model(np.stack(drawn))
    parts = [
        _of_target(number, ends, np.flatnonzero(own), landscape, noise)
        for number, own in enumerate(good)
    ]
    found = {name: np.stack([part[name] for part in parts]) for name in parts[0]}
    return found | {"others": _likeness_to_others(found["images"][:, 0], landscape)}


def _likeness_to_others(images: FloatArray, landscape: Landscape) -> Floats:
    """Return (T,) the median similarity of each target's image (*spatial, C) to those of others."""
    found = np.full(len(images), np.nan)
    alive = np.flatnonzero(np.isfinite(images).all(axis=tuple(range(1, images.ndim))))
    sample = alive[:: -(-len(alive) // _OTHERS)] if len(alive) else alive
    for number in alive:
        others = sample[sample != number]
        if len(others):
            target = landscape.targets[int(number)]
            seen = visible(landscape.probe, target, images[[number, *others]])
            found[number] = np.median(shift_similarity(seen[:1], seen[1:], max_shift=MOST_SHIFT))
    return found


def _of_target(
    number: int, ends: Ends, good: npt.NDArray[np.int64], landscape: Landscape, noise: FloatArray
) -> dict[str, npt.NDArray[Any]]:
    """Return what was found for one target, filled up with -1 and NaN."""
    starts, images = ends.scores.shape[1], ends.images[number]
    found: dict[str, npt.NDArray[Any]] = {
        "clusters": np.full(starts, -1),
        "similarity": np.full((starts, starts), np.nan, np.float32),
        "pictured": np.full(PICTURES, -1),
        "images": np.full((PICTURES, *images.shape[1:]), np.nan, np.float32),
        "barriers": np.full((PICTURES, PICTURES), np.nan),
        "tuning": np.full(len(ANGLES), np.nan),
    }
    if not len(good):
        return found
    seen = visible(landscape.probe, landscape.targets[number], images[good])
    alike = shift_similarity(seen, seen, max_shift=MOST_SHIFT)
    found["similarity"][np.ix_(good, good)] = alike
    scores = ends.scores[number][good]
    labels = _by_size(average_linkage(alike, ALIKE), scores)
    found["clusters"][good] = labels
    shown = [
        good[labels == c][scores[labels == c].argmax()]
        for c in range(min(PICTURES, labels.max() + 1))
    ]
    count = len(shown)
    found["pictured"][:count], found["images"][:count] = shown, images[shown]
    maxima = landscape.probe.input_space.to_model(images[[*shown, good[scores.argmax()]]])
    found["barriers"][:count, :count] = landscape.barriers(number, maxima[:-1])
    found["tuning"] = landscape.tuning(number, maxima[-1], noise)
    return found


def _by_size(labels: npt.NDArray[np.int64], scores: FloatArray) -> npt.NDArray[np.int64]:
    """Return labels with the largest cluster first, of equal ones that with the best score."""
    clusters = range(labels.max() + 1)
    sizes = [-(labels == c).sum() for c in clusters]
    best = [-scores[labels == c].max() for c in clusters]
    return np.asarray(np.lexsort((best, sizes)).argsort()[labels], np.int64)
