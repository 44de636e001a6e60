"""The frame of a picture: pixels from which no path leads to what a target reads.

They can have no effect, and hold the space's mean while an image climbs. In the picture of an ascent that
began with an image of the user's they are that image's own: a grey frame is not what was given.
"""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from featureprobe._spatial import inner_axes
from featureprobe.ascent.problem.given_starts import given_images
from featureprobe.ascent.problem.masks import masks_of
from featureprobe.ascent.settings.settings import Settings
from featureprobe.constraints.base import Constraint
from featureprobe.constraints.default import resolve
from featureprobe.constraints.joint import Jointly
from featureprobe.constraints.sphere import Sphere
from featureprobe.initializers.from_image import FromImage
from featureprobe.input_space import InputSpace
from featureprobe.joint_space import JointSpace
from featureprobe.objectives.base import Objective
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.results.state import AscentState
from featureprobe.types import FloatArray

Framing = Callable[[int, FloatArray], FloatArray]
"""From a target's number and its images (S, *spatial, C) in pixel units to those with their frame."""


def framing(
    settings: Settings, probe: ModelProbe, targets: Sequence[Objective], state: AscentState
) -> Framing:
    """Return what puts the frame of the start image around the images of each target."""
    begun = given_images(state, probe.input_space)
    joint = isinstance(probe.input_space, JointSpace)
    if begun is None and not joint and (drawn := _given(settings)) is not None:
        begun = drawn[None]
    if begun is None:
        return unframed
    starts = begun
    constraint = resolve(settings.constraint, probe.input_space)

    def framed(number: int, images: FloatArray) -> FloatArray:
        live: npt.NDArray[np.bool_] = np.asarray(masks_of(probe.network, targets[number])[0] > 0)
        if live.all():
            return images
        own = starts if starts.ndim == images.ndim else starts[number]
        frame = np.stack([_in_the_set(image, live, constraint, probe.input_space) for image in own])
        whole = np.isfinite(images).all(axis=inner_axes(images.ndim), keepdims=True)
        return np.asarray(np.where(live[None, ..., None] | ~whole, images, frame), np.float32)

    return framed


def unframed(number: int, images: FloatArray) -> FloatArray:
    """Return the images of a target as they are."""
    return images


def _given(settings: Settings) -> FloatArray | None:
    """Return the one image from which all starts are made, if there is one."""
    drawn = [settings.initializer] if settings.initializer is not None else []
    if not drawn and settings.search is not None:
        drawn = list(settings.search.initializers)
    if len(drawn) != 1 or not isinstance(drawn[0], FromImage):
        return None
    return drawn[0].image.array.astype(np.float32)


def _in_the_set(
    given: FloatArray, live: npt.NDArray[np.bool_], constraint: Constraint, space: InputSpace
) -> FloatArray:
    """Return the given image, in pixel units, as the constraint set makes it over live pixels."""
    if isinstance(space, JointSpace) and isinstance(constraint, Jointly):
        images, lives = space.split(given), space.split(live[..., None])
        own = {
            p.name: _in_the_set(images[p.name], lives[p.name][..., 0], constraint.each, p.space)
            for p in space.parts
        }
        return np.asarray(space.joined(own), np.float32)
    if not isinstance(constraint, Sphere):
        return np.clip(given, space.low, space.high) if space.low is not None else given
    model = space.to_model(given)
    if not live.any():
        return given
    mean, deviation = float(model[live].mean()), float(model[live].std())
    if deviation == 0:
        return given
    standard = (model - mean) / deviation
    return space.to_pixels(space.center + space.spread * standard)
