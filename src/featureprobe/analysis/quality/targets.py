"""Which units pictures are assessed against, and how an image is scored for all units of a layer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from featureprobe.errors import ConfigError
from featureprobe.objectives.base import Objective
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.types import OUTPUT, FloatArray

_PART = 2048
_KINDS = ("map_mean", "node", "logit")


@dataclass(frozen=True)
class UnitScore:
    """How images are scored for all units of a layer: what one target reads, for every channel.

    Attributes:
        layer: Path of the layer.
        pre: Whether before its activation.
        place: (row, col) of a node in its map; None for map means and dense nodes.
    """

    layer: str
    pre: bool = False
    place: tuple[int, int] | None = None

    def of(self, probe: ModelProbe, images: npt.ArrayLike) -> FloatArray:
        """Return (N, U), the score of each image for each unit, activations.

        Args:
            probe: The opened model.
            images: (N, H, W, C), pixel units.
        """
        return self._read(probe, images, self.pre, lambda maps: maps.mean(axis=(1, 2)))

    def strongest(self, probe: ModelProbe, images: npt.ArrayLike) -> FloatArray:
        """Return (N, U), each unit's strongest node before its activation.

        Where a rectified unit is silent, this still says how far it is from answering.

        Args:
            probe: The opened model.
            images: (N, H, W, C), pixel units.
        """
        return self._read(probe, images, True, lambda maps: maps.max(axis=(1, 2)))

    def _read(
        self,
        probe: ModelProbe,
        images: npt.ArrayLike,
        pre: bool,
        over: Callable[[FloatArray], FloatArray],
    ) -> FloatArray:
        """Return (N, U): a layer's values, of whole maps taken together by ``over``."""
        pixels, parts = np.asarray(images), []
        for first in range(0, len(pixels), _PART):
            values = probe.activations(pixels[first : first + _PART], self.layer, pre=pre)
            if values.ndim > 2:
                own = self.place
                values = over(values) if own is None else values[:, own[0], own[1]]
            parts.append(values)
        return np.concatenate(parts)


def units_of(
    probe: ModelProbe, targets: Sequence[Objective | Mapping[str, Any]]
) -> tuple[UnitScore, npt.NDArray[np.int64]]:
    """Return how targets score, and the unit of each.

    Args:
        probe: The opened model.
        targets: ``MapMean``, ``Node`` or ``Logit`` objectives of one layer, or their configs.

    Raises:
        ConfigError: For other objectives, or for several layers or places.
    """
    configs = [t.to_config({}) if isinstance(t, Objective) else t for t in targets]
    if not configs or any(c["kind"] not in _KINDS for c in configs):
        kinds = sorted({str(c["kind"]) for c in configs})
        raise ConfigError(
            f"Pictures are assessed against MapMean, Node or Logit targets. Received: {kinds}. "
            "Pass targets=fp.MapMean.each(probe, layer)."
        )
    scores = {_score_of(probe, c) for c in configs}
    if len(scores) > 1:
        raise ConfigError(
            f"Pictures of one layer are assessed together. Received: {sorted(map(str, scores))[:3]}. "
            "Assess layer by layer."
        )
    found = [c.get("channel") if c.get("channel") is not None else c["index"] for c in configs]
    return scores.pop(), np.array(found, np.int64)


def _score_of(probe: ModelProbe, config: Mapping[str, Any]) -> UnitScore:
    layer = str(config["layer"])
    if layer != OUTPUT:
        probe.shape_of(layer)
    pre = config["kind"] == "logit" or bool(config.get("pre"))
    row, col = config.get("row"), config.get("col")
    return UnitScore(layer, pre, None if row is None or col is None else (int(row), int(col)))
