"""ImageFolder: the image files of a folder as a data set."""

from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from featureprobe.errors import ConfigError, DataError, ShapeError
from featureprobe.types import ImageShape

_SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
_MODES = {1: "L", 3: "RGB", 4: "RGBA"}


@dataclass(frozen=True, eq=False)
class ImageFolder:
    """All image files below a folder, in the order of their names.

    Args:
        path: The folder; sub-folders count, and the first of them names an image's class.
        resize: Resize images (bilinear) to what the model takes; False: another size is an error.
        broken: ``"raise"``: a file that cannot be read is an error that names it. ``"skip"``: the
            rest goes on, and :attr:`skipped` names it.

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
    _skipped: dict[str, str] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.broken not in ("raise", "skip"):
            raise ConfigError(f"broken is 'raise' or 'skip'. Received: {self.broken!r}.")
        if not Path(self.path).is_dir():
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

    def read(self, shape: ImageShape) -> Iterator[tuple[str, npt.NDArray[Any]]]:
        """Yield (file, image (H, W, C) in pixel units as stored), file by file.

        Args:
            shape: What the model takes; with 1, 3 or 4 channels.

        Raises:
            DataError: When a file cannot be read and ``broken="raise"``.
            ShapeError: When an image has another size and ``resize`` is False.
        """
        if shape[2] not in _MODES:
            raise ShapeError(
                f"Image files have 1, 3 or 4 channels; this model takes {shape[2]}. "
                "Read the images yourself and pass an array."
            )
        for name in self.files:
            try:
                image = self._open(name, shape)
            except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as cause:
                if isinstance(cause, ShapeError) or self.broken == "raise":
                    raise self._error(name, cause) from cause
                self._skipped[name] = f"{type(cause).__name__}: {cause}"
                continue
            yield name, image

    def _open(self, name: str, shape: ImageShape) -> npt.NDArray[Any]:
        with Image.open(Path(self.path) / name) as file:
            deep = file.mode.startswith("I") and shape[2] == 1  # 16 or 32 bits a pixel: as they are
            picture = file.copy() if deep else file.convert(_MODES[shape[2]])
        if picture.size != shape[1::-1]:
            if not self.resize:
                raise ShapeError(
                    f"{name} has {picture.height} x {picture.width} pixels, the model takes "
                    f"{shape[0]} x {shape[1]}. Pass ImageFolder(..., resize=True), or resize it."
                )
            picture = picture.resize(shape[1::-1], Image.Resampling.BILINEAR)
        return np.asarray(picture).reshape(shape)

    @staticmethod
    def _error(name: str, cause: Exception) -> Exception:
        if isinstance(cause, ShapeError):
            return ShapeError(str(cause))
        return DataError(
            f"The image file {name} cannot be read ({type(cause).__name__}: {cause}). "
            "Mend or remove it, or pass ImageFolder(..., broken='skip')."
        )
