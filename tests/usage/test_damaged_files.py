# ruff: noqa: PT017  # whether a file is refused or loaded, the damage decides
"""Damaged and hostile files: our error with the file's name, little memory, never other content."""

import io
import json
import shutil
import tracemalloc
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import featureprobe as fp
from featureprobe import analysis
from featureprobe.analysis.optima import decompose

OURS = (fp.DataError, fp.ConfigError)
RELEASED = Path(__file__).parents[1] / "released"
SORTS = ["result", "state", "evidence", "patterns", "comparison", "decomposition"]
every_sort = pytest.mark.parametrize("sort", SORTS)
Edit = Callable[[dict[str, Any], dict[str, Any]], object]


@pytest.fixture(scope="module")
def folder(small_probe: fp.ModelProbe, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of each sort, and findings with findings and dicts in them."""
    made = tmp_path_factory.mktemp("files")
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (12, 6, 6, 1)).astype(np.uint8)
    ascent = fp.Ascent(steps=2, starts=2, search=None, initializer=fp.FromImage(images[0], noise=1))
    target = fp.MapMean("conv", channel=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = ascent.run(small_probe, [target], rng=0, progress=False)
        result.save(made / "result.npz")
        result.save(made / "state.npz", state=True)
        fp.Evidence.collect(small_probe, images, ["conv", "dense"], top=2, sample=4).save(
            made / "evidence.npz"
        )
        patterns = analysis.Patterns.of(small_probe, images, np.arange(12) % 2, "conv")
        patterns.save(made / "patterns.npz")
        analysis.compare_classes(patterns, 0, 1, rounds=5).save(made / "comparison.npz")
        decompose(small_probe, images[0], target, rounds=5).save(made / "decomposition.npz")
    return made


def loader(sort: str) -> Callable[[Path], Any]:
    """Return what reads a file of a sort."""
    results = dict.fromkeys(("result", "state"), fp.AscentResult.load)
    return {**results, "evidence": fp.Evidence.load}.get(sort, analysis.load)


def save(found: Any, path: Path) -> None:
    """Save what was loaded, a state included."""
    found.save(path, **({"state": True} if getattr(found, "state", None) is not None else {}))


def refused(sort: str, path: Path) -> str:
    """Load a file that is to be refused and return what is said."""
    with pytest.raises(OURS) as caught:
        loader(sort)(path)
    assert path.name in str(caught.value)
    return str(caught.value)


def contents(path: Path) -> dict[str, Any]:
    """Return what a whole file holds, its header as values."""
    with np.load(path) as file:
        found = {name: file[name] for name in file.files}
    found["header"] = json.loads(found["header"].tobytes())
    return found


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two files hold the same."""
    return one.keys() == other.keys() and all(
        np.array_equal(one[n], other[n], equal_nan=one[n].dtype.kind == "f")
        if n != "header"
        else one[n] == other[n]
        for n in one
    )


def edited(path: Path, target: Path, edit: Edit) -> None:
    """Write a file again with a changed header and changed arrays."""
    arrays = contents(path)
    header = arrays.pop("header")
    text = edit(header, arrays)
    text = text if isinstance(text, bytes) else json.dumps(header).encode()
    np.savez(target, header=np.frombuffer(text, np.uint8), **arrays)


@pytest.mark.parametrize("file", sorted(RELEASED.glob("*.npz")), ids=lambda f: f.stem)
def test_files_of_the_released_version(file: Path, tmp_path: Path) -> None:
    """They load, and what is saved again is the same."""
    save(loader(file.stem)(file), tmp_path / "again.npz")
    assert same(contents(file), contents(tmp_path / "again.npz"))


@pytest.mark.parametrize(
    ("sort", "earlier"), [("comparison", {"other_share": "most"}), ("patterns", {"values": "held"})]
)
def test_findings_with_fields_of_earlier_names(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    sort: str,
    earlier: dict[str, str],
) -> None:
    """They load, whether the field is a number or an array."""
    whole = analysis.load(folder / f"{sort}.npz")
    if sort == "patterns":
        monkeypatch.setattr(analysis.Patterns, "renamed", {"held": "values"})

    def older(header: dict[str, Any], arrays: dict[str, Any]) -> None:
        for present, name in earlier.items():
            header[name] = header.pop(present)
            if present in arrays:
                arrays[name] = arrays.pop(present)
                header[name] = {"array": name}

    edited(folder / f"{sort}.npz", tmp_path / "older.npz", older)
    again = analysis.load(tmp_path / "older.npz")
    assert again.verdict == whole.verdict
    for present in earlier:
        assert np.array_equal(getattr(again, present), getattr(whole, present))


@every_sort
def test_whole_files(folder: Path, tmp_path: Path, sort: str) -> None:
    """What is saved is loaded, and saved again it is the same."""
    save(loader(sort)(folder / f"{sort}.npz"), tmp_path / "again.npz")
    assert same(contents(folder / f"{sort}.npz"), contents(tmp_path / "again.npz"))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), np.float32("nan")])
def test_findings_with_numbers_that_are_not_finite(
    folder: Path, tmp_path: Path, value: float
) -> None:
    """No p-value without lags, an infinite ratio: they are kept as they are."""
    found = analysis.load(folder / "decomposition.npz")
    odd = replace(found, repetition=replace(found.repetition, p_predicted=value))
    odd.save(tmp_path / "a.npz")
    again = analysis.load(tmp_path / "a.npz").repetition.p_predicted
    assert type(again) is float
    assert np.array_equal(again, value, equal_nan=True)


def nested(depth: int) -> list[Any]:
    """Return lists in lists."""
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


VALUES = {
    "infinity": float("inf"), "nan": float("nan"), "huge": 10**400, "negative": -1, "text": "x",
    "null": None, "empty mapping": {}, "empty list": [], "deep": nested(800), "very deep": nested(300),
    "true": True, "list": [1, [2]], "two entries": {"value": 1, "array": "low"},
    "odd entry": {"how": 1}, "value": {"value": {}}, "no array": {"array": "nothing"},
    "deep value": {"value": nested(400)}, "number": {"number": "nan"}, "array of arrays": {"arrays": []},
}  # fmt: skip


@every_sort
@pytest.mark.parametrize("name", VALUES)
def test_each_field_of_the_header(folder: Path, tmp_path: Path, sort: str, name: str) -> None:
    """Another value of any field: refused, or what is loaded can be shown and saved."""
    keys = [k for k in contents(folder / f"{sort}.npz")["header"] if k != "schema"]
    for key in keys:
        path = tmp_path / f"odd-{key}.npz"
        edited(folder / f"{sort}.npz", path, lambda header, _: header.update({key: VALUES[name]}))  # noqa: B023
        try:
            found = loader(sort)(path)
        except OURS as error:
            assert path.name in str(error)
        else:
            assert repr(found)
            save(found, tmp_path / "again.npz")


@every_sort
@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"schema": 1e400}', b'{"a": NaN}', b'{"a": -Infinity}',
     b'{"kind": "patterns", "kind": "patterns"}', b"[" * 900 + b"]" * 900, b"[" * 10**6,
     b'{"a": ' + b"9" * 5000 + b"}", b'{"a": ' * 500 + b"1" + b"}" * 500],
    ids=range(13),
)  # fmt: skip
def test_other_headers(folder: Path, tmp_path: Path, sort: str, text: bytes) -> None:
    """What is no strict JSON mapping is refused."""
    edited(folder / f"{sort}.npz", tmp_path / "odd.npz", lambda *_: text)
    refused(sort, tmp_path / "odd.npz")


ARRAYS: dict[str, Callable[[np.ndarray], Any]] = {
    "missing": lambda a: None,
    "one more": lambda a: np.concatenate([a, a[:1]]) if a.ndim and len(a) else a[None],
    "one axis more": lambda a: a[None],
    "complex": lambda a: a.astype(complex),
    "bytes": lambda a: a.astype("S3"),
    "objects": lambda a: a.astype(object),
    "dates": lambda a: np.zeros(a.shape, "datetime64[s]"),
    "records": lambda a: np.zeros(a.shape, [("a", "f4")]),
}


@every_sort
@pytest.mark.parametrize("name", ARRAYS)
def test_each_array(folder: Path, tmp_path: Path, sort: str, name: str) -> None:
    """Missing, of another shape, of another type: refused, unless its shape is its own affair."""
    path = tmp_path / "odd.npz"
    for key in contents(folder / f"{sort}.npz"):
        if key == "header":
            continue

        def change(_: Any, arrays: dict[str, Any], key: str = key) -> None:
            changed = ARRAYS[name](arrays.pop(key))
            if changed is not None:
                arrays[key] = changed

        edited(folder / f"{sort}.npz", path, change)
        try:
            found = loader(sort)(path)
        except OURS as error:
            assert path.name in str(error)
        else:
            assert key.startswith(("array_", "state_")) or key.rsplit("/", 1)[-1] in FREE, key
            assert name in ("one more", "one axis more", "missing", "complex"), key
            assert repr(found)


# Arrays that nothing beside them says the shape of; "array_..." is checked when it is used.
FREE = {"image", "live", "coalitions", "null", "images", "snapshot_steps", "values", "predicted",
        "background"}  # fmt: skip

EVIDENCE_EDITS: dict[str, Edit] = {
    "top values that rise": lambda h, a: a.update({"0/mean/top_values": -a["0/mean/top_values"]}),
    "an image that was not kept": lambda h, a: a["0/mean/top_images"].fill(999),
    "a node that is not there": lambda h, a: a["0/peak/top_nodes"].fill(16),
    "a sample that was not kept": lambda h, a: a["sample"].fill(99),
    "positions that fall": lambda h, a: a.update(indices=a["indices"][::-1]),
    "positions beyond the data set": lambda h, a: h.update(count=3),
    "weights of nothing": lambda h, a: a["0/peak/weights"].fill(0),
    "another shape": lambda h, a: h["layers"][0].update(shape=[4, 4, 9]),
    "no shape": lambda h, a: h["layers"][0].update(shape=[]),
    "no layer": lambda h, a: h.update(layers=[{}]),
    "a layer twice": lambda h, a: h["layers"][1].update(layer="conv"),
    "fewer names": lambda h, a: h["names"].pop(),
    "reasons that are none": lambda h, a: h.update(skipped={"a": 1}),
}


@pytest.mark.parametrize("name", EVIDENCE_EDITS)
def test_evidence_that_contradicts_itself(folder: Path, tmp_path: Path, name: str) -> None:
    """Numbers that point nowhere are refused."""
    edited(folder / "evidence.npz", tmp_path / "odd.npz", EVIDENCE_EDITS[name])
    refused("evidence", tmp_path / "odd.npz")


FINDING_EDITS: dict[str, tuple[str, Edit]] = {
    "a column less": ("comparison", lambda h, a: a.update(low=a["low"][:, :3])),
    "another shape": ("comparison", lambda h, a: h["shape"].update(value=[4, 4, 9])),
    "an unknown field": ("comparison", lambda h, a: h.update(colour={"value": 1})),
    "an array of another": ("comparison", lambda h, a: h["low"].update(array="high")),
    "another finding": ("decomposition", lambda h, a: h.update(parts=h["composition"])),
    "no array": ("comparison", lambda h, a: h.update(low={"value": 3})),
    "an unknown finding": ("comparison", lambda h, a: h.update(kind="evil")),
    "a kind that is no text": ("comparison", lambda h, a: h.update(kind=["patterns"])),
}


@pytest.mark.parametrize("name", FINDING_EDITS)
def test_findings_that_contradict_themselves(folder: Path, tmp_path: Path, name: str) -> None:
    """Fields of other types, arrays that do not fit."""
    sort, edit = FINDING_EDITS[name]
    edited(folder / f"{sort}.npz", tmp_path / "odd.npz", edit)
    refused(sort, tmp_path / "odd.npz")


def npy(array: np.ndarray) -> bytes:
    """Return an array as a file."""
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, allow_pickle=True)
    return buffer.getvalue()


def added(path: Path, name: str, content: bytes, packing: int = zipfile.ZIP_DEFLATED) -> None:
    """Add a member to a file."""
    with warnings.catch_warnings(), zipfile.ZipFile(path, "a", packing) as file:
        warnings.simplefilter("ignore")  # of names that are there twice
        file.writestr(name, content)


def peak(sort: str, path: Path) -> int:
    """Return the most bytes that loading a file takes, whether it is refused or not."""
    tracemalloc.start()
    try:
        loader(sort)(path)
    except OURS as error:
        assert path.name in str(error)
    finally:
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return most


BIG = npy(np.zeros(2 * 10**7, np.uint8))
BOMBS: dict[str, Callable[[Path], None]] = {
    "unknown, bzip2": lambda path: added(path, "unknown.npy", BIG, zipfile.ZIP_BZIP2),
    "unknown": lambda path: added(path, "unknown.npy", BIG),
    "no array": lambda path: added(path, "readme.txt", BIG),
    "twice": lambda path: added(path, "header.npy", BIG),
    "in a folder": lambda path: added(path, "../../evil.npy", BIG),
}


@every_sort
@pytest.mark.parametrize("name", BOMBS)
def test_members_that_do_not_belong_there(
    folder: Path, tmp_path: Path, sort: str, name: str
) -> None:
    """They are refused, and not unpacked."""
    path = tmp_path / "bomb.npz"
    shutil.copy(folder / f"{sort}.npz", path)
    BOMBS[name](path)
    refused(sort, path)
    assert peak(sort, path) <= 3 * peak(sort, folder / f"{sort}.npz")
    assert [p.name for p in tmp_path.iterdir()] == ["bomb.npz"]


@pytest.mark.long
@every_sort
def test_arrays_that_are_larger_than_their_places(folder: Path, tmp_path: Path, sort: str) -> None:
    """A known member that grew is refused by its head."""
    whole = contents(folder / f"{sort}.npz")
    honest = peak(sort, folder / f"{sort}.npz")
    for key in [k for k in whole if k != "header" and not k.startswith(("array_", "state_"))]:
        path, value = tmp_path / "bomb.npz", whole[key]
        grown = np.zeros((2 * 10**6, *[1] * (value.ndim - 1)), value.dtype)
        new = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED)
        with zipfile.ZipFile(folder / f"{sort}.npz") as old, new:
            for name in old.namelist():
                new.writestr(name, npy(grown) if name == f"{key}.npy" else old.read(name))
        if key.rsplit("/", 1)[-1] not in FREE:
            assert peak(sort, path) <= 3 * honest + 10**6, key


def damaged(rng: np.random.Generator, content: bytes) -> bytes:
    """Return a file with its end, some bits, or a stretch changed."""
    data = bytearray(content)
    how = rng.integers(4)
    if how == 0:
        return bytes(data[: rng.integers(len(data))])
    for place in rng.integers(len(data), size=1 if how == 1 else rng.integers(2, 9)):
        data[place] ^= 1 << rng.integers(8)
    if how == 3:
        start, length = rng.integers(len(data)), rng.integers(1, 64)
        data[start : start + length] = rng.bytes(length)
    return bytes(data)


def sweep(source: Path, folder: Path, rounds: int, seed: int) -> None:
    """Damage a file again and again: refused by us, or it holds what it held."""
    content, whole = source.read_bytes(), contents(source)
    rng = np.random.default_rng(seed)
    path, refusals = folder / "damaged.npz", 0
    for _ in range(rounds):
        path.write_bytes(damaged(rng, content))
        try:
            found = loader(source.stem)(path)
        except OURS as error:
            assert path.name in str(error)
            refusals += 1
        else:
            save(found, folder / "again.npz")
            assert same(whole, contents(folder / "again.npz"))
    assert refusals > rounds / 2


@every_sort
def test_some_damage(folder: Path, tmp_path: Path, sort: str) -> None:
    """Truncations, flips and stretches, a few."""
    sweep(folder / f"{sort}.npz", tmp_path, rounds=40, seed=0)


@pytest.mark.long
@every_sort
def test_much_damage(folder: Path, tmp_path: Path, sort: str) -> None:
    """Truncations, flips and stretches, many; and each byte of the zip's directory."""
    source = folder / f"{sort}.npz"
    sweep(source, tmp_path, rounds=1000, seed=1)
    content, whole, path = source.read_bytes(), contents(source), tmp_path / "damaged.npz"
    for place in range(content.index(b"PK\x01\x02"), len(content)):
        data = bytearray(content)
        data[place] ^= 1 << place % 8
        path.write_bytes(bytes(data))
        try:
            found = loader(sort)(path)
        except OURS as error:
            assert path.name in str(error)
        else:
            save(found, tmp_path / "again.npz")
            assert same(whole, contents(tmp_path / "again.npz")), place


@pytest.mark.long
def test_files_that_pack_well_can_be_loaded(tmp_path: Path) -> None:
    """What is saved is never taken for a trap: constant arrays and long lists of the same word."""
    zeros = np.zeros((2, 40_000_000), np.float32)
    found = analysis.Patterns("conv", values=zeros, labels=np.arange(2))
    found.save(tmp_path / "a.npz")
    assert not analysis.load(tmp_path / "a.npz").values.any()
    names = ("word",) * 2_000_000
    few = analysis.FollowedImages(
        np.zeros((len(names), 1, 1, 1), np.float32), names=names, layers={}
    )
    few.save(tmp_path / "b.npz")
    assert len(analysis.load(tmp_path / "b.npz").names) == len(names)


@pytest.mark.parametrize("name", ["n" * 300 + ".npz", "a\0b.npz", "folder.npz"])
@every_sort
def test_names_that_are_no_files(tmp_path: Path, sort: str, name: str) -> None:
    """Names that no file can have, and folders."""
    (tmp_path / "folder.npz").mkdir()
    with pytest.raises(
        (fp.DataError, fp.ConfigError), match=r"There is no file|must be the name of a file"
    ):
        loader(sort)(tmp_path / name)
