"""Quality profile: what each picture of a unit is worth, on one sheet."""

from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure, SubFigure

from featureprobe._arguments import checked
from featureprobe.analysis.finding import Finding
from featureprobe.analysis.places import place_of
from featureprobe.analysis.quality import wording
from featureprobe.analysis.quality.profile_view import draw_pictures, draw_profile
from featureprobe.analysis.quality.suspicion import agreements, mean_known, share_of, suspicion
from featureprobe.types import FloatArray

Floats = npt.NDArray[np.floating[Any]]
Whole = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False, repr=False)
class QualityProfile(Finding):
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
    layer: str
    _: KW_ONLY
    labels: tuple[str, ...]
    units: Whole
    score: Floats
    best_known: Floats
    top_natural: Floats
    natural_share: Floats
    reach: Floats
    percentile: Floats
    certificate: Floats
    diversity: Floats
    z: Floats
    rank: Whole
    margin: Floats
    changes: tuple[str, ...]
    kept: Floats
    kept_natural: Floats
    path_layers: tuple[str, ...]
    path: Floats
    source_layers: tuple[str, ...]
    sources: Floats
    explains: Floats
    explains_top: Floats
    explains_others: Floats
    fine: Floats
    fine_natural: Floats
    transfer_unit: Whole
    transfer_rank: Whole
    transfer_percentile: Floats
    transfer_null: Floats
    untrained_rank: Whole
    images: FloatArray

    def __len__(self) -> int:
        return len(self.units)

    @property
    def attainment(self) -> Floats:
        """(K,) score as a share of the best known; NaN where none is."""
        return share_of(self.score, self.best_known)

    @property
    def ratio(self) -> Floats:
        """(K,) score as a multiple of that of the best natural image; NaN where that is not positive.

        A large one is neither good nor bad by itself: see it beside :attr:`naturalness`.
        """
        return share_of(self.score, self.top_natural)

    @property
    def naturalness(self) -> Floats:
        """(K,) mean of ``path`` over the layers before the unit's; NaN where none tells."""
        return mean_known(self.path[:, :-1])

    @property
    def robustness(self) -> Floats:
        """(K,) mean over changes of the share kept, relative to what natural images keep."""
        return mean_known(share_of(self.kept, self.kept_natural))

    @property
    def explanation(self) -> Floats:
        """(K,) explanatory power, 0 as by other units' pictures, 1 as by the top natural images.

        NaN where those explain nothing.
        """
        chance = np.maximum(np.nan_to_num(self.explains_others), 0)
        return share_of(self.explains - chance, self.explains_top - chance)

    @property
    def transfer_gain(self) -> Floats:
        """(K,) reciprocal rank in the other net, less the mean in its untrained copies.

        0 for what the architecture does by itself; NaN without untrained copies.
        """
        if not len(self.untrained_rank):
            return np.full(len(self), np.nan)
        return np.asarray(1 / self.transfer_rank - (1 / self.untrained_rank).mean(axis=0))

    @property
    def suspicion(self) -> Floats:
        """(K,) 0..1, how little a picture has to do with what real images do to its unit.

        One minus the mean of three agreements, each held within 0..1: the mean of ``sources``; the
        usual ``reach`` as a share of the picture's own; and what natural images say, the mean of
        the last column of ``path`` (the company of other units) and :attr:`explanation`. NaN
        where natural images hardly excite the unit (``natural_share`` below 0.05): there is
        nothing to hold a picture against. A hint, no proof: it can miss, and blame wrongly.
        """
        return suspicion(
            self.path[:, -1],
            self.sources,
            self.explanation,
            self.reach,
            excited=self.score,
            natural=self.natural_share,
        )

    @property
    def agreements(self) -> Floats:
        """(K, 3) what ``suspicion`` is made of: the way, the height, what natural images say.

        Each is within 0..1, NaN where it is unknown.
        """
        return agreements(self.path[:, -1], self.sources, self.explanation, self.reach)

    def sentences(self) -> tuple[str, ...]:
        """Return one sentence on each picture: what it reaches, and how to read it."""
        return tuple(wording.sentence(self, k) for k in range(len(self)))

    @checked
    def of(self, picture: int | str) -> str:
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

    def _draw(self, figure: Figure | SubFigure, *, pictures: bool = False) -> None:
        (draw_pictures if pictures else draw_profile)(self, figure)

    @property
    def _size(self) -> tuple[float, float]:
        return 13.0, 7.0
