"""What every class has in common, and which nodes and maps belong to one class."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

import numpy as np

from featureprobe import _checks
from featureprobe._arguments import Confidence, Count, Share, checked, checked_methods
from featureprobe._randomness import Rng, seed_from
from featureprobe.analysis.finding import Finding
from featureprobe.analysis.patterns.patterns import Patterns
from featureprobe.analysis.stats.frequency import active_above, at_least, at_most, wilson
from featureprobe.analysis.stats.null import permuted_hits
from featureprobe.errors import DataError
from featureprobe.types import FloatArray, Floats, Whole

_BLOCK = 50


@checked_methods
@dataclass(frozen=True, eq=False, repr=False)
class ClassProfile(Finding):
    """How often each node is active for the images of each of K classes.

    ``plot`` takes a figure only.

    Args:
        layer: Path of the layer.
        shape: Shape of one pattern.
        classes: The classes.
        images: Images of each.
        frequency: (K, J) share of a class's images for which a node is active.
        low: (K, J) lower end of its Wilson interval.
        high: (K, J) upper end.
        highest_elsewhere: (K, J) the largest upper end among all other classes.
        mean: (K, J) mean activation.
        share: As for ``compare_classes``.
        other_share: As for ``compare_classes``.
        null: (rounds, K, 2) common and unique nodes of each class when labels are permuted.

    Example:
        >>> import featureprobe as fp
        >>> probe, (images, labels) = fp.samples.mnist_probe(), fp.samples.mnist_digits()
        >>> patterns = fp.analysis.Patterns.of(probe, images, labels, "Max_Pool_2")
        >>> found = fp.analysis.profile_classes(patterns, rounds=5)
        >>> found.shared_empty_maps().shape  # which classes leave the same maps empty
        (10, 10)
    """

    kind: ClassVar[str] = "class_profile"
    renamed: ClassVar[Mapping[str, str]] = {"most": "other_share"}
    _shapes: ClassVar[str] = (
        "frequency: K J; low: K J; high: K J; highest_elsewhere: K J; mean: K J; null: _ K "
        "2; classes: K; images: K"
    )
    layer: str
    _: KW_ONLY
    shape: tuple[int, ...]
    classes: tuple[int, ...]
    images: tuple[int, ...]
    frequency: Floats
    low: Floats
    high: Floats
    highest_elsewhere: Floats
    mean: FloatArray
    share: float
    other_share: float
    null: Whole

    def common(self, label: int) -> Whole:
        """Return the nodes common to a class."""
        return np.flatnonzero(self.low[self._row(label)] >= self.share)

    def unique(self, label: int) -> Whole:
        """Return the nodes common to a class and rare in every other class."""
        row = self._row(label)
        rare = self.highest_elsewhere[row] <= self.other_share
        return np.flatnonzero((self.low[row] >= self.share) & rare)

    @property
    def selectivity(self) -> Floats:
        """Class selectivity (J,), 0..1, largest less mean of others over their sum, of class means.

        Source: Morcos et al., "On the importance of single directions for generalization", 2018.
        For activations that are not negative; 0 for silent nodes.
        """
        largest = self.mean.max(axis=0).astype(np.float64)
        others = (self.mean.sum(axis=0, dtype=np.float64) - largest) / max(1, len(self.classes) - 1)
        total = largest + others
        return np.where(total > 0, (largest - others) / np.where(total > 0, total, 1), 0.0)

    def empty_maps(self, label: int, *, at_most: float = 0.05) -> Whole:
        """Return the maps that the images of a class leave empty.

        Args:
            label: The class.
            at_most: A map is empty when the interval of every node's frequency lies at or below this.
        """
        by_map = self.high[self._row(label)].reshape(-1, self.shape[-1])
        return np.flatnonzero((by_map <= at_most).all(axis=0))

    def shared_empty_maps(self, *, at_most: float = 0.05) -> Floats:
        """Return (K, K) Jaccard's index of the maps that two classes leave empty; NaN for none."""
        empty = np.zeros((len(self.classes), self.shape[-1]), bool)
        for row, label in enumerate(self.classes):
            empty[row, self.empty_maps(label, at_most=at_most)] = True
        both = (empty[:, None] & empty[None]).sum(axis=2)
        either = (empty[:, None] | empty[None]).sum(axis=2)
        return np.where(either > 0, both / np.maximum(either, 1), np.nan)

    def _row(self, label: int) -> int:
        if label not in self.classes:
            raise DataError(
                f"No image has the class {label!r}. The classes are {list(self.classes)}."
            )
        return self.classes.index(label)

    @property
    def verdict(self) -> str:
        """Counts over all classes beside chance."""
        common = [len(self.common(c)) for c in self.classes]
        unique = [len(self.unique(c)) for c in self.classes]
        chance = self.null.mean(axis=0).sum(axis=0)
        return (
            f"{self.layer}: the {len(self.classes)} classes have {min(common)}-{max(common)} common "
            f"nodes each, of which {sum(unique)} in all belong to one class only (chance "
            f"{chance[1]:.1f}); median selectivity {np.median(self.selectivity):.2f}."
        )


@checked
def profile_classes(
    patterns: Patterns,
    *,
    threshold: float = 0.0,
    share: Share = 0.9,
    other_share: Share = 0.1,
    confidence: Confidence = 0.95,
    rounds: Count = 1000,
    rng: Rng = 0,
) -> ClassProfile:
    """Say for every class which nodes its images share, and which belong to it alone.

    Args:
        patterns: Activations and labels, of at least two classes.
        threshold: A node is active above this activation.
        share: A node is common to a class when the Wilson interval of its frequency lies at or
            above this.
        other_share: It is unique when those of all other classes lie at or below this.
        confidence: Of the intervals.
        rounds: Permutations of the labels.
        rng: Their seed.

    Returns:
        The profile of all classes.

    Raises:
        RangeError: When there is one class only.

    Example:
        >>> import featureprobe as fp
        >>> probe, (images, labels) = fp.samples.mnist_probe(), fp.samples.mnist_digits()
        >>> patterns = fp.analysis.Patterns.of(probe, images, labels, "Conv2D_2")
        >>> found = profile_classes(patterns, rounds=10)
        >>> found.frequency.shape, found.selectivity.shape
        ((10, 7744), (7744,))
    """
    _checks.whole("classes that occur", len(patterns.classes), least=2)
    classes = patterns.classes
    groups = [patterns.of_class(c) for c in classes]
    active = [active_above(values, threshold) for values in groups]
    sizes = tuple(len(g) for g in groups)
    hits = np.stack([mask.sum(axis=0) for mask in active])
    low, high = wilson(hits, np.array(sizes)[:, None], confidence)
    generator = np.random.default_rng(seed_from(rng))
    dealt = np.concatenate(active)
    bounds = [(at_least(n, share, confidence), at_most(n, other_share, confidence)) for n in sizes]
    null = [  # in blocks: hits of all classes and rounds at once would not fit
        _counts(permuted_hits(dealt, sizes, min(_BLOCK, rounds - first), generator), bounds)
        for first in range(0, rounds, _BLOCK)
    ]
    return ClassProfile(
        patterns.layer,
        shape=patterns.shape,
        classes=classes,
        images=sizes,
        frequency=hits / np.array(sizes)[:, None],
        low=low,
        high=high,
        highest_elsewhere=_elsewhere(high),
        mean=np.stack([g.mean(axis=0) for g in groups]),
        share=share,
        other_share=other_share,
        null=np.concatenate(null),
    )


def _elsewhere(high: Floats) -> Floats:
    """Return for each class the largest value among the others."""
    order = np.sort(high, axis=0)
    is_largest = high == order[-1]
    return np.asarray(np.where(is_largest, order[-2], order[-1]))


def _counts(hits: list[Whole], bounds: list[tuple[int, int]]) -> Whole:
    """Return (rounds, K, 2) common and unique nodes when labels are dealt out."""
    common = np.stack([h >= least for h, (least, _) in zip(hits, bounds, strict=True)])
    frequent = np.stack([h > most for h, (_, most) in zip(hits, bounds, strict=True)])
    # Frequent in no other class: the only frequent one, if any, is the class itself.
    only = common & (frequent.sum(axis=0) - frequent == 0)
    return np.stack([common.sum(axis=2), only.sum(axis=2)], axis=2).transpose(1, 0, 2)
