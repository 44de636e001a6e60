"""Pictures with all that was measured of them, and the numbers that follow."""

from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from featureprobe.analysis.finding import Finding
from featureprobe.analysis.stats.suspicion import agreements, mean_known, share_of, suspicion
from featureprobe.types import FloatArray, Whole

Floats = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False, repr=False)
class MeasuredPictures(Finding):
    """The fields of :class:`QualityProfile`, which says what they are, without their words."""

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
