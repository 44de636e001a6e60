"""Logit: the evidence for one class, before the softmax."""

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar, Self

from featureprobe import _checks
from featureprobe._arguments import check_fields, checked
from featureprobe.errors import ShapeError
from featureprobe.objectives.base import Objective
from featureprobe.objectives.seen import Seen
from featureprobe.types import OUTPUT, HasLayers, Index, Read, Tensor, UnitStatistic


@dataclass(frozen=True)
class Logit(Objective):
    """The output of one class before the softmax.

    A softmax can be raised by lowering the other classes; a logit cannot (Simonyan et al. 2013).
    Layers behind the softmax that change nothing, such as a cast or a reshaping, are looked through.
    Where the output is no softmax of logits that can be read (averaged probabilities, a Lambda), the run
    is refused.

    Args:
        index: Number of the class.
        layer: Path of the classifying layer; the model's output by default.

    Example:
        >>> Logit(4).label
        '@output index 4'
    """

    kind: ClassVar[str] = "logit"
    index: Index
    _: KW_ONLY
    layer: str = OUTPUT

    def __post_init__(self) -> None:
        check_fields(self)
        _checks.whole("index", self.index, least=0)

    @classmethod
    @checked
    def each(cls, probe: HasLayers, *, layer: str = OUTPUT) -> list[Self]:
        """Return one objective for each class.

        Raises:
            ShapeError: When the layer is not a vector of classes.
        """
        shape = probe.shape_of(layer)
        if len(shape) != 1:
            raise ShapeError(
                f"Classes are a vector, but the layer {layer!r} gives {shape}. "
                "Name the classifying layer: fp.Logit.each(probe, layer=...)."
            )
        return [cls(i, layer=layer) for i in range(shape[0])]

    @property
    def label(self) -> str:
        """The layer and the number."""
        return f"{self.layer} index {self.index}"

    def reads(self) -> tuple[Read, ...]:
        """Return the class's node before its activation."""
        return (Read(self.layer, index=self.index, pre=True),)

    def value(self, seen: Seen) -> Tensor:
        """Return the logit, (N,)."""
        return seen[0]

    def shown_unit(self) -> UnitStatistic:
        """Return the class's node before its activation."""
        return UnitStatistic(self.layer, unit=self.index, pre=True)
