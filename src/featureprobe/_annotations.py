"""From an annotation to the kind of values that it lets in."""

import collections.abc
import inspect
import math
import os
import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import numpy as np
import numpy.typing as npt

from featureprobe._kinds import FILLED, OWN, Kind, Within, is_flag, is_number, is_whole
from featureprobe.errors import ConfigError, RangeError

_ARRAY_LIKE = frozenset(get_args(npt.ArrayLike)) or frozenset((npt.ArrayLike,))
_KNOWN = {  # how a reader gets one
    "ArrayValue": "Wrap the array: fp.ArrayValue(array).",
    "Ascent": "Write fp.Ascent(...).",
    "AscentResult": "It is what fp.Ascent().run(probe, targets) returns.",
    "AscentState": "It is what ascent.start(...) and ascent.iterate(...) give, or result.state.",
    "Evidence": "It is what fp.Evidence.collect(probe, images) returns.",
    "HasLayers": "Open the model first: fp.ModelProbe(model, input_space=...).",
    "ModelProbe": "Open the model first: fp.ModelProbe(model, input_space=...).",
    "Objective": "Write fp.MapMean(layer, channel=...), or lift a function with fp.objective_from.",
    "Patterns": "It is what fp.analysis.Patterns.of(probe, images, labels, layer) returns.",
    "Regularizer": "Lift a plain function with fp.regularizer_from.",
    "InputInitializer": "Lift a plain function with fp.initializer_from.",
    "Transform": "Lift a plain function with fp.transform_from.",
}


def kind_of(annotation: Any, *, finite: bool = True) -> Kind | None:
    """Return what an annotation lets in; None: anything.

    Args:
        annotation: From ``get_type_hints(..., include_extras=True)``.
        finite: Whether numbers must be finite.
    """
    if annotation in _PLAIN:
        return _PLAIN[annotation]
    if annotation is float:
        return _number(finite)
    origin = get_origin(annotation)
    if origin is Annotated:
        return _annotated(annotation, finite)
    if origin in (Union, types.UnionType):
        return _union(get_args(annotation), finite)
    if origin is Literal:
        return _literal(get_args(annotation))
    return _container(annotation, origin, finite)


def _container(annotation: Any, origin: Any, finite: bool) -> Kind | None:
    arguments = get_args(annotation)
    if origin is np.ndarray:
        return _array(annotation)
    if origin is tuple and arguments[-1:] != (Ellipsis,):
        return _fixed([kind_of(a, finite=finite) for a in arguments])
    if origin is tuple or origin in (list, collections.abc.Sequence, collections.abc.Iterable):
        return _several(kind_of(arguments[0], finite=finite), tuple if origin is tuple else list)
    if origin in (dict, collections.abc.Mapping):
        return _mapping(kind_of(arguments[1], finite=finite))
    if origin is collections.abc.Callable:
        return Kind("a function", lambda v: v if callable(v) else NotImplemented)
    return _instance(annotation) if inspect.isclass(annotation) else None


def _taken(kind: Kind | None, value: Any) -> Any:
    return value if kind is None else kind.take(value)


def _whole(value: Any) -> Any:
    return int(value) if is_whole(value) else NotImplemented


def _flag(value: Any) -> Any:
    return bool(value) if is_flag(value) else NotImplemented


def _text(value: Any) -> Any:
    return value if isinstance(value, str) else NotImplemented


def _path(value: Any) -> Any:
    return value if isinstance(value, str | os.PathLike) else NotImplemented


_PLAIN: dict[Any, Kind] = {
    int: Kind("a whole number", _whole, RangeError),
    bool: Kind("True or False", _flag),
    str: Kind("a text", _text),
    types.NoneType: Kind("None", lambda v: v if v is None else NotImplemented),
}


def _number(finite: bool) -> Kind:
    def take(value: Any) -> Any:
        fits = is_number(value) and (not finite or math.isfinite(value))
        return value.item() if fits and isinstance(value, np.generic) else _if(fits, value)

    return Kind("a finite number" if finite else "a number", take, RangeError)


def _if(fits: bool, value: Any) -> Any:
    return value if fits else NotImplemented


def _annotated(annotation: Any, finite: bool) -> Kind | None:
    base, *marks = get_args(annotation)
    kind = kind_of(base, finite=finite)
    if OWN in marks:
        return None
    if kind is not None and FILLED in marks:
        kind = replace(kind, words=f"{kind.words}, not empty", take=_filled(kind.take))
    ranges = [mark for mark in marks if isinstance(mark, Within)]
    if kind is None or not ranges:
        return kind
    (within,), inner = ranges, kind.take

    def take(value: Any) -> Any:
        taken = inner(value)
        return taken if taken is NotImplemented or taken in within else NotImplemented

    return Kind(f"{kind.words}, {within}", take, RangeError)


def _filled(take: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def filled(value: Any) -> Any:
        taken = take(value)
        return taken if taken is NotImplemented or len(taken) else NotImplemented

    return filled


def _union(members: tuple[Any, ...], finite: bool) -> Kind | None:
    arrays = set(members) >= _ARRAY_LIKE
    if arrays:
        members = tuple(m for m in members if m not in _ARRAY_LIKE)
    if str in members and _is_path(members):
        return Kind("the name of a file", _path)
    kinds = [kind_of(m, finite=finite) for m in members]
    if arrays or None in kinds:
        return None
    some = [k for k in kinds if k is not None]

    def take(value: Any) -> Any:
        takes = (k.take(value) for k in some)
        return next((t for t in takes if t is not NotImplemented), NotImplemented)

    error = next((k.error for k in some if k.error is not ConfigError), ConfigError)
    advice = next((k.advice for k in some if k.advice != Kind.advice), Kind.advice)
    return Kind(", or ".join(k.words for k in some), take, error, advice)


def _is_path(members: tuple[Any, ...]) -> bool:
    return any(inspect.isclass(m) and issubclass(m, os.PathLike) for m in members)


def _literal(values: tuple[Any, ...]) -> Kind:
    words = " or ".join(map(repr, values))
    return Kind(words, lambda v: _if(isinstance(v, str) and v in values, v))


def _array(annotation: Any) -> Kind:
    wanted = get_args(get_args(annotation)[1])
    scalar = wanted[0] if wanted and inspect.isclass(wanted[0]) else np.generic
    numbers = issubclass(scalar, np.number | np.bool_)

    def take(value: Any) -> Any:
        fits = isinstance(value, np.ndarray) and (not numbers or value.dtype.kind in "biuf")
        return _if(fits, value)

    return Kind("an array of numbers" if numbers else "an array", take)


def _fixed(kinds: list[Kind | None]) -> Kind:
    def take(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            value = value.tolist()  # a number, where the array has no axis
        if not isinstance(value, tuple | list) or len(value) != len(kinds):
            return NotImplemented
        taken = tuple(_taken(k, v) for k, v in zip(kinds, value, strict=True))
        return NotImplemented if _lacks(taken) else taken

    return Kind(f"{len(kinds)} values ({', '.join(_words(k) for k in kinds)})", take)


def _several(kind: Kind | None, made: Callable[[Iterable[Any]], Any]) -> Kind:
    def take(value: Any) -> Any:
        if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
            return NotImplemented
        if isinstance(value, np.ndarray) and value.ndim == 0:
            return NotImplemented
        taken = [_taken(kind, v) for v in value]
        return NotImplemented if _lacks(taken) else made(taken)

    given = Kind.advice if kind is None else kind.advice
    advice = "A single one stands in brackets, too: [value]." if given == Kind.advice else given
    return Kind(f"a list, of each entry {_words(kind)}", take, advice=advice)


def _mapping(kind: Kind | None) -> Kind:
    def take(value: Any) -> Any:
        if not isinstance(value, Mapping):
            return NotImplemented
        taken = {key: _taken(kind, v) for key, v in value.items()}
        return NotImplemented if _lacks(taken.values()) else taken

    return Kind(f"a dict, of each entry {_words(kind)}", take)


def _lacks(taken: Iterable[Any]) -> bool:
    return any(value is NotImplemented for value in taken)


def _words(kind: Kind | None) -> str:
    return "anything" if kind is None else kind.words


def _instance(annotation: type) -> Kind | None:
    if annotation in (object, Any):
        return None
    name = annotation.__name__
    advice = _KNOWN.get(name, Kind.advice)
    if getattr(annotation, "_is_protocol", False):
        members = [m for m in vars(annotation) if not m.startswith("_")]
        words = "a ModelProbe" if name == "HasLayers" else f"a {name}"
        has = lambda v: _if(all(hasattr(v, m) for m in members), v)  # noqa: E731
        return Kind(words, has, advice=advice)
    article = "an" if name[0] in "AEIOU" else "a"
    return Kind(f"{article} {name}", lambda v: _if(isinstance(v, annotation), v), advice=advice)
