"""Maps of a layer laid out as one grid: no map is dropped, whatever the counts."""

import numpy as np
import numpy.typing as npt

from featureprobe._arguments import checked
from featureprobe.errors import ConfigError, RangeError
from featureprobe.plotting._checks import (
    FloatLike,
    as_floats,
    require_at_least,
    require_finite,
    require_whole,
)
from featureprobe.plotting._slices import cut_of

MAP_SHAPES = ("(H, W, C)", "(L, C)", "(n,)")
ANY_SHAPES = ("(D, H, W, C)", *MAP_SHAPES)


def as_maps(maps: npt.ArrayLike) -> FloatLike:
    """Return the output of a layer for one image as maps of shape (H, W, C).

    Args:
        maps: (H, W, C) maps as they are; (L, C) strips become (1, L, C); (n,) nodes (1, 1, n).
    """
    array = as_floats(maps, "maps", MAP_SHAPES)
    return array.reshape((1,) * (3 - array.ndim) + array.shape)


def as_volumes(maps: npt.ArrayLike) -> FloatLike:
    """Return the output of a layer for one image as (D, H, W, C): of maps one plane, see as_maps."""
    array = as_floats(maps, "maps", ANY_SHAPES)
    return array.reshape((1,) * (4 - array.ndim) + array.shape)


def plane_of(maps: npt.ArrayLike, plane: int | None) -> tuple[FloatLike, int | None]:
    """Return one plane (H, W, C) of the maps of a layer, and its number.

    Args:
        maps: (D, H, W, C) of a layer of volumes, or what :func:`as_maps` takes.
        plane: Its number; None: where the maps, each on its own scale, are strongest together.

    Returns:
        The plane, and its number; None where the layer has no planes.

    Raises:
        ShapeError: When ``maps`` has another rank or is empty.
        ConfigError: When a plane is asked of maps that have none.
        RangeError: When there is no such plane.
    """
    volumes = as_volumes(maps)
    if np.ndim(maps) < 4:
        if plane is not None:
            raise ConfigError(
                f"plane= is for maps of volumes (D, H, W, C). Received maps {np.shape(maps)} and "
                f"plane={plane!r}. Leave it out."
            )
        return volumes[0], None
    if plane is None:
        centred = np.abs(volumes - np.median(volumes, axis=(0, 1, 2)))
        largest = centred.max(axis=(0, 1, 2))
        shares = centred.max(axis=(1, 2)) / np.where(largest > 0, largest, 1)
        plane = int(np.argmax(shares.sum(axis=1)))
    number = cut_of(volumes, plane, None).at[0]
    return volumes[number], number


@checked
def tile(maps: npt.ArrayLike, columns: int = 8) -> FloatLike:
    """Lay the maps of a layer side by side, row by row from the top.

    Args:
        maps: (H, W, C) maps, (L, C) strips or (n,) nodes, as a layer answers to one image.
        columns: Maps per row, at least 1. Fewer maps than that make fewer columns.

    Returns:
        A new (rows * H, columns * W) float array with ``rows = ceil(C / columns)``. Cells after
        the last map are NaN.

    Raises:
        ShapeError: When ``maps`` has another rank or is empty.
        RangeError: When ``columns`` is below 1.

    Example:
        >>> import numpy as np
        >>> from featureprobe.plotting import tile
        >>> tile(np.zeros((3, 5, 10)), columns=4).shape
        (9, 20)
        >>> tile(np.arange(3), columns=2)
        array([[ 0.,  1.],
               [ 2., nan]])
    """
    cells = as_maps(maps)
    height, width, count = cells.shape
    require_whole(columns, "columns")
    columns = min(int(columns), count)
    rows = -(-count // columns)
    padded = np.full((height, width, rows * columns), np.nan, dtype=cells.dtype)
    padded[..., :count] = cells
    grid = padded.reshape(height, width, rows, columns).transpose(2, 0, 3, 1)
    return grid.reshape(rows * height, columns * width)


@checked
def untile(grid: npt.ArrayLike, size: tuple[int, int], count: int) -> FloatLike:
    """Take a grid of :func:`tile` apart again.

    Args:
        grid: (rows * H, columns * W) array.
        size: (H, W) of one map.
        count: The number of maps C.

    Returns:
        A new (H, W, C) float array: ``untile(tile(maps), (H, W), C)`` equals ``maps``.

    Raises:
        ShapeError: When ``grid`` has not rank 2 or is empty.
        RangeError: When the grid is not made of such cells, or has fewer than ``count``.

    Example:
        >>> import numpy as np
        >>> from featureprobe.plotting import tile, untile
        >>> maps = np.arange(30.0).reshape(2, 3, 5)
        >>> bool((untile(tile(maps, 2), (2, 3), 5) == maps).all())
        True
    """
    array = as_floats(grid, "grid", ["(rows * H, columns * W)"])
    height, width = size
    fits = height > 0 and width > 0 and not array.shape[0] % height and not array.shape[1] % width
    cells = (array.shape[0] // height) * (array.shape[1] // width) if fits else 0
    if not 1 <= count <= cells:
        raise RangeError(
            f"A grid of shape {array.shape} must hold {count} cells of size {size}. "
            f"Received one with {cells} such cells. Give the size and count of the tiled maps."
        )
    rows, columns = array.shape[0] // height, array.shape[1] // width
    maps = array.reshape(rows, height, columns, width).transpose(1, 3, 0, 2)
    return maps.reshape(height, width, cells)[..., :count].copy()


@checked
def constant_maps(maps: npt.ArrayLike, *, tolerance: float = 1e-6) -> npt.NDArray[np.bool_]:
    """Tell which maps are constant, so that their picture would be rounding noise.

    A map is constant when the standard deviation of its values is at most ``tolerance`` times the
    largest magnitude in the whole layer. A map of a single node has no deviation: it counts as
    constant only when it is exactly zero, since a small probability is still an answer.

    Args:
        maps: (D, H, W, C), (H, W, C), (L, C) or (n,) finite values of one layer for one image.
        tolerance: Relative to the largest magnitude of the layer; float32 rounds at 1.2e-7.

    Returns:
        (C,) bool; all True for a layer that is zero everywhere.

    Raises:
        ShapeError: When ``maps`` has another rank or is empty.
        DataError: When a value is NaN or infinite.

    Example:
        >>> import numpy as np
        >>> from featureprobe.plotting import constant_maps
        >>> constant_maps(np.array([[[0.0, 1.0], [0.0, 2.0]]]))
        array([ True, False])
    """
    cells = as_volumes(maps).astype(np.float64)
    require_finite(cells, "maps")
    require_at_least(tolerance, 0.0, "tolerance")
    if cells.shape[:3] == (1, 1, 1):
        silent: npt.NDArray[np.bool_] = cells[0, 0, 0] == 0.0
        return silent
    flat: npt.NDArray[np.bool_] = cells.std(axis=(0, 1, 2)) <= tolerance * np.abs(cells).max()
    return flat


@checked
def standardize_maps(maps: npt.ArrayLike) -> FloatLike:
    """Give each map its own scale for display: ``128 + 64 * (map - mean) / std``, within 0..255.

    The strength of a map is lost: compare shapes within maps, never colours between maps or
    images. Single nodes have no deviation of their own: they share the mean and the standard
    deviation of the layer.

    Args:
        maps: (D, H, W, C), (H, W, C), (L, C) or (n,) finite values. Never written to.

    Returns:
        A new (H, W, C), or (D, H, W, C), float32 array of display values in 0..255. A constant map (see
        :func:`constant_maps`) is NaN throughout: there is nothing to be amplified.

    Raises:
        ShapeError: When ``maps`` has another rank or is empty.
        DataError: When a value is NaN or infinite.

    Example:
        >>> import numpy as np
        >>> from featureprobe.plotting import standardize_maps
        >>> standardize_maps(np.array([[[0.0, 7.0], [2.0, 7.0]]]))[0]
        array([[ 64.,  nan],
               [192.,  nan]], dtype=float32)
    """
    cells = as_volumes(maps).astype(np.float64)
    constant = constant_maps(cells)
    axes = (0, 1, 2, 3) if cells.shape[:3] == (1, 1, 1) else (0, 1, 2)
    spread = cells.std(axis=axes, keepdims=True)
    centred = cells - cells.mean(axis=axes, keepdims=True)
    scaled = centred / np.where(spread > 0.0, spread, 1.0)
    display = np.clip(128.0 + 64.0 * scaled, 0.0, 255.0)
    shown = np.where(constant, np.nan, display).astype(np.float32)
    return shown if np.ndim(maps) == 4 else shown[0]
