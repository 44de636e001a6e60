"""Settings that are left open: chosen in one place, recorded with the reason, and repeated as chosen."""

import dataclasses
import json
from typing import Any

import numpy as np
import pytest

import featureprobe as fp
from featureprobe import ascent as engine
from featureprobe.analysis.optima import recipes, sensitivity
from featureprobe.ascent.settings import chosen

OPEN = (
    "steps", "starts", "initializer", "search", "remedies", "regularizers", "transforms", "views",
    "parameterization", "rule", "constraint",
)  # fmt: skip
# What 0.1 took where nothing was given.
DEFAULTS: dict[str, Any] = {
    "steps": 64,
    "starts": 4,
    "initializer": None,
    "search": fp.Precursor(),
    "remedies": (fp.RedirectedGradients(), fp.PreActivation()),
    "regularizers": (fp.Until(24, fp.Every(8, fp.GaussianBlur(0.6))),),
    "transforms": (),
    "views": 1,
    "parameterization": fp.Pixels(),
    "rule": fp.Momentum(),
    "constraint": fp.Sphere(),
}
QUICK: dict[str, Any] = {"rng": 7, "progress": False}
TARGET = fp.MapMean("conv", channel=1)


@pytest.fixture
def tuned(monkeypatch: pytest.MonkeyPatch) -> None:
    """A later version, which chooses other numbers."""
    monkeypatch.setattr(chosen, "_STEPS", (3, "Three are enough."))
    monkeypatch.setattr(chosen, "_STARTS", (1, "One will do."))
    monkeypatch.setattr(chosen, "_SEARCH", (None, "Search is for others."))
    monkeypatch.setattr(chosen, "_BLUR", ((), "No blur."))


def values_of(ascent: fp.Ascent) -> dict[str, Any]:
    """Return the settings that may be left open."""
    return {name: getattr(ascent, name) for name in OPEN}


def test_everything_is_open_by_default() -> None:
    """And said in few words."""
    assert set(values_of(fp.Ascent()).values()) == {"auto"}
    assert repr(fp.Ascent()) == "Ascent()"
    given = fp.Ascent(steps=8, search=None, crop=False, rule="auto")
    assert repr(given) == "Ascent(steps=8, search=None, crop=False)"
    assert eval(repr(given), {"Ascent": fp.Ascent}) == given
    config = json.loads(json.dumps(fp.Ascent().to_config()))
    assert fp.revive(config) == fp.Ascent()
    assert fp.Ascent(rule="auto") == fp.Ascent()


def test_what_is_chosen_is_what_it_was(small_probe: fp.ModelProbe) -> None:
    """Run, recorded and shown: the defaults of 0.1, to the same bits as if they were given."""
    bounded = small_probe.input_space.bounds is not None
    expected = DEFAULTS | {"constraint": fp.Box() if bounded else fp.Sphere()}
    assert values_of(fp.Ascent().chosen(small_probe, TARGET)) == expected
    few = {"steps": 4, "starts": 2}
    left = fp.Ascent(**few).run(small_probe, TARGET, **QUICK)
    given = fp.Ascent(**expected | few).run(small_probe, TARGET, **QUICK)
    np.testing.assert_array_equal(left.images, given.images)
    assert left.recipe.ascent == given.recipe.ascent
    assert set(left.recipe.why) == set(OPEN) - set(few)
    assert given.recipe.why == {}


@pytest.mark.parametrize("space", [(-3.0, 3.0), (None, None)])
def test_the_constraint_follows_the_input_space(space: tuple[Any, Any]) -> None:
    """None reads as open, as ever."""
    import keras  # noqa: PLC0415

    layers = [keras.Input((5, 5, 1)), keras.layers.Conv2D(2, 3, name="conv")]
    probe = fp.ModelProbe(
        keras.Sequential(layers), input_space=fp.InputSpace.identity(low=space[0], high=space[1])
    )
    expected = fp.Sphere() if space[0] is None else fp.Box()
    for ascent in (fp.Ascent(), fp.Ascent(constraint=None)):
        found = chosen.choose(ascent, probe, [TARGET])
        assert found.settings.constraint == expected
        assert "range" in found.why["constraint"]


def test_none_and_empty_are_choices_of_ones_own(small_probe: fp.ModelProbe) -> None:
    """Nothing is put in their place, and no reason is given for them."""
    own: dict[str, Any] = {
        "search": None, "initializer": None, "remedies": (), "regularizers": (), "transforms": ()
    }  # fmt: skip
    found = chosen.choose(fp.Ascent(**own), small_probe, [TARGET])
    assert {name: getattr(found.settings, name) for name in own} == own
    assert not found.why.keys() & own.keys()


@pytest.mark.parametrize("name", OPEN)
@pytest.mark.parametrize("text", ["best", "", "AUTO", "none"])
def test_other_texts_are_refused(name: str, text: str) -> None:
    """In our words, with what to write."""
    with pytest.raises(fp.ConfigError, match=rf'only text that {name} takes is "auto".*Received'):
        fp.Ascent(**{name: text})


def test_operators_are_left_out_where_they_would_be_lost(small_probe: fp.ModelProbe) -> None:
    """A parameterization that cannot be fitted exactly runs without being told what to leave out."""

    @dataclasses.dataclass(frozen=True)
    class Coarse(fp.Pixels):
        """Says that it loses something."""

        kind = "tests.coarse"
        exact = False

    found = chosen.choose(fp.Ascent(parameterization=Coarse()), small_probe, [TARGET])
    assert found.settings.regularizers == ()
    assert "Coarse cannot be fitted" in found.why["regularizers"]
    with pytest.raises(fp.ConfigError, match="regularizers would be lost"):
        fp.Ascent(parameterization=Coarse(), regularizers=fp.Clip())


def test_a_recipe_says_why_and_repeats_what_was_chosen(
    small_probe: fp.ModelProbe, request: pytest.FixtureRequest, tmp_path: Any
) -> None:
    """Saved, loaded and repeated by a version that chooses otherwise: same bits, same reasons."""
    first = fp.Ascent(steps=4, starts=2, record_every=None).run(small_probe, TARGET, **QUICK)
    first.save(tmp_path / "r.npz", state=True)
    loaded = fp.AscentResult.load(tmp_path / "r.npz")
    assert loaded.recipe.why == first.recipe.why
    assert loaded.recipe.to_json() == first.recipe.to_json()
    assert [n for n, v in loaded.recipe.ascent.items() if v == "auto"] == ["crop"]
    shown = str(loaded.recipe).splitlines()
    assert shown[0] == "small: 1 target, seed 7"
    assert "steps = 4" in shown
    assert f"rule = momentum(rate=0.5, beta=0.8, decay=16.0)  # {first.recipe.why['rule']}" in shown
    request.getfixturevalue("tuned")
    assert fp.Ascent().chosen(small_probe, TARGET).steps == 3
    again = loaded.recipe.run(small_probe, progress=False)
    np.testing.assert_array_equal(again.images, first.images)
    assert again.recipe.to_json() == first.recipe.to_json()
    assert loaded.recipe.revive_ascent() == again.recipe.revive_ascent()


def test_recipes_of_before_have_no_reasons(small_probe: fp.ModelProbe) -> None:
    """And broken ones are refused."""
    recipe = fp.Ascent(steps=1, starts=1).run(small_probe, TARGET, **QUICK).recipe
    values = recipe.to_json()
    old = {name: value for name, value in values.items() if name != "why"}
    assert fp.Recipe.from_json(old, {}).why == {}
    for why in (["steps"], {"steps": 4}, "long"):
        with pytest.raises(fp.ConfigError, match="why"):
            fp.Recipe.from_json(values | {"why": why}, {})


@pytest.mark.usefixtures("tuned")
def test_one_function_chooses(small_probe: fp.ModelProbe) -> None:
    """Whatever it chooses is what all ways of running go by."""
    result = fp.Ascent().run(small_probe, TARGET, **QUICK)
    assert (result.steps, result.images.shape[1]) == (3, 1)
    assert result.recipe.ascent["steps"] == 3
    assert result.recipe.ascent["regularizers"] == []
    assert result.recipe.why["steps"] == "Three are enough."
    ascent = fp.Ascent()
    state = ascent.start(small_probe, TARGET, rng=7)
    *_, (state, info) = ascent.iterate(small_probe, TARGET, state)
    assert (info.steps, state.starts) == (3, 1)
    again = ascent.result(small_probe, TARGET, state)
    np.testing.assert_array_equal(again.images, result.images)
    assert again.recipe.to_json() == result.recipe.to_json()


@pytest.mark.usefixtures("tuned")
def test_an_analysis_that_differs_one_thing_knows_what_was_chosen(
    small_probe: fp.ModelProbe,
) -> None:
    """Half and double are of the chosen steps; what equals the chosen is no variant."""
    base = fp.Ascent(starts=2).chosen(small_probe, TARGET)
    listed = recipes.variants_of(base, small_probe, [TARGET], None)
    found = {(v.factor, v.name): v.ascent for v in listed}
    assert found["steps", "half"].steps == 1
    assert found["steps", "double"].steps == 6
    assert ("blur", "none") not in found  # there is none anyway
    assert all(v.ascent.starts == 2 for v in listed)
    own = {"steps": {"three": fp.Ascent(steps=3), "five": fp.Ascent(steps=5)}}
    assert [v.name for v in recipes.variants_of(base, small_probe, [TARGET], own)] == ["five"]
    shown = sensitivity(small_probe, TARGET, starts=1, factors=own, progress=False)
    assert shown.variants == ("five",)


def test_the_engine_gets_no_open_setting(
    small_probe: fp.ModelProbe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the stages are given has a value in each field."""
    seen = []
    stage = engine.ascent.build_plan

    def watched(settings: Any, *rest: Any) -> Any:
        seen.append(settings)
        return stage(settings, *rest)

    monkeypatch.setattr(engine.ascent, "build_plan", watched)
    fp.Ascent(steps=1, starts=1).run(small_probe, TARGET, **QUICK)
    (settings,) = seen
    values = {f.name: getattr(settings, f.name) for f in dataclasses.fields(settings)}
    assert [name for name, value in values.items() if isinstance(value, str)] == ["keep", "crop"]
