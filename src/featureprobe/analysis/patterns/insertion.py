"""Insertion: whether a map's OIP, added to images, moves the decision as the map's share says."""

from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure, SubFigure

from featureprobe import _checks
from featureprobe._randomness import Rng, seed_from
from featureprobe.analysis.finding import Finding
from featureprobe.analysis.patterns.contributions import margin_weights, split_margin
from featureprobe.errors import ConfigError
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.results.result import AscentResult
from featureprobe.types import OUTPUT, FloatArray

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class Insertion(Finding):
    """How far the OIPs of maps move a margin when they are added to images.

    Args:
        layer: The maps' layer.
        favour: The class that the margin speaks for.
        over: The class that it speaks against.
        channels: (M,) the maps.
        slopes: (M,) mean slope of the margin along each map's activations at the images, logits per
            unit of activation: what a map's answer is worth.
        moved: (M,) mean change of the margin, logits.
        answered: (M,) mean change of the map's own mean activation.
        amount: What the OIP was multiplied by.
        null: (rounds,) rank correlations when OIPs are dealt out to maps at random.

    Example:
        >>> import featureprobe as fp
        >>> probe, (images, labels) = fp.samples.mnist_probe(), fp.samples.mnist_digits()
        >>> targets = fp.MapMean.each(probe, "Conv2D_3")[:4]
        >>> result = fp.Ascent(steps=4, starts=1).run(probe, targets, rng=0)
        >>> found = fp.analysis.insert_patterns(probe, result, images[:9], 4, 9, rounds=20)
        >>> -1 <= found.correlation <= 1
        True
    """

    kind: ClassVar[str] = "insertion"
    layer: str
    _: KW_ONLY
    favour: int
    over: int
    channels: npt.NDArray[np.int64]
    slopes: Floats
    moved: Floats
    answered: Floats
    amount: float
    null: Floats

    @property
    def predicted(self) -> Floats:
        """(M,) what the map alone would move: its slope times the change of its answer."""
        return self.slopes * self.answered

    @property
    def correlation(self) -> float:
        """Spearman's rank correlation of what was predicted and what was moved."""
        return rank_correlation(self.predicted, self.moved)

    @property
    def p(self) -> float:
        """Share of random assignments that correlate at least as much."""
        return float((1 + (self.null >= self.correlation).sum()) / (1 + len(self.null)))

    @property
    def verdict(self) -> str:
        """Whether shares predict what OIPs do."""
        how = "as" if self.p < 0.01 else "not as"
        return (
            f"{self.layer}: adding the OIPs of {len(self.channels)} maps moves the margin "
            f"{self.favour} over {self.over} {how} their shares predict (rank correlation "
            f"{self.correlation:.2f}, p = {self.p:.3g})."
        )

    def _draw(self, figure: Figure | SubFigure, **options: Any) -> None:
        left, right = figure.subplots(1, 2)
        left.scatter(self.predicted, self.moved, s=14)
        for k in np.argsort(-np.abs(self.predicted))[:6]:
            left.annotate(f"{self.channels[k]}", (self.predicted[k], self.moved[k]), (3, 3),
                          textcoords="offset points", fontsize=7)  # fmt: skip
        left.axhline(0, color="k", linewidth=0.5)
        left.axvline(0, color="k", linewidth=0.5)
        left.set_xlabel("predicted by the map's share, logits", fontsize=9)
        left.set_ylabel(f"margin {self.favour} over {self.over} moved, logits", fontsize=9)
        left.set_title(
            f"OIPs of {self.layer}, {self.amount:g} of each added", loc="left", fontsize=10
        )
        right.hist(self.null, bins=30, color="0.7", label="OIPs dealt out at random")
        right.axvline(self.correlation, color="C3", label="observed")
        right.set_xlabel("rank correlation", fontsize=9)
        right.set_ylabel("random assignments", fontsize=9)
        right.legend(fontsize=8, frameon=False)
        for ax in (left, right):
            ax.spines[["top", "right"]].set_visible(False)


def insert_patterns(
    probe: ModelProbe,
    result: AscentResult,
    images: npt.ArrayLike,
    favour: int,
    over: int,
    *,
    amount: float = 0.3,
    rounds: int = 1000,
    rng: Rng = 0,
) -> Insertion:
    """Add the OIP of each map to images, and see how far the margin of two classes moves.

    Added is ``amount`` times the OIP less its mean; the sum is kept within the input space's range.

    Args:
        probe: The opened model.
        result: The OIPs, of ``MapMean`` targets of one layer that all paths to the output go through.
        images: (N, H, W, C), pixel units, such as those of ``favour`` and ``over``.
        favour: Number of an output.
        over: Number of another output.
        amount: What OIPs are multiplied by, above 0.
        rounds: Random assignments of OIPs to maps, for the null.
        rng: Their seed.

    Returns:
        What was predicted and what was moved, map by map.

    Raises:
        ConfigError: When the result has other targets, or fewer than three.
        ModelError: When a path to the output avoids the layer.

    Example:
        >>> import featureprobe as fp
        >>> probe, (images, labels) = fp.samples.mnist_probe(), fp.samples.mnist_digits()
        >>> targets = fp.MapMean.each(probe, "Conv2D_3")[:12]
        >>> result = fp.Ascent(steps=8, starts=1).run(probe, targets, rng=0)
        >>> insert_patterns(probe, result, images[:20], 4, 9, rounds=50).moved.shape
        (12,)
    """
    layer, channels = _maps_of(result)
    _checks.number("amount", amount, above=0)
    pixels = _checks.images(images, probe.image_shape)
    weights = margin_weights(probe, favour, over)
    before = _answers(probe, pixels, layer, weights)
    split = split_margin(probe, pixels, layer, favour, over)
    moved, answered = [], []
    for pattern, channel in zip(result.best(), channels, strict=True):
        added = _within(pixels + amount * (pattern - pattern.mean()), probe)
        margin, means = _answers(probe, added, layer, weights)
        moved.append(float((margin - before[0]).mean()))
        answered.append(float((means - before[1])[:, channel].mean()))
    slopes = _slopes(split.by_map, before[1])[channels]
    predicted, moves = slopes * np.array(answered), np.array(moved)
    dealer = np.random.default_rng(seed_from(rng))
    null = [rank_correlation(dealer.permutation(predicted), moves) for _ in range(rounds)]
    return Insertion(
        layer,
        favour=int(favour),
        over=int(over),
        channels=channels,
        slopes=slopes,
        moved=moves,
        answered=np.array(answered),
        amount=float(amount),
        null=np.array(null),
    )


def rank_correlation(first: Floats, second: Floats) -> float:
    """Return Spearman's correlation, ties by their mean rank; 0 where one has no spread."""
    ranks = [_mean_ranks(values) for values in (first, second)]
    centred = [r - r.mean() for r in ranks]
    norm = float(np.linalg.norm(centred[0]) * np.linalg.norm(centred[1]))
    return float(centred[0] @ centred[1] / norm) if norm > 0 else 0.0


def _mean_ranks(values: Floats) -> Floats:
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return np.asarray((ends - (counts - 1) / 2)[place], np.float64)


def _maps_of(result: AscentResult) -> tuple[str, npt.NDArray[np.int64]]:
    configs = result.recipe.objectives
    layers = {c.get("layer") for c in configs}
    if len(layers) != 1 or any(c["kind"] != "map_mean" for c in configs) or len(configs) < 3:
        raise ConfigError(
            "OIPs are inserted of at least three MapMean targets of one layer. Received targets of "
            f"{sorted(map(str, layers))}: {', '.join(result.labels[:4])}, ..."
        )
    return str(layers.pop()), np.array([c["channel"] for c in configs], np.int64)


def _answers(
    probe: ModelProbe, pixels: FloatArray, layer: str, weights: FloatArray
) -> tuple[Floats, Floats]:
    """Return margins (N,) and map means (N, C)."""
    values = probe.activations(pixels, layer)
    means = values.mean(axis=tuple(range(1, values.ndim - 1)), dtype=np.float64)
    logits = probe.activations(pixels, OUTPUT, pre=True).astype(np.float64)
    return logits @ weights, means


def _slopes(by_map: Floats, means: Floats) -> Floats:
    """Return (C,) the margin's mean share of a map per unit of its mean activation."""
    share, mean = by_map.mean(axis=0), means.mean(axis=0)
    return np.asarray(np.divide(share, mean, out=np.zeros_like(share), where=mean > 0))


def _within(pixels: FloatArray, probe: ModelProbe) -> FloatArray:
    space = probe.input_space
    if space.low is None or space.high is None:
        return pixels
    return np.clip(pixels, space.low, space.high)
