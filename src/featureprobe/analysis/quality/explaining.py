"""Whether likeness to a picture predicts what a unit answers to images that were not used."""

from collections.abc import Callable

import numpy as np

from featureprobe.analysis.stats.ranks import rank_correlations
from featureprobe.types import FloatArray, Floats, Whole

_LIMIT = 2**26  # numbers of a product at a time


def predicted(
    compare: Callable[[FloatArray, Whole], Floats],
    pictures: FloatArray,
    examples: FloatArray,
    units: Whole,
    answers: FloatArray,
) -> tuple[Floats, Floats, Floats]:
    """Return how well likeness predicts answers, by pictures, by examples, and by chance.

    Args:
        compare: Returns (A, B) likenesses of A pictures, each of a unit, to B images that neither was
            made or chosen with.
        pictures: (K, H, W, C).
        examples: (K, n, H, W, C) top natural images of each unit; their likenesses are averaged.
        units: (K,) the unit of each picture.
        answers: (B, K) what the units answer to those images.

    Returns:
        (K,) rank correlations with the unit's answers: of the picture, of the examples, and the
        mean over the other units' pictures.
    """
    all_pairs = rank_correlations(compare(pictures, units), answers.T, what="Explanatory power")
    count = len(pictures)
    by_picture = np.diag(all_pairs).copy()
    others = np.where(np.eye(count, dtype=bool), 0, all_pairs).sum(axis=0) / max(1, count - 1)
    size = max(1, _LIMIT // (examples[0].size + len(answers) * examples.shape[1]))
    by_examples = []
    for k in range(0, count, size):
        some = examples[k : k + size]
        of_units = np.repeat(units[k : k + size], some.shape[1])
        alike = compare(some.reshape(-1, *some.shape[2:]), of_units)
        mean = alike.reshape(len(some), some.shape[1], -1).mean(axis=1)
        some = answers[:, k : k + size].T
        by_examples.append(np.diag(rank_correlations(mean, some, what="Explanatory power")))
    chance = others if count > 1 else np.full(1, np.nan)
    return by_picture, np.concatenate(by_examples), chance
