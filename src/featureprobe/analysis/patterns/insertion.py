"""Insertion: whether a map's OIP, added to images, moves the decision as the map's share says."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from featureprobe import _checks
from featureprobe._arguments import Count, checked
from featureprobe._randomness import Rng, seed_from
from featureprobe.analysis.finding import Finding
from featureprobe.analysis.patterns.contributions import margin_weights
from featureprobe.analysis.stats.ranks import rank_correlations
from featureprobe.errors import ConfigError
from featureprobe.objectives.shown_units import shown_units
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.probe.network.tail import tail_of
from featureprobe.results.result import AscentResult
from featureprobe.types import FloatArray, Floats


@dataclass(frozen=True, eq=False, repr=False)
class Insertion(Finding):
    """How far the OIPs of maps move a margin when they are added to images.

    This is not the insertion metric of RISE (Petsiuk, Das and Saenko, 2018), which judges a saliency map
    by how fast a class's probability rises as the pixels of an image are uncovered in its order.

    ``plot`` takes a figure only.

    Args:
        layer: The maps' layer.
        first: The class that the margin speaks for.
        second: The class that it speaks against.
        channels: (M,) the maps.
        predicted: (M,) mean change of the margin that goes through the map itself: the change of
            each of its nodes times the margin's slope along it at the image as it was, logits.
        predicted_by_all: (M,) the same through all maps of the layer.
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
    renamed: ClassVar[Mapping[str, str]] = {"favour": "first", "over": "second"}
    _shapes: ClassVar[str] = (
        "channels: M; predicted: M; predicted_by_all: M; moved: M; answered: M; null: _"
    )
    layer: str
    _: KW_ONLY
    first: int
    second: int
    channels: npt.NDArray[np.int64]
    predicted: Floats
    predicted_by_all: Floats
    moved: Floats
    answered: Floats
    amount: float
    null: Floats

    @property
    def correlation(self) -> float:
        """Spearman's rank correlation of what was predicted and what was moved."""
        return float(_correlation(self.predicted, self.moved)[0])

    @property
    def p(self) -> float:
        """Share of random assignments that correlate at least as much."""
        return float((1 + (self.null >= self.correlation).sum()) / (1 + len(self.null)))

    @property
    def verdict(self) -> str:
        """Whether shares predict what OIPs do."""
        how = "as" if self.p < 0.01 else "not as"
        by_all = _correlation(self.predicted_by_all, self.moved)[0]
        share = np.abs(self.predicted).sum() / max(np.abs(self.predicted_by_all).sum(), 1e-12)
        return (
            f"{self.layer}: adding {self.amount:g} of the OIPs of {len(self.channels)} maps moves the "
            f"margin {self.first} over {self.second} {how} the maps' own shares predict (rank "
            f"correlation {self.correlation:.2f}, p = {self.p:.2g}); the shares of all maps predict it "
            f"at {by_all:.2f}: what goes through the own map is {share:.0%} of that in size."
        )


@checked
def insert_patterns(
    probe: ModelProbe,
    result: AscentResult,
    images: npt.ArrayLike,
    first: int,
    second: int,
    *,
    amount: float = 0.3,
    rounds: Count = 1000,
    rng: Rng = 0,
) -> Insertion:
    """Add the OIP of each map to images, and see how far the margin of two classes moves.

    It asks about maps and their OIPs; for the insertion metric of saliency maps, see :class:`Insertion`.

    Added is ``amount`` times the OIP less its mean; the sum is kept within the input space's range.

    Args:
        probe: The opened model.
        result: The OIPs of maps of one layer that all paths to the output go through: of ``MapMean``
            targets, or of objectives that say which map they show (``shown_unit``).
        images: (N, H, W, C), pixel units, such as those of ``first`` and ``second``.
        first: Number of an output.
        second: Number of another output.
        amount: What OIPs are multiplied by, above 0.
        rounds: Random assignments of OIPs to maps, for the null.
        rng: Their seed.

    Returns:
        What was predicted and what was moved, map by map.

    Raises:
        ConfigError: When the result has other targets, or fewer than three.
        ModelError: When a path to the output avoids the layer.
        MissingExtraError: Without scipy, which ``featureprobe[analysis]`` brings.

    Example:
        >>> import featureprobe as fp
        >>> probe, (images, labels) = fp.samples.mnist_probe(), fp.samples.mnist_digits()
        >>> targets = fp.MapMean.each(probe, "Conv2D_3")[:12]
        >>> result = fp.Ascent(steps=8, starts=1).run(probe, targets, rng=0)
        >>> insert_patterns(probe, result, images[:20], 4, 9, rounds=50).moved.shape
        (12,)
    """
    layer, channels = _maps_of(probe, result)
    _checks.number("amount", amount, above=0)
    _checks.whole("rounds", rounds, least=1)
    pixels = _checks.images(images, probe.image_shape)
    weights = margin_weights(probe, first, second)
    found = _moves(probe, result.best(), layer, channels, pixels, weights, amount)
    predicted, by_all, moves, answered = found
    dealer = np.random.default_rng(seed_from(rng))
    dealt = np.stack([dealer.permutation(predicted) for _ in range(rounds)])
    return Insertion(
        layer,
        first=int(first),
        second=int(second),
        channels=channels,
        predicted=predicted,
        predicted_by_all=by_all,
        moved=moves,
        answered=answered,
        amount=float(amount),
        null=_correlation(dealt, moves),
    )


def _moves(
    probe: ModelProbe,
    patterns: FloatArray,
    layer: str,
    channels: npt.NDArray[np.int64],
    pixels: FloatArray,
    weights: FloatArray,
    amount: float,
) -> tuple[Floats, ...]:
    """Return (M,) each: predicted through the map, through all maps, moved, answered."""
    tail, values, found = tail_of(probe.network, layer), probe.activations(pixels, layer), []
    slopes, before = tail.slopes(values, weights), tail.logits(values) @ weights
    for pattern, channel in zip(patterns, channels, strict=True):
        added = _within(pixels + amount * (pattern - pattern.mean()), probe)
        answers = probe.activations(added, layer)
        change = answers - values
        through = (change * slopes).reshape(len(pixels), -1, values.shape[-1]).sum(axis=1)
        moved = tail.logits(answers) @ weights - before
        parts = (through[:, channel], through.sum(axis=1), moved, change[..., channel])
        found.append([float(np.mean(part, dtype=np.float64)) for part in parts])
    return tuple(np.array(found).T)


def _correlation(predicted: Floats, moved: Floats) -> Floats:
    """Return Spearman's correlation of predictions (M,) or (R, M) with what was moved (M,)."""
    return rank_correlations(np.atleast_2d(predicted), moved[None], what="insert_patterns")[:, 0]


def _maps_of(probe: ModelProbe, result: AscentResult) -> tuple[str, npt.NDArray[np.int64]]:
    """Return the layer and the maps that a result shows, whole maps of one layer."""
    shown = shown_units(result.recipe)
    known = [own for own in shown if own is not None and own.by != "node"]
    maps = [own for own in known if len(probe.shape_of(own.layer)) > 1]
    layers = sorted({own.layer for own in maps})
    if len(maps) < max(3, len(shown)) or len(layers) > 1:
        raise ConfigError(
            "OIPs are inserted of at least three MapMean targets of one layer, or of objectives that say "
            f"which map they show (shown_unit). Received {len(shown)} targets, of which "
            f"{len(maps)} show a map, of {', '.join(layers) or 'no layer'}: "
            f"{', '.join(result.labels[:4])}, ... Climb fp.MapMean.each(probe, layer)."
        )
    for own in maps:
        own.check(probe.shape_of(own.layer))
    return layers[0], np.array([own.unit for own in maps], np.int64)


def _within(pixels: FloatArray, probe: ModelProbe) -> FloatArray:
    space = probe.input_space
    if space.low is None or space.high is None:
        return pixels
    return np.clip(pixels, space.low, space.high)
