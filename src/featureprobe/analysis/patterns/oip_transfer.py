"""What one net makes of the OIPs of another: alike by pixels, and answered by the matched maps."""

from typing import Any

import numpy as np

from featureprobe.analysis.stats.similarity import shift_similarity
from featureprobe.errors import ShapeError
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.results.result import AscentResult
from featureprobe.types import FloatArray, Whole

_PAIRINGS = 1000

OIP_FIELDS = (
    "oip_similarity", "oip_null", "transfer_rank", "transfer_percentile", "transfer_null",
)  # fmt: skip


def transfer(
    second: ModelProbe,
    natural: FloatArray,
    results: tuple[AscentResult, AscentResult],
    layer: str,
    match: Whole,
    rng: np.random.Generator,
) -> dict[str, Any]:
    """Return how alike the OIPs of matched maps are, and what the second net makes of the first's."""
    for result in results:
        if len(result) != len(match):
            raise ShapeError(
                f"results hold the OIP of each of the {len(match)} maps of {layer!r}, in order. "
                f"Received {len(result)}. Run MapMean.each(probe, {layer!r})."
            )
    alike = shift_similarity(results[0].best(), results[1].best())
    means = [
        v.mean(axis=tuple(range(1, v.ndim - 1)), dtype=np.float64)
        for v in (natural, second.activations(results[0].best(), layer))
    ]
    spread = means[0].std(axis=0)
    z = (means[1] - means[0].mean(axis=0)) / np.where(spread > 0, spread, np.inf)
    ranks = (-z).argsort(axis=1, kind="stable").argsort(axis=1) + 1
    maps = np.arange(len(match))
    dealt = [rng.permutation(len(match)) for _ in range(_PAIRINGS)]
    return {
        "oip_similarity": alike[maps, match],
        "oip_null": np.array([alike[maps, pairing].mean() for pairing in dealt]),
        "transfer_rank": ranks[maps, match].astype(np.int64),
        "transfer_percentile": 100 * (means[0][:, match] <= means[1][maps, match]).mean(axis=0),
        "transfer_null": np.array([(1 / ranks[maps, pairing]).mean() for pairing in dealt]),
    }
