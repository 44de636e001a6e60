"""Components and entry points: every component is offered under its own kind."""

import importlib
import inspect
import pkgutil
from importlib.metadata import EntryPoint, entry_points

import pytest

import featureprobe as fp
from featureprobe.ascent.settings.settings import Settings
from featureprobe.ascent.step.each_input import EachMade, EachRegularized, EachViewed
from featureprobe.constraints.joint import Jointly
from featureprobe.plugins import GROUPS

POINTS = [
    point
    for group in GROUPS
    for point in entry_points(group=group)
    if point.dist is not None and point.dist.name == "featureprobe"
]
BASES = {
    "featureprobe.objectives": fp.Objective,
    "featureprobe.initializers": fp.InputInitializer,
    "featureprobe.regularizers": fp.Regularizer,
    "featureprobe.transforms": fp.Transform,
    "featureprobe.parameterizations": fp.Parameterization,
    "featureprobe.rules": fp.UpdateRule,
    "featureprobe.parts": fp.Component,
}


def components() -> list[type[fp.Component]]:
    """Return every component class that the library defines, outside of ``testing``."""
    found = set()
    for info in pkgutil.walk_packages(fp.__path__, "featureprobe."):
        if info.name.split(".")[1] != "testing":
            members = vars(importlib.import_module(info.name)).values()
            found |= {c for c in members if inspect.isclass(c) and issubclass(c, fp.Component)}
    bases = {c for c in found if inspect.isabstract(c) or (not c.kind and c.__subclasses__())}
    # An Ascent with nothing left open: its config is that of the Ascent. The others stand round its
    # operators while a run goes on, and are never recorded.
    passing = {Settings, EachMade, EachRegularized, EachViewed, Jointly}
    return sorted(found - bases - passing, key=lambda c: c.__name__)


@pytest.mark.parametrize("point", POINTS, ids=lambda p: p.name)
def test_entry_point_is_named_after_the_kind(point: EntryPoint) -> None:
    """The entry point's name is the class's kind, and its group is the class's room."""
    cls = point.load()
    assert cls.kind == point.name
    assert issubclass(cls, BASES[point.group])


@pytest.mark.parametrize("cls", components(), ids=lambda c: c.__name__)
def test_component_has_an_entry_point(cls: type[fp.Component]) -> None:
    """Every component of the library can be found by its kind."""
    offered = {point.name: point for point in POINTS}
    line = f'{cls.kind} = "{cls.__module__}:{cls.__name__}"'
    assert cls.kind in offered, f"Add this line to pyproject.toml and reinstall: {line}"
    assert offered[cls.kind].load() is cls


def test_every_room_offers_a_pair() -> None:
    """Every group offers at least two components: one would be no choice."""
    for group in BASES:
        assert sum(point.group == group for point in POINTS) >= 2, group
