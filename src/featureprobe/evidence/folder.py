"""ImageFolder: the image files of a folder as a data set."""

import os
import warnings
from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy.typing as npt

from featureprobe import _checks
from featureprobe._arguments import check_fields, checked
from featureprobe.errors import ConfigError, DataError, RangeError, ShapeError
from featureprobe.evidence.pixels import MODES, Notes, as_array, open_picture
from featureprobe.types import ImageShape

_SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")


@dataclass(frozen=True, eq=False)
class ImageFolder:
    """All image files below a folder, in the order of their names.

    Pixels are 0..255 and upright, as the EXIF orientation says: uint8, or float32 of grey files with
    more than 8 bits a pixel, which are scaled (of colours, the upper 8 bits are read). Where
    something of a file is left out, a warning names the first such file: transparency, further
    pictures of an animation or a multi-page TIFF, inks (CMYK), a colour profile other than sRGB.
    Files of 32-bit numbers count as broken. BMP, GIF, JPEG, PNG, TIFF and WebP are read,
    whatever a file's name ends in.

    Args:
        path: The folder; sub-folders count, and the first of them names an image's class.
        resize: Resize images (bilinear) to what the model takes; False: another size is an error.
        broken: ``"raise"``: a file that cannot be read is an error that names it. ``"skip"``: the
            rest goes on, and :attr:`skipped` names it.
        background: Grey value, 0..255, that transparent pixels are laid over, for models that take 1
            or 3 channels; None: white, with a warning.

    Raises:
        DataError: When there is no such folder, or no image in it.

    Example:
        >>> from pathlib import Path
        >>> from PIL import Image
        >>> Path("photos/fours").mkdir(parents=True)
        >>> Image.new("L", (28, 28)).save("photos/fours/one.png")
        >>> folder = ImageFolder("photos")
        >>> len(folder), folder.labels
        (1, ('fours',))
    """

    path: str | Path
    _: KW_ONLY
    resize: bool = False
    broken: str = "raise"
    background: int | None = None
    _skipped: dict[str, str] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        check_fields(self)
        if self.broken not in ("raise", "skip"):
            raise ConfigError(f"broken is 'raise' or 'skip'. Received: {self.broken!r}.")
        if self.background is not None:
            value = _checks.whole("background", self.background, least=0)
            if value > 255:
                raise RangeError(f"background is a grey value, 0..255. Received: {value}.")
        # Path.is_dir raises where a name is too long for any system.
        if not os.path.isdir(self.path):  # noqa: PTH112
            raise DataError(f"There is no folder {self.path}. Check the path.")
        if not self.files:
            raise DataError(
                f"The folder {self.path} holds no image file. "
                f"Known endings: {', '.join(_SUFFIXES)}."
            )

    @cached_property
    def files(self) -> tuple[str, ...]:
        """The files' paths below the folder, sorted."""
        base = Path(self.path)
        found = (p for p in base.rglob("*") if p.suffix.lower() in _SUFFIXES and p.is_file())
        return tuple(sorted(p.relative_to(base).as_posix() for p in found))

    @property
    def labels(self) -> tuple[str, ...]:
        """For each file its first sub-folder; an empty text for files of the folder itself."""
        return tuple(f.split("/")[0] if "/" in f else "" for f in self.files)

    @property
    def skipped(self) -> dict[str, str]:
        """Files left out so far, and why; filled while images are read."""
        return dict(self._skipped)

    def __len__(self) -> int:
        return len(self.files)

    @checked
    def read(self, shape: ImageShape) -> Iterator[tuple[str, npt.NDArray[Any]]]:
        """Yield (file, image (H, W, C) with pixels 0..255), file by file.

        Args:
            shape: What the model takes; with 1, 3 or 4 channels.

        Raises:
            DataError: When a file cannot be read and ``broken="raise"``.
            ShapeError: When an image has another size and ``resize`` is False.
        """
        if len(shape) != 3:
            raise ShapeError(
                f"Image files are pictures (rows, columns, channels); this model takes {shape}. "
                "Read its images yourself and pass an array, or any iterable of them."
            )
        if shape[2] not in MODES:
            raise ShapeError(
                f"Image files have 1, 3 or 4 channels; this model takes {shape[2]}. "
                "Read the images yourself and pass an array."
            )
        told: set[str] = set()
        for name in self.files:
            try:
                image, notes = self._open(name, shape)
            except Exception as cause:  # Pillow raises struct.error, SyntaxError, MemoryError, ...
                if isinstance(cause, ShapeError) or self.broken == "raise":
                    raise self._error(name, cause) from cause
                self._skipped[name] = _reason(cause)
                continue
            for kind in notes.keys() - told:
                warnings.warn(
                    f"The image file {name} {notes[kind]}. Further files like it are not named.",
                    stacklevel=_checks.levels_to_the_caller(),
                )
            told |= notes.keys()
            yield name, image

    def _open(self, name: str, shape: ImageShape) -> tuple[npt.NDArray[Any], Notes]:
        picture, notes = open_picture(Path(self.path) / name, shape[2], self.background)
        if picture.size != shape[1::-1] and not self.resize:
            raise ShapeError(
                f"{name} has {picture.height} x {picture.width} pixels, the model takes "
                f"{shape[0]} x {shape[1]}. Pass ImageFolder(..., resize=True), or resize it."
            )
        return as_array(picture, shape), notes

    @staticmethod
    def _error(name: str, cause: Exception) -> Exception:
        if isinstance(cause, ShapeError):
            return ShapeError(str(cause))
        return DataError(
            f"The image file {name} cannot be read ({_reason(cause)}). "
            "Mend or remove it, or pass ImageFolder(..., broken='skip')."
        )


def _reason(cause: Exception) -> str:
    return str(cause) if isinstance(cause, DataError) else f"{type(cause).__name__}: {cause}"
