"""Live pixels: which pixels can matter to a target."""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

from featureprobe.types import Tensor


@dataclass(frozen=True, eq=False)
class LivePixels:
    """Masks of one chunk; M is 1 where all images share them, else N.

    Attributes:
        layer: (M, *spatial, 1) 1.0 where a pixel can reach the read layers at all, else 0.0.
        field: (M, *spatial, 1) 1.0 inside the receptive field of what the target reads.
        count: (M, 1, ..., 1) live values: live pixels times channels, at least 1.
        beyond: (M, 1, ..., 1) those of them outside the field; a crop leaves them out, but on the
            sphere they count.
        fill: (N, 1, ..., 1) the constant outside the field in a Box, model units.
        whole: Whether field and layer are known to be the same, which saves work.
    """

    layer: Tensor
    field: Tensor
    count: Tensor
    beyond: Tensor
    fill: Tensor
    whole: bool = False

    def prepared(self) -> Self:
        """Return these masks with :attr:`outside` computed now, not in a loop."""
        _ = self.outside
        return self

    @cached_property
    def outside(self) -> Tensor:
        """(M, *spatial, 1) 1.0 where a pixel reaches the layer, but not the target."""
        return self.layer - self.field
