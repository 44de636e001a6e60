"""What is saved as a header and arrays: it goes through anything, and is checked as files are."""

import dataclasses
import io
import json
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import featureprobe as fp
from featureprobe import analysis
from featureprobe.analysis.optima import decompose

RELEASED = Path(__file__).parent / "released"
SORTS = {
    "result": (fp.AscentResult.unpack, {}),
    "resumable": (fp.AscentResult.unpack, {"state": True}),
    "state": (fp.AscentState.unpack, {}),
    "recipe": (fp.Recipe.unpack, {}),
    "evidence": (fp.Evidence.unpack, {}),
    "patterns": (analysis.unpack, {}),
    "nested finding": (analysis.unpack, {}),
}
FILES = {
    "result": fp.AscentResult.load,
    "resumable": fp.AscentResult.load,
    "evidence": fp.Evidence.load,
    "patterns": analysis.load,
    "nested finding": analysis.load,
}
every_sort = pytest.mark.parametrize("sort", SORTS)


@pytest.fixture(scope="module")
def made(small_probe: fp.ModelProbe) -> dict[str, Any]:
    """One of each sort, with arrays in the recipe, nested slots, and findings in findings."""
    images = np.random.default_rng(0).integers(0, 256, (12, 6, 6, 1)).astype(np.uint8)
    start = fp.FromImage(images[0], noise=1)
    ascent = fp.Ascent(steps=2, starts=2, search=None, initializer=start, rule=fp.Adam())
    target = fp.MapMean("conv", channel=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = ascent.run(small_probe, [target, fp.Logit(1)], rng=0, progress=False)
        return {
            "result": result,
            "resumable": result,
            "state": result.state,
            "recipe": result.recipe,
            "evidence": fp.Evidence.collect(small_probe, images, ["conv", "dense"], top=2),
            "patterns": analysis.Patterns.of(small_probe, images, np.arange(12) % 2, "conv"),
            "nested finding": decompose(small_probe, images[0], target, rounds=5),
        }


def packed(made: dict[str, Any], sort: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return one of them, packed."""
    header, arrays = made[sort].pack(**SORTS[sort][1])
    return header, dict(arrays)


def same(one: tuple[Any, Any], other: tuple[Any, Any]) -> bool:
    """Whether two headers are equal, and all arrays, with their dtypes."""
    return one[0] == other[0] and {
        name: (a.dtype, a.shape, a.tobytes()) for name, a in one[1].items()
    } == {name: (a.dtype, a.shape, a.tobytes()) for name, a in other[1].items()}


def through_a_zip(header: Any, arrays: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Write everything to a zip file in memory, as a store would, and read it."""
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as file:
        file.writestr("header.json", json.dumps(header, allow_nan=False))
        for name, array in arrays.items():
            own = io.BytesIO()
            np.save(own, array, allow_pickle=False)
            file.writestr(f"arrays/{name}.npy", own.getvalue())
    with zipfile.ZipFile(raw) as file:
        read = {
            name[7:-4]: np.load(io.BytesIO(file.read(name)), allow_pickle=False)
            for name in file.namelist()
            if name.startswith("arrays/")
        }
        return json.loads(file.read("header.json")), read


class Fetched(Mapping[str, Any]):
    """Arrays that are fetched when asked for, and counted."""

    def __init__(self, arrays: Mapping[str, Any]) -> None:
        self.arrays = arrays
        self.count = 0

    def __getitem__(self, name: str) -> Any:
        self.count += 1
        return self.arrays[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.arrays)

    def __len__(self) -> int:
        return len(self.arrays)


@every_sort
@pytest.mark.parametrize("way", [lambda *p: p, through_a_zip], ids=["dict", "zip"])
def test_round_trip(made: dict[str, Any], sort: str, way: Callable[..., Any]) -> None:
    """What comes back packs to the same, bit for bit, and is of the same class."""
    before = packed(made, sort)
    again = SORTS[sort][0](*way(*before))
    assert type(again) is type(made[sort])
    assert same(again.pack(**SORTS[sort][1]), before)


@every_sort
def test_the_header_is_json_and_arrays_are_numbers(made: dict[str, Any], sort: str) -> None:
    """JSON text changes nothing of the header; names are texts, arrays have no objects."""
    header, arrays = packed(made, sort)
    assert json.loads(json.dumps(header, allow_nan=False)) == header
    assert all(isinstance(name, str) and type(a) is np.ndarray for name, a in arrays.items())
    assert not any(a.dtype.hasobject for a in arrays.values())


@every_sort
def test_what_was_packed_cannot_be_changed(made: dict[str, Any], sort: str) -> None:
    """The header is a copy, and the arrays are read-only."""
    before = packed(made, sort)
    header, arrays = packed(made, sort)
    for value in header.values():
        if isinstance(value, dict | list):
            value.clear()
    header.clear()
    for array in arrays.values():
        with pytest.raises(ValueError, match="read-only"):
            array[...] = array
    assert same(packed(made, sort), before)


@pytest.mark.parametrize("sort", FILES)
def test_packing_equals_saving(made: dict[str, Any], sort: str, tmp_path: Path) -> None:
    """A file holds the packed header and arrays; what is unpacked saves as the same file."""
    options = SORTS[sort][1]
    made[sort].save(tmp_path / "a.npz", **options)
    header, arrays = packed(made, sort)
    with np.load(tmp_path / "a.npz") as file:
        stored = {name: file[name] for name in file.files}
    text = stored.pop("header").tobytes()
    assert same((json.loads(text), stored), (header, arrays))
    loaded = FILES[sort](tmp_path / "a.npz")
    assert same(loaded.pack(**options), (header, arrays))
    SORTS[sort][0](header, arrays).save(tmp_path / "b.npz", **options)
    with np.load(tmp_path / "b.npz") as file:
        assert same((text, stored), (file["header"].tobytes(), {n: file[n] for n in stored}))


@pytest.mark.parametrize("name", ["result", "evidence", "eye", "patterns"])
def test_released_files_unpack(name: str) -> None:
    """The arrays of a file of 0.1 and its header are what unpack takes."""
    with np.load(RELEASED / f"{name}.npz") as file:
        arrays = {n: file[n] for n in file.files}
    header = json.loads(arrays.pop("header").tobytes())
    unpack = {"result": fp.AscentResult.unpack, "evidence": fp.Evidence.unpack}.get(
        name, analysis.unpack
    )
    state = {"state": True} if "state" in header else {}
    assert same(unpack(header, arrays).pack(**state), (header, arrays))


def test_a_mapping_may_fetch_its_arrays(made: dict[str, Any]) -> None:
    """Each array is fetched once."""
    header, arrays = packed(made, "resumable")
    store = Fetched(arrays)
    again = fp.AscentResult.unpack(header, store)
    np.testing.assert_array_equal(again.images, made["result"].images)
    assert store.count == len(arrays)


def test_a_state_and_a_recipe_go_on(made: dict[str, Any], small_probe: fp.ModelProbe) -> None:
    """An unpacked state is resumed, and an unpacked recipe repeated, to the same bits."""
    recipe = fp.Recipe.unpack(*through_a_zip(*made["recipe"].pack()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        again = recipe.run(small_probe, progress=False)
        np.testing.assert_array_equal(again.images, made["result"].images)
        longer = dataclasses.replace(recipe.revive_ascent(), steps=4)
        targets = [recipe.revive(config) for config in recipe.objectives]
        state = fp.AscentState.unpack(*through_a_zip(*made["state"].pack()))
        *_, (state, _) = longer.iterate(small_probe, targets, state)
        whole = longer.run(small_probe, targets, rng=0, progress=False)
        resumed = longer.result(small_probe, targets, state)
    np.testing.assert_array_equal(resumed.images, whole.images)


@every_sort
def test_what_is_missing_or_too_much_is_refused(made: dict[str, Any], sort: str) -> None:
    """Without any of its arrays or entries, with another array, or with other numbers of dimensions."""
    header, arrays = packed(made, sort)
    unpack = SORTS[sort][0]
    for name in arrays:
        rest = {n: a for n, a in arrays.items() if n != name}
        # A recipe's arrays are missed where they are needed.
        if sort != "recipe" and not name.startswith("array_"):
            with pytest.raises((fp.DataError, fp.ConfigError)):
                unpack(header, rest)
        with pytest.raises(fp.DataError, match="objects"):
            unpack(header, rest | {name: np.array([None])})
    with pytest.raises(fp.DataError, match=r"no packed .* Pass what pack\(\) returned"):
        unpack(header, arrays | {"state_extra" if sort == "result" else "extra": np.zeros(3)})
    for entry in set(header) - {"reasons", "why"}:  # what 0.1 did not write
        with pytest.raises((fp.DataError, fp.ConfigError)):
            unpack({n: v for n, v in header.items() if n != entry}, arrays)
    with pytest.raises(fp.ConfigError, match="has the schema 99"):
        unpack(header | {"schema": 99}, arrays)
    with pytest.raises((fp.DataError, fp.ConfigError)):
        unpack({1: object()}, arrays)
    with pytest.raises((fp.DataError, fp.ConfigError)):
        unpack(header, list(arrays))


@every_sort
def test_another_sort_says_what_to_call(made: dict[str, Any], sort: str) -> None:
    """The message names what the header holds, and the call that takes it."""
    calls = {
        "result": "fp.AscentResult.unpack(header, arrays)",
        "resumable": "fp.AscentResult.unpack(header, arrays)",
        "state": "fp.AscentState.unpack(header, arrays)",
        "recipe": "fp.Recipe.unpack(header, arrays)",
        "evidence": "fp.Evidence.unpack(header, arrays)",
    }
    for other, (unpack, _) in SORTS.items():
        if unpack != SORTS[sort][0]:
            with pytest.raises(fp.DataError, match="The header holds") as caught:
                unpack(*packed(made, sort))
            asked = calls.get(sort, "fp.analysis.unpack(header, arrays)")
            assert asked in str(caught.value), other


def test_findings_of_another_kind(made: dict[str, Any]) -> None:
    """A class unpacks its own kind only, and says what takes any."""
    header, arrays = packed(made, "patterns")
    assert analysis.Patterns.unpack(header, arrays).verdict == made["patterns"].verdict
    with pytest.raises(fp.ConfigError, match=r"Patterns, not of .*fp\.analysis\.unpack"):
        analysis.ClassProfile.unpack(header, arrays)


def test_a_result_without_state_says_so(made: dict[str, Any]) -> None:
    """As saving does."""
    with pytest.raises(fp.DataError, match="has no state"):
        made["result"][:1].pack(state=True)
