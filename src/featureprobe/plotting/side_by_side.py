"""One layer's maps for several images, side by side on one scale."""

from collections.abc import Sequence

import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import Colormap
from matplotlib.figure import Figure, SubFigure
from matplotlib.gridspec import SubplotSpec

from featureprobe._arguments import checked
from featureprobe._names import in_picture
from featureprobe.errors import ShapeError
from featureprobe.plotting._axes import figure_or_new
from featureprobe.plotting._checks import (
    FloatLike,
    require_count,
    require_finite,
    require_whole,
)
from featureprobe.plotting.images import show_image
from featureprobe.plotting.maps import (
    SCALE_LABELS,
    Scale,
    columns_for,
    natural_size,
    scale_limits,
    show_maps,
)
from featureprobe.plotting.predictions import show_prediction
from featureprobe.plotting.tiles import as_maps

_HEAD_INCHES = 2.0
_IMAGE_INCHES = 1.6
_BARS_INCHES = 2.5


@checked
def show_grids_side_by_side(
    maps_list: Sequence[npt.ArrayLike],
    inputs: Sequence[npt.ArrayLike] | None = None,
    predictions: Sequence[npt.ArrayLike] | None = None,
    titles: Sequence[str] | None = None,
    *,
    columns: int | None = None,
    scale: Scale = "layer",
    cmap: str | Colormap = "viridis",
    labels: Sequence[str] | None = None,
    low: float = 0.0,
    high: float = 255.0,
    figure: Figure | SubFigure | None = None,
) -> Figure | SubFigure:
    """Compare what one layer answers to several images: one column of the figure per image.

    A column holds the image and its prediction vector, where given, and below them the mosaic
    of all maps. All mosaics share one scale and one colour bar, so colours can be compared.

    Args:
        maps_list: K outputs of one layer, each (H, W, C), (L, C) or (n,), all of one shape.
        inputs: K images (H, W, C) in pixel units.
        predictions: K output vectors (n,) of the model.
        titles: K titles, such as where the images come from.
        columns: Maps per row of a mosaic, at least 1; None: as suits their number.
        scale: ``"layer"``: one scale for everything; ``"map"``: each map its own, see
            :func:`show_maps`.
        cmap: Any matplotlib colour map.
        labels: Names of the classes of ``predictions``.
        low: Pixel units of ``inputs`` shown black.
        high: Pixel units of ``inputs`` shown white.
        figure: Figure or SubFigure to draw on; None makes a new figure.

    Returns:
        The figure.

    Raises:
        ShapeError: When there are no maps, when their shapes differ, or when ``inputs``,
            ``predictions`` or ``titles`` have another length.
        DataError: When a value is NaN or infinite.
        RangeError: When ``columns`` is below 1.
        ConfigError: For an unknown ``scale`` or colour map.

    Example:
        >>> import numpy as np
        >>> from featureprobe.plotting import show_grids_side_by_side
        >>> maps = np.random.default_rng(0).random((2, 3, 3, 32))
        >>> figure = show_grids_side_by_side(maps, titles=["a 4", "a 9"])
        >>> len({ax.images[0].get_clim() for ax in figure.axes if ax.images})
        1
    """
    layers = _checked(maps_list)
    count = len(layers)
    columns = columns_for(layers[0], beside=count) if columns is None else columns
    require_whole(columns, "columns")
    for given, what in ((inputs, "inputs"), (predictions, "predictions"), (titles, "titles")):
        require_count(given, count, what, "images")
    limits = scale_limits(layers, scale, None, None) if scale != "map" else (None, None)
    headed = inputs is not None or predictions is not None
    size, ratios = _size(layers[0], columns, count, headed)
    figure = figure_or_new(figure, size)
    grid = figure.add_gridspec(len(ratios), count, height_ratios=ratios)
    mosaics = [] if headed else _side_by_side(figure, [grid[-1, k] for k in range(count)])
    for k, maps in enumerate(layers):
        title = None if titles is None else in_picture(titles[k])
        if headed:
            parts = _head(grid[0, k], inputs is not None, predictions is not None, size[0] / count)
            if inputs is not None:
                top = figure.add_subplot(parts[0], anchor="NW")
                show_image(inputs[k], ax=top, low=low, high=high, title=title)
            if predictions is not None:
                top = figure.add_subplot(parts[-1])
                # The title stands once in each column, over what comes first.
                own = title if inputs is None else None
                show_prediction(predictions[k], labels, ax=top, top=10, title=own)
            mosaics += _side_by_side(figure, [grid[-1, k]])
        show_maps(
            maps, ax=mosaics[k], columns=columns, scale=scale, vmin=limits[0], vmax=limits[1],
            cmap=cmap, colorbar=False, title=None if headed else title,
        )  # fmt: skip
    bar = figure.colorbar(mosaics[-1].images[0], ax=mosaics, aspect=40, pad=0.02)
    bar.set_label(SCALE_LABELS[scale], fontsize=9)
    bar.outline.set_visible(False)
    return figure


def _side_by_side(figure: Figure | SubFigure, places: Sequence[SubplotSpec]) -> list[Axes]:
    """Add the Axes of mosaics; all at once, since Axes that are alone are taken to fill a figure."""
    return [figure.add_subplot(place, anchor="NW") for place in places]


def _checked(maps_list: Sequence[npt.ArrayLike]) -> list[FloatLike]:
    layers = [as_maps(maps) for maps in maps_list]
    if not layers or any(layer.shape != layers[0].shape for layer in layers):
        raise ShapeError(
            "maps_list must hold outputs of one layer, all of one shape. Received the shapes "
            f"{[layer.shape for layer in layers]}. Give the same layer for each image."
        )
    for layer in layers:
        require_finite(layer, "maps_list")
    return layers


def _size(
    maps: FloatLike, columns: int, count: int, headed: bool
) -> tuple[tuple[float, float], list[float]]:
    """Return the (width, height) of a new figure in inches and the heights of its rows."""
    header = _HEAD_INCHES if headed else 0.0
    width, height = natural_size(maps, columns, colorbar=False)
    shrink = min(1.0, 15.0 / (width * count), (10.0 - header) / height)
    width, height = max(shrink * width, 1.9 * header, 2.2), shrink * height
    return (count * width + 1.0, height + header), [header, height] if headed else [height]


def _head(place: SubplotSpec, with_image: bool, with_bars: bool, width: float) -> list[SubplotSpec]:
    """Return the places of the image and the bars in a column that is ``width`` inches wide."""
    widths = [_IMAGE_INCHES] * with_image + [_BARS_INCHES] * with_bars
    rest = max(width - sum(widths), 0.01)
    inner = place.subgridspec(1, len(widths) + 1, width_ratios=[*widths, rest])
    return [inner[0, k] for k in range(len(widths))]
