"""Twin: a layer's computation with a few attributes of its own, the user's layer untouched."""

from typing import Any

import keras

from featureprobe.types import Tensor


def twin_of(layer: Any, /, **changes: Any) -> Any:
    """Return a layer that computes as ``layer`` does, with some attributes changed.

    It is a shallow copy, not one made from the config, which many layers cannot give back: it holds
    the very variables of the layer, so it follows them, and there is nothing to build. Make one for
    each call: what a call sets on it is forgotten with it.

    Args:
        layer: A built layer.
        **changes: Attributes, such as ``activation=keras.activations.linear``.
    """
    twin = object.__new__(type(layer))
    own: dict[str, Any] = {"activity_regularizer": None, "_losses": [], "_loss_ids": set()}
    vars(twin).update(vars(layer) | own | changes)
    return twin


def without_activation(layer: Any) -> Any:
    """Return a twin with a linear activation, within a wrapper too."""
    return with_activation(layer, keras.activations.linear)


def with_activation(layer: Any, function: Any) -> Any:
    """Return a twin with another activation; of a wrapper one around such a twin."""
    inner = wrapped(layer)
    if inner is not None:
        return twin_of(layer, layer=with_activation(inner, function))
    return twin_of(layer, activation=function)


def wrapped(layer: Any) -> Any:
    """Return the layer that a wrapper holds; None when it is no wrapper."""
    return layer.layer if isinstance(layer, keras.layers.Wrapper) else None


class Overheard:
    """An activation that remembers what it was given and what it made of it."""

    def __init__(self, function: Any) -> None:
        self._function = function
        self.given: list[Tensor] = []
        self.made: list[Tensor] = []

    def __call__(self, values: Tensor) -> Tensor:
        """Apply the activation."""
        self.given.append(values)
        self.made.append(self._function(values))
        return self.made[-1]
