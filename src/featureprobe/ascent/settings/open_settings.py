"""The settings of an Ascent as they are given, checked: some of them may be left open."""

import dataclasses
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, Literal, TypeAlias, TypeGuard, TypeVar

from featureprobe import _checks
from featureprobe._component import Component
from featureprobe._kinds import is_flag, received
from featureprobe.ascent.settings.converged import Converged
from featureprobe.ascent.settings.precursor import Precursor
from featureprobe.ascent.settings.remedies import Remedy
from featureprobe.ascent.settings.validation import check_kinds, check_parameterization
from featureprobe.constraints.base import Constraint
from featureprobe.errors import ConfigError
from featureprobe.initializers.base import InputInitializer
from featureprobe.parameterizations.base import Parameterization
from featureprobe.regularizers.base import Regularizer
from featureprobe.rules.base import UpdateRule
from featureprobe.transforms.base import Transform

T = TypeVar("T")
Auto: TypeAlias = Literal["auto"]
"""Chosen by the library."""

_COUNTS = ("steps", "starts", "views")
_LISTS: Mapping[str, type] = {
    "remedies": Remedy,
    "regularizers": Regularizer,
    "transforms": Transform,
}
_PARTS: Mapping[str, type] = {"parameterization": Parameterization, "rule": UpdateRule}
_OPTIONAL: Mapping[str, type] = {
    "initializer": InputInitializer,
    "search": Precursor,
    "constraint": Constraint,
}
OPEN = (*_COUNTS, *_LISTS, *_PARTS, *_OPTIONAL)
"""The fields that may be left open."""


@dataclass(frozen=True, repr=False)
class OpenSettings(Component):
    """The fields of :class:`Ascent`, which says what they mean."""

    _: KW_ONLY
    steps: int | Auto = "auto"
    starts: int | Auto = "auto"
    initializer: InputInitializer | Auto | None = "auto"
    search: Precursor | Auto | None = "auto"
    remedies: tuple[Remedy, ...] | Auto = "auto"
    regularizers: tuple[Regularizer, ...] | Auto = "auto"
    transforms: tuple[Transform, ...] | Auto = "auto"
    views: int | Auto = field(default="auto", metadata={"as_before": 1})
    parameterization: Parameterization | Auto = "auto"
    rule: UpdateRule | Auto = "auto"
    constraint: Constraint | Auto | None = "auto"
    polish: int = 0
    stop: Converged | None = None
    keep: str = "best"
    crop: bool | str = "auto"
    memory: int = 2**30
    record_every: int | None = None

    def __post_init__(self) -> None:
        for name in OPEN:
            _check_text(name, getattr(self, name))
        for name in _LISTS:
            given = getattr(self, name)
            if not is_open(given):
                listed = isinstance(given, tuple | list)
                object.__setattr__(self, name, tuple(given) if listed else (given,))
        _check_open(self)
        _check_others(self)
        _check_together(self)

    def __repr__(self) -> str:
        fields = ((f, getattr(self, f.name)) for f in dataclasses.fields(self))
        given = [f"{f.name}={value!r}" for f, value in fields if value != f.default]
        return f"{type(self).__name__}({', '.join(given)})"


def is_open(value: T | Auto) -> TypeGuard[Auto]:
    """Whether a setting is left open."""
    return isinstance(value, str)


def _check_text(name: str, value: Any) -> None:
    """Raise ConfigError for a text that is not ``"auto"``."""
    if isinstance(value, str) and value != "auto":
        raise ConfigError(
            f'The only text that {name} takes is "auto": chosen by the library. Received: '
            f'{received(value)}. Write {name}="auto", or give a value of its own.'
        )


def _check_open(settings: OpenSettings) -> None:
    """Raise unless every part that is given is of its room and in range."""
    given = {name: value for name in OPEN if not is_open(value := getattr(settings, name))}
    for name in _COUNTS:
        if name in given:
            _checks.whole(name, given[name], least=1)
    for name, base in _LISTS.items():
        check_kinds(name, given.get(name, ()), base)
    for name, base in _PARTS.items():
        if name in given:
            check_kinds(name, (given[name],), base)
    for name, base in _OPTIONAL.items():
        if given.get(name) is not None:
            check_kinds(name, (given[name],), base)


def _check_others(settings: OpenSettings) -> None:
    """Raise unless the settings that are never open are in range."""
    _checks.whole("memory", settings.memory, least=1)
    _checks.whole("polish", settings.polish, least=0)
    if settings.record_every is not None:
        _checks.whole("record_every", settings.record_every, least=1)
    if settings.stop is not None:
        check_kinds("stop", (settings.stop,), Converged)
    if not isinstance(settings.keep, str) or settings.keep not in ("best", "last"):
        raise ConfigError(f"keep is 'best' or 'last'. Received: {received(settings.keep)}.")
    if is_flag(settings.crop):
        object.__setattr__(settings, "crop", bool(settings.crop))
    elif not isinstance(settings.crop, str) or settings.crop != "auto":
        raise ConfigError(f"crop is 'auto', True or False. Received: {received(settings.crop)}.")


def _check_together(settings: OpenSettings) -> None:
    """Raise ConfigError when parts that are given do not fit each other."""
    search, initializer = settings.search, settings.initializer
    drawn = initializer is not None and not is_open(initializer)
    if isinstance(search, Precursor) and search.initializers and drawn:
        raise ConfigError(
            "initializer= and search=fp.Precursor(initializers=...) both say what starts are drawn from. "
            f"Received {initializer!r} and {search.initializers!r}. Give one of them."
        )
    parameterization, regularizers = settings.parameterization, settings.regularizers
    if isinstance(parameterization, Parameterization):
        check_parameterization(
            parameterization, () if isinstance(regularizers, str) else regularizers
        )
