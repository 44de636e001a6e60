"""Which targets can be climbed on a crop, and why others need the full image."""

from dataclasses import replace

import numpy as np
import tensorflow as tf

from featureprobe.ascent.settings import Settings
from featureprobe.ascent.trying_out import LookedError, shape_left, value_of
from featureprobe.errors import ConfigError
from featureprobe.objectives.base import Objective
from featureprobe.objectives.structure import Leaf, leaf_of, terms_of
from featureprobe.parameterizations.pixels import Pixels
from featureprobe.probe.crop_plan import Crop, plan_crop
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.regularizers.base import Regularizer
from featureprobe.regularizers.every import Every
from featureprobe.regularizers.until import Until


def crop_of(settings: Settings, probe: ModelProbe, target: Objective) -> Crop | str:
    """Return the crop on which a target is climbed, or why it is climbed on the full image.

    Raises:
        ConfigError: When ``crop=True`` asks for a crop that cannot be had.
    """
    found = _why_full(settings) or _why_whole(probe, target) or _planned(probe, target)
    if settings.crop is True and isinstance(found, str):
        raise ConfigError(
            f"{target.label} cannot be climbed on a crop: {found}. Leave crop at 'auto', or see "
            "Ascent for what crops need."
        )
    return found


def describe_crop(crop: Crop | str, probe: ModelProbe) -> str:
    """Return one text for the result: the size of the crop, or why there is none."""
    if isinstance(crop, str):
        return f"full image: {crop}"
    (height, width, _), (rows, cols, _) = crop.geometry.shape, probe.image_shape
    return f"crop: {height} x {width} of {rows} x {cols} pixels"


def _planned(probe: ModelProbe, target: Objective) -> Crop | str:
    """Return the planned crop, once for all channels."""
    reads = tuple(replace(read, channel=None) for read in target.reads())
    make = lambda: plan_crop(probe.network, reads)  # noqa: E731
    return probe.network.remembered(("crop plan", reads), make)


def _why_full(settings: Settings) -> str:
    """Return what in the recipe needs the full image, or nothing."""
    if settings.crop is False:
        return "crop=False"
    if not isinstance(settings.parameterization, Pixels):
        return f"{type(settings.parameterization).__name__} spreads over the whole image"
    if settings.transforms:
        return f"{type(settings.transforms[0]).__name__} views the whole image"
    blocking = [r for r in settings.regularizers if not _is_pointwise(r)]
    return f"{_name(blocking[0])} looks beyond single pixels" if blocking else ""


def _why_whole(probe: ModelProbe, target: Objective) -> str:
    """Return what in a target needs the full image, or nothing."""
    if any(np.ndim(end) > 1 for end in probe.input_space.bounds or ()):
        return "the range of the input space differs from pixel to pixel"
    for _, term in terms_of(target):
        leaf = leaf_of(term)
        if not leaf.is_score or _looks_at_images(probe, leaf):
            return f"{type(term).__name__} looks at the whole image"
    return ""


def _is_pointwise(regularizer: Regularizer) -> bool:
    if isinstance(regularizer, Every | Until):
        return _is_pointwise(regularizer.regularizer)
    return regularizer.pointwise


def _name(regularizer: Regularizer) -> str:
    if isinstance(regularizer, Every | Until):
        return _name(regularizer.regularizer)
    return type(regularizer).__name__


def _looks_at_images(probe: ModelProbe, leaf: Leaf) -> bool:
    """Whether an objective asks for ``seen.images``: it is run once on zeros to find out."""

    def look() -> bool:
        shapes = [shape_left(probe.shape_of(read[0]), read) for read in leaf.reads]
        values = [tf.zeros((2, *shape), probe.network.dtype) for shape in shapes]
        try:
            value_of(leaf, values, [0] * leaf.n_fields, probe.input_space)
        except LookedError:
            return True
        return False

    return probe.network.remembered(("looks", leaf.key), look)
