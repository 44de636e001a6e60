"""What a public function or constructor may be given, read off its annotations.

``@checked`` stands on public functions and methods; components and findings call ``check_fields``. So a
value of the wrong kind ends in one sentence that names the argument, and not deep inside of numpy.
"""

import dataclasses
import functools
import inspect
from collections.abc import Callable, Container, Hashable, Mapping, Sequence
from typing import Annotated, Any, TypeVar, cast, get_args, get_type_hints

from featureprobe._annotations import kind_of
from featureprobe._kinds import FILLED, Kind, Within, received, refuse_masks
from featureprobe.errors import ConfigError, nearest

Function = TypeVar("Function", bound=Callable[..., Any])
Made = TypeVar("Made", bound=type)
Share = Annotated[float, Within(least=0.0, most=1.0)]
"""A part of a whole, 0 to 1."""
Confidence = Annotated[float, Within(above=0.0, below=1.0)]
"""Of an interval; at 1 it would be infinitely wide, at 0 it would be a point."""
NotNegative = Annotated[float, Within(least=0.0)]
Positive = Annotated[float, Within(above=0.0)]
AtLeastOne = Annotated[float, Within(least=1.0)]
Count = Annotated[int, Within(least=1)]
"""At least one."""
Layers = Annotated[Sequence[str], FILLED]
"""Paths of layers, at least one."""
Number = Annotated[int, Within(least=0)]
"""Of something that is counted from 0."""


def checked(function: Function) -> Function:
    """Return the function with its arguments checked against their annotations.

    Numbers are finite, bools are bools, masked arrays are refused, and numpy's scalars arrive as
    Python's. What has no annotation, or ``Any``, is let in.

    Raises:
        ConfigError, RangeError, DataError: By the returned function, before anything runs.
    """
    signature = inspect.signature(function)
    kinds: dict[str, Kind | None] = {}

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            given = signature.bind(*args, **kwargs)
        except TypeError:
            return function(*args, **kwargs)  # Python's own words name the function
        if not kinds:
            kinds.update(_kinds_of(function, signature))
        for name, value in given.arguments.items():
            given.arguments[name] = _take(name, value, kinds[name])
        return function(*given.args, **given.kwargs)

    call.__checked__ = True  # type: ignore[attr-defined]
    return cast(Function, call)


def checked_methods(made: Made) -> Made:
    """Return a class with all of its public methods :func:`checked`."""
    for name, member in list(vars(made).items()):
        if name.startswith("_"):
            continue
        if isinstance(member, classmethod | staticmethod):
            setattr(made, name, type(member)(checked(member.__func__)))
        elif inspect.isfunction(member):
            setattr(made, name, checked(member))
    return made


def check_fields(value: Any, *, finite: bool = True) -> None:
    """Check the fields of a frozen dataclass against their annotations; arrays are let in as they are.

    Args:
        value: A dataclass instance; numpy's scalars in its fields become Python's.
        finite: Whether numbers must be finite.

    Raises:
        ConfigError, RangeError, DataError: For a field of another kind.
    """
    for name, kind in _kinds_of_fields(cast(Hashable, type(value)), finite).items():
        given = getattr(value, name)
        taken = _take(name, given, kind)
        if taken is not given:
            object.__setattr__(value, name, taken)


def check_call(made: type, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """Raise ConfigError where a component is called with arguments that it does not take."""
    signature = _signature(made)
    try:
        signature.bind(*args, **kwargs)
    except TypeError as cause:
        named = [p for p in signature.parameters.values() if p.kind is p.KEYWORD_ONLY]
        first = [p.name for p in signature.parameters.values() if p not in named]
        unknown = [name for name in kwargs if name not in signature.parameters]
        if unknown and not any(p.kind is p.VAR_KEYWORD for p in signature.parameters.values()):
            present = present_name(made, unknown[0], kwargs)
            renamed = f"It is called {present!r} now." if present != unknown[0] else ""
            raise ConfigError(
                f"{made.__name__} has no {unknown[0]!r}. "
                f"{renamed or nearest(unknown[0], signature.parameters)}"
            ) from cause
        takes = ", ".join([*first, *(f"{p.name}=" for p in named)]) or "nothing"
        raise ConfigError(
            f"{made.__name__} cannot be made so: {cause}. It takes ({takes}). "
            + ("Write what has a '=' by its name." if named else "Give these in this order.")
        ) from cause


def check_ranges(value: Any) -> None:
    """Check the numbers of a frozen dataclass that say their range, as ``rate: Positive = 0.5`` does.

    They become floats.

    Raises:
        RangeError: For what is no finite number of that range.
    """
    for name, within, optional in _ranges_of(cast(Hashable, type(value))):
        given = getattr(value, name)
        if given is not None or not optional:
            object.__setattr__(value, name, within.checked(name, given))


def present_name(made: type, name: str, beside: Container[str] = ()) -> str:
    """Return what a field is called now that may be recorded under an earlier name.

    Args:
        made: A component or finding, whose ``renamed`` has the present names by the earlier ones.
        name: Of a field, as recorded.
        beside: What else is recorded. An earlier name beside the present one stays as it is, and
            so is refused as unknown.
    """
    present: str = getattr(made, "renamed", {}).get(name, name)
    return name if present in beside else present


@functools.cache
def _signature(made: type) -> inspect.Signature:
    signature = inspect.signature(made.__init__)  # type: ignore[misc]
    return signature.replace(parameters=list(signature.parameters.values())[1:])


def _take(name: str, value: Any, kind: Kind | None) -> Any:
    refuse_masks(value, name)
    if kind is None:
        return value
    taken = kind.take(value)
    if taken is NotImplemented:
        text = f"{name} must be {kind.words}. Received: {received(value)}. {kind.advice}"
        raise kind.error(text.rstrip())
    return taken


def _kinds_of(function: Callable[..., Any], signature: inspect.Signature) -> dict[str, Kind | None]:
    hints = get_type_hints(function, include_extras=True)
    kinds: dict[str, Kind | None] = {}
    for name, parameter in signature.parameters.items():
        several = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        kinds[name] = None if several or name not in hints else kind_of(hints[name])
    return kinds


@functools.cache
def _ranges_of(made: Any) -> tuple[tuple[str, Within, bool], ...]:
    """Return of each float field with a range its name, the range, and whether it may be None."""
    hints, found = get_type_hints(made, include_extras=True), []
    for field in dataclasses.fields(made):
        parts = get_args(hints[field.name])
        optional = type(None) in parts
        given = [part for part in parts if get_args(part)] if optional else [hints[field.name]]
        for part in given:
            base, *marks = get_args(part) or (None,)
            ranges = [mark for mark in marks if isinstance(mark, Within)]
            found += [(field.name, within, optional) for within in ranges if base is float]
    return tuple(found)


@functools.cache
def _kinds_of_fields(made: Any, finite: bool) -> dict[str, Kind | None]:
    hints = get_type_hints(made, include_extras=True)
    return {
        f.name: kind_of(hints[f.name], finite=finite) for f in dataclasses.fields(made) if f.init
    }
