"""What a subclassed model takes: the shapes that Keras noted when it was first called."""

import inspect
from typing import Any

import keras
from keras import tree

from featureprobe.errors import ModelError

_ASIDE = ("training", "mask")


def own_inputs(model: Any) -> tuple[Any, dict[str, Any]]:
    """Return what a subclassed model is called with, and its symbolic tensors by name.

    The names are the keys of a dict (``a/b``), the places in a list (``inputs_0``), or ``images`` for one tensor.

    Raises:
        ModelError: When the model was never built, or Keras did not note what it takes.
    """
    declared = getattr(model, "inputs", None)
    if declared:  # a functional model with a call of its own
        struct = getattr(model, "_inputs_struct", declared[0])
        return struct, {t.name: t for t in tree.flatten(struct)}
    if not model.built:
        raise ModelError(
            f"The model {model.name!r} was never built. Call it on one batch before probing it."
        )
    needed = _needed(model)
    if len(needed) > 1:
        raise ModelError(
            f"The call() of the subclassed model {model.name!r} takes several inputs "
            f"({', '.join(needed)}), of which Keras notes the shape of the first only. Open it within a "
            f"functional model: keras.Model(inputs, model({', '.join(needed)})), of one keras.Input each."
        )
    built = (model.get_build_config() or {}).get("input_shape") or _first_shape(model)
    try:
        shapes = tree.map_shape_structure(lambda s: keras.KerasTensor((None, *s[1:])), built)
    except (ValueError, TypeError) as cause:  # what Keras raises where these are no shapes
        raise ModelError(
            f"The subclassed model {model.name!r} takes {built!r}; only tensors of known shapes will "
            "do. Say what it takes: model.build((None, rows, columns, channels))."
        ) from cause
    named = {}
    for path, symbol in tree.flatten_with_path(shapes):
        name = _name_of(path, needed[0] if needed else "inputs")
        named[name] = keras.KerasTensor(symbol.shape, symbol.dtype, name=name)
    return tree.pack_sequence_as(shapes, [*named.values()]), named


def _first_shape(model: Any) -> Any:
    """Return what the first layer of images takes: Keras notes no shape where it cannot trace."""
    for layer in model._flatten_layers(include_self=False):
        built = (layer.get_build_config() or {}).get("input_shape")
        if isinstance(built, tuple | list) and len(built) > 2 and isinstance(built[-1], int):
            return tuple(built)
    return None


def _needed(model: Any) -> list[str]:
    """Return the names of what ``call`` must be given."""
    parameters = inspect.signature(model.call).parameters.values()
    return [
        p.name
        for p in parameters
        if p.default is p.empty and p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)
        if p.name not in _ASIDE
    ]


def _name_of(path: tuple[Any, ...], argument: str) -> str:
    if not path:
        return "images"
    words = map(str, path)
    return "/".join(words) if isinstance(path[0], str) else "_".join((argument, *words))
