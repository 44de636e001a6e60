"""Definedness: what many starts say of the maxima of targets."""

from collections import Counter
from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from featureprobe._arguments import checked
from featureprobe.analysis.finding import Finding
from featureprobe.analysis.optima.landscape import half_width
from featureprobe.analysis.optima.maxima import gaps_of
from featureprobe.analysis.optima.thresholds import ENOUGH, WORDS, word
from featureprobe.analysis.places import place_of
from featureprobe.analysis.stats.clusters import chao1, effective_number, unseen_mass
from featureprobe.analysis.stats.frequency import wilson
from featureprobe.types import FloatArray, Floats, Mask, Whole


@dataclass(frozen=True, eq=False, repr=False)
class Definedness(Finding):
    """How well the maxima of T targets are defined, by R starts of each.

    A start is good when its score is at most 5 % below the best of its target. Numbers of maxima
    are of the good ends, for this mix of starts; NaN where a target is dead.

    Option of ``plot``: ``target``, the place or label of the one that is drawn; None draws all.

    Args:
        layer: Paths of the layers that are read.
        targets: (T,) labels.
        constraint: ``"sphere"`` or ``"box"``.
        kinds: Names of the initializers.
        kind_of: (R,) which of them drew each start.
        scores: (T, R) of the ends; NaN where a start diverged.
        start_alive: (T, R) whether the target answered to the start as it was drawn.
        alive: (T, R) whether it answers to the end.
        remedies: (T, R) texts: what brought a silent start to life; empty for nothing.
        clusters: (T, R) cluster of each good end, 0 for the largest one; -1 where not good.
        similarity: (T, R, R) highest correlation over shifts up to 4 pixels of the parts of two
            good ends that the target sees, -1..1; NaN where not good.
        others: (T,) median similarity of the end of the largest cluster to those of other targets.
        pictured: (T, 4) the best start of each of the largest clusters; -1 where there are fewer.
        images: (T, 4, H, W, C) their ends, pixel units; NaN where there are fewer.
        barriers: (T, 4, 4) ``1 - lowest score on the way / lower score of the two``.
        distances: (A,) from the best end: degrees on the sphere, percent of the way in the box.
        tuning: (T, A) mean score there: on the sphere in random tangent directions, in the box
            towards random images.

    Example:
        >>> import featureprobe as fp
        >>> from featureprobe.analysis.optima import definedness
        >>> probe = fp.samples.mnist_probe()
        >>> targets = fp.MapMean.each(probe, "Conv2D_3")[5:7]
        >>> found = definedness(probe, targets, starts=6, ascent=fp.Ascent(steps=8))
        >>> found.images.shape, found.gaps.shape
        ((2, 4, 28, 28, 1), (2, 6))
    """

    kind: ClassVar[str] = "definedness"
    _shapes: ClassVar[str] = (
        "scores: T R; targets: T; kind_of: R; start_alive: T R; alive: T R; remedies: T R; "
        "clusters: T R; similarity: T R R; others: T; pictured: T 4; images: T 4 ...; "
        "barriers: T 4 4; distances: A; tuning: T A"
    )
    layer: str
    _: KW_ONLY
    targets: tuple[str, ...]
    constraint: str
    kinds: tuple[str, ...]
    kind_of: Whole
    scores: FloatArray
    start_alive: Mask
    alive: Mask
    remedies: npt.NDArray[np.str_]
    clusters: Whole
    similarity: FloatArray
    others: Floats
    pictured: Whole
    images: FloatArray
    barriers: Floats
    distances: Floats
    tuning: Floats

    @property
    def good(self) -> Mask:
        """(T, R) which starts come within 5 % of the best."""
        return self.clusters >= 0

    @property
    def best(self) -> Floats:
        """(T,) best scores; NaN where dead."""
        values = np.where(self.alive, self.scores, -np.inf).max(axis=1).astype(np.float64)
        return np.where(np.isfinite(values), values, np.nan)

    @property
    def gaps(self) -> Floats:
        """(T, R) how far each start ends below the best one, as a share of it."""
        return gaps_of(self.scores, self.best)

    @property
    def good_share(self) -> Floats:
        """(T,) share of the starts that are good; NaN where dead."""
        return np.where(self.good.any(axis=1), self.good.mean(axis=1), np.nan)

    @property
    def good_interval(self) -> Floats:
        """(T, 2) its 95 % interval, by Wilson."""
        ends = np.stack(wilson(self.good.sum(axis=1), self.good.shape[1]), axis=1)
        return np.where(np.isfinite(self.good_share)[:, None], ends, np.nan)

    @property
    def starts_needed(self) -> Floats:
        """(T,) starts after which one is good with 95 % certainty."""
        share = np.clip(self.good_share, None, 1 - 1e-9)
        return np.asarray(np.maximum(1, np.ceil(np.log(0.05) / np.log1p(-share))))

    @property
    def counts(self) -> Whole:
        """(T, R) good ends in each cluster."""
        places = np.arange(self.clusters.shape[1])
        return np.asarray((self.clusters[:, :, None] == places).sum(axis=1))

    @property
    def distinct(self) -> Whole:
        """(T,) clusters, the distinct maxima that were seen."""
        return np.asarray((self.counts > 0).sum(axis=1))

    @property
    def effective(self) -> Floats:
        """(T,) exp of the entropy of the clusters' shares."""
        return np.array([effective_number(c) for c in self.counts])

    @property
    def unseen(self) -> Floats:
        """(T,) chance that one more good start shows a new maximum (Good-Turing)."""
        return np.array([unseen_mass(c) for c in self.counts])

    @property
    def maxima(self) -> Floats:
        """(T,) estimated number of maxima, those not seen included (Chao1)."""
        return np.array([chao1(c) for c in self.counts])

    @property
    def agreement(self) -> Floats:
        """(T,) median similarity of two good ends; NaN where there is but one."""
        pairs = self.similarity[:, *np.triu_indices(self.similarity.shape[1], 1)]
        known = [row[np.isfinite(row)] for row in pairs]
        return np.array([np.median(row) if len(row) else np.nan for row in known])

    @property
    def barrier(self) -> Floats:
        """(T,) the highest barrier between the largest clusters; NaN where there is but one."""
        off = np.where(np.eye(self.barriers.shape[1], dtype=bool), -np.inf, self.barriers)
        highest = np.nan_to_num(off, nan=-np.inf).max(axis=(1, 2))
        return np.where(np.isfinite(highest), highest, np.nan)

    @property
    def half_width(self) -> Floats:
        """(T,) distance at which the tuning curve falls to half of the best score."""
        return np.array([half_width(self.distances, curve) for curve in self.tuning])

    @property
    def alive_share(self) -> Floats:
        """(T, kinds) share of the starts of each kind that the target answers to as drawn."""
        of_kind = self.kind_of == np.arange(len(self.kinds))[:, None]
        return np.stack([self.start_alive[:, own].mean(axis=1) for own in of_kind], axis=1)

    @property
    def verdicts(self) -> tuple[str, ...]:
        """(T,) "unique", "few", "plateau", "undefined" or "dead", by the rules of :func:`definedness`."""
        good, largest = self.good.sum(axis=1), self.counts.max(axis=1)
        columns = (self.alive.sum(axis=1), good, largest / np.maximum(good, 1), self.barrier,
                   self.maxima, self.unseen)  # fmt: skip
        return tuple(word(*row) for row in zip(*columns, strict=True))

    @property
    def verdict(self) -> str:
        """How many targets are defined how well."""
        rows, starts = self.scores.shape
        if rows == 1:
            return self.describe(0).partition("\n")[0]
        counts = Counter(self.verdicts)
        listed = ", ".join(f"{counts[w]} {w}" for w in WORDS if counts[w])
        share, alike, others = (
            np.median(values[np.isfinite(values)]) if np.isfinite(values).any() else np.nan
            for values in (self.good_share, self.agreement, self.others)
        )
        return (
            f"{self.layer}, {rows} targets x {starts} starts: {listed}; in the median {share:.0%} of "
            f"the starts come within 5 % of the best, and their images correlate at {alike:.2f}, those "
            f"of different targets at {others:.2f}."
        )

    @checked
    def number(self, target: int | str) -> int:
        """Return the place of a target, given by that place or by its label.

        Raises:
            RangeError: When there is no such target.
        """
        return place_of(target, self.targets)

    @checked
    def describe(self, target: int | str) -> str:
        """Return the words and numbers of one target as text.

        Args:
            target: Its place, or its label.

        Raises:
            RangeError: When there is no such target.
        """
        t = self.number(target)
        starts, good = self.scores.shape[1], int(self.good[t].sum())
        head = f"{self.targets[t]}, {starts} starts: {self.verdicts[t]}"
        if not good:
            return f"{head}; no start ends alive."
        low, high = self.good_interval[t]
        few = f"; fewer than {ENOUGH} good starts" if good < ENOUGH else ""
        score = (
            f"Best score {self.best[t]:.4g}; {good} within 5 % of it ({low:.0%}-{high:.0%} of starts); "
            f"{self.starts_needed[t]:.0f} starts give such a one with 95 % certainty."
        )
        maxima = (
            f"Distinct maxima {self.distinct[t]}, effective number {self.effective[t]:.1f}; Chao1 "
            f"{self.maxima[t]:.1f}, unseen mass {self.unseen[t]:.2f}."
        )
        lines = [f"{head}{few}.", score, maxima, *_alike(self, t), _tuned(self, t), _alive(self, t)]
        return "\n".join(lines)

    @property
    def _size(self) -> tuple[float, float]:
        return 11.0, 7.5


def _alike(found: Definedness, t: int) -> list[str]:
    lines = []
    if np.isfinite(found.agreement[t]):
        others = found.others[t]
        than = f"; with images of other targets at {others:.2f}" if np.isfinite(others) else ""
        lines.append(f"Two good images correlate at {found.agreement[t]:.2f} in the median{than}.")
    if np.isfinite(found.barrier[t]):
        lines.append(f"Highest barrier between the largest clusters: {found.barrier[t]:.0%}.")
    return lines


def _tuned(found: Definedness, t: int) -> str:
    unit = "degrees" if found.constraint == "sphere" else "% of the way to a random image"
    if np.isfinite(found.half_width[t]):
        return f"The score halves at {found.half_width[t]:.0f} {unit}."
    return f"The score does not halve within {found.distances[-1]:.0f} {unit}."


def _alive(found: Definedness, t: int) -> str:
    shares = zip(found.kinds, found.alive_share[t], strict=True)
    listed = ", ".join(f"{name} {share:.0%}" for name, share in shares)
    return f"Alive as drawn: {listed}; brought to life: {int((found.remedies[t] != '').sum())}."
