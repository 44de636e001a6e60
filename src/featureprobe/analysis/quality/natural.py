"""What natural images reach on one layer: the standard that pictures are held against."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from featureprobe import _checks
from featureprobe._randomness import Rng, seed_from
from featureprobe.analysis.quality.units import UnitScore
from featureprobe.errors import RangeError
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.types import FloatArray, Whole


@dataclass(frozen=True, eq=False)
class Natural:
    """Natural images, scored for all units of a layer and dealt out to two halves.

    Attributes:
        images: (N, *spatial, C), pixel units.
        values: (N, U) scores, activations.
        known: (A,) the half from which examples and spreads are taken.
        unseen: (B,) the other half, on which predictions are tested.
    """

    images: npt.NDArray[Any]
    values: FloatArray
    known: Whole
    unseen: Whole

    @classmethod
    def of(cls, probe: ModelProbe, images: npt.ArrayLike, score: UnitScore, rng: Rng) -> "Natural":
        """Score natural images.

        Raises:
            RangeError: For fewer than 40 images.
        """
        pixels = _checks.images(images, probe.image_shape)
        if len(pixels) < 40:
            raise RangeError(
                f"Pictures are held against at least 40 natural images. Received {len(pixels)}; "
                "some thousands tell more."
            )
        order = np.random.default_rng(seed_from(rng)).permutation(len(pixels))
        half = len(order) // 2
        given = np.asarray(images)
        kept = given if given.shape == pixels.shape else pixels
        return cls(kept, score.of(probe, kept), np.sort(order[:half]), np.sort(order[half:]))

    def top(self, units: Whole, count: int) -> Whole:
        """Return (K, count) the known images that excite each of K units most, strongest first."""
        own = self.values[self.known][:, units]
        return self.known[np.argsort(-own, axis=0, kind="stable")[:count].T]

    def z(self, values: FloatArray) -> FloatArray:
        """Return scores (..., U) in units of each unit's spread over the known images."""
        own = self.values[self.known].astype(np.float64)
        spread = own.std(axis=0)
        return np.asarray((values - own.mean(axis=0)) / np.where(spread > 0, spread, np.inf))

    def ranks(self, values: FloatArray) -> Whole:
        """Return the place of each unit among all units by z, for scores (K, U); 1 is the first."""
        order = (-self.z(values)).argsort(axis=1, kind="stable")
        return np.asarray(order.argsort(axis=1) + 1, np.int64)

    def percentiles(self, scores: FloatArray, units: Whole) -> FloatArray:
        """Return (K,) percent of all natural images that score at most as much as a picture."""
        return np.asarray(100.0 * (self.values[:, units] <= scores[None]).mean(axis=0))
