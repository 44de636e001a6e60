"""A block that needs numbers: run outside of the graph, where tensors have values."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import tree

from featureprobe.probe.graph.heard_calls import HeardBlock
from featureprobe.probe.layers.boundary import at_rest
from featureprobe.probe.layers.twin import twin_of

_ROWS = 2


def eager_block(block: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> HeardBlock:
    """Return a block that runs step by step within a graph; only its own outputs are known.

    Args:
        block: The block; it is not changed.
        args: Positional arguments of its call, with symbolic tensors.
        kwargs: Keyword arguments, likewise.

    Raises:
        Exception: Whatever its code raises on images of noise.
    """
    rng = np.random.default_rng(0)

    def noise(value: Any) -> Any:
        if not isinstance(value, keras.KerasTensor):
            return value
        shape = (value.shape[0] or _ROWS, *(size or 32 for size in value.shape[1:]))
        return tf.cast(rng.random(shape), value.dtype)

    given = tree.map_structure(noise, (args, {k: v for k, v in kwargs.items() if k != "training"}))
    with at_rest():
        struct = twin_of(block)(*given[0], **given[1], training=False)
    made = tree.flatten(struct)
    known = [tuple(symbol_shape) for symbol_shape in _open_shapes(made, args)]
    dtypes = [value.dtype for value in made]

    def call(*args: Any, **kwargs: Any) -> list[Any]:
        flat = tree.flatten((args, kwargs))
        tensors = [a for a in flat if tf.is_tensor(a)]

        def run(*values: Any) -> list[Any]:
            left = iter(values)
            filled = [next(left) if tf.is_tensor(a) else a for a in flat]
            own_args, own_kwargs = tree.pack_sequence_as((args, kwargs), filled)
            with at_rest():
                return list(tree.flatten(type(block).call(block, *own_args, **own_kwargs)))

        if tf.executing_eagerly():
            return run(*tensors)
        answers = tf.py_function(run, tensors, dtypes)
        for answer, shape in zip(answers, known, strict=True):
            answer.set_shape(shape)
        return list(answers)

    symbols = tuple(
        keras.KerasTensor(shape, dtype.name) for shape, dtype in zip(known, dtypes, strict=True)
    )
    own: dict[str, Any] = {"_inbound_nodes": [], "_outbound_nodes": [], "_supports_masking": False}
    return HeardBlock(twin_of(block, call=call, **own), (), (), (), symbols, struct)


def _open_shapes(made: list[Any], args: tuple[Any, ...]) -> list[tuple[int | None, ...]]:
    """Return the shapes of answers for any number of images, where these have a known size."""
    symbols = [a for a in tree.flatten(args) if isinstance(a, keras.KerasTensor)]
    sized = all(None not in symbol.shape[1:] for symbol in symbols)
    return [(None, *(v.shape[1:] if sized else [None] * len(v.shape[1:]))) for v in made]
