"""Network: the layer graph with one image input, ready to be traced; what the engine works with."""

from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from featureprobe.errors import FeatureProbeError, ShapeError
from featureprobe.probe.fields.receptive_field import Field, fields_of
from featureprobe.probe.graph.layer_graph import LayerGraph, Wanted
from featureprobe.probe.layers.plain_conv import OwnMaps
from featureprobe.probe.network.compiled_calls import Compiling
from featureprobe.probe.network.dtypes import is_half, outer_dtype
from featureprobe.probe.network.rows import Rows
from featureprobe.types import FloatArray, ImageShape, Read, Tensor

_BATCH_BYTES = 256 * 2**20  # what one batch of activations may take


class Network(Compiling):
    """A layer graph seen as a function of one image batch in model units.

    Args:
        graph: The layer graph.
        position: Which of its inputs takes images.
        image_shape: (H, W, C) of one image.
        others: A constant value for each other input, in order, of that input's dtype; None at
            ``position``.
        dtypes: The dtype of each input, in order.

    Attributes:
        dtype: Of images, answers and gradients: float32, or float64 where the model computes in it.
        half: Whether some of the model's numbers have 16 bits or fewer.
        image_dtype: Of images inside the model.
        rows: How many images the model takes at a time; None where any number will do.
    """

    def __init__(
        self,
        graph: LayerGraph,
        position: int,
        image_shape: ImageShape,
        others: Sequence[npt.NDArray[Any] | None],
        dtypes: Sequence[str],
    ) -> None:
        super().__init__()
        self.graph = graph
        self.image_shape = image_shape
        self.dtype, self.half = outer_dtype(graph), is_half(graph)
        self.image_dtype = dtypes[position]
        self._dtypes = tuple(dtypes)
        self.rows: Rows | None = None
        self._position = position
        self._others = tuple(others)

    @property
    def image_input(self) -> int:
        """Number of the value that holds the images."""
        return self.graph.inputs[self._position]

    def forward(
        self,
        images: Tensor,
        wanted: Sequence[Wanted],
        *,
        redirected: bool = False,
        only: Mapping[str, OwnMaps] | None = None,
    ) -> list[Tensor]:
        """Compute layers for images (N, H, W, C) in model units; may be traced.

        Args:
            images: A tensor of :attr:`dtype`.
            wanted: (path, pre) pairs, prepared by ``graph.prepare``.
            redirected: Let gradients out of flat activations.
            only: As for :meth:`LayerGraph.run`.

        Returns:
            One tensor (N, ...) of :attr:`dtype` for each pair.
        """
        if self.rows is None:
            return self.at_once(images, wanted, redirected=redirected, only=only)
        run = partial(self.at_once, wanted=wanted, redirected=redirected)
        shapes = [self.shape_of(path) for path, _ in wanted]
        return self.rows.in_parts(run, [images], shapes, self.dtype)

    def at_once(
        self,
        images: Tensor,
        wanted: Sequence[Wanted],
        *,
        redirected: bool = False,
        only: Mapping[str, OwnMaps] | None = None,
    ) -> list[Tensor]:
        """Compute layers for one batch, of a size that the model takes; as :meth:`forward`."""
        given = tf.cast(images, self.image_dtype)
        values = {self.image_input: given} | self.constants(images)
        feeds = [values[number] for number in self.graph.inputs]
        return self.graph.run(feeds, wanted, dtype=self.dtype, redirected=redirected, only=only)

    def dtype_inside(self, path: str | None) -> str:
        """Return the dtype that a layer's output has in the model; of the image for None."""
        if path is None:
            return self.image_dtype
        call, number = self.graph.call_of(path), self.graph.number_of(path)
        return call.dtypes[call.results.index(number)] if call.dtypes else self.dtype

    def constants(self, like: Tensor) -> dict[int, Tensor]:
        """Return the values of all other inputs by number, repeated for each of ``like`` (N, ...)."""
        found = {}
        numbers = zip(self.graph.inputs, self._others, self._dtypes, strict=True)
        for number, other, dtype in numbers:
            if other is not None:
                count = tf.shape(like)[0] if like.shape[0] is None else like.shape[0]
                repeats = [count, *([1] * np.ndim(other))]
                constant = (
                    tf.cast(tf.constant(other), dtype) if "float" in dtype else tf.constant(other)
                )
                found[number] = tf.tile(constant[None], repeats)
        return found

    def run(self, images: FloatArray, wanted: tuple[Wanted, ...]) -> list[FloatArray]:
        """Compute layers for images (N, H, W, C) in model units, in memory-bounded batches.

        Returns:
            One array (N, ...) of :attr:`dtype` for each (path, pre) pair.
        """
        spec = tf.TensorSpec((None, *self.image_shape), self.dtype)
        self.graph.prepare(wanted)
        call = self.compiled(
            ("forward", wanted),
            lambda: tf.function(
                lambda x: self.forward(x, wanted), input_signature=[spec], autograph=False
            ).get_concrete_function(),  # plain calls warn of retracing at the fifth layer
        )
        size = max(1, _BATCH_BYTES // self.bytes_per_image(wanted))
        parts = []
        for first in range(0, len(images), size):
            batch = tf.cast(images[first : first + size], self.dtype)
            parts.append([np.asarray(v) for v in call(batch)])
        return [np.concatenate(values) for values in zip(*parts, strict=True)]

    def prepare(self, wanted: Sequence[Wanted], *, redirected: bool = False) -> None:
        """Make what ``forward`` needs and a trace cannot make."""
        self.graph.prepare(wanted, redirected=redirected)

    @cached_property
    def shapes(self) -> dict[int, tuple[int, ...]]:
        """Shape of every value without the batch axis, for images of :attr:`image_shape`."""
        known: dict[int, Any] = {self.image_input: self.image_shape}
        for number, other in zip(self.graph.inputs, self._others):
            if other is not None:
                known[number] = other.shape
        declared = {n: s for c in self.graph.calls for n, s in zip(c.results, c.shapes)}
        if all(s is not None and None not in s and s != () for s in declared.values()):
            return known | declared
        return known | self._traced_shapes()

    def _traced_shapes(self) -> dict[int, tuple[int, ...]]:
        """Trace the net on images of the given size: nothing is computed."""
        results = [pair for c in self.graph.calls for pair in zip(c.names, c.results)]
        wanted = [(path, False) for path, _ in results]
        size = None if self.rows is None else self.rows.size
        spec = tf.TensorSpec((size, *self.image_shape), self.dtype)
        run = tf.function(lambda x: self.at_once(x, wanted), autograph=False)
        try:
            traced = run.get_concrete_function(spec)
        except FeatureProbeError:
            raise
        except ValueError as cause:
            raise ShapeError(
                f"The model cannot take images of the shape {self.image_shape}; most often, a "
                "window is larger than what is left of the image. Choose another size=(rows, columns)."
            ) from cause
        found = {}
        for (path, number), made in zip(results, traced.structured_outputs, strict=True):
            if made.shape.rank is None or None in made.shape[1:]:
                raise ShapeError(
                    f"The output of {path!r} has the shape {made.shape}, which is not known for "
                    f"images of {self.image_shape}. Give the model a fixed input size."
                )
            found[number] = tuple(made.shape[1:])
        return found

    @cached_property
    def fields(self) -> dict[int, Field]:
        """(rows, columns) receptive fields of every value."""
        return fields_of(self.graph, self.image_input, self.shapes)

    def shape_of(self, path: str) -> tuple[int, ...]:
        """Return the output shape of a layer without the batch axis."""
        return self.shapes[self.graph.number_of(path)]

    def live_box(self, read: Read) -> FloatArray:
        """Return (H, W) with 1 where a pixel can reach what ``read`` reads, else 0.

        Rows and columns that ``read`` leaves open count with all their positions.
        """
        axes = []
        for axis, index in zip(self.fields[self.graph.number_of(read.layer)], (read.row, read.col)):
            fixed = index is not None and axis.positions > 1
            axes.append(axis.seen(index if fixed else None))
        return np.outer(axes[0], axes[1]).astype(np.float32)

    def bytes_per_image(self, wanted: Sequence[Wanted]) -> int:
        """Return the memory of all values that ``wanted`` needs, for one image, in bytes."""
        size = np.dtype(self.dtype).itemsize
        numbers = {n for call in self.graph.needed(wanted) for n in call.results}
        values = sum(int(np.prod(self.shapes[n])) for n in numbers)
        return size * (values + int(np.prod(self.image_shape)))
