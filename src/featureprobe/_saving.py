"""Files that appear whole or not at all: everything that the library writes goes through here."""

import errno
import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import BinaryIO

from featureprobe.errors import DataError, SaveError

try:
    import fcntl
except ImportError:  # Windows: an open file cannot be removed there, which serves the same end
    fcntl = None  # type: ignore[assignment]

_ADVICE = {
    errno.ENOSPC: "The disk is full: make room, or save elsewhere.",
    errno.EDQUOT: "Your share of the disk is used up: make room, or save elsewhere.",
    errno.EFBIG: "The file would be larger than is allowed here. Save elsewhere.",
    errno.ENAMETOOLONG: "Give a shorter name; most systems take 255 bytes.",
    errno.EACCES: "You may not write there. Save elsewhere, or change the permissions.",
    errno.EPERM: "You may not write there. Save elsewhere, or change the permissions.",
    errno.EROFS: "That disk is read-only. Save elsewhere.",
}


def write_whole(path: str | Path, write: Callable[[BinaryIO], object]) -> None:
    """Write a file that is the old one or the new one, whenever the process ends.

    The bytes go to a temporary file in the same folder, then to the disk, then under the name. Links
    are followed, and an existing file keeps its permissions. What an earlier save of the same file
    left behind when it was killed is removed.

    Args:
        path: The file; its folder exists.
        write: Writes the content to an open binary file.

    Raises:
        DataError: When the folder is missing.
        SaveError: When the file cannot be written.
    """
    path = Path(path)
    with _explained(path):
        target = _resolved(path)
        with _own_partial(target) as (partial, file):
            if target.exists():
                _keep_permissions(target, file)
            write(file)
            file.flush()
            os.fsync(file.fileno())
            if fcntl is None:
                file.close()  # Windows renames no open files
            partial.replace(target)


def make_folder(path: Path) -> None:
    """Make a folder and those above it, where they are missing.

    Raises:
        SaveError: When that is not possible.
    """
    _refuse_nul(path)
    with _explained(path):
        path.mkdir(parents=True, exist_ok=True)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as cause:
        if isinstance(cause, DataError):
            raise
        reason = cause.strerror or str(cause)
        advice = _ADVICE.get(cause.errno or 0, "Save elsewhere.")
        raise SaveError(f"{path} cannot be written: {reason}. {advice}") from cause


def _refuse_nul(path: Path) -> None:
    if "\0" in str(path):
        raise SaveError(f"A file's name holds no NUL character. Received: {path!r}. Rename it.")


def _resolved(path: Path) -> Path:
    """Return where a path leads to, when a file can be written there."""
    _refuse_nul(path)
    try:
        target = path.resolve() if path.is_symlink() else path
    except RuntimeError as cause:  # a circle, before Python 3.13
        raise SaveError(f"{path} cannot be written: it is a link to itself. Remove it.") from cause
    if not target.parent.is_dir():
        raise DataError(
            f"There is no folder {target.parent} to save {path.name} in. Make it first."
        )
    # The name is looked up here, so one that is too long ends before anything is written.
    kind = stat.S_IFMT(target.stat().st_mode) if target.exists() else stat.S_IFREG
    if kind != stat.S_IFREG:
        what = "a folder" if kind == stat.S_IFDIR else "no ordinary file"
        raise SaveError(f"{path} cannot be written: it is {what}. Choose another name.")
    if target.exists() and not os.access(target, os.W_OK):
        raise SaveError(
            f"{path} cannot be written: it is read-only. Choose another name, or change its "
            "permissions."
        )
    return target


@contextmanager
def _own_partial(target: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """Open a new file beside the target, which is gone or renamed in the end.

    Its name follows from the target's, so the next save finds what a killed one left; it is short, as
    the target's may be as long as names can be. A lock says whether its writer lives.
    """
    partials, file = _names(target), None
    while file is None:
        partial = next(partials)
        _remove_left(partial)
        file = _created(partial)
    with file:
        try:
            yield partial, file
        finally:
            _drop(partial, file)
    while (left := next(partials)).exists():
        _remove_left(left)


def _names(target: Path) -> Iterator[Path]:
    """Yield the names of a target's temporary files, one for each save at the same time."""
    digest = hashlib.sha256(target.name.encode(errors="surrogateescape")).hexdigest()[:16]
    for number in count():
        yield target.with_name(f".{digest}-{number}.part")


def _created(partial: Path) -> BinaryIO | None:
    """Return a new, locked file; None when somebody else writes or took it away."""
    flags = os.O_CREAT | os.O_EXCL | os.O_RDWR | getattr(os, "O_BINARY", 0)
    try:
        number = os.open(partial, flags, 0o666)  # the process's mask applies, as to any new file
    except FileExistsError:
        return None
    file = os.fdopen(number, "w+b")
    if fcntl is not None and not (_locked(file) and _is_at(file, partial)):
        file.close()
        return None
    return file


def _remove_left(partial: Path) -> None:
    """Remove a temporary file whose writer no longer lives."""
    try:
        with partial.open("rb") as file:
            if fcntl is not None and _locked(file) and _is_at(file, partial):
                partial.unlink()
                return
        if fcntl is None:
            partial.unlink()
    except OSError:  # there is none, or it is somebody else's: another number is tried
        return


def _drop(partial: Path, file: BinaryIO) -> None:
    """Remove a temporary file that was not renamed; under its name may be another one by now."""
    if fcntl is None:
        file.close()
        partial.unlink(missing_ok=True)
    elif _is_at(file, partial):
        partial.unlink()


def _locked(file: BinaryIO) -> bool:
    """Lock a file and return whether that was possible."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks: nobody else is seen, as if there were none
        return True
    return True


def _is_at(file: BinaryIO, path: Path) -> bool:
    """Whether a path still leads to an open file."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _keep_permissions(target: Path, file: BinaryIO) -> None:
    """Give a new file the owner and the permissions of the one that it will replace."""
    if not hasattr(os, "fchmod"):  # Windows
        return
    old, new = target.stat(), os.fstat(file.fileno())
    if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
        with suppress(PermissionError):  # only an administrator may give files away
            os.fchown(file.fileno(), old.st_uid, old.st_gid)
    os.fchmod(file.fileno(), stat.S_IMODE(old.st_mode))
