"""A target is resolved once in a run, whatever the run does with it."""

import pytest

import featureprobe as fp
from featureprobe.ascent.problem.resolved import Resolved


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[fp.Objective]:
    """Return the targets of all resolved records, as they are made."""
    seen: list[fp.Objective] = []
    make = Resolved.__init__

    def noted(self: Resolved, probe, given, *args, **kwargs) -> None:
        seen.append(given)
        make(self, probe, given, *args, **kwargs)

    monkeypatch.setattr(Resolved, "__init__", noted)
    return seen


BRIEF = fp.Precursor(candidates=8, rounds=2, trials=3, trial_steps=1)


@pytest.mark.parametrize(
    ("whole_layer", "regularizers"),
    [(True, ()), (False, ()), (False, (fp.GaussianBlur(0.6),))],
    ids=["968 nodes", "8 nodes", "8 nodes, full images"],
)
def test_nodes_are_resolved_once(made, whole_layer: bool, regularizers) -> None:
    """As many records as distinct targets: search, remedies, trials and polishing make no other."""
    probe = fp.samples.mnist_probe()
    size = range(11) if whole_layer else (4, 5)
    channels = range(8) if whole_layer else (0, 1)
    nodes = [
        fp.Node("Conv2D_2", row=row, col=col, channel=channel)
        for channel in channels
        for row in size
        for col in size
    ]
    ascent = fp.Ascent(steps=2, starts=2, search=BRIEF, polish=1, regularizers=regularizers)
    ascent.run(probe, [*nodes, nodes[0]], rng=0, progress=False)
    assert len(made) == len(nodes) == len(set(made))


def test_maps_are_resolved_once(made) -> None:
    """The same of the maps of a layer, some of which no start excites."""
    probe = fp.samples.mnist_probe()
    maps = fp.MapMean.each(probe, "Conv2D_3")
    ascent = fp.Ascent(steps=2, starts=2, search=BRIEF, polish=1)
    ascent.run(probe, maps, rng=0, progress=False)
    assert made == list(maps)
