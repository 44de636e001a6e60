"""Image files: one picture as PNG, a run as an animation."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from featureprobe._arguments import checked
from featureprobe._names import MOST, visible
from featureprobe._saving import write_whole
from featureprobe.errors import ConfigError, RangeError
from featureprobe.plotting._checks import (
    FloatLike,
    as_floats,
    require_count,
    require_finite,
    require_whole,
)
from featureprobe.plotting._slices import cut_of
from featureprobe.plotting.images import stretch, to_rgb

_CAPTION_POINTS = 13
_CAPTION_ROWS = 20
_MOST_PIXELS = 2**28  # what still fits into memory, as arrays of floats, too


@checked
def save_png(
    image: npt.ArrayLike,
    path: str | Path,
    *,
    upscale: int = 1,
    contrast: bool = False,
    low: float = 0.0,
    high: float = 255.0,
    plane: int | None = None,
    at: Sequence[int] | None = None,
) -> None:
    """Write one image to a PNG file, without axes or margins.

    Args:
        image: (H, W, C) finite values in pixel units; channels as in :func:`show_image`. Of a volume
            (D, H, W, C) slices are written, as :func:`show_volume` lays them.
        path: Where to write; the name ends in ``.png``. An existing file is
            replaced, whole or not at all.
        upscale: Screen pixels per image pixel in each direction, at least 1.
        contrast: Apply :func:`stretch`; else ``low..high`` is black to white, clipped.
        low: Pixel units shown black.
        high: Pixel units shown white.
        plane: Of a volume, the number of the one plane to write.
        at: Of a volume, (plane, row, col) that the three slices go through; None: its strongest
            place.

    Raises:
        ConfigError: When ``path`` has another suffix, or both ``plane`` and ``at`` are given.
        ShapeError: When ``image`` has another rank or is empty.
        DataError: When a value is NaN or infinite, or the folder is missing.
        SaveError: When the file cannot be written.
        RangeError: When ``upscale`` is below 1 or ``low`` not below ``high``.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> import numpy as np
        >>> from featureprobe.plotting import save_png
        >>> file = Path(tempfile.mkdtemp()) / "oip.png"
        >>> save_png(np.zeros((28, 28, 1)), file, upscale=4)
        >>> file.read_bytes()[1:4]
        b'PNG'
    """
    require_suffix(path, (".png",))
    require_whole(upscale, "upscale")
    values = as_floats(image, "image", ["(H, W, C)", "(D, H, W, C)"])
    require_finite(values, "image")
    cut = cut_of(values, plane, at) if values.ndim == 4 else None
    pixels = to_rgb(values, contrast=contrast, low=low, high=high, cut=cut)
    picture = _enlarge(pixels, upscale, grey=values.shape[-1] != 3)
    write_whole(path, lambda file: picture.save(file, format="PNG"))


@checked
def save_animation(
    frames: npt.ArrayLike,
    path: str | Path,
    *,
    fps: float = 12.0,
    upscale: int = 8,
    contrast: bool = False,
    captions: Sequence[str] | None = None,
    low: float = 0.0,
    high: float = 255.0,
) -> None:
    """Write a run as a GIF or WebP animation that repeats for ever.

    Args:
        frames: (T, H, W, C) finite values in pixel units; channels as in :func:`show_image`. Of
            volumes (T, D, H, W, C) three slices are shown, all through the strongest place of
            the last one.
        path: Where to write; ``.gif`` or ``.webp`` decides the format. An existing file is
            replaced. GIF stores 256 colours: exact for grey images, not for RGB.
        fps: Frames per second, 0.1 to 50. GIF counts time in 1/100 s, so the pace is rounded.
        upscale: Screen pixels per image pixel in each direction, at least 1.
        contrast: Apply :func:`stretch` to each frame on its own; else ``low..high`` is black to
            white, clipped.
        captions: T short texts such as ``"step 32"``, written below the frames.
        low: Pixel units shown black.
        high: Pixel units shown white.

    Equal consecutive frames may be stored as one that stays longer.

    Raises:
        ConfigError: When ``path`` has another suffix.
        ShapeError: When ``frames`` has another rank or is empty, or ``captions`` another length.
        DataError: When a value is NaN or infinite, or the folder is missing.
        SaveError: When the file cannot be written.
        RangeError: When ``fps`` or ``upscale`` is out of range or ``low`` not below ``high``.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> import numpy as np
        >>> from featureprobe.plotting import save_animation
        >>> file = Path(tempfile.mkdtemp()) / "run.gif"
        >>> save_animation(np.random.default_rng(0).random((5, 28, 28, 1)) * 255, file)
        >>> file.read_bytes()[:3]
        b'GIF'
    """
    suffix = require_suffix(path, (".gif", ".webp"))
    require_whole(upscale, "upscale")
    if not 0.1 <= fps <= 50.0:
        raise RangeError(
            f"fps must lie in 0.1..50. Received {fps!r}. Viewers slow faster animations down; "
            "leave out frames instead, as in frames[::4]."
        )
    values = as_floats(frames, "frames", ["(T, H, W, C)", "(T, D, H, W, C)"])
    require_finite(values, "frames")
    require_count(captions, len(values), "captions", "frames")
    pictures = _pictures(values, captions, upscale, contrast=contrast, low=low, high=high)
    exact = {"lossless": True} if suffix == ".webp" else {"disposal": 1}
    first, *others = pictures
    write_whole(
        path,
        lambda file: first.save(
            file,
            format=suffix[1:].upper(),
            save_all=True,
            append_images=others,
            duration=round(1000.0 / fps),
            loop=0,
            **exact,
        ),
    )


def _pictures(
    values: FloatLike, captions: Sequence[str] | None, upscale: int, **scale: Any
) -> list[Image.Image]:
    cut = cut_of(values[-1], None, None) if values.ndim == 5 else None
    pictures = []
    for k, frame in enumerate(values):
        picture = _enlarge(to_rgb(frame, cut=cut, **scale), upscale, grey=values.shape[-1] != 3)
        pictures.append(picture if captions is None else _with_caption(picture, captions[k]))
    return pictures


@checked
def save_planes(
    volume: npt.ArrayLike,
    path: str | Path,
    *,
    fps: float = 6.0,
    upscale: int = 8,
    contrast: bool = False,
    low: float = 0.0,
    high: float = 255.0,
) -> None:
    """Write a volume as an animation, plane by plane; a video frame by frame.

    Args:
        volume: (D, H, W, C) finite values in pixel units; channels as in :func:`show_image`.
        path: Where to write; ``.gif`` or ``.webp`` decides the format, see :func:`save_animation`.
        fps: Planes per second, 0.1 to 50.
        upscale: Screen pixels per image pixel in each direction, at least 1.
        contrast: Apply :func:`stretch` to the volume as a whole, so that planes can be compared;
            else ``low..high`` is black to white, clipped.
        low: Pixel units shown black.
        high: Pixel units shown white.

    Raises:
        ConfigError, ShapeError, DataError, SaveError, RangeError: As :func:`save_animation`.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> import numpy as np
        >>> from featureprobe.plotting import save_planes
        >>> file = Path(tempfile.mkdtemp()) / "volume.gif"
        >>> save_planes(np.random.default_rng(0).random((10, 14, 12, 1)) * 255, file)
        >>> file.read_bytes()[:3]
        b'GIF'
    """
    values = as_floats(volume, "volume", ["(D, H, W, C)"])
    require_finite(values, "volume")
    if contrast:
        values, low, high = stretch(values), 0.0, 255.0
    captions = [f"plane {plane} of {len(values)}" for plane in range(len(values))]
    save_animation(values, path, fps=fps, upscale=upscale, captions=captions, low=low, high=high)


def require_suffix(path: str | Path, allowed: tuple[str, ...]) -> str:
    """Return the ending of a path, or raise ConfigError."""
    suffix = Path(path).suffix.lower()
    if suffix not in allowed:
        raise ConfigError(
            f"The file name must end in {' or '.join(allowed)}. Received {str(path)!r}. "
            "The suffix decides the format; rename the file."
        )
    return suffix


def _enlarge(pixels: npt.NDArray[np.uint8], upscale: int, *, grey: bool) -> Image.Image:
    if pixels.shape[0] * pixels.shape[1] * upscale**2 > _MOST_PIXELS:
        raise RangeError(
            f"A picture has at most {_MOST_PIXELS:,} pixels. Received an image of {pixels.shape[0]} x "
            f"{pixels.shape[1]} pixels and upscale={upscale}. Give a smaller upscale."
        )
    large = pixels.repeat(int(upscale), axis=0).repeat(int(upscale), axis=1)
    return Image.fromarray(np.ascontiguousarray(large[..., 0] if grey else large))


def _with_caption(picture: Image.Image, caption: str) -> Image.Image:
    light, dark = (250, 20) if picture.mode == "L" else ((250,) * 3, (20,) * 3)
    framed = Image.new(picture.mode, (picture.width, picture.height + _CAPTION_ROWS), light)
    framed.paste(picture, (0, 0))
    font = ImageFont.load_default(_CAPTION_POINTS)
    place = (4, picture.height + _CAPTION_ROWS // 2)
    ImageDraw.Draw(framed).text(place, visible(caption, MOST), fill=dark, font=font, anchor="lm")
    return framed
