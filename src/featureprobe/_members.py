"""Arrays by name, of a file or of a dict, none of which is unpacked before its size and its kind are known."""

import struct
import zipfile
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

# A whole file unpacks to at most this many bytes and times its size: what is packed harder is no
# data but a trap. Files that are written keep to it, too.
SPARE_BYTES, MOST_PACKED = 2**28, 100
_DEFLATED_MOST = 1100  # times; what deflating can do at all, and a little more
_SUFFIX = ".npy"
_END = struct.Struct("<10xH10x")  # of a zip file: the number of its members
_END_FULL = 2**16 - 1  # that there are as many or more

Head = tuple[tuple[int, ...], np.dtype[Any]]
"""Shape and dtype of an array."""


class Members(Mapping[str, npt.NDArray[Any]]):
    """Arrays by name, of which each is known by its head before it is fetched."""

    def __init__(self) -> None:
        self._asked: set[str] = set()

    @abstractmethod
    def head(self, name: str) -> Head:
        """Return the shape and the dtype of an array, which is not fetched.

        Raises:
            KeyError: When there is no such array.
            ValueError: When it holds objects, or its size is not what it claims.
        """

    @abstractmethod
    def _fetched(self, name: str) -> npt.NDArray[Any]:
        """Return an array whose head was looked at."""

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        self.head(name)
        self._asked.add(name)
        return self._fetched(name)

    def refuse_others(self) -> None:
        """Raise ValueError when there are arrays that nobody asked for; they are not fetched."""
        others = [name for name in self if name not in self._asked]
        if others:
            raise ValueError(f"arrays that do not belong there: {', '.join(map(repr, others[:3]))}")


class DictMembers(Members):
    """The arrays of a mapping, which may fetch them from anywhere; each is fetched once.

    Args:
        arrays: By name.

    Raises:
        TypeError: When it is no mapping of texts.
    """

    def __init__(self, arrays: Mapping[str, npt.ArrayLike]) -> None:
        super().__init__()
        if not isinstance(arrays, Mapping) or not all(isinstance(name, str) for name in arrays):
            raise TypeError("the arrays, which are no mapping from names to arrays")
        self._arrays = arrays
        self._known: dict[str, npt.NDArray[Any]] = {}

    def __len__(self) -> int:
        return len(self._arrays)

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __contains__(self, name: object) -> bool:
        return name in self._arrays

    def head(self, name: str) -> Head:
        """Return the shape and the dtype of an array."""
        array = self._fetched(name)
        if array.dtype.hasobject:
            raise ValueError(f"the array {name!r}: it holds objects, not numbers")
        return array.shape, array.dtype

    def _fetched(self, name: str) -> npt.NDArray[Any]:
        if name not in self._known:
            self._known[name] = np.asarray(self._arrays[name])
        return self._known[name]


class FileMembers(Members):
    """The arrays of an open npz file by name; each is unpacked, and its sum checked, when asked for.

    Args:
        raw: The file.

    Raises:
        ValueError: When names are double or no arrays, or the sizes cannot be true.
        zipfile.BadZipFile: When it is no zip file.
    """

    def __init__(self, raw: BinaryIO) -> None:
        super().__init__()
        self._file = zipfile.ZipFile(raw)
        self._infos: dict[str, zipfile.ZipInfo] = {}
        for info in self._file.infolist():
            name = info.filename.removesuffix(_SUFFIX)
            if name == info.filename or name in self._infos:
                raise ValueError(f"the member {info.filename!r}, which is no array or there twice")
            self._infos[name] = info
        size = raw.seek(0, 2)
        raw.seek(size - len(self._file.comment) - _END.size)
        counted = _END.unpack(raw.read(_END.size))[0]
        if counted != min(len(self._infos), _END_FULL):  # lengths in the directory hide some
            raise ValueError(f"the list of its arrays: {len(self._infos)}, which are {counted}")
        packed = sum(info.compress_size for info in self._infos.values())
        whole = sum(info.file_size for info in self._infos.values())
        if packed > size or whole > SPARE_BYTES + MOST_PACKED * size:
            raise ValueError(f"the sizes of its arrays: {size} bytes claim to hold {whole}")

    def __len__(self) -> int:
        return len(self._infos)

    def __iter__(self) -> Iterator[str]:
        return iter(self._infos)

    def __contains__(self, name: object) -> bool:
        return name in self._infos

    def packed(self, name: str) -> int:
        """Return how many bytes of the file an array takes."""
        return self._infos[name].compress_size

    def head(self, name: str) -> Head:
        """Return the shape and the dtype of an array, which is not unpacked.

        Raises:
            KeyError: When there is no such array.
            ValueError: When it holds objects, or its size is not what it claims.
        """
        info = self._infos[name]
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError(f"the array {name!r}, which is packed in an unknown way")
        with self._file.open(info) as stream:
            shape, dtype = _read_head(stream)
            start = stream.tell()
        if dtype.hasobject:
            raise ValueError(f"the array {name!r}: it holds objects, not numbers")
        size = start + dtype.itemsize * int(np.prod([int(n) for n in shape], dtype=object))
        if size != info.file_size or min(shape, default=0) < 0:
            raise ValueError(f"the array {name!r}: it has not the size that it claims")
        if size > _DEFLATED_MOST * (info.compress_size + 1):
            raise ValueError(f"the array {name!r}: so few bytes cannot hold it")
        return shape, dtype

    def _fetched(self, name: str) -> npt.NDArray[Any]:
        with self._file.open(self._infos[name]) as stream:
            array: npt.NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
            if stream.read(1):  # reading to the end has the sum checked
                raise ValueError(f"the array {name!r}: it is longer than it claims")
        return array


def check_shapes(
    members: Members, shapes: Mapping[str, str], kinds: Mapping[str, str]
) -> dict[str, int]:
    """Check arrays against shapes that are written as text, before they are unpacked.

    Args:
        members: The arrays.
        shapes: By name one word an axis: ``"T S 3"``; equal words are equal sizes, numbers are
            themselves, ``"_"`` is any. ``"..."`` stands for any further axes. After ``"|"``, what it may be instead.
        kinds: By name the allowed kinds of dtypes, as numpy's letters.

    Returns:
        The size of each word.

    Raises:
        KeyError, ValueError: When an array is missing or another one; the text names it.
    """
    sizes: dict[str, int] = {}
    for name, text in shapes.items():
        if name not in members:
            raise ValueError(f"the array {name!r}, which is missing")
        shape, dtype = members.head(name)
        if dtype.kind not in kinds[name]:
            raise ValueError(f"the array {name!r}, which is of the type {dtype}")
        if not any(_fits(shape, option.split(), sizes) for option in text.split("|")):
            raise ValueError(
                f"the array {name!r}, whose shape {shape} does not fit the others ({text})"
            )
    return sizes


def _fits(shape: tuple[int, ...], words: list[str], sizes: dict[str, int]) -> bool:
    """Whether a shape is what words say; if so, new words get their sizes."""
    if words[-1:] == ["..."]:
        words = words[:-1]
        shape = shape[: len(words)]
    known = dict(sizes)
    for word, size in zip(words, shape, strict=False):
        if word == "_":
            continue
        if size != (int(word) if word.isdigit() else known.setdefault(word, size)):
            return False
    if len(words) != len(shape):
        return False
    sizes.update(known)
    return True


def _read_head(stream: Any) -> Head:
    version = np.lib.format.read_magic(stream)
    readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    if version not in readers:
        raise ValueError(f"an array in the version {version} of numpy's format")
    shape, _, dtype = readers[version](stream)
    return shape, dtype
