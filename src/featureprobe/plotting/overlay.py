"""Where something happens in an image: a heat map over it, with a box around what a node sees."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle

from featureprobe._arguments import Share, checked
from featureprobe.errors import ConfigError, ShapeError
from featureprobe.plotting._axes import axes_or_new
from featureprobe.plotting._cells import bare, headline
from featureprobe.plotting._checks import FloatLike, as_floats, require_finite
from featureprobe.plotting._slices import cut_of
from featureprobe.plotting.images import to_rgb
from featureprobe.plotting.maps import as_colormap
from featureprobe.plotting.series import scale_for, show_series

Box = tuple[int, ...]
_FRAME = "#56B4E9"
_BOXES = {
    1: "(start, stop)",
    2: "(top, left, bottom, right)",
    3: "(plane, top, left, plane, bottom, right)",
}


@checked
def show_overlay(
    image: npt.ArrayLike,
    heat: npt.ArrayLike,
    *,
    boxes: Sequence[Sequence[int]] = (),
    low: float = 0.0,
    high: float = 255.0,
    cmap: str = "inferno",
    opacity: Share = 0.7,
    colorbar: bool = True,
    plane: int | None = None,
    ax: Axes | None = None,
    title: str | None = None,
) -> Axes:
    """Show values on top of an image: transparent where they are 0, opaque where they are largest.

    Args:
        image: (H, W, C) finite values in pixel units; a volume (D, H, W, C), of which one plane is
            shown; or a series (L, C), drawn as curves.
        heat: Finite values, one for each place of the image: (H, W), (D, H, W) or (L,), such as
            ``fire_map`` gives; below 0 they do not show.
        boxes: (top, left, bottom, right) in pixels, the last two exclusive: drawn as frames. Of a
            series (start, stop); of a volume (plane, top, left, plane, bottom, right), drawn where
            the plane shown lies in it.
        low: Pixel units shown black; of a series the lower end of its scale.
        high: Pixel units shown white; of a series the upper end of its scale.
        cmap: Any matplotlib colour map.
        opacity: Of the largest value, 0..1.
        colorbar: Whether to draw the colour bar.
        plane: Of a volume, the number of the plane; None: the one of the largest value.
        ax: Axes to draw on; None makes a new figure.
        title: Title of the Axes.

    Returns:
        The Axes; the heat map is the last of ``ax.images``.

    Raises:
        ShapeError: When the shapes do not fit.
        DataError: When a value is NaN or infinite.
        RangeError, ConfigError: When there is no such plane.

    Example:
        >>> import numpy as np
        >>> from featureprobe.plotting import show_overlay
        >>> ax = show_overlay(np.zeros((8, 8, 1)), np.eye(8), boxes=[(0, 0, 4, 4)])
        >>> len(ax.images), len(ax.patches)
        (2, 1)
    """
    picture, values = _checked(image, heat)
    rank, note, end = values.ndim, "", _end(values)
    frames = _frames(boxes, rank)
    if rank == 3:
        whole = len(values)
        picture, values, frames, plane = _cut(picture, values, frames, plane)
        note = f"plane {plane} of {whole}"
    elif plane is not None:
        raise ConfigError(f"plane= is for volumes. Received plane={plane!r}. Leave it out.")
    ax = axes_or_new(ax, (6.4, 3.2) if rank == 1 else (4.4, 3.6))
    if rank == 1:
        own = scale_for(picture, low, high)
        show_series(picture, ax=ax, low=own[0], high=own[1], title=title)
        heated = _under_curves(ax, values, frames, (cmap, opacity, end))
    else:
        grey = picture if picture.shape[2] in (1, 3) else picture.mean(axis=2, keepdims=True)
        ax.imshow(to_rgb(grey, contrast=False, low=low, high=high))
        heated = _heat(ax, values, cmap, opacity, end)
        _frame(ax, frames)
        bare(ax)
        headline(ax, title, note)
    if colorbar:
        _add_bar(ax, heated)
    return ax


def _frames(boxes: Sequence[Sequence[int]], rank: int) -> list[Box]:
    for box in boxes:
        if np.shape(box) != (2 * rank,):
            raise ShapeError(f"A box is {_BOXES[rank]}. Received: {box!r}.")
    return [tuple(map(int, box)) for box in boxes]


def _checked(image: npt.ArrayLike, heat: npt.ArrayLike) -> tuple[FloatLike, FloatLike]:
    picture = as_floats(image, "image", ["(H, W, C)", "(L, C)", "(D, H, W, C)"])
    values = as_floats(heat, "heat", ["(H, W)", "(L,)", "(D, H, W)"])
    if picture.shape[:-1] != values.shape:
        raise ShapeError(
            f"heat must have the places of the image, {picture.shape[:-1]}. Received "
            f"{values.shape}. Interpolate it first, as fp.fire_map does."
        )
    require_finite(picture, "image")
    require_finite(values, "heat")
    return picture, values


def _cut(
    picture: FloatLike, values: FloatLike, boxes: Sequence[Box], plane: int | None
) -> tuple[FloatLike, FloatLike, list[Box], int]:
    """Return one plane of a volume, of its values and of those boxes that it lies in."""
    strongest = int(np.argmax(values.max(axis=(1, 2))))
    number = cut_of(picture, strongest if plane is None else plane, None).at[0]
    kept = [(*box[1:3], *box[4:]) for box in boxes if box[0] <= number < box[3]]
    return picture[number], values[number], kept, number


def _under_curves(
    ax: Axes, values: FloatLike, spans: Sequence[Box], colors: tuple[str, float, float]
) -> AxesImage:
    """Draw values as colours below the curves of a series, and intervals as frames."""
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    heated = _heat(ax, values[None], *colors)
    heated.set_extent((-0.5, len(values) - 0.5, bottom, top))
    heated.set_zorder(0.5)
    ax.set_aspect("auto")
    ax.set_xlim(left, right)
    ax.set_ylim(bottom, top)
    for start, stop in spans:
        ax.add_patch(
            Rectangle((start - 0.5, bottom), stop - start, top - bottom, fill=False,
                      edgecolor=_FRAME, linewidth=1.6)
        )  # fmt: skip
    return heated


def _frame(ax: Axes, boxes: Sequence[Box]) -> None:
    for top, left, bottom, right in boxes:
        ax.add_patch(
            Rectangle((left - 0.5, top - 0.5), right - left, bottom - top, fill=False,
                      edgecolor=_FRAME, linewidth=1.6)
        )  # fmt: skip


def _end(values: FloatLike) -> float:
    """Return the upper end of a scale from 0; a map that is silent has a scale to read, too."""
    largest = float(values.max())
    return largest if largest > 0 else 1.0


def _heat(ax: Axes, values: FloatLike, cmap: str, opacity: float, end: float) -> AxesImage:
    """Draw the values as they are large."""
    visible = np.clip(values / end, 0.0, 1.0)
    return ax.imshow(values, cmap=as_colormap(cmap), alpha=opacity * visible, vmin=0.0, vmax=end)


def _add_bar(ax: Axes, heated: AxesImage) -> None:
    bar = ax.figure.colorbar(heated, ax=ax, fraction=0.05, pad=0.03)
    bar.set_label("activation", fontsize=9)
    if bar.solids is not None:
        bar.solids.set_alpha(1)  # the bar shows the colours, not how transparent they are
    bar.outline.set_visible(False)
