"""One layer's maps for several images, side by side on one scale."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
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
    as_floats,
    require_count,
    require_finite,
    require_whole,
)
from featureprobe.plotting.any_rank import show_any
from featureprobe.plotting.maps import (
    SCALE_LABELS,
    Scale,
    columns_for,
    natural_size,
    scale_limits,
    show_maps,
)
from featureprobe.plotting.predictions import show_prediction
from featureprobe.plotting.series import scale_for
from featureprobe.plotting.tiles import ANY_SHAPES, plane_of

_HEAD_INCHES = 2.0
_IMAGE_INCHES = 1.6
_CURVE_INCHES = 3.2
_BARS_INCHES = 2.5
_SERIES = 2  # axes of (L, C)


@dataclass(frozen=True)
class _Head:
    """What stands above the mosaics: the images, the outputs for them, or both."""

    images: Sequence[FloatLike] | None
    predictions: Sequence[npt.ArrayLike] | None
    labels: Sequence[str] | None
    scale: tuple[float, float]

    @classmethod
    def of(
        cls,
        inputs: Sequence[npt.ArrayLike] | None,
        predictions: Sequence[npt.ArrayLike] | None,
        labels: Sequence[str] | None,
        scale: tuple[float, float],
    ) -> Self:
        images = None if inputs is None else [np.asarray(image) for image in inputs]
        head = cls(images, predictions, labels, scale)
        if images is None or not head.curves:
            return head
        own = scale_for(np.concatenate(images).astype(float), *scale)
        return cls(images, predictions, labels, own)

    @property
    def curves(self) -> bool:
        """Whether the images are series."""
        return self.images is not None and self.images[0].ndim == _SERIES

    @property
    def widths(self) -> list[float]:
        """Of the parts, in inches; empty where there are none."""
        picture = _CURVE_INCHES if self.curves else _IMAGE_INCHES
        return [picture] * (self.images is not None) + [_BARS_INCHES] * (
            self.predictions is not None
        )

    def draw(
        self,
        figure: Figure | SubFigure,
        place: SubplotSpec,
        k: int,
        width: float,
        title: str | None,
    ) -> None:
        """Draw what belongs to image k into a column that is ``width`` inches wide."""
        rest = max(width - sum(self.widths), 0.01)
        parts = place.subgridspec(1, len(self.widths) + 1, width_ratios=[*self.widths, rest])
        if self.images is not None:
            low, high = self.scale
            top = figure.add_subplot(parts[0, 0], anchor="NW")
            show_any(self.images[k], ax=top, low=low, high=high, title=title)
        if self.predictions is not None:
            top = figure.add_subplot(parts[0, len(self.widths) - 1])
            # The title stands once in each column, over what comes first.
            own = title if self.images is None else None
            show_prediction(self.predictions[k], self.labels, ax=top, top=10, title=own)


@checked
def show_grids_side_by_side(
    maps_list: Sequence[npt.ArrayLike],
    inputs: Sequence[npt.ArrayLike] | None = None,
    predictions: Sequence[npt.ArrayLike] | None = None,
    titles: Sequence[str] | None = None,
    *,
    columns: int | None = None,
    plane: int | None = None,
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
        maps_list: K outputs of one layer, each (H, W, C), (D, H, W, C), (L, C) or (n,), all of one shape.
        inputs: K images (*spatial, C) in pixel units.
        predictions: K output vectors (n,) of the model.
        titles: K titles, such as where the images come from.
        columns: Maps per row of a mosaic, at least 1; None: as suits their number.
        plane: Of volumes, the number of the plane to show; None: where the maps of the first image are
            strongest together.
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
    shown, plane = plane_of(layers[0], plane)
    columns = columns_for(shown, beside=count) if columns is None else columns
    require_whole(columns, "columns")
    for given, what in ((inputs, "inputs"), (predictions, "predictions"), (titles, "titles")):
        require_count(given, count, what, "images")
    limits = scale_limits(layers, scale, None, None) if scale != "map" else (None, None)
    head = _Head.of(inputs, predictions, labels, (low, high))
    size, ratios = _size(shown, columns, count, head)
    figure = figure_or_new(figure, size)
    grid = figure.add_gridspec(len(ratios), count, height_ratios=ratios)
    headed = bool(head.widths)
    mosaics = [] if headed else _side_by_side(figure, [grid[-1, k] for k in range(count)])
    for k, maps in enumerate(layers):
        title = None if titles is None else in_picture(titles[k])
        if headed:
            head.draw(figure, grid[0, k], k, size[0] / count, title)
            mosaics += _side_by_side(figure, [grid[-1, k]])
        show_maps(
            maps, ax=mosaics[k], columns=columns, plane=plane, scale=scale, vmin=limits[0],
            vmax=limits[1], cmap=cmap, colorbar=False, title=None if headed else title,
        )  # fmt: skip
    bar = figure.colorbar(mosaics[-1].images[0], ax=mosaics, aspect=40, pad=0.02)
    bar.set_label(SCALE_LABELS[scale], fontsize=9)
    bar.outline.set_visible(False)
    return figure


def _side_by_side(figure: Figure | SubFigure, places: Sequence[SubplotSpec]) -> list[Axes]:
    """Add the Axes of mosaics; all at once, since Axes that are alone are taken to fill a figure."""
    return [figure.add_subplot(place, anchor="NW") for place in places]


def _checked(maps_list: Sequence[npt.ArrayLike]) -> list[FloatLike]:
    layers = [as_floats(maps, "maps", ANY_SHAPES) for maps in maps_list]
    if not layers or any(layer.shape != layers[0].shape for layer in layers):
        raise ShapeError(
            "maps_list must hold outputs of one layer, all of one shape. Received the shapes "
            f"{[layer.shape for layer in layers]}. Give the same layer for each image."
        )
    for layer in layers:
        require_finite(layer, "maps_list")
    return layers


def _size(
    maps: FloatLike, columns: int, count: int, head: _Head
) -> tuple[tuple[float, float], list[float]]:
    """Return the (width, height) of a new figure in inches and the heights of its rows."""
    header = _HEAD_INCHES if head.widths else 0.0
    width, height = natural_size(maps, columns, colorbar=False)
    shrink = min(1.0, 15.0 / (width * count), (10.0 - header) / height)
    width, height = (
        max(shrink * width, (2.9 if head.curves else 1.9) * header, 2.2),
        shrink * height,
    )
    return (count * width + 1.0, height + header), [header, height] if head.widths else [height]
