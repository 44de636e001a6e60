"""Many images as one mosaic, each with its number, its score and how its run ended."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from featureprobe._arguments import checked
from featureprobe.errors import ConfigError
from featureprobe.plotting._axes import axes_or_new, fit_size
from featureprobe.plotting._cells import (
    Cells,
    bare,
    headline,
    well_shaped,
)
from featureprobe.plotting._checks import (
    FloatLike,
    as_floats,
    require_interval,
    require_whole,
)
from featureprobe.plotting._labels import annotate, texts_of
from featureprobe.plotting._slices import Cut, cut_of, gap_of
from featureprobe.plotting.images import to_rgb

_WIDE = 1.6  # width over height of a picture that a page or a notebook shows well


@checked
def show_mosaic(
    images: npt.ArrayLike,
    *,
    titles: Sequence[str | int] | None = None,
    scores: npt.ArrayLike | None = None,
    statuses: Sequence[str] | None = None,
    contrast: bool = False,
    low: float = 0.0,
    high: float = 255.0,
    columns: int | None = None,
    plane: int | None = None,
    at: Sequence[int] | None = None,
    ax: Axes | None = None,
    title: str | None = None,
) -> Axes:
    """Show many images, row by row from the top, in one picture.

    Above each image stand its number (left) and its score (right); its frame has the colour of
    its status, explained by a legend with counts. Dead and diverged images are struck through,
    and an image without a finite value is an empty, struck cell. Single pixels that are NaN are
    left empty. Where cells are too small for that, scores are left out first, then all numbers but
    the first of each row.

    Args:
        images: (N, H, W, C) pixel units, never written to. Channels as in :func:`show_image`. Of
            volumes (N, D, H, W, C) slices are shown, as :func:`show_volume` lays them.
        titles: N numbers or short names; None numbers the images 0..N-1.
        scores: (N,) numbers, any unit.
        statuses: N words such as ``"converged"``, ``"rising"`` or ``"dead"``; any words do.
        contrast: True applies :func:`stretch` to each image on its own, and a note says so; False
            shows ``low..high`` as black to white.
        low: Pixel units shown black when ``contrast`` is False.
        high: Pixel units shown white when ``contrast`` is False.
        columns: Images per row, at least 1; None: as many as make the picture wider than high.
        plane: Of volumes, the number of the one plane to show.
        at: Of volumes, (plane, row, col) that the three slices go through; None: of each volume its
            own strongest place.
        ax: Axes to draw on; None makes a new figure of at most 16 x 9 inches.
        title: Title of the Axes.

    Returns:
        The Axes; the mosaic is ``ax.images[0]``.

    Raises:
        ShapeError: When ``images`` has another rank or is empty, or when ``titles``, ``scores`` or
            ``statuses`` have another length.
        RangeError: When ``columns`` is below 1, ``low`` not below ``high``, or a volume has no such
            place.
        ConfigError: When ``plane`` or ``at`` is given for images that are no volumes, or both.

    Example:
        >>> import numpy as np
        >>> from featureprobe.plotting import show_mosaic
        >>> ax = show_mosaic(np.zeros((3, 8, 8, 1)), statuses=["converged", "rising", "dead"])
        >>> [text.get_text() for text in ax.get_legend().get_texts()]
        ['converged (1)', 'rising (1)', 'dead, struck through (1)']
    """
    values = as_floats(images, "images", ["(N, H, W, C)", "(N, D, H, W, C)"])
    cuts = _cuts(values, plane, at)
    columns = columns_of(values, alone=plane is not None) if columns is None else columns
    require_whole(columns, "columns")
    require_interval(low, high, "low..high")
    texts = texts_of(len(values), titles, scores, statuses)
    canvas, cells = _paint(values, min(int(columns), len(values)), contrast, low, high, cuts)
    ax = axes_or_new(ax, natural_size(cells))
    ax.imshow(canvas)
    bare(ax)
    room, scored = annotate(
        ax, cells, texts, {k for k, v in enumerate(values) if not is_picture(v)}
    )
    notes = ["number | score above each image"] * scored
    notes += ["each image contrast stretched on its own"] * contrast
    notes += [f"plane {plane} of {values.shape[1]}"] * (plane is not None)
    headline(ax, title, "; ".join(notes), room=room)
    return ax


def columns_of(images: FloatLike, *, alone: bool = False) -> int:
    """Return how many of the images (N, H, W, C), or volumes, to put in a row.

    Args:
        images: The images.
        alone: Of volumes, whether a single plane is shown.
    """
    count, (height, width) = len(images), images.shape[-3:-1]
    if images.ndim == 5 and not alone:
        gap = gap_of(images.shape[1:])
        height, width = height + gap + images.shape[1], width + gap + images.shape[1]
    return well_shaped(range(1, count + 1), count, width / (1.27 * height), _WIDE)


def _cuts(values: FloatLike, plane: int | None, at: Sequence[int] | None) -> list[Cut] | list[None]:
    """Return where to cut each volume; of images None."""
    if values.ndim == 5:
        return [cut_of(volume, plane, at) for volume in values]
    if plane is not None or at is not None:
        raise ConfigError(
            f"plane= and at= are for volumes (N, D, H, W, C). Received images {values.shape}. "
            "Leave them out."
        )
    return [None] * len(values)


def _paint(
    values: FloatLike,
    columns: int,
    contrast: bool,
    low: float,
    high: float,
    cuts: Sequence[Cut | None],
) -> tuple[npt.NDArray[np.uint8], Cells]:
    blank = to_rgb(np.zeros_like(values[0]), contrast=False, low=low, high=high, cut=cuts[0])
    height, width = blank.shape[:2]
    cells = Cells(
        len(values), columns, height, width, max(1, round(0.07 * width)), max(1, round(0.2 * width))
    )
    # Transparent between the cells, so that the mosaic sits on any background.
    canvas = np.zeros((*cells.shape, 4), dtype=np.uint8)
    for k, (image, cut) in enumerate(zip(values, cuts, strict=True)):
        row, col = cells.origin(k)
        place = canvas[row : row + height, col : col + width]
        place[..., 3] = 255
        if not is_picture(image):
            place[..., :3] = 224
            continue
        missing = np.isnan(image)
        filled = np.where(missing, np.nanmedian(image), image) if missing.any() else image
        place[..., :3] = to_rgb(filled, contrast=contrast, low=low, high=high, cut=cut)
        if image.shape[-1] in (1, 3):  # of other channels the picture is a grid of its own
            empty = missing if cut is None else cut.flat(missing, fill=1.0) > 0
            place[empty.any(axis=2), 3] = 0
    return canvas, cells


def is_picture(image: FloatLike) -> bool:
    """Whether there is something to show: finite values, NaN beside them at most."""
    return bool(np.isfinite(image).any() and not np.isinf(image).any())


def natural_size(cells: Cells) -> tuple[float, float]:
    """Return the size in inches of a new figure for a mosaic."""
    rows, cols = cells.shape
    inch = 1.3 / max(cells.height, cells.width)
    # Narrow figures need more lines for the title, the note and the legend.
    return fit_size(cols * inch, rows * inch, margin=(0.3, 0.8 if cols * inch > 7.0 else 1.3))
