"""Whether a picture is a maximum at all, whoever made it: how far a short ascent gets from it."""

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

import numpy as np
import tensorflow as tf

from featureprobe.analysis.quality.units import UnitScore
from featureprobe.ascent.ascent import Ascent
from featureprobe.constraints.base import Constraint
from featureprobe.constraints.box import Box
from featureprobe.objectives.base import Objective
from featureprobe.objectives.map_mean import MapMean
from featureprobe.objectives.node import Node
from featureprobe.objectives.seen import Seen
from featureprobe.parameterizations.pixels import Pixels
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.rules.normalized_gradient import NormalizedGradient
from featureprobe.types import FloatArray, Floats, Index, Read, Tensor, Whole

_STEPS, _STRIDE = 20, 0.02  # of the ascent; the stride is an RMS in typical spreads


@dataclass(frozen=True)
class StrongestNode(Objective):
    """The strongest node of a map or strip, for pictures that score by it."""

    kind: ClassVar[str] = "strongest_node"
    layer: str
    _: KW_ONLY
    channel: Index
    pre: bool

    def reads(self) -> tuple[Read, ...]:
        """Return the map."""
        return (Read(self.layer, channel=self.channel, pre=self.pre),)

    def value(self, seen: Seen) -> Tensor:
        """Return its greatest value, (N,)."""
        return tf.reduce_max(seen[0], axis=tuple(range(1, len(seen[0].shape))))


def certificates(
    probe: ModelProbe,
    pictures: FloatArray,
    score: UnitScore,
    units: Whole,
    constraint: Constraint,
) -> Floats:
    """Return (K,): 1 where a short ascent gets nowhere, a maximum; 0 where it goes straight on.

    Twenty steps along the normalized gradient, each of 2 % of the typical spread, with a projection on
    the set after each. Found is one minus the distance between both ends as a share of the length of
    the steps. At a maximum steps go back and forth, also at the edges of rectified units, where a
    single gradient says nothing, or the set takes them back. Pictures that are off by more than the
    climb's length, 40 % of the spread, count as other than the maximum.

    Args:
        probe: The opened model.
        pictures: (K, *spatial, C), pixel units; they are brought into the set first.
        score: How images are scored.
        units: (K,) the unit of each picture.
        constraint: The set.

    Returns:
        (K,), 0 where the unit has no gradient.
    """
    space = probe.input_space
    if isinstance(constraint, Box) and space.bounds is not None:
        pictures = np.clip(pictures, space.low, space.high)
    targets = [_target_of(probe, score, int(unit)) for unit in units]
    field, layer = _values(probe, score.read()), _values(probe, Read(score.layer))
    ascent = Ascent(
        steps=_STEPS,
        # The rule's stride is one over the pixels that reach the layer; this is over those of the unit.
        rule=NormalizedGradient(_STRIDE * float(np.sqrt(field / layer))),
        constraint=constraint,
        search=None,
        remedies=(),
        regularizers=(),
        transforms=(),
        views=1,
        parameterization=Pixels(),
        stop=None,
        keep="last",
    )
    begun = later = ascent.start(probe, targets, rng=0, start_images=pictures[:, None])
    for state, _ in ascent.iterate(probe, targets, begun):
        later = state
    start, end = (state.params["pixels"].astype(np.float64) for state in (begun, later))
    length = _STEPS * _STRIDE * space.spread * np.sqrt(field)
    left = 1 - np.sqrt(((end - start) ** 2).sum(axis=tuple(range(1, start.ndim)))) / length
    rises = (later.traces["gradient"] > 0).any(axis=0)
    return np.where(rises, np.maximum(left, 0), 0.0)


def _target_of(probe: ModelProbe, score: UnitScore, unit: int) -> Objective:
    """Return what a picture of a unit climbs."""
    axes = len(probe.shape_of(score.layer))
    if score.place is not None:
        return Node(score.layer, position=score.place, channel=unit, pre=score.pre)
    if score.peak:
        return StrongestNode(score.layer, channel=unit, pre=score.pre)
    if axes > 1:
        return MapMean(score.layer, channel=unit, pre=score.pre)
    return Node(score.layer, index=unit, pre=score.pre)


def _values(probe: ModelProbe, read: Read) -> float:
    """Return how many values of an image can reach what is read, at least 1."""
    return max(float(probe.network.live_box(read).sum()) * probe.image_shape[-1], 1.0)
