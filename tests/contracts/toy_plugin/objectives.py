"""MapContrast: one map over another."""

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

import tensorflow as tf

import featureprobe as fp


@dataclass(frozen=True)
class MapContrast(fp.Objective):
    """Favour one map of a layer over another.

    Args:
        layer: Path of a layer with maps.
        favour: The map to raise.
        avoid: The map to lower.
    """

    kind: ClassVar[str] = "toy.map_contrast"
    layer: str
    _: KW_ONLY
    favour: fp.Index
    avoid: fp.Index

    def reads(self) -> tuple[fp.Read, ...]:
        """Return both maps."""
        return (
            fp.Read(self.layer, channel=self.favour),
            fp.Read(self.layer, channel=self.avoid),
        )

    def value(self, seen: fp.Seen) -> fp.Tensor:
        """Return the difference of the means, (N,)."""
        return tf.reduce_mean(seen[0] - seen[1], axis=(1, 2))
