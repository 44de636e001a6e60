"""Examples: some images of a data set and what a unit answered to them."""

from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from featureprobe._arguments import checked
from featureprobe._names import in_picture, visible
from featureprobe.plotting import png_bytes
from featureprobe.plotting.any_rank import show_many
from featureprobe.types import FloatArray

_SERIES = 3  # axes of (k, L, C)
_UNIT = 1.5  # the largest value of images in 0..1, with what resizing adds


@dataclass(frozen=True, eq=False, repr=False)
class Examples:
    """Images of a data set that a unit answered to, with the part of each that it answered to.

    Args:
        unit: The unit in words, such as ``"Conv2D_3 map 5"``.
        images: (k, *spatial, C) pixel units, in the dtype of the data set.
        scores: (k,) the unit's answers, activations.
        indices: (k,) positions of the images in the data set.
        names: k texts, where the images come from.
        boxes: (k, 4) top, left, bottom, right of what the answering node sees, in pixels; of series
            (k, 2) start, stop; of volumes (k, 6), where it begins along each axis and where it ends.
        field: (rows, cols) of a whole receptive field, or as many numbers as the images have spatial
            axes; boxes at the border are smaller.

    Example:
        >>> import featureprobe as fp
        >>> probe, (images, _) = fp.samples.mnist_probe(), fp.samples.mnist_digits()
        >>> evidence = fp.Evidence.collect(probe, images[:100], "Conv2D_2", top=4)
        >>> examples = evidence.top("Conv2D_2", 5)
        >>> examples.crops[0].shape  # a node of Conv2D_2 sees 8 x 8 pixels
        (8, 8, 1)
        >>> examples.names[0].startswith("MNIST test ")
        True
    """

    _: KW_ONLY
    unit: str
    images: npt.NDArray[Any]
    scores: FloatArray
    indices: npt.NDArray[np.int64]
    names: tuple[str, ...]
    boxes: npt.NDArray[np.int64]
    field: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.images)

    def __repr__(self) -> str:
        span = f"{self.scores[0]:.4g} to {self.scores[-1]:.4g}" if len(self) else "none"
        return f"<Examples of {visible(self.unit)}: {len(self)} images, {span}>"

    @property
    def crops(self) -> tuple[npt.NDArray[Any], ...]:
        """The part of each image that the answering node sees; no pixel outside matters to it."""
        return tuple(image[where] for image, where in zip(self.images, self._where, strict=True))

    @property
    def pictures(self) -> FloatArray:
        """(k, *spatial, C) the crops on one size; NaN where a field reaches beyond the image."""
        shape = (len(self), *self.field, self.images.shape[-1])
        whole = np.full(shape, np.nan, np.float32)
        for place, where in enumerate(self._where):
            # A field that is cut where the image begins lies partly before it.
            inside = tuple(
                slice(size - (s.stop - s.start), size) if s.start == 0 else slice(s.stop - s.start)
                for s, size in zip(where, self.field, strict=True)
            )
            whole[place][inside] = self.images[place][where]
        return whole

    @property
    def _where(self) -> list[tuple[slice, ...]]:
        """The boxes as slices of an image."""
        rank = len(self.field)
        return [tuple(map(slice, box[:rank], box[rank:])) for box in self.boxes.tolist()]

    @property
    def limits(self) -> dict[str, float]:
        """The pixel values that are shown black and white, 0..255 or where the images lie."""
        if not len(self) or self.images.dtype.kind in "ui":
            return {"low": 0.0, "high": 255.0}
        low, high = float(self.images.min()), float(self.images.max())
        usual = low >= 0 and _UNIT < high <= 255
        return {"low": 0.0, "high": 255.0} if usual or low == high else {"low": low, "high": high}

    @checked
    def plot(self, *, ax: Axes | None = None, crop: bool = True, **options: Any) -> Axes:
        """Show the examples as a mosaic, each with its place in the data set and its score.

        Args:
            ax: Axes to draw on; None makes a new figure.
            crop: Show what the answering node sees; False shows whole images.
            **options: Keywords of ``plotting.show_mosaic``, of series of
                ``plotting.show_series_mosaic``.

        Returns:
            The Axes.
        """
        defaults: dict[str, Any] = {
            "titles": [str(i) for i in self.indices],
            "scores": self.scores,
            "columns": 8,
            "title": in_picture(self.unit),
        }
        if self.images.ndim == _SERIES:
            del defaults["columns"]
        else:
            defaults |= self.limits
        return show_many(self.pictures if crop else self.images, ax=ax, **(defaults | options))

    def _repr_png_(self) -> bytes:
        if self.images.ndim == _SERIES:
            figure = Figure(figsize=(9.0, 5.4), layout="constrained")
            self.plot(ax=figure.add_subplot())
            return png_bytes(figure, dpi=72.0)
        columns = min(8, len(self))
        figure = Figure(figsize=(1.2 * columns, 1.5 * -(-len(self) // columns) + 0.6))
        figure.set_layout_engine("constrained")
        self.plot(ax=figure.add_subplot(), columns=columns)
        return png_bytes(figure, dpi=72.0)
