"""The part of the image that a target is solved on: its crop, and what regularizers reach around it.

Outside a target's receptive field an image is one constant before a step and after it: the projection
sees to that. So a regularizer that looks at some pixels around each needs no more of the image than these
pixels around the field; what it does to them the projection takes back.
"""

from dataclasses import dataclass

from featureprobe.probe.network.crop_plan import WORTH, Crop
from featureprobe.types import FloatArray, ImageShape


@dataclass(frozen=True)
class Window:
    """A crop with a margin.

    Attributes:
        crop: What the net runs on.
        place: First row and column of the window in the image.
        shape: (h, w, C) of the window.
    """

    crop: Crop
    place: tuple[int, int]
    shape: ImageShape

    @property
    def inside(self) -> tuple[int, int]:
        """First row and column of the crop in the window."""
        (top, left), (row, col) = self.crop.place, self.place
        return top - row, left - col

    @property
    def is_crop(self) -> bool:
        """Whether there is no margin."""
        return self.shape == self.crop.geometry.shape

    def cut(self, mask: FloatArray) -> FloatArray:
        """Return the part (h, w) of a mask (H, W) of the image."""
        (top, left), (height, width, _) = self.place, self.shape
        return mask[top : top + height, left : left + width]


def plan_window(crop: Crop, margin: int, image: ImageShape) -> Window | str:
    """Return the window of a crop, or why it would not pay.

    At the border of the image it is moved into the image, not made smaller, so that windows of one
    geometry have one shape wherever they lie, and what an operator does at the border happens there.

    Args:
        crop: The crop.
        margin: Pixels to each side of it.
        image: (H, W, C).
    """
    if margin == 0:
        return Window(crop, crop.place, crop.geometry.shape)
    axes = zip(crop.place, crop.geometry.shape, image[:2], strict=False)
    placed = [_along_axis(first, length, margin, size) for first, length, size in axes]
    (row, height), (col, width) = placed
    if height * width > WORTH * image[0] * image[1]:
        return (
            f"the receptive field and the {margin} pixels around it that regularizers reach are "
            f"{height} x {width} of {image[0]} x {image[1]} pixels"
        )
    return Window(crop, (row, col), (height, width, image[2]))


def _along_axis(first: int, length: int, margin: int, size: int) -> tuple[int, int]:
    """Return where a window begins, and its length, in an image of some size."""
    wanted = min(length + 2 * margin, size)
    return min(max(first - margin, 0), size - wanted), wanted
