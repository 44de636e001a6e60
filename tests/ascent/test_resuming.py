"""A run that was saved with its state goes on in another process, bit for bit."""

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import featureprobe as fp
from featureprobe import _archive

SHORT = {"starts": 2, "search": None, "remedies": ()}
RECIPES = {
    "default": {},
    "adam": {"rule": fp.Adam(), "regularizers": ()},
    "no memory": {"rule": fp.NormalizedGradient(), "regularizers": (), "crop": False},
    "fourier": {"parameterization": fp.Fourier(), "regularizers": ()},
    "stopping": {"stop": fp.Converged(gain=0.5, over=4, certificate=0.0), "polish": 2},
}


def targets(probe):
    """Two maps, and one node on a crop."""
    return [*fp.MapMean.each(probe, "Conv2D_3")[:2], fp.Node("Conv2D_2", row=3, col=4, channel=2)]


def go_on(ascent, probe, objectives, state) -> fp.AscentResult:
    """Return the result of the rest of a run."""
    for later, _ in ascent.iterate(probe, objectives, state):
        state = later
    return ascent.result(probe, objectives, state)


def check_same(one, other) -> None:
    """All that a result holds is equal to the bit, but for why settings were chosen."""
    for field in dataclasses.fields(fp.AscentResult):
        if field.name not in ("recipe", "state"):
            np.testing.assert_array_equal(getattr(one, field.name), getattr(other, field.name))
    recipes = [{**r.recipe.to_json(), "why": None} for r in (one, other)]
    assert recipes[0] == recipes[1]


@pytest.mark.parametrize("name", RECIPES)
def test_a_loaded_state_goes_on_like_the_run_itself(reference, tmp_path, name):
    """4 steps, saved, loaded, and 4 more are the same as 8."""
    short = fp.Ascent(steps=4, **SHORT | RECIPES[name])
    whole = dataclasses.replace(short, steps=8)
    own = targets(reference)
    straight = whole.run(reference, own, rng=5, progress=False)
    short.run(reference, own, rng=5, progress=False).save(tmp_path / "r.npz", state=True)
    loaded = fp.AscentResult.load(tmp_path / "r.npz")
    check_same(go_on(whole, reference, own, loaded.state), straight)


def test_in_another_process(reference, tmp_path):
    """Nothing but the file tells it what was done."""
    ascent = fp.Ascent(steps=6, **SHORT)
    own = targets(reference)[:2]
    ascent.run(reference, own, rng=5, progress=False).save(tmp_path / "r.npz", state=True)
    code = (
        "import dataclasses, featureprobe as fp\n"
        f"r = fp.AscentResult.load({str(tmp_path / 'r.npz')!r})\n"
        "probe = fp.samples.mnist_probe()\n"
        "ascent = dataclasses.replace(r.recipe.revive_ascent(), steps=12)\n"
        "own = [r.recipe.revive(o) for o in r.recipe.objectives]\n"
        "for state, _ in ascent.iterate(probe, own, r.state): pass\n"
        f"ascent.result(probe, own, state).save({str(tmp_path / 'more.npz')!r})\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, timeout=300)
    more = fp.AscentResult.load(tmp_path / "more.npz")
    straight = dataclasses.replace(ascent, steps=12).run(reference, own, rng=5, progress=False)
    check_same(more, straight)
    assert more.state is None


def test_without_a_state_there_is_none(reference, tmp_path):
    """And it cannot be saved, nor gone on from."""
    result = fp.Ascent(steps=1, **SHORT).run(
        reference, targets(reference)[0], rng=5, progress=False
    )
    result.save(tmp_path / "r.npz")
    loaded = fp.AscentResult.load(tmp_path / "r.npz")
    assert loaded.state is None
    for part in (loaded, result[:1]):
        with pytest.raises(fp.DataError, match="no state"):
            part.save(tmp_path / "s.npz", state=True)
    with pytest.raises(fp.ConfigError, match="state=True"):
        next(fp.Ascent(steps=2, **SHORT).iterate(reference, targets(reference)[0], None))


HURT = {
    "no trees": lambda h, a: h.pop("slots"),
    "an odd tree": lambda h, a: h.update(params={"list": []}),
    "an array of another's": lambda h, a: h.update(
        course={"array": "images"}, params={"array": "images"}
    ),
    "fewer rows": lambda h, a: a.update(state_ended=a["state_ended"][:-1]),
    "starts beyond": lambda h, a: a.update(state_start_index=a["state_start_index"] + 99),
    "texts": lambda h, a: a.update(state_course=np.array(["x", "y"])),
    "no index": lambda h, a: h.update(index=None),
    "deep": lambda h, a: h.update(slots=json.loads('{"tuple":[' * 40 + "]}" * 40)),
}


@pytest.mark.parametrize("name", HURT)
def test_a_damaged_state_is_refused(reference, tmp_path, name):
    """With our error, which names the file."""
    path = Path(tmp_path / "r.npz")
    result = fp.Ascent(steps=1, **SHORT).run(
        reference, targets(reference)[0], rng=5, progress=False
    )
    result.save(path, state=True)
    with np.load(path) as file:
        stored = {n: file[n] for n in file.files}
    header = json.loads(stored.pop("header").tobytes())
    HURT[name](header["state"], stored)
    _archive.write(path, "AscentResult", header, stored)
    with pytest.raises(fp.DataError, match=r"r\.npz"):
        fp.AscentResult.load(path)
