"""Where something happens in an image: a heat map over it, with a box around what a node sees."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle

from featureprobe._arguments import Share, checked
from featureprobe.errors import ShapeError
from featureprobe.plotting._axes import axes_or_new
from featureprobe.plotting._cells import bare, headline
from featureprobe.plotting._checks import FloatLike, as_floats, require_finite
from featureprobe.plotting.images import to_rgb
from featureprobe.plotting.maps import as_colormap


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
    ax: Axes | None = None,
    title: str | None = None,
) -> Axes:
    """Show values on top of an image: transparent where they are 0, opaque where they are largest.

    Args:
        image: (H, W, C) finite values in pixel units.
        heat: (H, W) finite values, such as ``fire_map`` gives; below 0 they do not show.
        boxes: (top, left, bottom, right) in pixels, the last two exclusive: drawn as frames.
        low: Pixel units shown black.
        high: Pixel units shown white.
        cmap: Any matplotlib colour map.
        opacity: Of the largest value, 0..1.
        colorbar: Whether to draw the colour bar.
        ax: Axes to draw on; None makes a new figure.
        title: Title of the Axes.

    Returns:
        The Axes; the heat map is ``ax.images[1]``.

    Raises:
        ShapeError: When the shapes do not fit.
        DataError: When a value is NaN or infinite.

    Example:
        >>> import numpy as np
        >>> from featureprobe.plotting import show_overlay
        >>> ax = show_overlay(np.zeros((8, 8, 1)), np.eye(8), boxes=[(0, 0, 4, 4)])
        >>> len(ax.images), len(ax.patches)
        (2, 1)
    """
    picture, values = as_floats(image, "image", ["(H, W, C)"]), as_floats(heat, "heat", ["(H, W)"])
    if picture.shape[:2] != values.shape:
        raise ShapeError(
            f"heat must have the rows and columns of the image, {picture.shape[:2]}. Received "
            f"{values.shape}. Interpolate it first, as fp.fire_map does."
        )
    require_finite(picture, "image")
    require_finite(values, "heat")
    grey = picture if picture.shape[2] in (1, 3) else picture.mean(axis=2, keepdims=True)
    ax = axes_or_new(ax, (4.4, 3.6))
    ax.imshow(to_rgb(grey, contrast=False, low=low, high=high))
    heated = _heat(ax, values, cmap, opacity)
    for box in boxes:
        if np.shape(box) != (4,):
            raise ShapeError(f"A box is (top, left, bottom, right). Received: {box!r}.")
        top, left, bottom, right = box
        ax.add_patch(
            Rectangle((left - 0.5, top - 0.5), right - left, bottom - top, fill=False,
                      edgecolor="#56B4E9", linewidth=1.6)
        )  # fmt: skip
    bare(ax)
    headline(ax, title, "")
    if colorbar:
        _add_bar(ax, heated)
    return ax


def _heat(ax: Axes, values: FloatLike, cmap: str, opacity: float) -> AxesImage:
    """Draw the values as they are large; a map that is silent has a scale to read, too."""
    largest = float(values.max())
    end = largest if largest > 0 else 1.0
    visible = np.clip(values / end, 0.0, 1.0)
    return ax.imshow(values, cmap=as_colormap(cmap), alpha=opacity * visible, vmin=0.0, vmax=end)


def _add_bar(ax: Axes, heated: AxesImage) -> None:
    bar = ax.figure.colorbar(heated, ax=ax, fraction=0.05, pad=0.03)
    bar.set_label("activation", fontsize=9)
    if bar.solids is not None:
        bar.solids.set_alpha(1)  # the bar shows the colours, not how transparent they are
    bar.outline.set_visible(False)
