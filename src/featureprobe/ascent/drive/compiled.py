"""From a recipe and a group to compiled calls, made once for each net and structure."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
import tensorflow as tf

from featureprobe._tracing import traced_code
from featureprobe.ascent.plan.group import PER_ROW, Chunk, Group
from featureprobe.ascent.step.loop import Carry, Loop, Trace
from featureprobe.ascent.step.target_arrays import is_array
from featureprobe.objectives.structure import array_tensor
from featureprobe.results.state import Tree
from featureprobe.types import FloatArray, Tensor


@dataclass(frozen=True, eq=False)
class Compiled:
    """The calls of one structure on one net.

    Attributes:
        loop: What is compiled.
        advance: ``advance(carry, index, anew, data) -> (carry, traces)``, traced on first use.
    """

    loop: Loop
    advance: Callable[[Carry, Tensor, Tensor, dict[str, Tensor]], tuple[Carry, Trace]]


def compiled(group: Group, recipe_key: Any, make_loop: Callable[[Group], Loop]) -> Compiled:
    """Return the compiled calls of a group; targets of equal structure share them.

    Args:
        group: The group.
        recipe_key: Hashable; everything of the recipe that is fixed in the trace.
        make_loop: Makes the loop when it is not there yet.
    """

    def make() -> Compiled:
        loop = make_loop(group)
        return Compiled(loop, _with_signature(loop, group.chunks()[0]))

    return group.evaluation.network.compiled(("ascent", group.key, recipe_key), make)


def as_tensors(chunk: Chunk, dtype: str) -> dict[str, Tensor]:
    """Return a chunk's numbers as tensors; floats in the net's dtype."""
    return {
        name: array_tensor(values, dtype)
        if is_array(name)
        else tf.constant(values, dtype if np.asarray(values).dtype.kind == "f" else tf.int32)
        for name, values in chunk.data.items()
    }


def begin(loop: Loop, chunk: Chunk, images: FloatArray, params: Tree = None) -> Carry:
    """Return the carry of a chunk from its start images (N, *spatial, C) in model units.

    Args:
        loop: What runs.
        chunk: The rows.
        images: Their images.
        params: Their parameters, where these are carried.
    """
    dtype = loop.evaluation.network.dtype
    given = params and {name: tf.constant(values) for name, values in params.items()}
    return loop.begin(tf.constant(images, dtype), as_tensors(chunk, dtype), given)


def _with_signature(loop: Loop, chunk: Chunk) -> Any:
    """Compile ``advance`` for any number of rows: one trace serves all chunks."""
    network = loop.evaluation.network
    data = as_tensors(chunk, network.dtype)
    rows = int(data["starts"]) if loop.parameterization.shared else 1
    some = tf.zeros((rows, *chunk.shape), network.dtype)
    example = loop.begin(some, {n: t[:rows] if n in PER_ROW else t for n, t in data.items()})
    carry = tf.nest.map_structure(_any_rows, example)
    scalar = tf.TensorSpec((), tf.int32)
    specs = {n: scalar if n == "starts" else _any_rows(t) for n, t in data.items()}
    signature = [carry, scalar, tf.TensorSpec((None,), tf.bool), specs]

    function = tf.function(loop.advance, input_signature=signature, autograph=False)
    lock = Lock()
    traced: list[Any] = []

    def advance(*given: Any) -> tuple[Carry, Trace]:
        with lock:  # chunks come from several threads, and one trace is enough
            if not traced:
                # A plain call would warn of retracing when many nets are opened one after another.
                with traced_code():
                    traced.append(function.get_concrete_function())
        return traced[0](*given)  # type: ignore[no-any-return]

    return advance


def _any_rows(tensor: Tensor) -> Any:
    """Return the spec of a tensor with any number of rows."""
    return tf.TensorSpec((None, *tensor.shape[1:]), tensor.dtype)
