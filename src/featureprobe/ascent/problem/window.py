"""The part of the image that a target is solved on: its crop, and what regularizers reach around it.

Outside a target's receptive field an image is one constant before a step and after it: the projection
sees to that. So a regularizer that looks at some pixels around each needs no more of the image than these
pixels around the field; what it does to them the projection takes back.
"""

from dataclasses import dataclass
from math import prod

from featureprobe._spatial import Size, part_of, size_text, spatial_of
from featureprobe.probe.network.crop_plan import WORTH, Crop
from featureprobe.types import FloatArray, ImageShape


@dataclass(frozen=True)
class Window:
    """A crop with a margin.

    Attributes:
        crop: What the net runs on.
        place: Where the window begins in the image, along each spatial axis.
        shape: (*spatial, C) of the window.
    """

    crop: Crop
    place: Size
    shape: ImageShape

    @property
    def inside(self) -> Size:
        """Where the crop begins in the window, along each spatial axis."""
        return tuple(own - at for own, at in zip(self.crop.place, self.place, strict=True))

    @property
    def is_crop(self) -> bool:
        """Whether there is no margin."""
        return self.shape == self.crop.geometry.shape

    def cut(self, mask: FloatArray) -> FloatArray:
        """Return the part of a mask (*spatial,) of the image."""
        return mask[part_of(self.place, spatial_of(self.shape))]


def plan_window(crop: Crop, margin: int, image: ImageShape) -> Window | str:
    """Return the window of a crop, or why it would not pay.

    At the border of the image it is moved into the image, not made smaller, so that windows of one
    geometry have one shape wherever they lie, and what an operator does at the border happens there.

    Args:
        crop: The crop.
        margin: Pixels to each side of it.
        image: (*spatial, C).
    """
    if margin == 0:
        return Window(crop, crop.place, crop.geometry.shape)
    size = spatial_of(image)
    axes = zip(crop.place, spatial_of(crop.geometry.shape), size, strict=True)
    placed = [_along_axis(first, length, margin, most) for first, length, most in axes]
    own = tuple(length for _, length in placed)
    if prod(own) > WORTH * prod(size):
        return (
            f"the receptive field and the {margin} pixels around it that regularizers reach are "
            f"{' x '.join(map(str, own))} of {size_text(size)}"
        )
    return Window(crop, tuple(first for first, _ in placed), (*own, image[-1]))


def _along_axis(first: int, length: int, margin: int, size: int) -> tuple[int, int]:
    """Return where a window begins, and its length, in an image of some size."""
    wanted = min(length + 2 * margin, size)
    return min(max(first - margin, 0), size - wanted), wanted
