"""Where the gradient of a layer by the image is cut: by which call, and by what in it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from featureprobe.errors import ModelError
from featureprobe.input_space import InputSpace
from featureprobe.probe.graph.call import Call
from featureprobe.probe.layers.boundary import at_rest
from featureprobe.probe.network.network import Network
from featureprobe.types import Tensor

# What hands no gradient on, by TensorFlow's name.
_CUTTING = {
    "ArgMax": "argmax", "ArgMin": "argmin", "StopGradient": "stop_gradient", "Sign": "sign",
    "Round": "round", "Rint": "round", "Floor": "floor", "Ceil": "ceil", "FloorDiv": "a division "
    "that rounds down", "Greater": "a comparison", "GreaterEqual": "a comparison",
    "Less": "a comparison", "LessEqual": "a comparison", "Equal": "a comparison",
    "NotEqual": "a comparison", "PyFunc": "a Python function", "EagerPyFunc": "a Python function",
    "OneHot": "one_hot", "Bucketize": "bucketize", "StatelessWhile": "a loop without gradient",
    "PreventGradient": "stop_gradient", "FakeQuantWithMinMaxArgs": "a quantization",
}  # fmt: skip

# Of the noise that a call is tried on: some of it is beyond any threshold.
_SCALES = (None, 1.0, 30.0, 1e3, 1e6)


def cut_of(network: Network, space: InputSpace, path: str) -> str | None:
    """Return what keeps the gradient of a layer from the image, in words; None when nothing does.

    Every call on the way is tried on what it gets of a random image, and where it hands no gradient
    on, on noise too, since a closed ReLU does so without being a cut.
    """
    return network.compiled(("cut", path), lambda: _found(network, space, path))


def _found(network: Network, space: InputSpace, path: str) -> str | None:
    size = 2 if network.rows is None else network.rows.size
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((size, *network.image_shape)) * space.spread
    images = tf.constant(space.center + noise, network.dtype)
    values = network.feeding.values(images)
    connected, first = set(network.image_inputs), None
    with at_rest():
        for call in network.graph.needed(((path, False),)):
            live = sorted(connected & set(call.sources))
            values.update(zip(call.results, call.run(values), strict=True))
            if not live:
                continue
            if _passes(call, values, live, rng):
                connected |= set(call.results)
            else:
                kind = f"{type(call.layer).__name__}{_inside(call, values)}"
                first = first or f"it is cut at {call.path!r} ({kind})"
    if network.graph.number_of(path) in connected:
        return None
    return first or f"{path!r} is not computed from it"


def _passes(
    call: Call, values: Mapping[int, Tensor], live: Sequence[int], rng: np.random.Generator
) -> bool:
    """Whether some gradient of what a call makes reaches what it gets."""
    for scale in _SCALES:
        given = dict(values)
        for number in live:
            if scale is not None:
                noise = rng.standard_normal(values[number].shape) * scale
                given[number] = tf.constant(noise, values[number].dtype)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            own = {number: tf.identity(given[number]) for number in live}
            tape.watch(list(own.values()))
            made = [v for v in call.run({**given, **own}) if v.dtype.is_floating]
        sent = [tf.constant(rng.standard_normal(v.shape), v.dtype) for v in made]
        back = tape.gradient(made, list(own.values()), sent) if made else [None]
        if any(g is not None and bool(tf.reduce_any(tf.convert_to_tensor(g) != 0)) for g in back):
            return True
    return False


def _inside(call: Call, values: Mapping[int, Tensor]) -> str:
    """Return which operations of a call hand no gradient on, the start of a list or nothing."""
    numbers = call.sources
    traced = tf.function(
        lambda *given: call.run({**values, **dict(zip(numbers, given, strict=True))}),
        autograph=False,
    )
    try:
        graph = traced.get_concrete_function(*(values[n] for n in numbers)).graph
    except (ValueError, TypeError, NotImplementedError, ModelError):  # it runs eagerly only
        return ""
    functions = [f.graph for f in graph._functions.values() if hasattr(f, "graph")]
    found = [_word(op) for own in (graph, *functions) for op in own.get_operations()]
    words = list(dict.fromkeys(word for word in found if word))
    return f": {', '.join(words)}" if words else ""


def _word(op: Any) -> str | None:
    if op.type == "Cast":
        source, target = (op.get_attr(name) for name in ("SrcT", "DstT"))
        cuts = source.is_floating and not target.is_floating
        return f"a cast to {target.name}" if cuts else None
    return _CUTTING.get(op.type)
