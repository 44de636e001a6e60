"""The step that regularizers, transforms and rules see, with its randomness."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import tensorflow as tf

from featureprobe.constraints.live_pixels import LivePixels
from featureprobe.input_space import InputSpace
from featureprobe.types import Tensor

_STREAMS = 64  # draws that one component may tell apart in one step


@dataclass(frozen=True, eq=False)
class ImageStep:
    """One step of a chunk; see :class:`featureprobe.step.Step`.

    Attributes:
        index: int32 scalar, from 1.
        space: The probe's input space.
        gradient: (N, *spatial, C) tangent gradient, or None for transforms.
        live: Live pixels.
        keys: (N, 2) int32 keys of the images.
        salt: Number of the component that draws, so that two components differ.
        hold: Takes a direction to its feasible part; None where everything is feasible.
        spreads: One spread of each parameter; those that are missing count like pixels.
        sizes: How many values a root mean square is taken over; None for the live pixels'.
    """

    index: Tensor
    space: InputSpace
    gradient: Tensor
    live: LivePixels
    keys: Tensor
    salt: int
    hold: Callable[[Tensor], Tensor] | None = None
    spreads: Mapping[str, float | Tensor] = field(default_factory=dict)
    sizes: Tensor | None = None

    @property
    def count(self) -> Tensor:
        """Return over how many values a root mean square is taken."""
        return self.live.count if self.sizes is None else self.sizes

    def spread(self, name: str) -> float | Tensor:
        """Return one spread of a parameter."""
        return self.spreads.get(name, self.space.spread)

    def feasible(self, direction: Tensor) -> Tensor:
        """Return the direction without what the constraint set would take back."""
        return direction if self.hold is None else self.hold(direction)

    def uniform(self, shape: Sequence[int], *, stream: int = 0) -> Tensor:
        """Draw (N, *shape) in [0, 1) in the images' dtype, one key per image."""
        return self._draw(tf.random.stateless_uniform, shape, 2 * stream)

    def normal(self, shape: Sequence[int], *, stream: int = 0) -> Tensor:
        """Draw (N, *shape) standard normal in the images' dtype, one key per image."""
        return self._draw(tf.random.stateless_normal, shape, 2 * stream + 1)

    def _draw(self, draw: object, shape: Sequence[int], stream: int) -> Tensor:
        use = self.salt * _STREAMS + stream

        def one(key: Tensor) -> Tensor:
            # Chained folding keeps (step, use) pairs apart, which adding them would not.
            key = tf.random.fold_in(tf.random.fold_in(key, self.index), use)
            return draw(shape=tuple(shape), seed=key)  # type: ignore[operator]

        spec = tf.TensorSpec(tuple(shape), tf.float32)
        drawn = tf.map_fn(one, self.keys, fn_output_signature=spec)
        return tf.cast(drawn, self.live.field.dtype)  # the images', so that they can be added
