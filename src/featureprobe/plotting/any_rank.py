"""Images of one, two or three spatial axes: the picture that suits the rank."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from featureprobe._saving import write_whole
from featureprobe.plotting._axes import png_bytes
from featureprobe.plotting._checks import FloatLike
from featureprobe.plotting.export import require_suffix, save_animation, save_png
from featureprobe.plotting.images import show_image
from featureprobe.plotting.mosaic import show_mosaic
from featureprobe.plotting.series import ends_of, show_series
from featureprobe.plotting.series_mosaic import show_series_mosaic
from featureprobe.plotting.volumes import show_volume

_SERIES, _VOLUME = 2, 4  # axes of an image, channels included


def show_any(image: FloatLike, *, ax: Axes | None = None, **options: Any) -> Axes:
    """Show one image (*spatial, C): a series as curves, a volume as three slices.

    Args:
        image: Pixel units.
        ax: Axes to draw on; None makes a new figure.
        **options: ``contrast``, ``low``, ``high``, ``title`` of ``show_image``, and what else suits
            the rank. With ``contrast`` a series has a scale of its own.
    """
    if image.ndim == _SERIES:
        return show_series(image, ax=ax, **_scaled(options))
    return (show_volume if image.ndim == _VOLUME else show_image)(image, ax=ax, **options)


def show_many(images: FloatLike, *, ax: Axes | None = None, **options: Any) -> Axes:
    """Show many images (N, *spatial, C) as one mosaic, with the options of ``show_mosaic``."""
    if images.ndim == 1 + _SERIES:
        return show_series_mosaic(images, ax=ax, **options)
    return show_mosaic(images, ax=ax, **options)


def save_any(
    image: FloatLike, path: Path, *, upscale: int, title: str = "", **options: Any
) -> None:
    """Write one image to a PNG file; curves have axes and a title, pictures have none.

    Args:
        image: (*spatial, C), pixel units.
        path: Ends in ``.png``.
        upscale: Screen pixels per image pixel; curves have none.
        title: Of curves.
        **options: ``contrast``, ``low``, ``high``.
    """
    if image.ndim != _SERIES:
        save_png(image, path, upscale=upscale, **options)
        return
    require_suffix(path, (".png",))
    figure = _drawn(image, title, _scaled(options))
    write_whole(path, lambda file: figure.savefig(file, format="png"))


def animate_any(frames: FloatLike, path: str | Path, **options: Any) -> None:
    """Write images (T, *spatial, C) as an animation; curves keep one scale over all frames.

    Args:
        frames: Pixel units.
        path: Ends in ``.gif`` or ``.webp``.
        **options: Of ``save_animation``.
    """
    if frames.ndim == 1 + _SERIES:
        scaled = _scaled({k: options.pop(k) for k in ("contrast", "low", "high") if k in options})
        low, high = ends_of(frames, scaled.get("low"), scaled.get("high"))
        frames = np.stack([_pixels(frame, {"low": low, "high": high}) for frame in frames])
        options |= {"upscale": 1}
    save_animation(frames, path, **options)


def _scaled(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a series: with contrast, the scale is its own."""
    left = dict(options)
    if left.pop("contrast", False):
        left["low"] = left["high"] = None
    return left


def _drawn(image: FloatLike, title: str, options: Mapping[str, Any]) -> Figure:
    height = float(np.clip(0.45 * min(image.shape[-1], 12) + 1.2, 2.4, 6.0))
    figure = Figure(figsize=(6.4, height), dpi=100, layout="constrained")
    show_series(image, ax=figure.add_subplot(), title=title or None, **options)
    return figure


def _pixels(image: FloatLike, options: Mapping[str, Any]) -> npt.NDArray[np.float32]:
    with Image.open(io.BytesIO(png_bytes(_drawn(image, "", options)))) as picture:
        return np.asarray(picture.convert("RGB"), np.float32)
