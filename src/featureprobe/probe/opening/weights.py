"""Weights that are no numbers: found before they are climbed.

Kernels that compute a convolution and its ReLU in one drop NaN: a net with NaN among its weights
answers 0 there, and its maps look dead.
"""

import warnings
from typing import Any

import keras
import numpy as np

from featureprobe.errors import ModelError
from featureprobe.probe.graph.layer_graph import LayerGraph
from featureprobe.probe.layers.keras_own import is_keras_own


def check_weights(graph: LayerGraph) -> None:
    """Raise or warn where weights of a model are NaN or infinite.

    NaN is never meant. Infinite weights of Keras' own layers are not either; a layer of the user's
    may hold them on purpose, as a mask of -inf before a softmax does, so that is a warning.

    Raises:
        ModelError: Naming the layers.
    """
    bad: dict[str, str] = {}
    meant = []
    for path, layer in _layers(graph):
        for weight in layer.weights:
            counts = _not_finite(weight)
            if not any(counts):
                continue
            words = " and ".join(
                f"{n:,} {kind}" for n, kind in zip(counts, ("NaN", "infinite")) if n
            )
            text = f"{words} of {int(np.prod(weight.shape)):,} values of {weight.name!r}"
            if counts[0] or is_keras_own(layer):
                bad.setdefault(path, text)
            else:
                meant.append(f"{path!r} has {text}")
    if bad:
        named = ", ".join(f"{path!r} ({text})" for path, text in list(bad.items())[:4])
        raise ModelError(
            f"Weights of the model are NaN or infinite, in {len(bad)} of its layers: {named}"
            f"{', ...' if len(bad) > 4 else ''}. Training has diverged, or the file is damaged. Load an "
            "earlier state of the model, or probe the part before these layers: "
            "keras.Model(model.inputs, model.get_layer(...).output)."
        )
    if meant:
        warnings.warn(
            f"{meant[0]}. Where that is no mask, answers behind it mean nothing.", stacklevel=2
        )


def _layers(graph: LayerGraph) -> list[tuple[str, Any]]:
    """Return the innermost layers that hold weights, each once, by the path of its call."""
    found: dict[int, tuple[str, Any]] = {}
    for call in graph.calls:
        if not isinstance(call.layer, keras.Layer):
            continue
        for part in call.layer._flatten_layers():
            if part.weights and not any(inner.weights for inner in part._flatten_layers(False)):
                inner = part is not call.layer
                path = f"{call.path} ({part.name})" if inner else call.path
                found.setdefault(id(part), (path, part))
        if id(call.layer) not in found and call.layer.weights:
            found[id(call.layer)] = (call.path, call.layer)
    return list(found.values())


def _not_finite(weight: Any) -> tuple[int, int]:
    """Return how many values are NaN, and how many infinite."""
    values = np.asarray(weight.numpy())
    if values.dtype.kind in "biu":
        return 0, 0
    with np.errstate(all="ignore"):
        if np.isfinite(values.sum(dtype=np.float32)):  # the quick way: NaN and infinity stay in it
            return 0, 0
        values = values.astype(np.float64)
    return int(np.isnan(values).sum()), int(np.isinf(values).sum())
