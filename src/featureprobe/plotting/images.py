"""One image, plain or with its contrast stretched."""

from typing import Annotated

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from featureprobe._arguments import checked
from featureprobe._kinds import OWN, is_number, received
from featureprobe.errors import RangeError
from featureprobe.plotting._axes import axes_or_new, fit_size
from featureprobe.plotting._cells import bare, headline
from featureprobe.plotting._checks import (
    FloatLike,
    as_floats,
    real_numbers,
    require_finite,
    require_interval,
)
from featureprobe.plotting._slices import Cut, gap_of, strongest_place
from featureprobe.plotting.tiles import tile

STRETCH_NOTE = "contrast stretched"


@checked
def clip_to_display(image: npt.ArrayLike, *, low: float = 0.0, high: float = 255.0) -> FloatLike:
    """Turn pixel units into display values without changing their contrast.

    Args:
        image: Any shape, pixel units. Never written to.
        low: The value shown black, as in ``InputSpace.low`` in pixel units.
        high: The value shown white.

    Returns:
        ``255 * (image - low) / (high - low)``, clipped to 0..255: new float32 array, same shape.

    Raises:
        RangeError: When ``low`` is not below ``high``.

    Example:
        >>> from featureprobe.plotting import clip_to_display
        >>> clip_to_display([-1.0, 0.0, 0.5, 2.0], low=0.0, high=1.0)
        array([  0. ,   0. , 127.5, 255. ], dtype=float32)
    """
    require_interval(low, high, "low..high")
    values = real_numbers(image, "image", "(H, W, C)").astype(np.float64)
    return np.clip(255.0 * (values - low) / (high - low), 0.0, 255.0).astype(np.float32)


@checked
def stretch(image: npt.ArrayLike, quantile: Annotated[float, OWN] = 0.01) -> FloatLike:
    """Stretch the contrast of one image about its median, for display.

    With ``m`` the median of all values (all channels together, so that hues stay) and ``r`` the
    ``1 - quantile`` quantile of ``|image - m|``, the result is
    ``127.5 + 127.5 * clip((image - m) / r, -1, 1)``: the median is mid-grey, equal distances
    stay equal, and the share ``quantile`` of the values ends black or white. Where fewer values
    than that differ from the median at all, ``r`` is the largest ``|image - m|``.

    Args:
        image: (H, W, C), or (D, H, W, C), finite values in any unit. Never written to.
        quantile: Share of the values that may be clipped, 0 <= quantile < 1.

    Returns:
        A new float32 array of the same shape in 0..255. A constant image is 127.5 throughout; constant
        means that ``r`` is at most 1e-6 of the largest magnitude.

    Raises:
        ShapeError: When ``image`` has another rank or is empty.
        DataError: When a value is NaN or infinite.
        RangeError: When ``quantile`` lies outside [0, 1).

    Example:
        >>> import numpy as np
        >>> from featureprobe.plotting import stretch
        >>> stretch(np.array([[[9.0], [10.0], [12.0]]]), quantile=0.0).ravel()
        array([ 63.75, 127.5 , 255.  ], dtype=float32)
    """
    values = as_floats(image, "image", ["(H, W, C)", "(D, H, W, C)"]).astype(np.float64)
    require_finite(values, "image")
    if not is_number(quantile) or not 0.0 <= quantile < 1.0:
        raise RangeError(
            f"quantile must lie in [0, 1). Received {received(quantile)}. "
            "Give the share of the values that may be clipped, such as 0.01."
        )
    centred = values - np.median(values)
    magnitudes = np.abs(centred)
    noise = 1e-6 * np.abs(values).max()
    reach = float(np.quantile(magnitudes, 1.0 - quantile))
    if reach <= noise:
        reach = float(magnitudes.max())
    if reach <= noise:
        return np.full(values.shape, 127.5, dtype=np.float32)
    return (127.5 + 127.5 * np.clip(centred / reach, -1.0, 1.0)).astype(np.float32)


def to_rgb(
    image: FloatLike, *, contrast: bool, low: float, high: float, cut: Cut | None = None
) -> npt.NDArray[np.uint8]:
    """Return an image as (rows, columns, 3) uint8, rounded once, here.

    One channel becomes grey and three become RGB. Another number of channels has no colour of its
    own: the channels stand side by side as grey pictures, in a grid that is nearly square, with
    one white pixel between them.

    Args:
        image: (H, W, C), or a volume (D, H, W, C), of which slices are shown, white between them.
        contrast: Stretch the contrast, of a volume over all of it.
        low: Pixel units shown black.
        high: Pixel units shown white.
        cut: Where a volume is cut; None: three slices through its strongest place.
    """
    shown = stretch(image) if contrast else clip_to_display(image, low=low, high=high)
    if image.ndim == 4:
        shown = (cut or Cut(strongest_place(image))).flat(shown)
    channels = shown.shape[2]
    if channels != 3:
        # Slices of one channel stay closer to each other than to the next channel's.
        apart = 1 if image.ndim == 3 else 3 * gap_of(image.shape)
        shown = np.pad(shown, ((0, apart), (0, apart), (0, 0)), constant_values=np.nan)
        shown = tile(shown, int(np.ceil(np.sqrt(channels))))[:-apart, :-apart, None]
        shown = np.repeat(shown, 3, axis=2)
    return np.rint(np.nan_to_num(shown, nan=255.0)).astype(np.uint8)


@checked
def show_image(
    image: npt.ArrayLike,
    *,
    ax: Axes | None = None,
    contrast: bool = False,
    low: float = 0.0,
    high: float = 255.0,
    title: str | None = None,
) -> Axes:
    """Show one image: an input, or the OIP of a map.

    One channel is grey, three are RGB; for any other number the channels stand side by side as
    grey pictures, row by row, since no colour would be true.

    Args:
        image: (H, W, C) finite values in pixel units. Never written to.
        ax: Axes to draw on; None makes a new figure.
        contrast: False shows ``low..high`` as black to white and clips; True applies
            :func:`stretch`, and a note says so.
        low: Pixel units shown black when ``contrast`` is False.
        high: Pixel units shown white when ``contrast`` is False.
        title: Title of the Axes.

    Returns:
        The Axes; the picture is ``ax.images[0]``.

    Raises:
        ShapeError: When ``image`` has another rank or is empty.
        DataError: When a value is NaN or infinite.
        RangeError: When ``low`` is not below ``high``.

    Example:
        >>> import numpy as np
        >>> from featureprobe.plotting import show_image
        >>> ax = show_image(np.zeros((28, 28, 1)), title="Conv2D_3, map 5")
        >>> ax.images[0].get_array().shape
        (28, 28, 3)
    """
    values = as_floats(image, "image", ["(H, W, C)"])
    require_finite(values, "image")
    shown = to_rgb(values, contrast=contrast, low=low, high=high)
    inch = 3.2 / max(shown.shape[:2])
    size = fit_size(shown.shape[1] * inch, shown.shape[0] * inch, margin=(0.2, 0.5))
    ax = axes_or_new(ax, size)
    ax.imshow(shown)
    bare(ax)
    headline(ax, title, STRETCH_NOTE if contrast else "")
    return ax
