"""Saving: whatever happens, a file is the old one or the new one, and nothing else stays."""

import errno
import os
import stat
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import featureprobe as fp
from featureprobe import _saving, analysis, plotting

Writer = Callable[[Path], object]
FRAMES = np.random.default_rng(0).integers(0, 256, (3, 40, 40, 1)).astype(np.float32)


def png(path: Path) -> None:
    """Write a picture."""
    plotting.save_png(FRAMES[0], path)


@pytest.fixture(scope="module")
def writers() -> dict[str, tuple[str, Writer]]:
    """Everything that writes a file: by name the suffix and the call."""
    probe = fp.samples.mnist_probe()
    images, labels = fp.samples.mnist_digits()
    target = fp.MapMean("Conv2D_3", channel=5)
    result = fp.Ascent(steps=2, starts=1, search=None, record_every=1).run(
        probe, target, rng=0, progress=False
    )
    evidence = fp.Evidence.collect(probe, images[:9], "Dense_2", top=2)
    finding = analysis.Patterns.of(probe, images[:9], labels[:9], "Dense_2")
    return {
        "result": (".npz", result.save),
        "evidence": (".npz", evidence.save),
        "finding": (".npz", finding.save),
        "animation": (".gif", result.animate),
        "png": (".png", png),
        "gif": (".gif", lambda path: plotting.save_animation(FRAMES, path)),
        "webp": (".webp", lambda path: plotting.save_animation(FRAMES, path)),
    }


NAMES = ["result", "evidence", "finding", "animation", "png", "gif", "webp"]
every_writer = pytest.mark.parametrize("name", NAMES)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder in which nothing but whole files is found in the end."""
    yield tmp_path
    assert not [p for p in tmp_path.rglob("*") if p.name.endswith(".part")]


def refused(write: Writer, path: Path, says: str) -> None:
    """Save where that is not possible: our error, with the path and the reason."""
    with pytest.raises(fp.DataError, match=says) as caught:
        write(path)
    assert path.name[:50] in str(caught.value)


@every_writer
def test_permissions_are_those_of_any_file(
    writers: dict[str, tuple[str, Writer]], folder: Path, name: str
) -> None:
    """New ones follow the mask of the process; an existing file keeps its own."""
    suffix, write = writers[name]
    path, plain = folder / f"a{suffix}", folder / "plain"
    for mask in (0o022, 0o077):
        old = os.umask(mask)
        try:
            plain.touch()
            write(path)
        finally:
            os.umask(old)
        assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)
        path.unlink()
        plain.unlink()
    for mode in (0o600, 0o640, 0o666):
        write(path)
        path.chmod(mode)
        write(path)
        assert stat.S_IMODE(path.stat().st_mode) == mode


@every_writer
def test_links_are_followed(
    writers: dict[str, tuple[str, Writer]], folder: Path, name: str
) -> None:
    """The file behind a link is written, and the link stays; also where the file is missing."""
    suffix, write = writers[name]
    (folder / "store").mkdir()
    target, link, chain = (
        folder / "store" / f"b{suffix}",
        folder / f"a{suffix}",
        folder / f"c{suffix}",
    )
    link.symlink_to(target)
    chain.symlink_to(link.name)
    for path in (link, chain):
        write(path)
        assert link.is_symlink()
        assert chain.is_symlink()
        assert target.stat().st_size > 0
        target.unlink()
    circle = folder / f"circle{suffix}"
    circle.symlink_to(circle.name)
    refused(write, circle, "cannot be written")


@every_writer
def test_names_as_long_as_they_can_be(
    writers: dict[str, tuple[str, Writer]], folder: Path, name: str
) -> None:
    """255 bytes are written; more are refused, and so is a name with a NUL."""
    suffix, write = writers[name]
    longest = folder / ("ü" * 120 + "n" * (255 - 240 - len(suffix)) + suffix)
    write(longest)
    assert [p.name for p in folder.iterdir()] == [longest.name]
    refused(write, folder / ("n" * 256 + suffix), "shorter name")
    refused(write, folder / ("n" * 5000 + suffix), "shorter name")
    with pytest.raises(fp.SaveError, match="NUL"):
        write(folder / f"a\0b{suffix}")
    assert [p.name for p in folder.iterdir()] == [longest.name]


@every_writer
def test_places_where_no_file_can_be(
    writers: dict[str, tuple[str, Writer]], folder: Path, name: str
) -> None:
    """A folder, a missing folder, a file as a folder, a system's folder, a pipe."""
    suffix, write = writers[name]
    (folder / f"a{suffix}").mkdir()
    refused(write, folder / f"a{suffix}", "it is a folder")
    refused(write, folder / "none" / f"a{suffix}", "no folder")
    (folder / "file").touch()
    refused(write, folder / "file" / f"a{suffix}", "no folder")
    refused(write, Path(f"/proc/a{suffix}"), "cannot be written")
    os.mkfifo(folder / f"pipe{suffix}")
    refused(write, folder / f"pipe{suffix}", "no ordinary file")


@every_writer
def test_a_full_disk(writers: dict[str, tuple[str, Writer]], folder: Path, name: str) -> None:
    """What the system says when it writes is our error, and the old file stays."""
    suffix, write = writers[name]
    path = folder / f"a{suffix}"
    write(path)
    before = path.read_bytes()
    with limited_to(len(before) // 2):
        refused(write, path, "larger than is allowed")
    assert path.read_bytes() == before
    assert list(folder.iterdir()) == [path]


class limited_to:  # noqa: N801
    """Let no file grow beyond a size, as a full disk would."""

    def __init__(self, size: int) -> None:
        self.size = size

    def __enter__(self) -> None:
        import resource  # noqa: PLC0415
        import signal  # noqa: PLC0415

        self.resource, self.signal = resource, signal
        self.handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        self.old = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (self.size, self.old[1]))

    def __exit__(self, *_: object) -> None:
        self.resource.setrlimit(self.resource.RLIMIT_FSIZE, self.old)
        self.signal.signal(self.signal.SIGXFSZ, self.handler)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO])
@pytest.mark.parametrize("where", ["os.open", "os.fsync", "pathlib.Path.replace", "os.fchmod"])
def test_whatever_the_system_refuses(
    folder: Path, code: int, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At any moment: our error that is an OSError, too, and the old file stays."""
    path = folder / "a.png"
    png(path)
    before = path.read_bytes()

    def fail(*_: Any, **__: Any) -> None:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(where, fail)
        with pytest.raises(OSError, match=os.strerror(code)) as caught:
            png(path)
    assert isinstance(caught.value, fp.SaveError)
    assert "a.png" in str(caught.value)
    assert path.read_bytes() == before
    assert list(folder.iterdir()) == [path]


def test_pictures_of_long_labels(folder: Path) -> None:
    """A label of any length and any signs makes a name that a file can have."""
    net = fp.samples.mnist_probe()
    result = fp.Ascent(steps=1, starts=1, search=None).run(
        net, fp.MapMean("Conv2D_3", channel=5), rng=0, progress=False
    )
    object.__setattr__(result, "labels", ("ü/$\n" * 200,))
    [file] = result.save_images(folder)
    assert file.exists()
    (folder / "file").touch()
    refused(result.save_images, folder / "file", "cannot be written")
    refused(result.save_images, Path("/proc/x"), "cannot be written")


def test_two_saves_at_once(folder: Path) -> None:
    """Many threads save the same file; it is whole at any time, and nothing stays."""
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

    path = folder / "a.bin"
    contents = [bytes([k]) * 50_000 for k in range(8)]

    def save(content: bytes) -> bool:
        _saving.write_whole(path, lambda file: file.write(content))
        return path.read_bytes() in contents

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(save, contents * 20))
    assert list(folder.iterdir()) == [path]


# Runs in a process of its own, without TensorFlow: that may be forked.
KILLED = """
    import os, random, signal, sys, time
    from pathlib import Path
    import numpy as np
    from featureprobe import _archive, plotting
    folder, kind, rounds = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    path = folder / {"result": "a.npz", "picture": "a.png", "animation": "a.gif"}[kind]
    values = [np.full((60, 200, 200, 1), k) + np.arange(200)[:, None] % 7 for k in (10, 200)]
    def save(k):
        if kind == "result":
            header = {"schema": 1, "fingerprint": ""}
            _archive.write(path, "Evidence", header, {"images": values[k][:6]})
        elif kind == "picture":
            plotting.save_png(values[k][0], path)
        else:
            plotting.save_animation(values[k][:6], path, upscale=1)
    contents = []
    for k in (1, 0):
        save(k)
        contents.append(path.read_bytes())
    draw, left = random.Random(0), 0
    start = time.perf_counter()
    save(0)
    takes = time.perf_counter() - start
    def child(moment):
        pid = os.fork()
        if pid:
            return pid
        if isinstance(moment, str):  # die there
            owner = {"fsync": os, "replace": Path, "flock": __import__("fcntl")}[moment]
            setattr(owner, moment, lambda *a, **k: os._exit(9))
        while True:
            save(1)
            save(0)
    for number in range(rounds):
        moment = ["flock", "fsync", "replace", None][number % 4]
        pid = child(moment)
        if moment is None:
            time.sleep(draw.uniform(0, 3 * takes))
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        assert path.read_bytes() in contents, number
        left += len(list(folder.iterdir())) - 1
        save(0)
        assert [p.name for p in folder.iterdir()] == [path.name], number
    assert left >= rounds // 2, left  # most were killed while they wrote
"""


@pytest.mark.parametrize(
    "rounds",
    [12, pytest.param(200, marks=pytest.mark.long)],
)
@pytest.mark.parametrize("kind", ["result", "picture", "animation"])
def test_killed_while_saving(tmp_path: Path, kind: str, rounds: int) -> None:
    """The file is the old one or the new one; the next save removes what was left."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(KILLED), str(tmp_path), kind, str(rounds)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_what_others_left_is_not_touched(folder: Path) -> None:
    """Only the file's own remains are removed: not a living writer's, not another program's."""
    path, other = folder / "a.png", folder / "mine.part.txt"
    other.write_text("mine")

    def nested(file: Any) -> None:
        png(path)  # a second save of the same file, while the first is under way
        assert path.exists()
        path.unlink()
        file.write(b"first")

    _saving.write_whole(path, nested)
    assert path.read_bytes() == b"first"
    assert other.read_text() == "mine"
    png(path)
    with Image.open(path) as picture:
        assert picture.size == (40, 40)
