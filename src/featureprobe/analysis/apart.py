"""A finding as a JSON header and arrays, and back again, each field checked against its type."""

import dataclasses
import math
import types
import typing
from collections.abc import Mapping
from typing import Any

import numpy as np

from featureprobe._arguments import present_name
from featureprobe._header import mapping
from featureprobe._members import Members, check_shapes
from featureprobe.errors import ConfigError, nearest

_NUMBER = "number"  # JSON knows no NaN and no infinity: {"number": "nan"}
# The dtypes that pass for what a field is annotated with, as numpy's letters.
_KINDS = {np.floating: "fiu", np.integer: "iu", np.bool_: "b", np.str_: "U"}
_ANY_KIND = "biufU"
_PLAIN: dict[Any, tuple[type, ...]] = {
    float: (int, float), int: (int,), str: (str,), bool: (bool,), type(None): (type(None),),
}  # fmt: skip


def taken_apart(finding: Any, base: type, prefix: str, arrays: dict[str, Any]) -> dict[str, Any]:
    """Put the arrays of a finding beside a JSON header that says where they belong.

    Args:
        finding: A dataclass with a ``kind``.
        base: What other findings in its fields are.
        prefix: Of the arrays' names.
        arrays: Receives the arrays.
    """
    header: dict[str, Any] = {"kind": finding.kind}
    for field in dataclasses.fields(finding):
        value, name = getattr(finding, field.name), f"{prefix}{field.name}"
        if isinstance(value, np.ndarray):
            arrays[name] = value
            header[field.name] = {"array": name}
        elif isinstance(value, base):
            header[field.name] = {"finding": taken_apart(value, base, f"{name}/", arrays)}
        elif isinstance(value, Mapping) and any(isinstance(v, np.ndarray) for v in value.values()):
            arrays |= {f"{name}/{key}": array for key, array in value.items()}
            header[field.name] = {"arrays": {key: f"{name}/{key}" for key in value}}
        else:
            header[field.name] = {"value": _to_json(value)}
    return header


def put_together(
    header: Mapping[str, Any], members: Members, kinds: Mapping[str, type], prefix: str = ""
) -> Any:
    """Return the finding that was taken apart.

    Args:
        header: What :func:`taken_apart` returned.
        members: The arrays.
        kinds: The classes of findings by kind.
        prefix: Of the arrays' names.

    Raises:
        ConfigError: When the kind is unknown.
        KeyError, TypeError, ValueError: When a field is missing or has not its type or shape.
    """
    kind = header["kind"]
    if not isinstance(kind, str) or kind not in kinds:
        raise ConfigError(f"There is no finding of the kind {kind!r}. {nearest(str(kind), kinds)}")
    cls: Any = kinds[kind]
    hints = typing.get_type_hints(cls)
    known = {field.name for field in dataclasses.fields(cls)}
    recorded = {name: e for name, e in header.items() if name not in ("kind", "schema")}
    names = {present_name(cls, name, recorded): name for name in recorded}
    entries = {present: _one(name, recorded[name]) for present, name in names.items()}
    if not entries.keys() <= known:
        raise ValueError(f"fields, of which {kind!r} has not {min(entries.keys() - known)!r}")
    words = _words(cls._shapes)
    named = [name for name in (*words, *entries) if name in entries]
    places = {name: _places(f"{prefix}{names[name]}", *entries[name]) for name in named}
    shapes = {p: words.get(name, "...") for name, own in places.items() for p in own.values()}
    letters = {p: _letters(hints[name]) for name, own in places.items() for p in own.values()}
    sizes = check_shapes(members, shapes, letters)
    fields: dict[str, Any] = {}
    for name, (how, what) in entries.items():
        if how == "finding":
            fields[name] = put_together(mapping(what), members, kinds, f"{prefix}{names[name]}/")
        elif how == "value":
            fields[name] = _from_json(what)
        else:
            found = {key: members[place] for key, place in places[name].items()}
            fields[name] = found if how == "arrays" else found[""]
        if not _is_a(hints[name], fields[name]):
            raise TypeError(f"the field {name!r} of {kind!r}, which has another type")
    _check_lengths(fields, words, sizes)
    return cls(**fields)


def _words(shapes: str) -> dict[str, str]:
    """Return by field what a class says of its shapes."""
    pairs = (part.partition(":") for part in shapes.split(";") if part.strip())
    return {name.strip(): text for name, _, text in pairs}


def _one(name: str, entry: Any) -> tuple[str, Any]:
    """Return how a field is kept, and what stands for it."""
    if len(mapping(entry)) != 1 or not entry.keys() <= {"array", "arrays", "finding", "value"}:
        raise ValueError(f"the field {name!r}")
    ((how, what),) = entry.items()
    return how, what


def _places(name: str, how: str, what: Any) -> dict[str, str]:
    """Return the names of a field's arrays by key; of a single array the key is empty."""
    own = {"": what} if how == "array" else mapping(what) if how == "arrays" else {}
    for key, place in own.items():
        if place != (f"{name}/{key}" if how == "arrays" else name):
            raise ValueError(f"the field {name!r}, whose array has another name")
    return own


def _letters(hint: Any) -> str:
    """Return the kinds of dtypes that an annotation allows, of an array or of a dict of arrays."""
    for part in (hint, *typing.get_args(hint)):
        if typing.get_origin(part) is np.ndarray:
            scalar = typing.get_args(typing.get_args(part)[1])[0]
            for kind, letters in _KINDS.items():
                if isinstance(scalar, type) and issubclass(scalar, kind):
                    return letters
    return _ANY_KIND


def _is_a(hint: Any, value: Any) -> bool:
    """Whether a value is what an annotation says; what is not known passes."""
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return any(_is_a(part, value) for part in parts)
    if hint in _PLAIN:
        return type(value) in _PLAIN[hint]
    if origin is tuple and parts[-1:] == (...,):
        return isinstance(value, tuple) and all(_is_a(parts[0], v) for v in value)
    if origin is tuple:
        sizes_fit = isinstance(value, tuple) and len(value) == len(parts)
        return sizes_fit and all(map(_is_a, parts, value))
    if origin in (dict, Mapping) and len(parts) == 2:
        return isinstance(value, dict) and all(_is_a(parts[1], v) for v in value.values())
    expected = origin or hint
    return not isinstance(expected, type) or isinstance(value, expected)


def _check_lengths(
    fields: Mapping[str, Any], words: Mapping[str, str], sizes: Mapping[str, int]
) -> None:
    """Raise ValueError when texts are not as many as the rows of the arrays beside them."""
    for name, text in words.items():
        if isinstance(fields.get(name), tuple) and len(fields[name]) != sizes.get(text.strip()):
            raise ValueError(f"the field {name!r}, which has {len(fields[name])} values")
    if "J" in sizes and math.prod(fields.get("shape", (sizes["J"],))) != sizes["J"]:
        raise ValueError("the shape, which does not fit the number of nodes")


def _to_json(value: Any) -> Any:
    if isinstance(value, float | np.floating) and not math.isfinite(value):
        return {_NUMBER: str(float(value))}
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, tuple | list):
        return [_to_json(v) for v in value]
    if isinstance(value, Mapping):
        return {key: _to_json(v) for key, v in value.items()}
    return value


def _from_json(value: Any) -> Any:
    """JSON knows no tuples: lists were tuples."""
    if isinstance(value, list):
        return tuple(_from_json(v) for v in value)
    if isinstance(value, dict):
        if value.keys() == {_NUMBER} and value[_NUMBER] in ("nan", "inf", "-inf"):
            return float(value[_NUMBER])
        return {key: _from_json(v) for key, v in value.items()}
    return value
