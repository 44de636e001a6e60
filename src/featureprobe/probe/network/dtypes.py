"""Dtypes: of the numbers outside of a model, and of those inside.

Outside, images, answers and gradients are float32, or float64 where the model computes in float64.
Inside, each layer keeps its own dtype.
"""

from collections.abc import Iterable
from typing import Any

import keras

from featureprobe.probe.graph.layer_graph import LayerGraph

_HALF = ("float16", "bfloat16", "float8")


def outer_dtype(graph: LayerGraph) -> str:
    """Return the dtype of images and answers outside of a model."""
    return "float64" if "float64" in _dtypes(graph) else "float32"


def is_half(graph: LayerGraph) -> bool:
    """Whether some of a model's numbers have 16 bits or fewer, in which small gradients vanish."""
    return any(dtype.startswith(_HALF) for dtype in _dtypes(graph))


def _dtypes(graph: LayerGraph) -> set[str]:
    """Return the dtypes of all values of a graph, and of what its layers compute in."""
    made = {dtype for call in graph.calls for dtype in call.dtypes}
    layers = [inner for call in graph.calls for inner in _flattened(call.layer)]
    return made | {str(layer.compute_dtype) for layer in layers}


def _flattened(layer: Any) -> Iterable[Any]:
    """Return a layer with all layers inside it; nothing for an operation that is no layer."""
    found: Iterable[Any] = layer._flatten_layers() if isinstance(layer, keras.Layer) else ()
    return found
