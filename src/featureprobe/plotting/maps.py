"""The maps of a layer as one picture."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import Colormap
from matplotlib.image import AxesImage
from matplotlib.patheffects import withStroke

from featureprobe._arguments import checked
from featureprobe._names import in_picture
from featureprobe.errors import ConfigError
from featureprobe.plotting._axes import axes_or_new, fit_size
from featureprobe.plotting._cells import (
    Cells,
    bare,
    cell_points,
    frame_cells,
    headline,
    number_rows,
    strike_cells,
    well_shaped,
)
from featureprobe.plotting._checks import (
    FloatLike,
    require_count,
    require_finite,
    require_interval,
    require_whole,
)
from featureprobe.plotting._texts import drawable
from featureprobe.plotting.tiles import as_volumes, constant_maps, plane_of, standardize_maps, tile

Scale = Literal["layer", "map"]
SCALE_LABELS = {"layer": "activation", "map": "per-map scale (mean 128, 64 per std)"}
_STRIP_RATIO = 4.0
_SMALLEST_NUMBERED = 17.0
_FLAT = 60.0
_LONGEST_LABEL = 24  # letters beside a small mosaic
_WIDE = 1.4  # width over height of a picture that a page or a notebook shows well


@checked
def show_maps(
    maps: npt.ArrayLike,
    *,
    columns: int | None = None,
    plane: int | None = None,
    ax: Axes | None = None,
    scale: Scale = "layer",
    vmin: float | None = None,
    vmax: float | None = None,
    cmap: str | Colormap = "viridis",
    numbers: bool | Sequence[int] = True,
    colorbar: bool = True,
    label: str | None = None,
    title: str | None = None,
) -> Axes:
    """Show all maps of a layer as one mosaic, row by row from the top.

    A constant map is struck through by a thin diagonal, and a note says how many there are;
    on its own scale (``scale="map"``) it is grey, for there is nothing to be amplified.

    Args:
        maps: (H, W, C) maps, (D, H, W, C) maps of volumes, (L, C) strips or (n,) nodes of a layer for
            one image; finite, never written to. A node is one square; a strip is drawn four times
            as wide as high; of volumes one plane is shown, on the scale of all.
        columns: Maps per row, at least 1; None: as many as make the picture a little wider than high.
        plane: Of volumes, the number of the plane to show; None: where the maps, each on its own
            scale, are strongest together. A note tells it.
        ax: Axes to draw on; None makes a new figure of at most 16 x 9 inches.
        scale: ``"layer"``: one scale for all maps, so that colours can be compared. ``"map"``:
            each map on its own scale, see :func:`standardize_maps`; shapes only.
        vmin: Lower end of the layer's scale; None: the smallest value, at most 0.
        vmax: Upper end of the layer's scale; None: the largest value.
        cmap: Any matplotlib colour map; ``"jet"`` makes edges that are not in the data.
        numbers: True numbers the maps 0..C-1; a sequence gives C other numbers; False none.
            Where cells are small, only the first map of a row is numbered, at the left.
        colorbar: Whether to draw the colour bar.
        label: What the values are, for the colour bar; None: activations.
        title: Title of the Axes.

    Returns:
        The Axes; the mosaic is ``ax.images[0]``.

    Raises:
        ShapeError: When ``maps`` has another rank or is empty, or ``numbers`` another length.
        DataError: When a value is NaN or infinite.
        RangeError: When ``columns`` is below 1, ``vmin`` not below ``vmax``, or there is no such plane.
        ConfigError: For an unknown ``scale`` or colour map, limits with ``scale="map"``, or a plane
            of maps that have none.

    Example:
        >>> import numpy as np
        >>> from featureprobe.plotting import show_maps
        >>> ax = show_maps(np.random.default_rng(0).random((5, 5, 64)), cmap="jet")
        >>> ax.images[0].get_array().shape
        (40, 40)
    """
    require_finite(whole := as_volumes(maps), "maps")
    limits = scale_limits([whole], scale, vmin, vmax)
    raw, number = plane_of(maps, plane)
    cells = _cells_of(raw, columns)
    names, stretch, colors = _names(numbers, cells.count), pixel_stretch(raw), as_colormap(cmap)
    ax = axes_or_new(ax, natural_size(raw, cells.columns, colorbar=colorbar))
    image = ax.imshow(
        tile(raw if scale == "layer" else _own_scales(maps, number), cells.columns),
        cmap=colors,
        vmin=limits[0],
        vmax=limits[1],
        aspect=stretch,
        interpolation="nearest",
    )
    bare(ax)
    constant = np.flatnonzero(constant_maps(maps)).tolist()
    width, height = cell_points(ax, cells, stretch)
    _draw_lines(ax, cells, constant, scale, min(width, height))
    _draw_numbers(image, cells, names, (width, height))
    headline(ax, title, _note(constant, whole, number), room=width * cells.columns)
    if colorbar:
        size = (width * cells.columns, height * cells.rows)
        _draw_colorbar(ax, image, drawable(label, _LONGEST_LABEL) or SCALE_LABELS[scale], size)
    return ax


def scale_limits(
    layers: Sequence[FloatLike], scale: str, vmin: float | None, vmax: float | None
) -> tuple[float, float]:
    """Return the (vmin, vmax) that one or several layers are shown with."""
    if scale not in SCALE_LABELS:
        raise ConfigError(f"scale must be 'layer' or 'map'. Received {scale!r}. Give one of them.")
    if scale == "map":
        if vmin is not None or vmax is not None:
            raise ConfigError(
                "vmin and vmax belong to scale='layer'. Received them with scale='map', which "
                "shows 0..255 always. Leave them out or change the scale."
            )
        return 0.0, 255.0
    low = min(0.0, *(float(layer.min()) for layer in layers)) if vmin is None else float(vmin)
    high = max(float(layer.max()) for layer in layers) if vmax is None else float(vmax)
    if vmax is None and high <= low:
        high = low + 1.0  # A layer that is silent everywhere still needs a scale.
    require_interval(low, high, "vmin..vmax")
    return low, high


def pixel_stretch(maps: FloatLike) -> float:
    """Return height over width of one node as drawn: 1, or more for the nodes of a strip."""
    height, width, _ = maps.shape
    return max(1.0, width / _STRIP_RATIO) if height == 1 else 1.0


def columns_for(maps: FloatLike, *, beside: int = 1) -> int:
    """Return how many of the maps (H, W, C) to put in a row: a multiple of 8 where there are many.

    Strips are read from left to right, and compared when they stand below one another.

    Args:
        maps: The maps.
        beside: How many such pictures stand side by side.
    """
    height, width, count = maps.shape
    shape = width / (height * pixel_stretch(maps))
    strips = height == 1 and width > 1
    choices = range(1, count + 1) if strips else range(8, count + 8, 8)
    return well_shaped(choices, count, shape * beside, _WIDE)


def natural_size(maps: FloatLike, columns: int, *, colorbar: bool) -> tuple[float, float]:
    """Return the size in inches of a new figure for a mosaic of maps (H, W, C)."""
    cells, stretch = _cells_of(maps, columns), pixel_stretch(maps)
    rows, cols = cells.shape
    inch = 1.1 / min(cells.width, cells.height * stretch)
    width, height = fit_size(
        cols * inch, rows * stretch * inch, margin=(1.0 if colorbar else 0.4, 0.6)
    )
    # A flat mosaic has its colour bar below, which needs height.
    return width, height + 0.6 * (colorbar and height - 0.6 < _FLAT / 72.0)


def as_colormap(cmap: str | Colormap) -> Colormap:
    """Return the colour map with cells without a value left transparent."""
    if isinstance(cmap, str) and cmap not in colormaps:
        raise ConfigError(
            f"cmap must be a matplotlib colour map. Received {cmap!r}. "
            "Give one such as 'viridis', 'gray', 'RdBu_r' or 'jet'."
        )
    found = colormaps[cmap] if isinstance(cmap, str) else cmap
    return found.with_extremes(bad="none")


def _cells_of(maps: FloatLike, columns: int | None) -> Cells:
    columns = columns_for(maps) if columns is None else columns
    require_whole(columns, "columns")
    height, width, count = maps.shape
    return Cells(count, min(int(columns), count), height, width)


def _names(numbers: bool | Sequence[int], count: int) -> list[str]:
    if isinstance(numbers, bool):
        return [str(k) for k in range(count)] if numbers else []
    require_count(numbers, count, "numbers", "maps")
    return [in_picture(k, 12) for k in numbers]


def _own_scales(maps: npt.ArrayLike, plane: int | None) -> FloatLike:
    """Return (H, W, C) maps on their own scales; of volumes a plane, on the scale of the whole map."""
    scaled = standardize_maps(maps)
    return scaled if plane is None else scaled[plane]


def _note(constant: list[int], maps: FloatLike, plane: int | None) -> str:
    notes = [f"plane {plane} of {len(maps)}"] * (plane is not None)
    word = "zero node" if maps.shape[:3] == (1, 1, 1) else "constant map"
    notes += [f"diagonal: {word} ({len(constant)} of {maps.shape[3]})"] * bool(constant)
    return "; ".join(notes)


def _draw_lines(ax: Axes, cells: Cells, constant: list[int], scale: str, size: float) -> None:
    if scale == "map":
        frame_cells(ax, cells, constant, color="none", width=0.0, fill="0.75")
    line = float(np.clip(0.03 * size, 0.25, 1.5))
    frame_cells(ax, cells, range(cells.count), color="white", width=line)
    strike_cells(ax, cells, constant)


def _draw_numbers(
    image: AxesImage, cells: Cells, names: list[str], size: tuple[float, float]
) -> None:
    ax = image.axes
    if not names:
        return
    if min(size) < _SMALLEST_NUMBERED:
        number_rows(ax, cells, names, size[1])
        return
    # Small and thinly rimmed: below it is a node, whose colour must be seen.
    font = float(np.clip(0.16 * min(size), 5.0, 8.0))
    pixels = image.to_rgba(np.ma.asarray(image.get_array()))
    inset = (0.25 * font, -0.2 * font)
    for cell, name in enumerate(names):
        row, col = cells.origin(cell)
        red, green, blue, there = pixels[row, col]
        dark = there > 0 and 0.3 * red + 0.59 * green + 0.11 * blue < 0.55
        color, rim = ("white", "0.15") if dark else ("0.1", "0.9")
        ax.annotate(
            name, (col - 0.5, row - 0.5), inset, textcoords="offset points",
            fontsize=font, color=color, ha="left", va="top",
            path_effects=[withStroke(linewidth=1.0, foreground=rim, alpha=0.5)],
        )  # fmt: skip


def _draw_colorbar(ax: Axes, image: AxesImage, label: str, size: tuple[float, float]) -> None:
    # An inset belongs to ax: it is as high as the picture, and nobody else's Axes shrink.
    width, height = size
    flat = height < _FLAT
    below = (0.0, -18.0 / height, min(1.0, 160.0 / width), 8.0 / height)
    beside = (1.0 + 8.0 / width, 0.0, 10.0 / width, 1.0)
    cax = ax.inset_axes(below if flat else beside)
    bar = ax.figure.colorbar(image, cax=cax, orientation="horizontal" if flat else "vertical")
    bar.set_label(label, fontsize=9)
    bar.ax.tick_params(labelsize=8)
    bar.outline.set_visible(False)
