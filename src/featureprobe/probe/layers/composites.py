"""Layers that are made of layers: the user's own blocks and subclassed models."""

from collections.abc import Iterator
from typing import Any

import keras

from featureprobe.errors import ModelError
from featureprobe.probe.layers.keras_own import home_of
from featureprobe.probe.layers.twin import twin_of

_CALLING = ("__call__", "call", "compute_output_spec", "symbolic_call")


class UnbuiltError(ModelError):
    """A layer that is called has no weights yet."""

    _keras_call_info_injected = True  # Keras leaves such a message as it is


def not_built(layer: Any) -> dict[str, Any]:
    """Return attributes of a twin that keep a layer without weights from being given some."""

    def refuse(*_: Any, **__: Any) -> None:
        raise UnbuiltError(
            f"The layer {layer.name!r}, which the model calls, was never built and has no weights. "
            "Call the model on one batch before probing it."
        )

    if layer.built:
        return {}
    plain = getattr(layer.build, "_is_default", False) and not layer._layers
    return {"built": True} if plain else {"_maybe_build": refuse}


_BASES = keras.Layer.__mro__


def is_composite(layer: Any) -> bool:
    """Whether a layer calls layers that it holds, by a ``call`` of the user's own.

    Keras' own layers that hold others, such as attention or wrappers, are layers of their own; so
    is one whose class takes the place of what Keras does around ``call``.
    """
    if not isinstance(layer, keras.Layer) or set(_CALLING) & set(vars(layer)):
        return False
    kind = type(layer)
    if home_of(kind.call) in ("keras", "tensorflow"):
        return False
    around = [n for n in (*_CALLING, "_run_through_graph") if n != "call" and hasattr(kind, n)]
    if any(home_of(getattr(kind, name)) != "keras" for name in around):
        return False
    if hasattr(layer, "_nodes_by_depth") or isinstance(layer, keras.Sequential):
        return False
    # A subclass of a convolution, or of a wrapper, is one layer still, whatever parts it holds.
    if any(k.__module__.startswith("keras.src.layers.") for k in kind.__mro__ if k not in _BASES):
        return False
    return any(not isinstance(part, keras.Metric) for part in layer._layers)


def with_parts(layer: Any, part: Any) -> Any:
    """Return a twin of a layer that holds ``part(inner)`` in the place of each layer that it holds.

    Attributes are looked through, and lists, tuples and dicts in them.
    """
    changes = {
        name: _replaced(value, part, 0)
        for name, value in vars(layer).items()
        if name not in ("_tracker", "_metrics")
    }
    return twin_of(layer, **changes)


def _replaced(value: Any, part: Any, depth: int) -> Any:
    if isinstance(value, keras.Layer) and not isinstance(value, keras.Metric):
        return part(value)
    if depth > 8 or not isinstance(value, list | tuple | dict):
        return value
    if not any(isinstance(v, keras.Layer) for v in _members(value, depth)):
        return value
    if isinstance(value, dict):
        return {key: _replaced(v, part, depth + 1) for key, v in value.items()}
    made = [_replaced(v, part, depth + 1) for v in value]
    if hasattr(value, "_fields"):
        return type(value)(*made)
    return tuple(made) if isinstance(value, tuple) else made


def _members(value: Any, depth: int) -> Iterator[Any]:
    """Yield what lies in a container, at whatever depth."""
    for inner in value.values() if isinstance(value, dict) else value:
        yield inner
        if depth < 8 and isinstance(inner, list | tuple | dict):
            yield from _members(inner, depth + 1)
