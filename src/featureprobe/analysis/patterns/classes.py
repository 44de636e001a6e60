"""Two classes compared: common nodes, unique nodes, effects; each count beside what chance gives."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from featureprobe import _checks
from featureprobe._arguments import Confidence, Count, Share, checked, checked_methods
from featureprobe._names import MOST, Lines, visible
from featureprobe._randomness import Rng, seed_from
from featureprobe.analysis.finding import Finding
from featureprobe.analysis.patterns.patterns import Patterns, address_of, enough_of, two_classes
from featureprobe.analysis.stats.effects import effects_of, false_discovery_rates, split_half
from featureprobe.analysis.stats.frequency import active_above, at_least, at_most, wilson
from featureprobe.analysis.stats.null import band, permuted_hits
from featureprobe.errors import ConfigError
from featureprobe.types import Floats, Whole

COUNTS = ("common_first", "common_second", "unique_first", "unique_second")


@checked_methods
@dataclass(frozen=True, eq=False, repr=False)
class ClassComparison(Finding):
    """What the nodes of a layer do for the images of two classes.

    Options of ``plot``: ``columns`` (maps per row) and ``numbers``, as for ``plotting.show_maps``.

    Args:
        layer: Path of the layer.
        shape: Shape of one pattern.
        first: The first class.
        second: The second class.
        images: (n, m) images of each.
        frequency: (2, J) share of the images of each class for which a node is active.
        low: (2, J) lower end of its Wilson interval.
        high: (2, J) upper end.
        auroc: (J,) the chance that the first class's answer is the larger one.
        p: (J,) of the Mann-Whitney test.
        q: (J,) its false discovery rate, adjusted by Benjamini and Hochberg.
        level: The rate at which a node counts as found.
        share: Nodes active for at least this share of a class are common to it.
        other_share: Unique nodes are also active for at most this share of the other class.
        null: By the name of a count (see :attr:`counts`), (rounds,) what permuted labels give.
        stability: Correlation of Cliff's delta, and Jaccard's index of the nodes found, between two
            halves of the images.

    Example:
        >>> import featureprobe as fp
        >>> probe, (images, labels) = fp.samples.mnist_probe(), fp.samples.mnist_digits()
        >>> patterns = fp.analysis.Patterns.of(probe, images, labels, "Dense_1")
        >>> found = fp.analysis.compare_classes(patterns, 4, 9, rounds=20)
        >>> found.delta.shape, sorted(found.counts)[0]
        ((100,), 'common_first')
    """

    kind: ClassVar[str] = "class_comparison"
    renamed: ClassVar[Mapping[str, str]] = {"most": "other_share"}
    _shapes: ClassVar[str] = "frequency: 2 J; low: 2 J; high: 2 J; auroc: J; p: J; q: J; null: r"
    layer: str
    _: KW_ONLY
    shape: tuple[int, ...]
    first: int
    second: int
    images: tuple[int, int]
    frequency: Floats
    low: Floats
    high: Floats
    auroc: Floats
    p: Floats
    q: Floats
    level: float
    share: float
    other_share: float
    null: dict[str, Whole]
    stability: tuple[float, float]

    @property
    def delta(self) -> Floats:
        """Cliff's delta (J,), from -1 to 1; above 0 where the first class answers more."""
        return 2 * self.auroc - 1

    @property
    def found(self) -> Whole:
        """The nodes that tell the classes apart at the false discovery rate ``level``."""
        return np.flatnonzero(self.q <= self.level)

    def common(self, label: int) -> Whole:
        """Return the nodes common to one of the two classes: their interval is above ``share``."""
        return np.flatnonzero(self.low[self._row(label)] >= self.share)

    def unique(self, label: int) -> Whole:
        """Return the nodes common to a class and rare in the other one."""
        row = self._row(label)
        rare = self.high[1 - row] <= self.other_share
        return np.flatnonzero((self.low[row] >= self.share) & rare)

    def _row(self, label: int) -> int:
        if label not in (self.first, self.second):
            raise ConfigError(
                f"The classes {self.first} and {self.second} were compared. Received {label!r}. "
                "Give one of the two."
            )
        return (self.first, self.second).index(label)

    def address(self, node: int) -> tuple[int, ...]:
        """Return (row, col, channel) or (index,) of a node, as ``Patterns.address`` does."""
        return address_of(node, self.shape)

    def table(self, count: Count = 10) -> str:
        """Return the most typical nodes of each class as text, to be printed.

        Those with the largest Cliff's delta in its favour, ``count`` of each.
        """
        order = np.argsort(-self.delta, kind="stable")
        count = min(_checks.whole("count", count, least=1), len(order) // 2 or 1)
        names = {3: ("row", "col", "map"), 2: ("place", "map")}.get(len(self.shape), ("index",))
        head = "".join(f"{name:>6}" for name in names)
        own, other = f"on in {self.first}", f"on in {self.second}"
        lines = [f"{head}{'delta':>8}{own:>12}{other:>12}{'q':>10}"]
        groups = ((self.first, order[:count]), (self.second, order[::-1][:count]))
        for label, nodes in groups:
            lines.append(f"{visible(self.layer, MOST)}, typical of {label}:")
            for node in nodes:
                place = "".join(f"{i:>6}" for i in self.address(int(node)))
                first, second = self.frequency[:, node]
                lines.append(
                    f"{place}{self.delta[node]:>+8.2f}{first:>12.1%}{second:>12.1%}"
                    f"{_short(float(self.q[node])):>10}"
                )
        return Lines("\n".join(lines))

    @property
    def counts(self) -> dict[str, int]:
        """How many nodes are common to, and unique to, each class."""
        pairs = (("common", self.common), ("unique", self.unique))
        labels = (("first", self.first), ("second", self.second))
        return {f"{n}_{place}": len(f(label)) for n, f in pairs for place, label in labels}

    @property
    def verdict(self) -> str:
        """Counts beside chance."""
        counts, bands = self.counts, {n: "{}-{}".format(*band(self.null[n])) for n in COUNTS}
        parts = [
            f"{counts[f'{kind}_first']} and {counts[f'{kind}_second']} {kind} nodes (chance "
            f"{bands[f'{kind}_first']} and {bands[f'{kind}_second']})"
            for kind in ("common", "unique")
        ]
        return (
            f"{self.layer}: the classes {self.first} and {self.second} have {', '.join(parts)}; "
            f"{len(self.found)} of {len(self.q)} differ at a false discovery rate "
            f"of {self.level:g}; two halves of the images agree with r = {self.stability[0]:.2f}."
        )

    @property
    def _size(self) -> tuple[float, float]:
        return 13.0, 6.0


@checked
def compare_classes(
    patterns: Patterns,
    first: int,
    second: int,
    *,
    threshold: float = 0.0,
    share: Share = 0.9,
    other_share: Share = 0.1,
    level: Share = 0.01,
    confidence: Confidence = 0.95,
    rounds: Count = 1000,
    rng: Rng = 0,
) -> ClassComparison:
    """Find what the images of two classes have in common, and what tells them apart.

    A node is *common* to a class when the Wilson interval of its activity frequency lies at or above
    ``share``, and *unique* to it when that of the other class lies at or below ``other_share`` as well. Each
    count stands beside what it is when labels are permuted among the images of both classes.

    Args:
        patterns: Activations and labels.
        first: A class.
        second: Another class.
        threshold: A node is active above this activation.
        share: Of common nodes, 0..1.
        other_share: Of the other class: unique nodes are active for no more of it, 0..1.
        level: False discovery rate of :attr:`ClassComparison.found`.
        confidence: Of the intervals.
        rounds: Permutations.
        rng: Seed of permutations and halves.

    Returns:
        The comparison.

    Raises:
        DataError: When a class has no image, or fewer than four.
        ConfigError: When the classes are the same.
        MissingExtraError: Without scipy, which ``featureprobe[analysis]`` brings.

    Example:
        >>> import featureprobe as fp
        >>> probe, (images, labels) = fp.samples.mnist_probe(), fp.samples.mnist_digits()
        >>> patterns = fp.analysis.Patterns.of(probe, images, labels, "Conv2D_3")
        >>> found = compare_classes(patterns, 4, 9, rounds=50)
        >>> bool(len(found.common(4)) > found.null["common_first"].max())  # more than chance gives
        True
        >>> found.unique(4)  # but no node belongs to the 4s alone
        array([], dtype=int64)
    """
    two_classes(patterns, first, second)
    own, other = enough_of(patterns, first), enough_of(patterns, second)
    generator = np.random.default_rng(seed_from(rng))
    active, sizes = [active_above(v, threshold) for v in (own, other)], (len(own), len(other))
    frequency = np.stack([mask.mean(axis=0) for mask in active])
    counts = np.array(sizes)[:, None]
    low, high = wilson(np.rint(frequency * counts), counts, confidence)
    effects = effects_of(own, other)
    return ClassComparison(
        patterns.layer,
        shape=patterns.shape,
        first=int(first),
        second=int(second),
        images=sizes,
        frequency=frequency,
        low=low,
        high=high,
        auroc=effects.auroc,
        p=effects.p,
        q=false_discovery_rates(effects.p),
        level=level,
        share=share,
        other_share=other_share,
        null=_null(active, sizes, share, other_share, confidence, rounds, generator),
        stability=split_half(own, other, level, generator),
    )


def _null(
    active: list[npt.NDArray[np.bool_]],
    sizes: tuple[int, int],
    share: float,
    other_share: float,
    confidence: float,
    rounds: int,
    rng: np.random.Generator,
) -> dict[str, Whole]:
    hits = permuted_hits(np.concatenate(active), sizes, rounds, rng)
    common = [h >= at_least(n, share, confidence) for h, n in zip(hits, sizes, strict=True)]
    rare = [h <= at_most(n, other_share, confidence) for h, n in zip(hits, sizes, strict=True)]
    found = (*common, common[0] & rare[1], common[1] & rare[0])
    return {name: mask.sum(axis=1) for name, mask in zip(COUNTS, found, strict=True)}


def _short(rate: float) -> str:
    """Return a rate; how far below any use it lies says nothing."""
    return "<1e-12" if rate < 1e-12 else f"{rate:.2g}"
