"""Plug-ins: found by kind through entry points, loaded late, with errors that name the culprit."""

from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint

import pytest

import featureprobe as fp
from featureprobe import plugins

Offer = Callable[..., None]


@pytest.fixture
def offer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Offer]:
    """Install entry points beside the real ones, for one test."""
    real = plugins.entry_points

    def install(*points: tuple[str, str], group: str = "featureprobe.objectives") -> None:
        made = [EntryPoint(name, value, group) for name, value in points]
        monkeypatch.setattr(
            plugins,
            "entry_points",
            lambda group: [*real(group=group), *(p for p in made if p.group == group)],
        )
        plugins._installed.cache_clear()

    yield install
    monkeypatch.undo()
    plugins._installed.cache_clear()


@pytest.fixture(autouse=True)
def _forget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Registrations of a test end with it."""
    monkeypatch.setattr(plugins, "_REGISTERED", dict(plugins._REGISTERED))


@pytest.mark.parametrize("group", plugins.GROUPS)
def test_every_built_in_is_found_under_its_kind(group: str) -> None:
    """Each name in a group leads to a component class of that kind."""
    kinds = plugins.names(group)
    assert kinds
    for kind in kinds:
        cls = plugins.find(kind)
        assert cls.kind == kind
        assert issubclass(cls, fp.Component)


def test_names_take_the_group_with_or_without_prefix() -> None:
    """Both spellings give the same sorted kinds."""
    assert plugins.names("regularizers") == plugins.names("featureprobe.regularizers")
    assert plugins.names("regularizers") == tuple(sorted(plugins.names("regularizers")))


def test_unknown_group() -> None:
    """A group that does not exist is named, with the nearest."""
    with pytest.raises(fp.PluginError, match=r"no group 'objectifs'.*featureprobe\.objectives"):
        plugins.names("objectifs")


def test_unknown_kind_says_what_is_near_and_what_to_do() -> None:
    """An unknown kind gives the nearest names and the way to make it known."""
    with pytest.raises(fp.PluginError, match=r"Nearest: 'map_mean'.*Install the package"):
        plugins.find("map_meen")


def test_a_plug_in_loads_only_when_asked_for(offer: Offer) -> None:
    """A broken package harms nobody who does not ask for it."""
    offer(("mylab.broken", "no_such_module_at_all:Thing"))
    assert "mylab.broken" in plugins.names("objectives")
    assert plugins.find("map_mean") is fp.MapMean
    with pytest.raises(fp.PluginError, match=r"'mylab\.broken'.*no_such_module_at_all.*Reinstall"):
        plugins.find("mylab.broken")


@pytest.mark.parametrize(
    "value", ["featureprobe.objectives.map_mean:MapMean", "os:getcwd", "os:sep"]
)
def test_an_entry_point_must_lead_to_its_kind(offer: Offer, value: str) -> None:
    """A name that leads to another kind, or to no class, is refused."""
    offer(("mylab.other", value))
    with pytest.raises(fp.PluginError, match="Name the entry point after the class's kind"):
        plugins.find("mylab.other")


def test_two_packages_with_one_kind(offer: Offer) -> None:
    """A kind that two packages offer is refused, with both named; the same offer twice is not."""
    offer(("mylab.twice", "one:Thing"), ("mylab.twice", "other:Thing"))
    with pytest.raises(fp.PluginError, match=r"one:Thing.* and .*other:Thing"):
        plugins.find("mylab.twice")
    assert plugins.find("map_mean") is fp.MapMean, "the quarrel of two breaks nobody else"
    offer(("map_mean", "featureprobe.objectives.map_mean:MapMean"))
    assert plugins.find("map_mean") is fp.MapMean


class Mine:
    """A class with a kind."""

    kind = "tests.mine"


def test_register_makes_a_class_known() -> None:
    """A registered class is found, twice is once, and a new version replaces the old one."""
    assert plugins.register(Mine) is Mine
    assert plugins.register(Mine) is Mine
    assert plugins.find("tests.mine") is Mine
    again = type("Mine", (), {"kind": "tests.mine"})
    plugins.register(again)
    assert plugins.find("tests.mine") is again


def test_register_never_shadows_an_installed_kind() -> None:
    """A kind that belongs to another class cannot be taken; that class itself may register."""
    thief = type("Thief", (), {"kind": "map_mean"})
    with pytest.raises(fp.PluginError, match=r"Prefix yours: 'mylab\.map_mean'"):
        plugins.register(thief)
    assert plugins.register(fp.MapMean) is fp.MapMean
    assert plugins.find("map_mean") is fp.MapMean


@pytest.mark.parametrize("kind", ["", None, 3])
def test_register_needs_a_kind(kind: object) -> None:
    """A class without a kind is told what to add."""
    with pytest.raises(fp.ConfigError, match="Add `kind: ClassVar"):
        plugins.register(type("Nameless", (), {"kind": kind}))
