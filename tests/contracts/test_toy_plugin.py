"""A third-party package, end to end: found by entry point, climbed, saved, revived, blamed."""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import featureprobe as fp
from featureprobe import plugins

HERE = Path(__file__).parent


def _forget_toys() -> None:
    for name in [n for n in sys.modules if n.split(".")[0] == "toy_plugin"]:
        del sys.modules[name]
    plugins._installed.cache_clear()


@pytest.fixture(autouse=True)
def _toy_installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put the toy distribution on the path, as if it were installed, and forget it afterwards."""
    monkeypatch.syspath_prepend(HERE)
    _forget_toys()
    yield
    _forget_toys()


@pytest.fixture(scope="module")
def probe() -> fp.ModelProbe:
    """A tiny smooth net."""
    return fp.testing.tiny_probe()


def install(folder: Path, name: str, entry_points: str) -> None:
    """Write the metadata of a distribution that has nothing but entry points."""
    info = folder / f"{name}-0.1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text(entry_points)


def contrast(**kwargs: int) -> fp.Objective:
    """Return the toy's objective, by its kind."""
    found: fp.Objective = plugins.find("toy.map_contrast")("conv2", **kwargs)
    return found


class TestMapContrast(fp.testing.ObjectiveContract):
    """The toy's objective keeps the contract."""

    def make(self):
        """Return what is under test."""
        return contrast(favour=2, avoid=4)


class TestStripes(fp.testing.InitializerContract):
    """The toy's initializer keeps the contract."""

    def make(self):
        """Return what is under test."""
        return plugins.find("toy.stripes")(4.0, contrast=0.8)


class TestFade(fp.testing.RegularizerContract):
    """The toy's regularizer keeps the contract."""

    def make(self):
        """Return what is under test."""
        return plugins.find("toy.fade")(0.02)


class TestResizedCrop(fp.testing.TransformContract):
    """The toy's transform keeps the contract, at another size than the image's."""

    def make(self):
        """Return what is under test."""
        return plugins.find("toy.resized_crop")((8, 7), least=0.6)


def test_kinds_are_listed_without_loading_the_package() -> None:
    """Entry points are read; the package is imported when its kind is asked for, not before."""
    assert "toy.map_contrast" in plugins.names("objectives")
    assert "toy.stripes" in plugins.names("initializers")
    assert "toy.fade" in plugins.names("regularizers")
    assert "toy.resized_crop" in plugins.names("transforms")
    assert "toy_plugin" not in sys.modules
    found = plugins.find("toy.map_contrast")
    assert found.__module__ == "toy_plugin.objectives"
    assert "toy_plugin.images" not in sys.modules


def test_it_climbs_saves_and_is_revived(probe: fp.ModelProbe, tmp_path: Path) -> None:
    """A run with toys raises the contrast, and a saved recipe repeats it from entry points."""
    targets = [contrast(favour=2, avoid=4), contrast(favour=0, avoid=5)]
    ascent = fp.Ascent(
        steps=8,
        starts=2,
        initializer=plugins.find("toy.stripes")(4.0),
        search=None,
        regularizers=(fp.Every(4, plugins.find("toy.fade")(0.01)),),
    )
    result = ascent.run(probe, targets, rng=5, progress=False)
    assert (result.scores > result.score_trace[0]).all()
    maps = probe.activations(result.images[0, 0], "conv2")[0].mean(axis=(0, 1))
    np.testing.assert_allclose(result.scores[0, 0], maps[2] - maps[4], rtol=1e-4)

    result.save(tmp_path / "toy.npz")
    _forget_toys()  # what follows finds the package by entry point again
    recipe = fp.AscentResult.load(tmp_path / "toy.npz").recipe
    revived = [recipe.revive(config) for config in recipe.objectives]
    assert "toy_plugin.objectives" in sys.modules
    assert [o.to_config() for o in revived] == [o.to_config() for o in targets]
    again = recipe.run(probe, progress=False)
    np.testing.assert_array_equal(again.images, result.images)


def test_toy_targets_share_one_trace(probe: fp.ModelProbe) -> None:
    """Index fields of a plug-in make many targets one batch of one trace."""
    targets = [contrast(favour=f, avoid=a) for f in range(6) for a in range(6) if f != a]
    before = probe.network.traces
    ascent = fp.Ascent(steps=2, starts=1, remedies=())
    result = ascent.run(probe, targets, rng=0, progress=False)
    assert len(result) == 30
    assert probe.network.traces == before + 1


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("no_such_package.objectives:Thing", "No module named 'no_such_package'"),
        ("toy_plugin.objectives:Missing", "Missing"),
        ("toy_plugin.objectives:MapContrast", "whose kind is 'toy.map_contrast'"),
        ("toy_plugin.images:np", "whose kind is None"),
    ],
)
def test_a_broken_entry_point_names_its_distribution(
    value: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be loaded is a PluginError that says whose it is; other kinds still work."""
    install(tmp_path, "rotten_plugin", f"[featureprobe.objectives]\nrotten.thing = {value}\n")
    monkeypatch.syspath_prepend(tmp_path)
    plugins._installed.cache_clear()
    assert "rotten.thing" in plugins.names("objectives")
    with pytest.raises(fp.PluginError, match=r"rotten_plugin") as caught:
        plugins.find("rotten.thing")
    assert says in str(caught.value)
    assert plugins.find("map_mean") is fp.MapMean


def test_two_distributions_with_one_kind_are_both_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kind that two distributions offer is an error that names both places."""
    point = "[featureprobe.objectives]\ntoy.map_contrast = rival_plugin:MapContrast\n"
    install(tmp_path, "rival_plugin", point)
    monkeypatch.syspath_prepend(tmp_path)
    plugins._installed.cache_clear()
    with pytest.raises(fp.PluginError, match=r"toy\.map_contrast") as caught:
        plugins.find("toy.map_contrast")
    for place in ("toy_plugin.objectives:MapContrast", "rival_plugin:MapContrast"):
        assert place in str(caught.value)


def test_one_distribution_seen_twice_is_no_conflict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same entry point met twice on the path, as with editable installs, is one."""
    points = (HERE / "toy_plugin-0.1.dist-info" / "entry_points.txt").read_text()
    install(tmp_path, "toy_plugin_again", points)
    monkeypatch.syspath_prepend(tmp_path)
    plugins._installed.cache_clear()
    assert plugins.find("toy.map_contrast").__module__ == "toy_plugin.objectives"


def test_an_unknown_kind_names_the_nearest() -> None:
    """A recipe of a package that is not installed says which kinds are near."""
    with pytest.raises(fp.PluginError, match=r"Nearest: 'toy\.map_contrast'"):
        fp.revive({"kind": "toy.map_contrasts", "layer": "conv2", "favour": 0, "avoid": 1})


def test_a_config_that_does_not_fit_its_class_is_refused() -> None:
    """A field that is missing or unknown gives a ConfigError, also for third parties."""
    with pytest.raises(fp.ConfigError, match="does not fit its class"):
        fp.revive({"kind": "toy.map_contrast", "layer": "conv2", "favour": 0})
    with pytest.raises(fp.ConfigError, match="unknown field 'avoids'"):
        fp.revive({"kind": "toy.map_contrast", "layer": "conv2", "favour": 0, "avoids": 1})
