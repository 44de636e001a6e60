"""Start images that the user gives, instead of those that are drawn and searched."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from featureprobe import _checks
from featureprobe.ascent.problem.starts import Starts
from featureprobe.ascent.settings.settings import Settings
from featureprobe.constraints.box import Box
from featureprobe.constraints.default import default_set, resolve
from featureprobe.errors import RangeError, ShapeError
from featureprobe.input_space import InputSpace
from featureprobe.joint_space import JointSpace
from featureprobe.objectives.base import Objective
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.results.state import AscentState
from featureprobe.types import FloatArray

GIVEN = "given"
_SLACK = 1e-4  # of the range: what rounding adds to pictures of an ascent


def given_starts(
    values: npt.ArrayLike, settings: Settings, probe: ModelProbe, targets: Sequence[Objective]
) -> Starts:
    """Return the starts that a user gives, checked.

    Args:
        values: (targets, starts, *spatial, C), or (starts, *spatial, C) for all targets; pixel units. A
            dict of such arrays by input name where several are optimized together.
        settings: Says on which set images must lie.
        probe: The probe.
        targets: The targets of the run.

    Raises:
        ShapeError: When the shape is another one.
        DataError: When values are not finite.
        RangeError: When they are outside of the range that the run keeps images in.
    """
    shape, space = probe.image_shape, probe.input_space
    if isinstance(space, JointSpace) and isinstance(values, Mapping):
        values = _joined(values, space)
    array = _checks.numbers(values, "start_images")
    further = array.ndim - len(shape)  # axes: the starts, and the targets where these differ
    own = further == 2
    fits = further in (1, 2) and array.shape[further:] == tuple(shape) and array.size
    if not fits or (own and len(array) != len(targets)):
        raise ShapeError(
            f"start_images have the shape ({len(targets)} targets, starts, {_text(shape)}), or "
            f"(starts, {_text(shape)}) where all targets share them. Received: {array.shape}. "
            "Give one array: np.stack the images of each target, then the targets."
        )
    images = _checks.images(array.reshape(-1, *shape), shape, what="start_images")
    _check_range(images, settings, space)
    model = space.to_model(images)
    # Once more, so that what a recipe says of them, in pixel units, is taken for the same images.
    model = np.asarray(space.to_model(space.to_pixels(model)), np.float32)
    if own:
        index = np.arange(len(model)).reshape(len(targets), -1)
    else:
        index = np.tile(np.arange(len(model)), (len(targets), 1))
    return Starts(model, index, np.full(index.shape, GIVEN, dtype=object))


def are_given(state: AscentState) -> bool:
    """Whether the starts of a state are the user's."""
    return bool((state.start_origins == GIVEN).all())


def given_images(state: AscentState, space: InputSpace) -> FloatArray | None:
    """Return the start images that the user gave, in pixel units; None where there are none.

    Returns:
        (starts, *spatial, C) where all targets share them, else (targets, starts, *spatial, C).
    """
    if not are_given(state):
        return None
    index = state.start_index
    shared = len(index) > 1 and bool((index == index[:1]).all())
    return space.to_pixels(state.start_images[index[0] if shared else index])


def _joined(values: Mapping[str, npt.ArrayLike], space: JointSpace) -> npt.NDArray[Any]:
    """Return the start images of several inputs side by side."""
    space.check_names(values, "start_images")
    arrays, leading = {}, set()
    for part in space.parts:
        array = _checks.numbers(values[part.name], f"start_images of {part.name!r}")
        rank = len(part.shape)
        if array.ndim - rank not in (1, 2) or array.shape[-rank:] != part.shape:
            raise ShapeError(
                f"start_images of {part.name!r} have the shape (targets, starts, {_text(part.shape)}), or "
                f"(starts, {_text(part.shape)}) where all targets share them. Received: {array.shape}."
            )
        arrays[part.name] = array
        leading.add(array.shape[:-rank])
    if len(leading) > 1:
        raise ShapeError(
            f"start_images give each input as many starts. Received: {sorted(leading)}. Give as many."
        )
    return space.joined(arrays)


def _check_range(images: FloatArray, settings: Settings, space: InputSpace) -> None:
    if isinstance(space, JointSpace):
        each = replace(settings, constraint=settings.constraint or default_set(space))
        for part in space.parts:
            _check_range(space.split(images)[part.name], each, part.space)
        return
    low, high = space.low, space.high
    _checks.warn_of_scale(images, low, high)
    if low is None or high is None or not isinstance(resolve(settings.constraint, space), Box):
        return  # on a sphere, pictures lie on both sides of the range
    least, most = float(images.min()), float(images.max())
    slack = _SLACK * (high - low)
    if least < low - slack or most > high + slack:
        raise RangeError(
            f"start_images are in pixel units, and this run keeps images in {low:g}..{high:g}. "
            f"Received values from {least:g} to {most:g}. Clip them, or bring model units back with "
            "probe.input_space.to_pixels."
        )


def _text(shape: Sequence[int]) -> str:
    return ", ".join(map(str, shape))
