"""Which units pictures are assessed against, and how an image is scored for all units of a layer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from featureprobe.analysis.quality.batching import portion
from featureprobe.ascent.problem.targets import check_reads
from featureprobe.errors import ConfigError, ModelError
from featureprobe.objectives.base import Objective
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.types import OUTPUT, FloatArray, Read, flag

_MOST = 2048  # images at once
_KINDS = ("map_mean", "node", "logit")


@dataclass(frozen=True)
class UnitScore:
    """How images are scored for all units of a layer: what one target reads, for every channel.

    Attributes:
        layer: Path of the layer.
        pre: Whether before its activation.
        place: (row, col) of a node in its map, (row,) in a 1-D layer; None for map means and dense
            nodes.
    """

    layer: str
    pre: bool = False
    place: tuple[int, ...] | None = None

    def of(self, probe: ModelProbe, images: npt.ArrayLike) -> FloatArray:
        """Return (N, U), the score of each image for each unit, activations.

        Args:
            probe: The opened model.
            images: (N, H, W, C), pixel units.
        """
        return self._answers(probe, images, self.pre, np.mean)

    def strongest(self, probe: ModelProbe, images: npt.ArrayLike) -> FloatArray:
        """Return (N, U), each unit's strongest node before its activation, if that can be read.

        Where a rectified unit is silent, this still says how far it is from answering.

        Args:
            probe: The opened model.
            images: (N, H, W, C), pixel units.
        """
        return self._answers(probe, images, self.sees_before(probe), np.max)

    def sees_before(self, probe: ModelProbe) -> bool:
        """Whether values before the layer's activation can be read, or there is no activation."""
        try:
            probe.network.prepare(((self.layer, True),))
        except ModelError:  # the output of a subclassed model, a layer of the user's own
            return False
        return True

    def read(self) -> Read:
        """Return what a score reads."""
        row, col = (*(self.place or ()), None, None)[:2]
        return Read(self.layer, row=row, col=col)

    def over(self, values: Any, taken: Callable[..., Any]) -> Any:
        """Return (N, U) of a layer's values (N, ..., U), arrays or tensors.

        Args:
            values: The values.
            taken: Takes those of a map together, such as ``np.mean``; called with ``axis=``.
        """
        if self.place is not None:
            for index in self.place:
                values = values[:, index]
            return values
        axes = tuple(range(1, len(values.shape) - 1))
        return taken(values, axis=axes) if axes else values

    def _answers(
        self, probe: ModelProbe, images: npt.ArrayLike, pre: bool, taken: Callable[..., Any]
    ) -> FloatArray:
        pixels, parts = np.asarray(images), []
        size = portion(probe, (self.layer, pre), most=_MOST)
        for first in range(0, len(pixels), size):
            values = probe.activations(pixels[first : first + size], self.layer, pre=pre)
            parts.append(self.over(values, taken))
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
        RangeError, UnknownLayerError: When a target is not in the net.
    """
    configs = [t.to_config({}) if isinstance(t, Objective) else t for t in targets]
    if not configs or any(c["kind"] not in _KINDS for c in configs):
        kinds = sorted({str(c["kind"]) for c in configs})
        raise ConfigError(
            f"Pictures are assessed against MapMean, Node or Logit targets. Received: {kinds}. "
            "Pass targets=fp.MapMean.each(probe, layer)."
        )
    for target in targets:
        if isinstance(target, Objective):
            check_reads(probe, target)
    scores = {_score_of(probe, c) for c in configs}
    if len(scores) > 1:
        raise ConfigError(
            "Pictures of one layer are assessed together: map means, or nodes of one place. Received: "
            f"{', '.join(sorted(_named(probe, s) for s in scores)[:3])}. Assess them one after the other."
        )
    found = [c.get("channel") if c.get("channel") is not None else c["index"] for c in configs]
    return scores.pop(), np.array(found, np.int64)


def _score_of(probe: ModelProbe, config: Mapping[str, Any]) -> UnitScore:
    layer = str(config["layer"])
    if layer != OUTPUT:
        probe.shape_of(layer)
    pre = config["kind"] == "logit" or flag("pre", config.get("pre", False))
    place = tuple(int(config[axis]) for axis in ("row", "col") if config.get(axis) is not None)
    return UnitScore(layer, pre, place or None)


def _named(probe: ModelProbe, score: UnitScore) -> str:
    maps = len(probe.shape_of(score.layer)) > 1
    where = "means" if maps else "nodes"
    if score.place is not None:
        where = f"nodes at {score.place}"
    return f"{score.layer} {where}{' before the activation' * score.pre}"
