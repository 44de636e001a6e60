"""Two trainings, the same features? Layers, maps and OIPs of two nets compared, each with its null."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from featureprobe import _checks
from featureprobe._arguments import Count, Layers, checked
from featureprobe._randomness import Rng, seed_from
from featureprobe.analysis.finding import Finding
from featureprobe.analysis.patterns.oip_transfer import OIP_FIELDS, transfer
from featureprobe.analysis.stats.similarity import (
    debiased_cka,
    gram,
    match_maps,
)
from featureprobe.errors import ConfigError, RangeError, ShapeError
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.results.result import AscentResult
from featureprobe.types import FloatArray, Floats, Whole

_EMPTY = np.zeros(0)


@dataclass(frozen=True, eq=False, repr=False)
class NetComparison(Finding):
    """What two nets have in common.

    ``plot`` takes a figure only.

    Args:
        layers: The layers compared, of both nets.
        cka: (L, L) debiased linear CKA: rows are the first net's layers, columns the second's.
        cka_null: (L, L) the largest CKA of up to five shufflings of the second net's images.
        cka_untrained: (L, L) the same with the second net untrained: what the architecture and the
            images have in common without training; empty where that was not asked.
        layer: Whose maps are matched.
        match: (C,) the map of the second net that belongs to each map of the first.
        correlation: (C,) of the two maps' activations over images and positions.
        null_correlation: (rounds, C) the same after matching with shuffled images.
        untrained_correlation: (C,) the same after matching with the untrained net; or empty.
        oip_similarity: (C,) of the matched maps' OIPs, the best over shifts; empty without OIPs.
        oip_null: (P,) its mean for maps paired at random.
        transfer_rank: (C,) place of the matched map among all maps of the second net by its answer
            to the first net's OIP, in units of each map's spread over images; 1 is the first.
        transfer_percentile: (C,) percent of the images that excite the matched map at most as much.
        transfer_null: (P,) mean reciprocal rank for maps paired at random.

    Example:
        >>> import featureprobe as fp
        >>> nets, (images, _) = [fp.samples.mnist_probe(n) for n in "ab"], fp.samples.mnist_digits()
        >>> found = fp.analysis.compare_nets(*nets, images[:99], ["Dense_1"], match="Dense_1")
        >>> sorted(found.match.tolist()) == list(range(100))  # one to one
        True
    """

    kind: ClassVar[str] = "net_comparison"
    _shapes: ClassVar[str] = (
        "cka: L L; cka_null: L L; cka_untrained: L L | 0 ...; layers: L; match: C; "
        "correlation: C; null_correlation: _ C; untrained_correlation: C | 0; "
        "oip_similarity: C | 0; oip_null: _; transfer_rank: C | 0; transfer_percentile: C | "
        "0; transfer_null: _"
    )
    layers: tuple[str, ...]
    _: KW_ONLY
    cka: Floats
    cka_null: Floats
    cka_untrained: Floats
    layer: str
    match: Whole
    correlation: Floats
    null_correlation: Floats
    untrained_correlation: Floats
    oip_similarity: Floats
    oip_null: Floats
    transfer_rank: Whole
    transfer_percentile: Floats
    transfer_null: Floats

    @property
    def verdict(self) -> str:
        """How much is the same, beside chance."""
        text = (
            f"{self.layer}: matched maps correlate at {np.median(self.correlation):.2f} in the median "
            f"(chance {np.median(self.null_correlation):.2f}{self._without_training}), "
            f"{(self.correlation > 0.7).mean():.0%} above 0.7; CKA of the layer {self._own_cka:.2f}"
        )
        if len(self.oip_similarity):
            rank = (1 / self.transfer_rank).mean()
            text += (
                f"; their OIPs are alike at {self.oip_similarity.mean():.2f} (chance "
                f"{self.oip_null.mean():.2f}); an OIP finds its match in the other net with a mean "
                f"reciprocal rank of {rank:.2f} (chance {self.transfer_null.mean():.2f})"
            )
        return text + "."

    @property
    def _without_training(self) -> str:
        found = self.untrained_correlation
        return f", with an untrained net {np.median(found):.2f}" if len(found) else ""

    @property
    def _own_cka(self) -> float:
        place = self.layers.index(self.layer)
        return float(self.cka[place, place])

    @property
    def _size(self) -> tuple[float, float]:
        return 11.0, 4.4


@checked
def compare_nets(
    first: ModelProbe,
    second: ModelProbe,
    images: npt.ArrayLike,
    layers: Layers,
    *,
    match: str,
    results: tuple[AscentResult, AscentResult] | None = None,
    null_net: ModelProbe | None = None,
    rounds: Count = 20,
    rng: Rng = 0,
) -> NetComparison:
    """Compare two trainings of one architecture.

    Layers are compared by debiased linear CKA; maps are matched one to one so that their
    correlations over images and positions are largest in sum (the Hungarian method; Li et al.,
    "Convergent learning", 2016). Each number stands beside what it is when the second net sees the
    images in another order, or when maps are paired at random.

    Args:
        first: A net.
        second: Another training of it, with layers of the same paths and shapes.
        images: (N, H, W, C), pixel units, at least 8; CKA takes memory for N x N numbers.
        layers: Paths to compare.
        match: The one of them whose maps or nodes are matched.
        results: The OIPs of all maps of ``match`` in both nets, in order (``MapMean.each``).
        null_net: An untrained net of the same architecture, as ``fp.analysis.untrained(second)``
            makes it: a second null, for what architecture and images have in common.
        rounds: Shufflings of the second net's images.
        rng: Their seed.

    Returns:
        The comparison.

    Raises:
        ShapeError: When the nets' layers differ in shape, or results do not fit.
        MissingExtraError: Without scipy, which ``featureprobe[analysis]`` brings.

    Example:
        >>> import featureprobe as fp
        >>> nets, (images, _) = [fp.samples.mnist_probe(n) for n in "ab"], fp.samples.mnist_digits()
        >>> found = compare_nets(*nets, images[:200], ["Conv2D_3"], match="Conv2D_3", rounds=2)
        >>> bool(np.median(found.correlation) > np.median(found.null_correlation))
        True
    """
    if match not in layers:
        raise ConfigError(f"match is one of the layers {list(layers)}. Received: {match!r}.")
    pixels = _checks.images(images, first.image_shape)
    nets = (first, second) if null_net is None else (first, second, null_net)
    values = [probe.activations(pixels, list(layers)) for probe in nets]
    _check(layers, values)
    _checks.whole("rounds", rounds, least=1)
    generator = np.random.default_rng(seed_from(rng))
    orders = [generator.permutation(len(pixels)) for _ in range(rounds)]
    grams = [[gram(v[layer]) for layer in layers] for v in values]
    cka, cka_null = _layers(grams[0], grams[1], orders)
    bare = _EMPTY if null_net is None else _all_pairs(grams[0], grams[2])
    own = [v[match] for v in values]
    matched, correlation = match_maps(*own[:2])
    null = np.stack([match_maps(own[0], own[1][order])[1] for order in orders])
    found = {} if results is None else transfer(second, own[1], results, match, matched, generator)
    return NetComparison(
        tuple(layers),
        cka=cka,
        cka_null=cka_null,
        cka_untrained=bare,
        layer=match,
        match=matched,
        correlation=correlation,
        null_correlation=null,
        untrained_correlation=_EMPTY if null_net is None else match_maps(own[0], own[2])[1],
        **(dict.fromkeys(OIP_FIELDS, _EMPTY) | found),
    )


def _check(layers: Sequence[str], values: Sequence[dict[str, FloatArray]]) -> None:
    count = len(values[0][layers[0]])
    if count < 8:
        raise RangeError(f"Nets are compared on at least 8 images. Received {count}.")
    for layer in layers:
        shapes = [v[layer].shape[1:] for v in values]
        if len(set(shapes)) > 1:
            raise ShapeError(f"The nets give {shapes} at {layer!r}. Compare layers of equal shape.")


def _layers(
    first: list[Floats], second: list[Floats], orders: list[Whole]
) -> tuple[Floats, Floats]:
    """Return CKA of all pairs of layers, from their Gram matrices, and the largest when shuffled."""
    shuffled = [
        _all_pairs(first, [b[np.ix_(order, order)] for b in second])
        for order in orders[:5]  # each takes as long as the comparison itself
    ]
    return _all_pairs(first, second), np.array(shuffled).max(axis=0)


def _all_pairs(first: list[Floats], second: list[Floats]) -> Floats:
    """Return (L, L) CKA."""
    return np.array([[debiased_cka(a, b) for b in second] for a in first])
