"""Which units pictures are assessed against, and how an image is scored for all units of a layer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from featureprobe.analysis.quality.batching import portion
from featureprobe.errors import ConfigError, ModelError
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.types import FloatArray, Read, UnitStatistic

_MOST = 2048  # images at once


@dataclass(frozen=True)
class UnitScore:
    """How images are scored for all units of a layer: what one target is of its unit, for every unit.

    Attributes:
        layer: Path of the layer.
        pre: Whether before its activation.
        place: Of a node, one number for each spatial axis of its layer, such as (row, col); None for
            whole maps and dense nodes.
        peak: Whether whole maps score by their strongest node, not by their mean.
    """

    layer: str
    pre: bool = False
    place: tuple[int, ...] | None = None
    peak: bool = False

    def of(self, probe: ModelProbe, images: npt.ArrayLike) -> FloatArray:
        """Return (N, U), the score of each image for each unit, activations.

        Args:
            probe: The opened model.
            images: (N, *spatial, C), pixel units.
        """
        return self._answers(probe, images, self.pre, np.max if self.peak else np.mean)

    def strongest(self, probe: ModelProbe, images: npt.ArrayLike) -> FloatArray:
        """Return (N, U), each unit's strongest node before its activation, if that can be read.

        Where a rectified unit is silent, this still says how far it is from answering.

        Args:
            probe: The opened model.
            images: (N, *spatial, C), pixel units.
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
        return Read(self.layer, position=self.place)

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
    probe: ModelProbe, shown: Sequence[UnitStatistic | None], labels: Sequence[str]
) -> tuple[UnitScore, npt.NDArray[np.int64]]:
    """Return how targets score, and the unit of each.

    Args:
        probe: The opened model.
        shown: Which number of which unit the score of each target is; None for no such thing.
        labels: What targets are called in messages.

    Raises:
        ConfigError: When a score is no number of one unit, or for several layers or places.
        RangeError, ShapeError, UnknownLayerError: When a unit is not in the net.
    """
    known = [own for own in shown if own is not None]
    if not known or len(known) < len(shown):
        unknown = [label for label, own in zip(labels, shown, strict=True) if own is None]
        raise ConfigError(
            "Pictures are assessed against units: MapMean, Node or Logit targets, or objectives that say "
            f"which unit they show. Received: {', '.join(unknown[:3]) or 'no targets'}. Pass "
            "targets=fp.MapMean.each(probe, layer); objectives of your own say it by shown_unit(), "
            "and their class must be installed or registered (fp.plugins.register)."
        )
    for own in known:
        own.check(probe.shape_of(own.layer))
    scores = {_score_of(probe, own) for own in known}
    if len(scores) > 1:
        raise ConfigError(
            "Pictures of one layer are assessed together: whole maps by one number, or nodes of one "
            f"place. Received: {', '.join(sorted(_named(probe, s) for s in scores)[:3])}. Assess them "
            "one after the other."
        )
    return scores.pop(), np.array([own.unit for own in known], np.int64)


def _score_of(probe: ModelProbe, own: UnitStatistic) -> UnitScore:
    whole = len(probe.shape_of(own.layer)) > 1  # a dense node is its own mean
    return UnitScore(own.layer, own.pre, own.place or None, peak=whole and own.by == "peak")


def _named(probe: ModelProbe, score: UnitScore) -> str:
    maps = len(probe.shape_of(score.layer)) > 1
    where = ("strongest nodes" if score.peak else "means") if maps else "nodes"
    if score.place is not None:
        where = f"nodes at {score.place}"
    return f"{score.layer} {where}{' before the activation' * score.pre}"
