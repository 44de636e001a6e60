"""Parts: what each connected part of an image is worth to a target, alone and together."""

from dataclasses import KW_ONLY, dataclass
from math import factorial
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from featureprobe._extras import need
from featureprobe.analysis.finding import Finding
from featureprobe.analysis.optima.target_score import scores_of
from featureprobe.errors import ShapeError
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.types import FloatArray, Floats, Mask, UnitStatistic

MOST_PARTS = 8
_WEAK = 0.125  # a quarter of what two parts show that are nothing without each other


@dataclass(frozen=True, eq=False, repr=False)
class Parts(Finding):
    """The largest parts of one image, and the score of every choice of them.

    A part is kept, or replaced by the background. What belongs to no part stays.

    ``plot`` takes a figure only.

    Args:
        labels: (H, W) number of the part from 1, 0 for none; the largest is first.
        coalitions: (2^k,) scores; entry s keeps part j (from 0) where bit j of s is set.
        background_score: Score of the background alone.
        background: (C,) the background, pixel units.
        image: (H, W, C), pixel units.

    Example:
        >>> import featureprobe as fp
        >>> from featureprobe.analysis.optima import decompose
        >>> probe, (images, labels) = fp.samples.mnist_probe(), fp.samples.mnist_digits()
        >>> target = fp.MapMean("Conv2D_3", channel=5)
        >>> parts = decompose(probe, images[0], target, rounds=20).parts
        >>> bool(abs(parts.shapley.sum() - (parts.score - parts.score_without)) < 1e-6)
        True
    """

    kind: ClassVar[str] = "parts"
    _shapes: ClassVar[str] = "labels: H W; coalitions: _; background: C; image: H W C"
    labels: npt.NDArray[np.int64]
    _: KW_ONLY
    coalitions: Floats
    background_score: float
    background: FloatArray
    image: FloatArray

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.coalitions) != 2 ** max(self.count, 0):
            raise ShapeError(
                f"coalitions are the scores of all 2^k choices of k parts. Received "
                f"{len(self.coalitions)} scores of {self.count} parts."
            )

    @property
    def count(self) -> int:
        """Parts, k."""
        return len(self.coalitions).bit_length() - 1

    @property
    def score(self) -> float:
        """Score of the image."""
        return float(self.coalitions[-1])

    @property
    def score_without(self) -> float:
        """Score without all parts; that of the background where nothing else is left."""
        return float(self.coalitions[0])

    @property
    def drops(self) -> Floats:
        """(k,) what the score loses when one part is replaced by the background."""
        last = len(self.coalitions) - 1
        return np.array([self.score - self.coalitions[last ^ 1 << j] for j in range(self.count)])

    @property
    def shapley(self) -> Floats:
        """(k,) Shapley values; they sum to ``score - score_without``."""
        k, sets = self.count, np.arange(len(self.coalitions))
        sizes = np.array([int(s).bit_count() for s in sets])
        weights = np.array([factorial(n) * factorial(k - n - 1) for n in range(k)]) / factorial(k)
        found = np.zeros(k)
        for j in range(k):
            without = sets[sets >> j & 1 == 0]
            gain = self.coalitions[without | 1 << j] - self.coalitions[without]
            found[j] = weights[sizes[without]] @ gain
        return found

    @property
    def interactions(self) -> Floats:
        """(k, k) what the loss of both parts costs beyond the sum of both losses.

        Below 0: together, each is worth little without the other; above 0: redundant, one will do.
        """
        k, last = self.count, len(self.coalitions) - 1
        drops, found = self.drops, np.zeros((self.count, self.count))
        for i in range(k):
            for j in set(range(k)) - {i}:
                both = self.score - self.coalitions[last ^ (1 << i | 1 << j)]
                found[i, j] = both - drops[i] - drops[j]
        return found

    @property
    def word(self) -> str:
        """How parts act, one of additive, together (AND-like), redundant, or single for fewer than two.

        Interactions of all pairs are compared with their drops; below an eighth (two parts that are
        nothing without each other have one half) parts are additive, else the sign of the sum says.
        """
        if self.count < 2:
            return "single"
        pairs = self.interactions[np.triu_indices(self.count, 1)]
        size = (self.count - 1) * np.abs(self.drops).sum()
        if np.abs(pairs).sum() <= max(_WEAK * size, 1e-6 * abs(self.score)):
            return "additive"
        return "together" if pairs.sum() < 0 else "redundant"

    @property
    def verdict(self) -> str:
        """How many parts, and how they act."""
        if not self.count:
            return "No part stands out of the image by more than a standard deviation."
        share = (self.score - self.score_without) / self.score if self.score else 0.0
        order = np.argsort(-self.shapley)
        meaning = {
            "together": "work together (AND-like)", "redundant": "are redundant (one will do)",
            "additive": "add up", "single": "stand alone",
        }  # fmt: skip
        lead = self.shapley[order[0]] / self.score if self.score else 0.0
        return (
            f"{self.count} parts make {share:.0%} of the score and {meaning[self.word]}; part "
            f"{order[0] + 1} alone is worth {lead:.0%} (Shapley)."
        )


def parts_of(
    probe: ModelProbe, image: FloatArray, unit: UnitStatistic, live: Mask, ground: FloatArray
) -> Parts:
    """Return the parts of an image (H, W, C), and the scores of all choices of them.

    Raises:
        MissingExtraError: Without scipy.
    """
    labels = label_parts(image, live)
    count = int(labels.max())
    kept = np.arange(2**count)[:, None] >> np.arange(count) & 1
    stay = np.concatenate([np.ones((len(kept), 1), int), kept], axis=1)[:, labels] > 0
    shown = np.where(stay[..., None], image, ground).astype(np.float32)
    empty = np.broadcast_to(ground, image.shape).astype(np.float32)[None]
    scores = scores_of(probe, unit, np.concatenate([shown, empty]))
    return Parts(
        labels,
        coalitions=scores[:-1],
        background_score=float(scores[-1]),
        background=ground,
        image=image,
    )


def label_parts(
    image: FloatArray, live: Mask, max_parts: int = MOST_PARTS
) -> npt.NDArray[np.int64]:
    """Return (H, W): the largest connected parts of |z| > 1 in the live area, numbered from 1.

    z is the distance from the live mean in standard deviations, of several channels along their
    first principal axis. Bright and dark are parts of their own; diagonal neighbours are connected.
    """
    label = need("scipy.ndimage", what="decompose", extra="analysis").label
    values = image[live].astype(np.float64)
    centred = values - values.mean(axis=0)
    axis = np.linalg.svd(centred, full_matrices=False)[2][0]
    projected, z = centred @ axis, np.zeros(image.shape[:2])
    if projected.std() > 1e-6 * max(1.0, float(np.abs(values).max())):
        z[live] = projected / projected.std()
    eight, found = np.ones((3, 3)), []
    for side in (z > 1, z < -1):
        numbers, count = label(side, structure=eight)
        found += [numbers == n for n in range(1, count + 1)]
    found.sort(key=lambda mask: -int(mask.sum()))
    labels = np.zeros(image.shape[:2], np.int64)
    for number, mask in enumerate(found[:max_parts], start=1):
        labels[mask] = number
    return labels
