"""Examples: some images of a data set and what a unit answered to them."""

from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from featureprobe._arguments import checked
from featureprobe._names import in_picture, visible
from featureprobe.plotting import png_bytes, show_mosaic
from featureprobe.types import FloatArray

Box = tuple[int, int, int, int]


@dataclass(frozen=True, eq=False, repr=False)
class Examples:
    """Images of a data set that a unit answered to, with the part of each that it answered to.

    Args:
        unit: The unit in words, such as ``"Conv2D_3 map 5"``.
        images: (k, H, W, C) pixel units, in the dtype of the data set.
        scores: (k,) the unit's answers, activations.
        indices: (k,) positions of the images in the data set.
        names: k texts, where the images come from.
        boxes: (k, 4) top, left, bottom, right of what the answering node sees, in pixels.
        field: (rows, cols) of a whole receptive field; boxes at the border are smaller.

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
    field: tuple[int, int]

    def __len__(self) -> int:
        return len(self.images)

    def __repr__(self) -> str:
        span = f"{self.scores[0]:.4g} to {self.scores[-1]:.4g}" if len(self) else "none"
        return f"<Examples of {visible(self.unit)}: {len(self)} images, {span}>"

    @property
    def crops(self) -> tuple[npt.NDArray[Any], ...]:
        """The part of each image that the answering node sees; no pixel outside matters to it."""
        return tuple(
            image[top:bottom, left:right]
            for image, (top, left, bottom, right) in zip(self.images, self.boxes, strict=True)
        )

    @property
    def pictures(self) -> FloatArray:
        """(k, rows, cols, C) the crops on one size; NaN where a field reaches beyond the image."""
        height, width = self.field
        whole = np.full((len(self), height, width, self.images.shape[-1]), np.nan, np.float32)
        for place, (top, left, bottom, right) in enumerate(self.boxes):
            # A field that is cut at the top or left begins outside of the image.
            down = height - (bottom - top) if top == 0 else 0
            across = width - (right - left) if left == 0 else 0
            part = self.images[place, top:bottom, left:right]
            whole[place, down : down + bottom - top, across : across + right - left] = part
        return whole

    @checked
    def plot(self, *, ax: Axes | None = None, crop: bool = True, **options: Any) -> Axes:
        """Show the examples as a mosaic, each with its place in the data set and its score.

        Args:
            ax: Axes to draw on; None makes a new figure.
            crop: Show what the answering node sees; False shows whole images.
            **options: Keywords of ``plotting.show_mosaic``.

        Returns:
            The Axes.
        """
        defaults: dict[str, Any] = {
            "titles": [str(i) for i in self.indices],
            "scores": self.scores,
            "columns": 8,
            "title": in_picture(self.unit),
        }
        return show_mosaic(self.pictures if crop else self.images, ax=ax, **(defaults | options))

    def _repr_png_(self) -> bytes:
        columns = min(8, len(self))
        figure = Figure(figsize=(1.2 * columns, 1.5 * -(-len(self) // columns) + 0.6))
        figure.set_layout_engine("constrained")
        self.plot(ax=figure.add_subplot(), columns=columns)
        return png_bytes(figure, dpi=72.0)
