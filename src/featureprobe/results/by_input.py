"""Images of a result: an array, or a dict of arrays by input name where several are optimized together."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy.typing as npt

from featureprobe.errors import DataError
from featureprobe.input_space import InputSpace
from featureprobe.joint_space import JointSpace
from featureprobe.results.recipe import Recipe

Images = Any
"""An array, or a dict of arrays by input name."""


def by_input(space: InputSpace, packed: npt.NDArray[Any]) -> Images:
    """Return images as users see them, in the layout of a space: taken apart where they are joint."""
    return space.split(packed) if isinstance(space, JointSpace) else packed


def packed(space: InputSpace, images: Images) -> npt.NDArray[Any]:
    """Return images as one array, as they are saved and climbed."""
    if isinstance(space, JointSpace):
        return space.joined(images)
    array: npt.NDArray[Any] = images
    return array


def each_input(images: Images, change: Callable[[npt.NDArray[Any]], Any]) -> Any:
    """Return what becomes of an array, or of each array of a dict."""
    if isinstance(images, Mapping):
        return {name: change(values) for name, values in images.items()}
    return change(images)


def axes_of(images: Images) -> int:
    """Return the number of axes of the images (T, S, ...) of a result, packed where they are joint."""
    axes: int = 2 + len(JointSpace().shape) if isinstance(images, Mapping) else images.ndim
    return axes


def is_joint(result: Any) -> bool:
    """Whether a result's images are dicts by input name."""
    return isinstance(result.images, Mapping)


def space_of(recipe: Recipe) -> InputSpace:
    """Return the joint space that a recipe records; any other space is not revived, and left open.

    Raises:
        DataError: When what it records is garbled.
    """
    if recipe.input_space.get("kind") != JointSpace.kind:
        return InputSpace()
    space = recipe.revive(recipe.input_space)
    if not isinstance(space, InputSpace):
        raise DataError(
            f"The recipe's input space is garbled. Received: {type(space).__name__}. Save it anew."
        )
    return space
