"""Results on disk: the round trip is exact, a damaged or hostile file gives one error and runs nothing."""

import io
import json
import pickle
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import featureprobe as fp
from featureprobe.results import result_file
from featureprobe.results.result_file import write_result

T, S, STEPS, TERMS, K = 3, 2, 4, 2, 2
SHAPE = (5, 4, 1)
OURS = (fp.DataError, fp.ConfigError, fp.PluginError)
ARRAYS = (
    "images", "scores", "totals", "certificates", "gradient_norms", "dead_thresholds", "score_trace",
    "total_trace", "term_trace", "gradient_trace", "certificate_trace", "snapshots", "snapshot_steps",
    "steps_done",
)  # fmt: skip


def make_result(targets: int = T) -> fp.AscentResult:
    """Return a result full of distinct numbers, with NaN and infinity where they are allowed."""
    rng = np.random.default_rng(0)
    draw = lambda *shape: rng.normal(size=shape).astype(np.float32)  # noqa: E731
    arrays: dict = {}
    image = rng.integers(0, 256, SHAPE).astype(np.uint8)
    ascent = fp.Ascent(steps=STEPS, starts=S, initializer=fp.FromImage(image, noise=0.1))
    objectives = [0.5 * fp.MapMean("conv", channel=c) - fp.TotalVariation() for c in range(targets)]
    scores = draw(targets, S)
    if targets:
        scores[0, 1] = np.nan
    return fp.AscentResult(
        images=draw(targets, S, *SHAPE),
        scores=scores,
        totals=draw(targets, S),
        status=np.array(list(fp.Status)[: targets * S], dtype=object).reshape(targets, S),
        certificates=draw(targets, S),
        gradient_norms=draw(targets, S),
        dead_thresholds=np.full(targets, -np.inf, np.float32),
        score_trace=draw(STEPS + 1, targets, S),
        total_trace=draw(STEPS + 1, targets, S),
        term_trace=draw(STEPS + 1, targets, S, TERMS),
        gradient_trace=draw(STEPS + 1, targets, S),
        certificate_trace=draw(STEPS + 1, targets, S),
        snapshots=draw(K, targets, S, *SHAPE),
        snapshot_steps=np.array([2, 4]),
        origins=np.array(
            [[f"{t}, {s}" for s in range(S)] for t in range(targets)], dtype=object
        ).reshape(targets, S),
        steps_done=np.arange(targets * S).reshape(targets, S),
        labels=tuple(f"conv channel {c}" for c in range(targets)),
        crops=tuple(f"full image: reason {c}" for c in range(targets)),
        steps=STEPS,
        recipe=fp.Recipe(
            ascent=ascent.to_config(arrays),
            objectives=tuple(o.to_config(arrays) for o in objectives),
            seed=7,
            input_space=fp.InputSpace(np.ones(SHAPE), low=0, high=255).to_config(arrays),
            model={"name": "net", "fingerprint": "ab" * 32, "image_shape": list(SHAPE)},
            versions={"python": "3.11"},
            arrays=arrays,
        ),
    )


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A saved result."""
    path = tmp_path / "result.npz"
    make_result().save(path)
    return path


def assert_equal(one: fp.AscentResult, other: fp.AscentResult) -> None:
    """Compare two results field by field, dtypes included."""
    for name in ARRAYS:
        first, second = getattr(one, name), getattr(other, name)
        assert first.dtype == second.dtype, name
        np.testing.assert_array_equal(first, second, err_msg=name)
    assert one.status.shape == other.status.shape
    assert one.origins.tolist() == other.origins.tolist()
    assert one.crops == other.crops
    assert [type(s) for s in other.status.ravel()] == [fp.Status] * one.status.size
    np.testing.assert_array_equal(one.status, other.status)
    assert (one.labels, one.steps, one.seed) == (other.labels, other.steps, other.seed)
    assert one.recipe.to_json() == other.recipe.to_json()


def rewrite(path: Path, change: Callable[[dict], object] | None = None, /, **arrays: Any) -> None:
    """Change the header or the arrays of a saved file; None takes an array away."""
    with np.load(path) as file:
        stored = {name: file[name] for name in file.files}
    if change is not None:
        values = json.loads(stored["header"].tobytes())
        changed = change(values)
        text = changed if isinstance(changed, bytes) else json.dumps(values).encode()
        stored["header"] = np.frombuffer(text, np.uint8)
    stored |= arrays
    np.savez(path, **{name: value for name, value in stored.items() if value is not None})


class TestRoundTrip:
    """What is saved comes back."""

    @pytest.mark.parametrize("as_text", [False, True])
    def test_everything_comes_back(self, tmp_path: Path, as_text: bool) -> None:
        """All arrays, statuses, labels and the recipe; the state is left out."""
        result = make_result()
        path = tmp_path / "result.npz"
        result.save(str(path) if as_text else path)
        again = fp.AscentResult.load(str(path) if as_text else path)
        assert_equal(result, again)
        assert set(again.recipe.arrays) == set(result.recipe.arrays)
        assert again.state is None
        assert [p.name for p in tmp_path.iterdir()] == ["result.npz"]

    def test_the_recipe_can_be_revived(self, saved: Path) -> None:
        """Ascent, targets and input space come back as equal components, arrays included."""
        result, again = make_result(), fp.AscentResult.load(saved)
        assert again.recipe.revive_ascent() == result.recipe.revive_ascent()
        for old, new in zip(result.recipe.objectives, again.recipe.objectives, strict=True):
            assert again.recipe.revive(new) == result.recipe.revive(old)
        space = again.recipe.revive(again.recipe.input_space)
        assert space == fp.InputSpace(np.ones(SHAPE), low=0, high=255)

    @pytest.mark.parametrize("targets", [slice(0, 0), slice(1, 3), 2, [2, 0]])
    def test_parts_of_a_result(self, tmp_path: Path, targets: Any) -> None:
        """A part of a result, even an empty one, is saved and loaded like a whole one."""
        part = make_result()[targets]
        part.save(tmp_path / "part.npz")
        assert_equal(part, fp.AscentResult.load(tmp_path / "part.npz"))

    def test_a_second_save_replaces_the_first(self, saved: Path) -> None:
        """Saving over a result leaves the new one alone in the folder."""
        changed = replace(make_result(), steps=99)
        changed.save(saved)
        assert fp.AscentResult.load(saved).steps == 99
        assert len(list(saved.parent.iterdir())) == 1

    def test_header_and_arrays_are_plain(self, saved: Path) -> None:
        """The header is strict JSON, every array is of numbers, and nothing needs pickle."""
        with np.load(saved, allow_pickle=False) as file:
            kinds = {file[name].dtype.kind for name in file.files}
            names = set(file.files)
            header = json.loads(file["header"].tobytes(), parse_constant=pytest.fail)
        assert kinds <= set("uif")
        assert names == {"header", *ARRAYS, *(f"array_{d}" for d in make_result().recipe.arrays)}
        assert header["schema"] == 2
        assert header["recipe"]["ascent"]["kind"] == "ascent"

    def test_other_users_can_read_it(self, saved: Path) -> None:
        """A saved result has the permissions of any new file, not those of a temporary one."""
        plain = saved.parent / "plain"
        plain.touch()
        assert saved.stat().st_mode == plain.stat().st_mode

    def test_loading_needs_no_tensorflow(self, saved: Path) -> None:
        """Results can be looked at where TensorFlow is not installed."""
        code = (
            "import sys; from featureprobe.results import AscentResult; "
            f"print(AscentResult.load({str(saved)!r}).best().shape); "
            "assert not {'tensorflow', 'keras'} & set(sys.modules)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip() == "(3, 5, 4, 1)"


class TestFailedSave:
    """A save that fails leaves what was there."""

    def test_a_crash_keeps_the_old_file(self, saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """When writing breaks off midway, the old result stays and no partial file is left."""
        before = saved.read_bytes()

        def broken(file: Any, **arrays: Any) -> None:
            file.write(b"half a file")
            raise OSError("disk full")

        monkeypatch.setattr(result_file.np, "savez_compressed", broken)
        with pytest.raises(OSError, match="disk full"):
            make_result().save(saved)
        assert saved.read_bytes() == before
        assert list(saved.parent.iterdir()) == [saved]

    def test_an_interrupt_keeps_the_old_file(
        self, saved: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Ctrl-C during the last move leaves the old result and no partial file."""
        before = saved.read_bytes()

        def interrupted(self: Path, target: Path) -> Path:
            raise KeyboardInterrupt

        monkeypatch.setattr(Path, "replace", interrupted)
        with pytest.raises(KeyboardInterrupt):
            make_result().save(saved)
        assert saved.read_bytes() == before
        assert list(saved.parent.iterdir()) == [saved]

    @pytest.mark.parametrize("name", ["result.npy", "result", "result.txt", ".npz"])
    def test_other_suffixes(self, tmp_path: Path, name: str) -> None:
        """Only .npz is written."""
        with pytest.raises(fp.DataError, match=r"saved as \.npz.*Rename"):
            make_result().save(tmp_path / name)
        assert not list(tmp_path.iterdir())

    def test_a_missing_folder(self, tmp_path: Path) -> None:
        """A folder that does not exist is named, and not made."""
        with pytest.raises(fp.DataError, match=r"no folder.*Make it first"):
            make_result().save(tmp_path / "none" / "result.npz")
        assert not list(tmp_path.iterdir())


def load_refused(path: Path) -> Exception:
    """Load a bad file and return the error, which must be one of ours and name the file."""
    with pytest.raises(OURS) as caught:
        fp.AscentResult.load(path)
    return caught.value


class TestDamagedFiles:
    """Truncated, flipped, random: DataError, and nothing else."""

    def test_truncated_at_any_length(self, saved: Path) -> None:
        """However much of the end is missing, the file is refused as truncated."""
        whole = saved.read_bytes()
        lengths = {0, 1, 3, 4, 30, len(whole) - 1, len(whole) - 22, len(whole) - 60}
        for length in sorted(lengths | set(range(0, len(whole), len(whole) // 40))):
            saved.write_bytes(whole[:length])
            with pytest.raises(fp.DataError, match=r"result\.npz is no saved .*truncated"):
                fp.AscentResult.load(saved)

    def test_flipped_bytes(self, saved: Path) -> None:
        """A flipped byte gives DataError, or hits a spot that zip files do not care about."""
        whole = saved.read_bytes()
        rng = np.random.default_rng(0)
        refused = 0
        for _ in range(300):
            damaged = bytearray(whole)
            damaged[rng.integers(len(whole))] ^= int(rng.integers(1, 256))
            saved.write_bytes(bytes(damaged))
            try:
                again = fp.AscentResult.load(saved)
            except (fp.DataError, fp.ConfigError):
                refused += 1
            else:
                # A name in the zip's directory may be hit: an array of the recipe is missed on use.
                assert_equal(make_result(), again)
        assert refused > 200

    @pytest.mark.parametrize("size", [0, 1, 10, 1000, 100_000])
    def test_random_bytes(self, tmp_path: Path, size: int) -> None:
        """Random bytes are no result, with or without the head of a zip or npy file."""
        noise = np.random.default_rng(size).bytes(size)
        for head in (b"", b"PK\x03\x04", b"\x93NUMPY\x01\x00"):
            (tmp_path / "result.npz").write_bytes(head + noise)
            assert isinstance(load_refused(tmp_path / "result.npz"), fp.DataError)

    @pytest.mark.parametrize("kind", ["npy", "text", "empty zip", "other npz", "pickle"])
    def test_other_files(self, tmp_path: Path, kind: str) -> None:
        """Files of other programs are no result."""
        path = tmp_path / "result.npz"
        with path.open("wb") as file:
            match kind:
                case "npy":
                    np.save(file, np.ones(3))
                case "text":
                    file.write(b"images, scores\n")
                case "empty zip":
                    zipfile.ZipFile(file, "w").close()
                case "other npz":
                    np.savez(file, weights=np.ones(3))
                case "pickle":
                    pickle.dump({"images": 1}, file)
        assert isinstance(load_refused(path), fp.DataError)

    def test_missing_files(self, tmp_path: Path) -> None:
        """A path that leads nowhere, or to a folder, is named."""
        for path in (tmp_path / "none.npz", tmp_path):
            with pytest.raises(fp.DataError, match="There is no file"):
                fp.AscentResult.load(path)


class TestWrongContent:
    """Whole files that are no results."""

    @pytest.mark.parametrize("name", ARRAYS)
    def test_each_array_is_checked(self, saved: Path, name: str) -> None:
        """Missing, of another type, of another rank, of another size: refused by name."""
        whole = saved.read_bytes()
        value = getattr(make_result(), name)
        longer = np.concatenate([value, value[:1]]) if name != "snapshot_steps" else value[:1]
        wrong = [
            None,
            value.astype(str),
            value.astype(complex),
            value.astype("S8"),
            value[None],
            longer,
        ]
        for replacement in wrong:
            saved.write_bytes(whole)
            rewrite(saved, **{name: replacement})
            # The array that is first of its axis sets the size, so another one may be blamed.
            with pytest.raises(fp.DataError, match=r"the array '.*'|do not fit its images"):
                fp.AscentResult.load(saved)

    @pytest.mark.parametrize(
        "text",
        [b"", b"{", b"\xff\xfe", b"null", b"5", b"[]", b'"text"', b"[" * 100_000,
         b'{"a":' * 100_000, b"\x80\x04N."],
        ids=lambda text: repr(text[:8]),
    )  # fmt: skip
    def test_headers_that_are_no_mapping(self, saved: Path, text: bytes) -> None:
        """Empty, binary, endless or other JSON: DataError."""
        rewrite(saved, lambda header: text)
        assert isinstance(load_refused(saved), fp.DataError)

    @pytest.mark.parametrize(
        "header",
        [None, np.ones(3), np.array("text"), np.zeros((0,), np.uint8)],
        ids=["missing", "floats", "text", "empty"],
    )
    def test_headers_that_are_no_text(self, saved: Path, header: Any) -> None:
        """A missing header, or one that is no bytes: DataError."""
        rewrite(saved, header=header)
        assert isinstance(load_refused(saved), fp.DataError)

    @pytest.mark.parametrize("schema", [None, 0, 1, 3, "2", [2]])
    def test_another_schema(self, saved: Path, schema: object) -> None:
        """A file of another version says which one it is and what to do."""
        rewrite(saved, lambda header: header.update(schema=schema))
        with pytest.raises(fp.ConfigError, match=r"schema .*Install the version that wrote it"):
            fp.AscentResult.load(saved)

    @pytest.mark.parametrize(
        "change",
        [
            {"status": 5}, {"status": None}, {"status": []}, {"status": [["dead"]]},
            {"status": [["dead", "alive"]] * 3}, {"status": [["dead"], ["dead", "dead"], []]},
            {"status": [["dead", "dead"]] * 4}, {"labels": 5}, {"labels": []}, {"labels": ["a"] * 4},
            {"steps": "many"}, {"steps": None}, {"recipe": None}, {"recipe": []}, {"recipe": "x"},
        ],
        ids=str,
    )  # fmt: skip
    def test_header_fields(self, saved: Path, change: dict) -> None:
        """Each field of the header is checked against the images."""
        rewrite(saved, lambda header: header.update(change))
        assert isinstance(load_refused(saved), fp.DataError)

    def test_ragged_statuses_of_one_start(self, tmp_path: Path) -> None:
        """Rows of statuses of different lengths never pass as a column of lists."""
        result = make_result()
        one = {n: getattr(result, n)[:, :1] for n in ("images", "scores", "totals", "status",
                                                     "certificates", "gradient_norms",
                                                     "steps_done", "origins")}  # fmt: skip
        traces = {
            n: getattr(result, n)[:, :, :1] for n in ARRAYS if "trace" in n or n == "snapshots"
        }
        path = tmp_path / "result.npz"
        write_result(path, replace(result, **one, **traces))
        assert fp.AscentResult.load(path).status.shape == (3, 1)
        rewrite(path, lambda header: header.update(status=[["dead"], ["dead", "dead"], ["dead"]]))
        assert isinstance(load_refused(path), fp.DataError)

    @pytest.mark.parametrize("field", ["status", "labels", "steps", "recipe", "schema"])
    def test_missing_header_fields(self, saved: Path, field: str) -> None:
        """Each field of the header is needed."""
        rewrite(saved, lambda header: header.pop(field) and None)
        load_refused(saved)

    @pytest.mark.parametrize(
        "change",
        [
            {"schema": 2}, {"ascent": 5}, {"ascent": None}, {"objectives": 5}, {"objectives": []},
            {"objectives": ["a"] * 4}, {"seed": "x"}, {"seed": None}, {"input_space": []},
            {"model": 5}, {"versions": "3.11"},
        ],
        ids=str,
    )  # fmt: skip
    def test_recipe_fields(self, saved: Path, change: dict) -> None:
        """Each field of the recipe is of its type."""
        rewrite(saved, lambda header: header["recipe"].update(change))
        load_refused(saved)


class Bomb:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.path,))


class TestHostileFiles:
    """A file never says which code to run."""

    @pytest.mark.parametrize("name", [*ARRAYS, "header", "array_" + "0" * 64, "extra"])
    def test_pickles_are_never_opened(self, saved: Path, name: str) -> None:
        """An object array anywhere in the file is refused, and its pickle is not run."""
        marker = saved.parent / "was_run"
        bomb = np.array([Bomb(marker)], dtype=object)
        rewrite(saved, **{name: bomb})
        with np.load(saved, allow_pickle=True) as file:
            assert file[name] is not None
        assert marker.exists(), "the bomb is a dud"
        marker.unlink()
        assert isinstance(load_refused(saved), fp.DataError)
        assert not marker.exists()

    def test_a_bare_pickle(self, tmp_path: Path) -> None:
        """A pickle under the name of a result is not run."""
        marker = tmp_path / "was_run"
        (tmp_path / "result.npz").write_bytes(pickle.dumps(Bomb(marker)))
        assert isinstance(load_refused(tmp_path / "result.npz"), fp.DataError)
        assert not marker.exists()

    @pytest.mark.parametrize(
        "kind",
        ["os:system", "os.system", "subprocess:run", "featureprobe.plugins:register", "builtins.eval",
         "../../evil", "", "map_mean;import os"],
    )  # fmt: skip
    @pytest.mark.parametrize("part", ["ascent", "objectives", "input_space"])
    def test_an_import_path_is_no_kind(self, saved: Path, kind: str, part: str) -> None:
        """A recipe whose kind is an import path loads as data, and is refused when it is revived."""
        config = {"kind": kind, "args": ["touch was_run"]}
        value = [config] * T if part == "objectives" else config
        rewrite(saved, lambda header: header["recipe"].update({part: value}))
        recipe = fp.AscentResult.load(saved).recipe
        before = set(sys.modules)
        with pytest.raises(fp.PluginError, match="No component of kind"):
            recipe.revive(recipe.objectives[0] if part == "objectives" else getattr(recipe, part))
        assert set(sys.modules) == before

    @pytest.mark.parametrize(
        "config", [{}, {"kind": None}, {"kind": "sphere", "x": 1}, {"kind": "ascent", "rule": {}}]
    )
    def test_a_garbled_ascent(self, saved: Path, config: dict) -> None:
        """A config that no component wrote is refused when it is revived."""
        rewrite(saved, lambda header: header["recipe"].update(ascent=config))
        with pytest.raises(fp.ConfigError):
            fp.AscentResult.load(saved).recipe.revive_ascent()

    def test_a_swapped_array_is_noticed(self, saved: Path) -> None:
        """An array of the recipe whose content was changed no longer fits its hash."""
        digest = make_result().recipe.ascent["initializer"]["image"]["array"]
        rewrite(saved, **{f"array_{digest}": np.zeros(SHAPE, np.uint8)})
        recipe = fp.AscentResult.load(saved).recipe
        with pytest.raises(fp.ConfigError, match="damaged"):
            recipe.revive_ascent()
        rewrite(saved, **{f"array_{digest}": None})
        with pytest.raises(fp.ConfigError, match="not beside it"):
            fp.AscentResult.load(saved).recipe.revive_ascent()

    def test_a_file_that_lies_about_its_size(self, saved: Path) -> None:
        """An array that claims a petabyte is refused at once."""
        head = b"\x93NUMPY\x01\x00"
        claim = (
            b"{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2, 1000000, 1000000, 100), }"
        )
        claim += b" " * (118 - len(claim) - 1) + b"\n"
        content = io.BytesIO(saved.read_bytes())
        with zipfile.ZipFile(content) as old, zipfile.ZipFile(saved, "w") as new:
            for name in old.namelist():
                lie = head + len(claim).to_bytes(2, "little") + claim
                new.writestr(name, lie if name == "images.npy" else old.read(name))
        assert isinstance(load_refused(saved), fp.DataError)
