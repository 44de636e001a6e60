"""Network: the layer graph with one image input, ready to be traced; what the engine works with."""

import copy
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import Any, Self

import numpy as np
import tensorflow as tf

from featureprobe._spatial import size_argument, size_text, spatial_of
from featureprobe.errors import FeatureProbeError, ShapeError
from featureprobe.probe.fields.receptive_field import Field, fields_of
from featureprobe.probe.graph.call import Call
from featureprobe.probe.graph.layer_graph import LayerGraph, Wanted
from featureprobe.probe.layers.plain_conv import Kernels
from featureprobe.probe.network.compiled_calls import Compiling
from featureprobe.probe.network.dtypes import is_half, outer_dtype
from featureprobe.probe.network.feeding import Feeding
from featureprobe.probe.network.joint_fields import box_in, in_the_table, joint_box
from featureprobe.probe.network.rows import Rows
from featureprobe.types import FloatArray, ImageShape, Read, Tensor

_BATCH_BYTES = 256 * 2**20  # what one batch of activations may take
_SOME = 3  # images, to see whether there are as many answers


class Network(Compiling):
    """A layer graph seen as a function of one image batch in model units.

    Args:
        graph: The layer graph.
        feeding: What its inputs get.
        image_shape: (*spatial, C) of one image.

    Attributes:
        dtype: Of images, answers and gradients: float32, or float64 where the model computes in it.
        half: Whether some of the model's numbers have 16 bits or fewer.
        feeding: What each input of the graph gets.
        rows: How many images the model takes at a time; None where any number will do.
    """

    def __init__(
        self,
        graph: LayerGraph,
        feeding: Feeding,
        image_shape: ImageShape,
    ) -> None:
        super().__init__()
        self.graph = graph
        self.image_shape = image_shape
        self.dtype, self.half = outer_dtype(graph), is_half(graph)
        self.feeding = feeding
        self.rows: Rows | None = None

    def computed_by(self, kernels: Kernels) -> Self:
        """Return this network with other kernels; all that was compiled and found out is shared."""
        other = copy.copy(self)
        other.graph = replace(self.graph, kernels=kernels)
        return other

    @property
    def image_inputs(self) -> tuple[int, ...]:
        """Numbers of the values that hold the images; the same, or one for each of several."""
        return self.feeding.images

    def forward(
        self,
        images: Tensor,
        wanted: Sequence[Wanted],
        *,
        redirected: bool = False,
    ) -> list[Tensor]:
        """Compute layers for images (N, H, W, C) in model units; may be traced.

        Args:
            images: A tensor of :attr:`dtype`.
            wanted: (path, pre) pairs, prepared by ``graph.prepare``.
            redirected: Let gradients out of flat activations.

        Returns:
            One tensor (N, ...) of :attr:`dtype` for each pair.
        """
        if self.rows is None:
            return self.at_once(images, wanted, redirected=redirected)
        run = partial(self.at_once, wanted=wanted, redirected=redirected)
        known = self.shapes_at(tuple(images.shape[1:]), tuple(wanted))
        shapes = [known[path] for path, _ in wanted]
        return self.rows.in_parts(run, [images], shapes, self.dtype)

    def at_once(
        self,
        images: Tensor,
        wanted: Sequence[Wanted],
        *,
        redirected: bool = False,
    ) -> list[Tensor]:
        """Compute layers for one batch, of a size that the model takes; as :meth:`forward`."""
        feeds = self.feeds(images)
        return self.graph.run(feeds, wanted, dtype=self.dtype, redirected=redirected)

    def feeds(self, images: Tensor) -> list[Tensor]:
        """Return what each input of the model is given with a batch of images."""
        values = self.feeding.values(images)
        return [values[number] for number in self.graph.inputs]

    def dtype_inside(self, path: str) -> str:
        """Return the dtype that a layer's output has in the model."""
        call, number = self.graph.call_of(path), self.graph.number_of(path)
        return call.dtypes[call.results.index(number)] if call.dtypes else self.dtype

    def constants(self, like: Tensor) -> dict[int, Tensor]:
        """Return the values of all other inputs by number, repeated for each of ``like`` (N, ...)."""
        return self.feeding.constants(like)

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
        known: dict[int, Any] = self.feeding.image_shapes(self.image_shape)
        known |= {number: other.shape for number, other in self.feeding.others.items()}
        declared = {n: s for c in self.graph.calls for n, s in zip(c.results, c.shapes)}
        if all(s is not None and None not in s and s != () for s in declared.values()):
            return known | declared
        return known | self._traced_shapes()

    def _traced_shapes(self) -> dict[int, tuple[int, ...]]:
        """Trace the net on images of the given size: nothing is computed."""
        rows = None if self.rows is None else self.rows.size
        try:
            return self._traced_on(self.image_shape, self.graph.calls, rows)
        except ValueError as cause:
            if isinstance(cause, FeatureProbeError):
                raise
            raise ShapeError(
                f"The model cannot take images of the shape {self.image_shape}; most often, a "
                "window is larger than what is left of the image. Choose another "
                f"{size_argument(len(self.image_shape) - 1)}."
            ) from cause

    def _traced_on(
        self, shape: ImageShape, calls: Sequence[Call], rows: int | None
    ) -> dict[int, tuple[int, ...]]:
        """Return the shape of every value that calls make of so many images of a shape."""
        results = [pair for c in calls for pair in zip(c.names, c.results)]
        wanted = [(path, False) for path, _ in results]
        spec = tf.TensorSpec((rows, *shape), self.dtype)
        run = tf.function(lambda x: self.at_once(x, wanted), autograph=False)
        traced = run.get_concrete_function(spec)
        found = {}
        for (path, number), made in zip(results, traced.structured_outputs, strict=True):
            known = made.shape.rank is not None and None not in made.shape[1:]
            # A reshape to a fixed number of values makes other rows of images of another size.
            if not known or (rows and made.shape[0] not in (None, rows)):
                raise ShapeError(
                    f"The output of {path!r} has the shape {made.shape}, which is not known for "
                    f"images of {shape}. Give the model a fixed input size."
                )
            found[number] = tuple(made.shape[1:])
        return found

    def shapes_at(
        self, shape: ImageShape, wanted: tuple[Wanted, ...]
    ) -> dict[str, tuple[int, ...]]:
        """Return the output shapes of wanted layers by path, for images of another size.

        Raises:
            ShapeError: When the net cannot run on that size, as far as the layers need it.
        """
        if shape == self.image_shape:
            return {path: self.shape_of(path) for path, _ in wanted}
        values = self._values_at(shape, wanted)
        return {path: values[self.graph.number_of(path)] for path, _ in wanted}

    def _values_at(
        self, shape: ImageShape, wanted: tuple[Wanted, ...]
    ) -> dict[int, tuple[int, ...]]:
        """Return the shape of every value that wanted layers need, for images of another size.

        Keras builds a net for one size; but its layers, called one by one, take what they can take.
        """

        def trace() -> dict[int, tuple[int, ...]]:
            rows = _SOME if self.rows is None else self.rows.size
            try:
                return self._traced_on(shape, self.graph.needed(wanted), rows)
            except (ValueError, TypeError, tf.errors.InvalidArgumentError) as cause:
                layers = ", ".join(dict.fromkeys(repr(path) for path, _ in wanted))
                own = size_text(spatial_of(self.image_shape))
                raise ShapeError(
                    f"{layers} cannot be computed for views of {size_text(spatial_of(shape))}: the "
                    f"net was built for {own}, and not all of its layers take another "
                    f"size, such as a Dense layer behind a Flatten. Bring views back to {own} "
                    "with a last transform, or read a layer before that."
                ) from cause

        return self.remembered(("shapes", shape, wanted), trace)

    @cached_property
    def fields(self) -> dict[int, Field]:
        """Receptive fields of every value, one for each spatial axis of the image.

        Where several images are optimized together, those in the input that a value sees.
        """
        if self.feeding.joint is not None:
            return in_the_table(self._fields_of_parts)
        return fields_of(self.graph, self.image_inputs, self.shapes)

    @cached_property
    def _fields_of_parts(self) -> list[dict[int, Field]]:
        """The receptive fields in each of several images, by itself."""
        return [fields_of(self.graph, (n,), self.shapes) for n in self.image_inputs]

    def shape_of(self, path: str) -> tuple[int, ...]:
        """Return the output shape of a layer without the batch axis."""
        return self.shapes[self.graph.number_of(path)]

    def live_box(self, read: Read) -> FloatArray:
        """Return (*spatial,) with 1 where a pixel can reach what ``read`` reads, else 0.

        Spatial axes that ``read`` leaves open count with all their positions.
        """
        number, joint = self.graph.number_of(read.layer), self.feeding.joint
        if joint is not None:
            return joint_box(joint, [fields[number] for fields in self._fields_of_parts], read)
        return box_in(self.fields[number], read, len(self.image_shape)).astype(np.float32)

    def bytes_per_image(self, wanted: Sequence[Wanted], shape: ImageShape | None = None) -> int:
        """Return the memory of all values that ``wanted`` needs, for one image, in bytes.

        Args:
            wanted: The layers.
            shape: Of the image, where it is another one than :attr:`image_shape`.
        """
        size = np.dtype(self.dtype).itemsize
        other = shape is not None and shape != self.image_shape
        shapes = self._values_at(shape, tuple(wanted)) if shape and other else self.shapes
        numbers = {n for call in self.graph.needed(wanted) for n in call.results}
        values = sum(int(np.prod(shapes[n])) for n in numbers)
        return size * (values + int(np.prod(shape or self.image_shape)))
