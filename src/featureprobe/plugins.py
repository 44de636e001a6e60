"""Find components by their kind, through entry points; built-ins take the same road.

A package offers components in its ``pyproject.toml``::

    [project.entry-points."featureprobe.objectives"]
    "mylab.map_contrast" = "mylab.objectives:MapContrast"

Nothing is loaded until its kind is asked for. Kinds come from files, import paths never do.
"""

from functools import cache
from importlib.metadata import EntryPoint, entry_points

from featureprobe._arguments import checked
from featureprobe._kinds import received
from featureprobe.errors import ConfigError, PluginError, nearest

GROUPS = (
    "featureprobe.objectives",
    "featureprobe.initializers",
    "featureprobe.regularizers",
    "featureprobe.transforms",
    "featureprobe.parameterizations",
    "featureprobe.rules",
    # The library's own closed set (Ascent, InputSpace, constraints): not open to plug-ins.
    "featureprobe.parts",
)

_REGISTERED: dict[str, type] = {}


@cache
def _installed(group: str) -> dict[str, tuple[EntryPoint, ...]]:
    found: dict[str, tuple[EntryPoint, ...]] = {}
    for point in entry_points(group=group):
        others = found.get(point.name, ())
        if all(point.value != other.value for other in others):
            found[point.name] = (*others, point)
    return found


def _offered(group: str, kind: str) -> EntryPoint | None:
    """Return the entry point of a kind; two packages that offer it break that kind only."""
    points = _installed(group).get(kind, ())
    if len(points) > 1:
        offers = " and ".join(f"{_package(point)} ({point.value})" for point in points)
        raise PluginError(
            f"Two packages offer the kind {kind!r}: {offers}. "
            "Uninstall one, or ask its author to prefix the kind with the package's name."
        )
    return points[0] if points else None


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist else "an unnamed package"


@checked
def names(group: str) -> tuple[str, ...]:
    """Return the kinds that ``group`` offers, sorted.

    Args:
        group: One of :data:`GROUPS`, with or without the prefix ``featureprobe.``.

    Returns:
        Installed kinds, and those registered by :func:`register` that belong to no group.

    Example:
        >>> "map_mean" in names("objectives")
        True
    """
    full = group if group.startswith("featureprobe.") else f"featureprobe.{group}"
    if full not in GROUPS:
        raise PluginError(f"There is no group {group!r}. {nearest(full, GROUPS)}")
    return tuple(sorted(_installed(full)))


@checked
def find(kind: str) -> type:
    """Return the class of a kind, loading its package on first use.

    Args:
        kind: The ``kind`` of a component, such as ``"map_mean"`` or ``"mylab.map_contrast"``.

    Raises:
        PluginError: When the kind is unknown, or its package cannot be imported.

    Example:
        >>> find("map_mean").__name__
        'MapMean'
    """
    if kind in _REGISTERED:
        return _REGISTERED[kind]
    for group in GROUPS:
        point = _offered(group, kind)
        if point is not None:
            return _load(point)
    known = [n for g in GROUPS for n in _installed(g)] + list(_REGISTERED)
    raise PluginError(
        f"No component of kind {kind!r} is known. {nearest(kind, known)} Install the package "
        "that offers it, or call featureprobe.plugins.register(TheClass) first."
    )


def _load(point: EntryPoint) -> type:
    source = _package(point)
    try:
        loaded = point.load()
    except Exception as cause:
        raise PluginError(
            f"The kind {point.name!r} of {source} cannot be loaded from {point.value}: {cause!r}. "
            "Reinstall or remove that package."
        ) from cause
    if not isinstance(loaded, type) or getattr(loaded, "kind", None) != point.name:
        raise PluginError(
            f"The entry point {point.name!r} of {source} gives {loaded!r}, whose kind is "
            f"{getattr(loaded, 'kind', None)!r}. Name the entry point after the class's kind."
        )
    return loaded


def register(cls: type) -> type:
    """Make a class known by its ``kind`` in this process, for notebooks and tests.

    Args:
        cls: A component class with its own ``kind``.

    Returns:
        The class, so that this works as a decorator.

    Raises:
        ConfigError: When it has no kind.
        PluginError: When a different installed class has that kind.

    Example:
        >>> from dataclasses import dataclass
        >>> from typing import ClassVar
        >>> import featureprobe as fp
        >>> @register
        ... @dataclass(frozen=True)
        ... class Fade(fp.Regularizer):
        ...     kind: ClassVar[str] = "mylab.fade"
        ...     def apply(self, images, step):
        ...         return 0.99 * images
        >>> find("mylab.fade") is Fade
        True
    """
    kind = getattr(cls, "kind", None)
    if not isinstance(cls, type):
        raise ConfigError(f"register takes a component's class. Received: {received(cls)}.")
    if not isinstance(kind, str) or not kind:
        raise ConfigError(
            f"{cls.__name__} has no kind. Add `kind: ClassVar[str] = 'mylab.{cls.__name__.lower()}'`."
        )
    for group in GROUPS:
        point = _offered(group, kind)
        if point is not None and _load(point) is not cls:
            raise PluginError(
                f"The kind {kind!r} belongs to {point.value} already. Prefix yours: 'mylab.{kind}'."
            )
    _REGISTERED[kind] = cls
    return cls
