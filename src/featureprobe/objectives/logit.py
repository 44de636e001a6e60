"""Logit: the evidence for one class, before the softmax."""

from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from featureprobe import _checks
from featureprobe._arguments import check_fields, checked
from featureprobe._component import ArrayValue, PerTarget
from featureprobe._spatial import MOST, kept_place, place_in, words_of
from featureprobe.errors import ConfigError, DataError, ShapeError
from featureprobe.objectives.base import Objective
from featureprobe.objectives.seen import Seen
from featureprobe.types import (
    OUTPUT,
    HasLayers,
    Index,
    Read,
    Tensor,
    UnitStatistic,
    output_path,
)


@dataclass(frozen=True)
class Logit(Objective):
    """The output of one class before the softmax.

    A softmax can be raised by lowering the other classes; a logit cannot (Simonyan et al. 2013).
    Layers behind the softmax that change nothing, such as a cast or a reshaping, are looked through.
    Where the output is no softmax of logits that can be read (averaged probabilities, a Lambda), the run
    is refused.

    A head that says a class everywhere, as of a segmentation (H, W, classes), is asked for its mean over
    all positions, at one position, or for its mean over a mask.

    Args:
        index: Number of the class.
        layer: Path of the classifying layer; the model's output by default.
        output: The name of one of several outputs, as in ``probe.predict``, instead of a layer; kept
            as the layer ``"@output:name"``.
        position: One place of a dense head, one number for each of its spatial axes.
        mask: Weights of the places of a dense head, from 0 on and not all 0, in the shape of its
            spatial axes; True or False will do. The score is the weighted mean. An array is made an
            ``ArrayValue`` of float32.

    Raises:
        ConfigError: When a position and a mask are given, or a layer and an output.
        DataError: When the mask has other numbers.

    Example:
        >>> Logit(4).label
        '@output index 4'
        >>> Logit(2, position=(5, 7)).label
        '@output index 2 at row 5 col 7'
        >>> Logit(2, output="classes").layer
        '@output:classes'
        >>> import numpy as np
        >>> left = np.zeros((24, 20), bool)
        >>> left[:, :10] = True
        >>> Logit(2, mask=left).label[:24]
        '@output index 2 in mask '
    """

    kind: ClassVar[str] = "logit"
    index: Index
    _: KW_ONLY
    layer: str = OUTPUT
    output: str | None = None
    position: tuple[Index, ...] | None = None
    mask: PerTarget | None = None

    def __post_init__(self) -> None:
        if self.mask is not None:
            object.__setattr__(self, "mask", _weights(self.mask))
        check_fields(self)
        _checks.whole("index", self.index, least=0)
        object.__setattr__(self, "layer", _layer_of(self.layer, self.output))
        object.__setattr__(self, "output", None)
        position = place_in(*kept_place(None, None, self.position, "a Logit")) or None
        object.__setattr__(self, "position", position)
        for number in position or ():
            _checks.whole("position", number, least=0)
        if position and self.mask is not None:
            raise ConfigError(
                f"A Logit is of one position, or of a mask. Received both: {position} and "
                f"{self.mask!r}. Leave one out."
            )

    @classmethod
    @checked
    def each(
        cls,
        probe: HasLayers,
        *,
        layer: str = OUTPUT,
        output: str | None = None,
        position: tuple[int, ...] | None = None,
        mask: npt.ArrayLike | ArrayValue | None = None,
    ) -> list[Self]:
        """Return one objective for each class.

        Args:
            probe: The probe that has the layer.
            layer: As above, like all others.
            output: Name of an output.
            position: Of each.
            mask: Of each.

        Raises:
            ShapeError: When the layer has no classes.
        """
        shape = probe.shape_of(path := _layer_of(layer, output))
        if not 1 <= len(shape) <= MOST + 1:
            raise ShapeError(
                f"Classes are a vector, or the last axis of up to {MOST + 1}, but the layer {path!r} "
                f"gives {shape}. Name the classifying layer: fp.Logit.each(probe, layer=...)."
            )
        held: Any = None if mask is None else _weights(mask)
        return [cls(i, layer=path, position=position, mask=held) for i in range(shape[-1])]

    @property
    def label(self) -> str:
        """The layer and the number, and where in a dense head."""
        where = ""
        if self.position is not None:
            words = words_of(len(self.position))
            where = " at " + " ".join(f"{w} {n}" for w, n in zip(words, self.position, strict=True))
        if self.mask is not None:
            where = f" in mask {self.mask.sha256[:8]}"
        return f"{self.layer} index {self.index}{where}"

    def reads(self) -> tuple[Read, ...]:
        """Return the class's node or map before its activation."""
        if self.position is None:
            return (Read(self.layer, unit=self.index, pre=True),)
        return (Read(self.layer, position=self.position, channel=self.index, pre=True),)

    def value(self, seen: Seen) -> Tensor:
        """Return the logit, (N,)."""
        own, axes = seen[0], tuple(range(1, len(seen[0].shape)))
        if self.mask is None:
            return tf.reduce_mean(own, axis=axes) if axes else own
        weights = tf.cast(self.mask, own.dtype)  # (N, ...)
        if weights.shape[1:] != own.shape[1:]:
            raise ShapeError(
                f"The layer {self.layer!r} says classes at {tuple(own.shape[1:])} positions; the mask has "
                f"the shape {tuple(weights.shape[1:])}. Give one weight for each position."
            )
        return tf.reduce_sum(own * weights, axis=axes) / tf.reduce_sum(weights, axis=axes)

    def shown_unit(self) -> UnitStatistic | None:
        """Return the class before its activation: its node, or its mean; None of a mask."""
        if self.mask is not None:
            return None
        by = "mean" if self.position is None else "node"
        return UnitStatistic(self.layer, unit=self.index, by=by, position=self.position, pre=True)


def _layer_of(layer: str, output: str | None) -> str:
    if output is None:
        return layer
    if layer != OUTPUT:
        raise ConfigError(
            f"A Logit is of a layer, or of an output. Received both: layer={layer!r}, "
            f"output={output!r}. Leave one out."
        )
    return output_path(output)


def _weights(mask: npt.ArrayLike | ArrayValue) -> ArrayValue:
    """Return a mask as weights, float32 so that masks of any kind share a trace."""
    held = mask if isinstance(mask, ArrayValue) else ArrayValue(mask)
    values = held.array
    if not np.isfinite(values).all() or (values < 0).any() or not values.any():
        raise DataError(
            "A mask has weights from 0 on, not all 0. Received the shape "
            f"{values.shape} with {int(np.count_nonzero(values))} values other than 0. "
            "Give True, or 1, where the class is asked for."
        )
    return held if values.dtype == np.float32 else ArrayValue(values.astype(np.float32))
