"""MapMean: the mean activation of one map."""

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar, Self

import tensorflow as tf

from featureprobe import _checks
from featureprobe._arguments import check_fields, checked
from featureprobe._spatial import MOST, size_argument
from featureprobe.errors import ShapeError
from featureprobe.objectives.base import Objective
from featureprobe.objectives.seen import Seen
from featureprobe.types import HasLayers, Index, Read, Tensor, UnitStatistic, flag


@dataclass(frozen=True)
class MapMean(Objective):
    """The mean activation of one map: the classic objective for filter visualization.

    Args:
        layer: Path of a layer with maps: its output is (H, W, C), (L, C) or (D, H, W, C).
        channel: Number of the map.
        pre: Take the values before the activation. Its mean is a poor objective by itself (for a
            first convolution it is linear in the image), so it serves warm-ups.

    Source: Erhan et al. 2009; article VII of the MNIST series.

    Example:
        >>> MapMean("Conv2D_3", channel=5).label
        'Conv2D_3 channel 5'
    """

    kind: ClassVar[str] = "map_mean"
    layer: str
    _: KW_ONLY
    channel: Index
    pre: bool = False

    def __post_init__(self) -> None:
        check_fields(self)
        _checks.whole("channel", self.channel, least=0)
        object.__setattr__(self, "pre", flag("pre", self.pre))

    @classmethod
    @checked
    def each(cls, probe: HasLayers, layer: str, *, pre: bool = False) -> list[Self]:
        """Return one objective for each map of a layer, in order.

        Args:
            probe: The probe that has the layer.
            layer: Path of a layer with maps.
            pre: As above.

        Raises:
            ShapeError: When the layer has no maps.
        """
        shape, pre = probe.shape_of(layer), flag("pre", pre)
        if len(shape) < 2:
            raise ShapeError(
                f"The layer {layer!r} has no maps: its output has the shape {shape}. "
                f"Use fp.Node.each(probe, {layer!r}) for its nodes."
            )
        if len(shape) > MOST + 1:
            raise ShapeError(
                f"Maps have 1 to {MOST} spatial axes, but the layer {layer!r} gives {shape}. Choose another "
                "layer, or lift a function of your own: fp.objective_from."
            )
        if 0 in shape:
            raise ShapeError(
                f"The layer {layer!r} has no values for images of this size: its output has the "
                f"shape {shape}. Open the model with a larger {size_argument(len(shape) - 1)}."
            )
        return [cls(layer, channel=c, pre=pre) for c in range(shape[-1])]

    @property
    def label(self) -> str:
        """The layer and the numbers."""
        return self._named("")

    def reads(self) -> tuple[Read, ...]:
        """Return the map."""
        return (Read(self.layer, channel=self.channel, pre=self.pre),)

    def value(self, seen: Seen) -> Tensor:
        """Return the mean over all positions, (N,)."""
        return tf.reduce_mean(seen[0], axis=tuple(range(1, len(seen[0].shape))))

    def shown_unit(self) -> UnitStatistic:
        """Return the mean over the map."""
        return UnitStatistic(self.layer, unit=self.channel, by="mean", pre=self.pre)
