"""Frozen values with a kind: the base of every ingredient, and its way to JSON and back."""

import dataclasses
import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import FrozenInstanceError
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, NoReturn, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from featureprobe import plugins
from featureprobe._arguments import check_call, check_ranges, present_name
from featureprobe._digests import as_before, declared, first_names, same, text_of
from featureprobe._kinds import refuse_masks
from featureprobe.errors import ConfigError, nearest
from featureprobe.types import PER_TARGET_MARK

_NOT_IN_JSON = ("inf", "-inf", "nan")

Arrays = dict[str, npt.NDArray[Any]]
"""Arrays beside a config, by sha256."""


class ArrayValue:
    """An array as a value: read-only, equal and hashed by content.

    Args:
        array: Any numeric array; it is copied.

    Example:
        >>> ArrayValue([1.0, 2.0]) == ArrayValue([1.0, 2.0])
        True
    """

    __slots__ = ("_array", "sha256")
    _array: npt.NDArray[Any]
    sha256: str

    def __init__(self, array: npt.ArrayLike) -> None:
        refuse_masks(array, "An ArrayValue")
        try:
            copy = np.array(array)
        except ValueError as cause:  # rows of different lengths
            raise ConfigError(
                f"An ArrayValue holds one array of numbers. Received: {cause} "
                "Give all rows the same length."
            ) from cause
        if copy.dtype.kind not in "biuf":
            raise ConfigError(
                f"An ArrayValue holds numbers. Received an array of dtype {copy.dtype}. "
                "Convert it to float32 or an integer type first."
            )
        held = copy.tobytes()
        if copy.size:
            # Over bytes nobody can make it writeable again, as setflags would do for its own memory.
            copy = np.frombuffer(held, copy.dtype).reshape(copy.shape)
        copy.setflags(write=False)
        head = f"{copy.dtype.str}{copy.shape}".encode()
        object.__setattr__(self, "_array", copy)
        object.__setattr__(self, "sha256", hashlib.sha256(head + held).hexdigest())

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise FrozenInstanceError(f"An ArrayValue is frozen: {name} cannot be set. Make another.")

    def __reduce__(self) -> tuple[type["ArrayValue"], tuple[npt.NDArray[Any]]]:
        return ArrayValue, (self._array,)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    @property
    def array(self) -> npt.NDArray[Any]:
        """The read-only array."""
        return self._array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        return np.array(self._array, dtype=dtype, copy=copy)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ArrayValue) and self.sha256 == other.sha256

    def __hash__(self) -> int:
        return hash(self.sha256)

    def __repr__(self) -> str:
        return f"ArrayValue(shape={self._array.shape}, sha256={self.sha256[:8]}...)"


PerTarget: TypeAlias = Annotated[ArrayValue, PER_TARGET_MARK]
"""An :class:`ArrayValue` field that tells targets of one objective apart: a direction, a mask.

Objectives that differ only in such arrays, of equal shape and dtype, run as one batch of one compiled
step. In ``value`` the field is a tensor (N, ...), for each image its own target's array: floats in the
dtype of what is read, whole numbers and booleans in their own. ``PerTarget | None`` and tuples of
``PerTarget`` will do, too.
"""


class Component:
    """Base of every ingredient: a frozen dataclass with a ``kind``.

    Subclass a room's base class, not this one. Decorate with ``@dataclass(frozen=True)``; fields are
    numbers, strings, booleans, None, tuples of these, :class:`ArrayValue`, or other components.

    A field that got another name keeps its old one in ``renamed``, such as
    ``renamed: ClassVar[Mapping[str, str]] = {"old": "new"}``: configs saved under the old name still
    load, and whoever writes it is told the new one. Digests keep the old name.

    Seeds, resumed runs and stored work go by :meth:`digest`, so a class may grow: a field that is added
    later, with a default that changes nothing, changes no digest. A default that is changed later, or a
    new one that does change something, needs the value that means "as before" beside it::

        size: int = field(default=5, metadata={"as_before": 3})

    Then a 3 is left out of the digest, and is what a config without the field stands for; a 5, given or
    not, is part of the digest. A component in a field counts like any value: where its own defaults
    change, a field that has it as default needs its old value, too. ``dataclasses.MISSING`` has every
    value of the field take part.

    Example:
        >>> import featureprobe as fp
        >>> fp.GaussianBlur(0.6).to_config()
        {'kind': 'gaussian_blur', 'sigma': 0.6, 'size': None}
        >>> fp.GaussianBlur(0.6) == fp.GaussianBlur(0.6)
        True
    """

    kind: ClassVar[str] = ""
    renamed: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """The present names of fields by their names in earlier versions."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        params = cls.__dict__.get("__dataclass_params__")
        if params is None or not params.frozen:
            raise ConfigError(
                f"{cls.__name__} is not a frozen dataclass. "
                f"Write `@dataclass(frozen=True)` above `class {cls.__name__}`."
            )
        if not cls.kind:
            raise ConfigError(
                f"{cls.__name__} has no kind. "
                f"Add `kind: ClassVar[str] = 'mylab.{cls.__name__.lower()}'` to it."
            )
        if args or kwargs:  # none come when it is copied or unpickled
            check_call(cls, args, kwargs)
        return super().__new__(cls)

    def __post_init__(self) -> None:
        """Check the numbers that say their range; who checks more calls this first."""
        check_ranges(self)

    def to_config(self, arrays: Arrays | None = None) -> dict[str, Any]:
        """Return this component as JSON values.

        Args:
            arrays: Receives the contents of array fields by sha256. Without it they are left out,
                which is enough to compare or digest configs.

        Returns:
            ``{"kind": ..., field: value, ...}``.
        """
        return _config(self, lambda component: component.to_config(arrays), arrays)

    def digest(self) -> str:
        """Return the sha256 of what this component means.

        That is its config without the fields, at any depth, that are at the value which says "as
        before": their default, or the ``as_before`` of their metadata.

        Example:
            >>> import featureprobe as fp
            >>> fp.GaussianBlur(0.6).digest() == fp.GaussianBlur(0.7).digest()
            False
        """
        return hashlib.sha256(text_of(_meaning(self)).encode()).hexdigest()


_Written = Callable[[Component], Any]


def _config(component: Component, written: _Written, arrays: Arrays | None) -> dict[str, Any]:
    """Return the fields of a component as JSON values; ``written`` turns those inside into such."""
    found: dict[str, Any] = {"kind": component.kind}
    for field in dataclasses.fields(component):  # type: ignore[arg-type]
        if field.init:
            value = getattr(component, field.name)
            if field.type is float and isinstance(value, int):
                value = float(value)
            found[field.name] = _to_json(value, written, arrays, f"{component.kind}.{field.name}")
    return found


def _meaning(component: Component) -> dict[str, Any]:
    """Return what the digest of a component is taken of."""
    cls = type(component)
    if cls.to_config is not Component.to_config:  # its author says what is recorded
        return component.to_config()
    config = _config(component, _meaning, None)
    earlier = first_names(cls)
    if unchanging := as_before(cls):
        # Made with all of them, since a class may turn what it is given into something else; and from
        # the other fields alone, so that no two components leave out different values.
        plain = _config(_with(component, unchanging), _meaning, None)
        for name in unchanging:
            if same(config[name], plain[name]):
                del config[name]
    return {earlier.get(name, name): value for name, value in config.items()}


def _with(component: Component, values: dict[str, Any]) -> Component:
    """Return a component with other values, checked by its class or, where that refuses, as they are."""
    try:
        return dataclasses.replace(component, **values)  # type: ignore[type-var]
    except Exception:  # noqa: BLE001  (whatever the checks of a class raise)
        other = object.__new__(type(component))
        for field in dataclasses.fields(component):  # type: ignore[arg-type]
            value = values.get(field.name, getattr(component, field.name))
            object.__setattr__(other, field.name, value)
        return other


def _to_json(value: Any, written: _Written, arrays: Arrays | None, where: str) -> Any:
    if isinstance(value, Component):
        return written(value)
    if isinstance(value, ArrayValue):
        if arrays is not None:
            arrays[value.sha256] = value.array
        return {"array": value.sha256}
    if isinstance(value, tuple | list):
        return [_to_json(v, written, arrays, where) for v in value]
    if isinstance(value, np.generic) and not isinstance(value.item(), np.generic):
        return _to_json(value.item(), written, arrays, where)
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": repr(float(value))}  # JSON has no such numbers
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise ConfigError(
        f"{where} cannot be recorded: {type(value).__name__} is no JSON value. "
        "Use numbers, strings, tuples, fp.ArrayValue or components as fields."
    )


def revive(config: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]] | None = None) -> Any:
    """Make the component that a config describes.

    Args:
        config: What :meth:`Component.to_config` gave, through JSON or not.
        arrays: The contents of array fields by sha256.

    Returns:
        A component that equals the recorded one.

    Raises:
        ConfigError: When the config is malformed.
        PluginError: When its kind is unknown.

    Example:
        >>> import featureprobe as fp
        >>> revive(fp.GaussianBlur(0.6).to_config())
        GaussianBlur(sigma=0.6, size=None)
    """
    if not isinstance(config, Mapping) or not isinstance(config.get("kind"), str):
        raise ConfigError(
            f"A config is a mapping with a 'kind'. Received: {_short(config)}. "
            "Take what component.to_config() returns."
        )
    if not isinstance(arrays, Mapping | None):
        raise ConfigError(f"arrays is a mapping by sha256, or None. Received: {_short(arrays)}.")
    cls = plugins.find(config["kind"])
    if not issubclass(cls, Component):
        raise ConfigError(f"The kind {config['kind']!r} is {cls.__name__}, not a component.")
    if hasattr(cls, "_rebuild"):  # lifted functions explain why they cannot come back
        return cls._rebuild(config)
    known = [f.name for f in dataclasses.fields(cls) if f.init]  # type: ignore[arg-type]
    values = declared(cls)  # what a config means that was written before there were these fields
    for recorded, value in config.items():
        if recorded == "kind":
            continue
        name = present_name(cls, recorded, config)
        if name not in known:
            raise ConfigError(
                f"The config of {config['kind']!r} has an unknown field {name!r}. "
                f"{nearest(str(name), known)}"
            )
        values[name] = _from_json(value, arrays or {})
    try:
        return cls(**values)
    except (TypeError, ConfigError) as cause:
        raise ConfigError(
            f"The config of {config['kind']!r} does not fit its class: {cause}. "
            "It may come from another version of the package."
        ) from cause


def _from_json(value: Any, arrays: Mapping[str, npt.NDArray[Any]]) -> Any:
    if isinstance(value, Mapping):
        if set(value) == {"array"}:
            return _array_from(value["array"], arrays)
        if set(value) == {"float"} and value["float"] in _NOT_IN_JSON:
            return float(value["float"])
        return revive(value, arrays)
    if isinstance(value, list | tuple):
        return tuple(_from_json(v, arrays) for v in value)
    return value


def _array_from(digest: Any, arrays: Mapping[str, npt.NDArray[Any]]) -> ArrayValue:
    if not isinstance(digest, str) or digest not in arrays:
        raise ConfigError(
            f"The array {_short(digest)} of this config is not beside it. "
            "Pass the arrays that to_config(arrays) filled."
        )
    found = ArrayValue(arrays[digest])
    if found.sha256 != digest:
        raise ConfigError(f"The array {_short(digest)} is damaged: its content has another sha256.")
    return found


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
