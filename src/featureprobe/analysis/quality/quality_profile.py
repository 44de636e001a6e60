"""Quality profile: what each picture of a unit is worth, on one sheet."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from featureprobe._arguments import checked
from featureprobe.analysis.places import place_of
from featureprobe.analysis.quality import wording
from featureprobe.analysis.quality.measured import MeasuredPictures

Floats = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False, repr=False)
class QualityProfile(MeasuredPictures):
    """What pictures of K units of one layer are worth; made by :func:`assess`.

    No number is compared across constraint sets: hold pictures of one set against each other.

    Option of ``plot``: ``pictures``, True to draw the pictures themselves, with their suspicion.

    Args:
        layer: Path of the layer.
        labels: One short text a picture.
        units: (K,) the unit that each picture shows.
        score: (K,) the unit's answer to the picture, activations.
        best_known: (K,) the best score known; NaN where none was given.
        top_natural: (K,) its answer to the best natural image.
        natural_share: (K,) the same as a share of the best of a usual unit, the median over those of the
            layer that natural images excite.
        reach: (K,) how far its strongest node goes, before the activation: 0 as for the median natural
            image, 1 as for the best.
        percentile: (K,) percent of natural images that excite it at most as much.
        certificate: (K,) 1 at a stationary point of the constraint set: by a short climb, or as the
            ascent left it; NaN where neither the set nor a result was given.
        diversity: (K,) mean unlikeness (1 - correlation over shifts) of the starts that reach 90 % of
            the best score; NaN for fewer than two.
        z: (K,) the answer in units of the unit's spread over natural images.
        rank: (K,) place of the unit among all units of the layer by z; 1 is the first.
        margin: (K,) z less that of the best other unit.
        changes: Names of C small changes.
        kept: (K, C) share of the score that a change leaves.
        kept_natural: (K, C) the same for the unit's nine top natural images.
        path_layers: L layers up to the unit's, ``"pixels"`` first.
        path: (K, L) likeness of activations to those of the top natural images: 1 as alike as these
            are among each other, 0 as any images; NaN where the two hardly differ.
        source_layers: M layers before those that compute the unit itself.
        sources: (K, M) how far the answer comes through the maps of an earlier layer through which it
            comes in the top natural images: 1 as among these, 0 as in any images or by another way.
        explains: (K,) rank correlation of likeness to the picture, in what the unit sees, and the
            unit's answers to unseen images.
        explains_top: (K,) the same for the nine top natural images.
        explains_others: (K,) the same for the pictures of the other units, in the mean: chance.
        fine: (K,) share of energy above 0.25 cycles per pixel.
        fine_natural: (3,) 5th, 50th and 95th percentile of that among natural images.
        transfer_unit: (K,) the unit of the other net that was matched; empty without another net.
        transfer_rank: (K,) its place among all units of that net, by z.
        transfer_percentile: (K,) percent of natural images that excite it at most as much.
        transfer_null: (P,) mean reciprocal ranks for units paired at random.
        untrained_rank: (R, K) the same place in R untrained copies of the other net, each matched in
            the same way; empty without another net, or where Keras cannot copy it.
        images: (K, H, W, C) the pictures, pixel units.

    Example:
        >>> import featureprobe as fp
        >>> probe, (images, _) = fp.samples.mnist_probe(), fp.samples.mnist_digits()
        >>> targets = fp.MapMean.each(probe, "Conv2D_3")[:5]
        >>> result = fp.Ascent(steps=16, starts=1).run(probe, targets, rng=0)
        >>> profile = fp.analysis.assess(probe, result, images[:200])
        >>> profile.suspicion.shape, profile.rank.shape
        ((5,), (5,))
        >>> print(profile.sentences()[0])
        Conv2D_3 channel 0: ...
    """

    kind: ClassVar[str] = "quality_profile"
    _shapes: ClassVar[str] = (
        "units: K; score: K; best_known: K; top_natural: K; natural_share: K; reach: K; "
        "percentile: K; certificate: K; diversity: K; z: K; rank: K; margin: K; labels: K; "
        "kept: K C; kept_natural: K C; changes: C; path: K L; path_layers: L; sources: K M; "
        "source_layers: M; explains: K; explains_top: K; explains_others: K; fine: K; "
        "fine_natural: 3; transfer_unit: K | 0; transfer_rank: K | 0; transfer_percentile: "
        "K | 0; transfer_null: _; untrained_rank: _ K | 0 ...; images: K ..."
    )

    def sentences(self) -> tuple[str, ...]:
        """Return one sentence on each picture: what it reaches, and how to read it."""
        return tuple(wording.sentence(self, k) for k in range(len(self)))

    @checked
    def describe(self, picture: int | str) -> str:
        """Return the sentence on one picture, and all its measures, as text.

        Args:
            picture: Its place, or its label.

        Raises:
            RangeError: When there is no such picture.
        """
        return wording.described(self, place_of(picture, self.labels, "pictures"))

    def table(self) -> str:
        """Return a text table: each measure's median over pictures with its 95 % interval.

        Intervals are bootstrapped over pictures (10,000 draws, seed 0), from three pictures on. They leave
        out what another split of the natural images would change: see ``rng`` of :func:`assess`.
        """
        return wording.table(self)

    @property
    def verdict(self) -> str:
        """The medians in one sentence."""
        return wording.verdict(self)

    @property
    def _size(self) -> tuple[float, float]:
        return 13.0, 7.0
