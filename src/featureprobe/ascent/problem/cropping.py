"""Which recipes leave targets on crops, and why others need the full image."""

from featureprobe.ascent.problem.resolved import Resolved
from featureprobe.ascent.settings.settings import Settings
from featureprobe.errors import ConfigError
from featureprobe.parameterizations.pixels import Pixels
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.probe.network.crop_plan import Crop
from featureprobe.regularizers.base import Regularizer
from featureprobe.regularizers.every import Every
from featureprobe.regularizers.until import Until


def crop_of(settings: Settings, resolved: Resolved) -> Crop | str:
    """Return the crop on which a target is climbed, or why it is climbed on the full image.

    Raises:
        ConfigError: When ``crop=True`` asks for a crop that cannot be had.
    """
    found = why_full(settings) or resolved.given_crop
    if settings.crop is True and isinstance(found, str):
        raise ConfigError(
            f"{resolved.given.label} cannot be climbed on a crop: {found}. Leave crop at 'auto', or see "
            "Ascent for what crops need."
        )
    return found


def describe_crop(crop: Crop | str, probe: ModelProbe) -> str:
    """Return one text for the result: the size of the crop, or why there is none."""
    if isinstance(crop, str):
        return f"full image: {crop}"
    (height, width, _), (rows, cols, _) = crop.geometry.shape, probe.image_shape
    return f"crop: {height} x {width} of {rows} x {cols} pixels"


def why_full(settings: Settings) -> str:
    """Return what in the recipe needs the full image, or nothing."""
    if settings.crop is False:
        return "crop=False"
    if not isinstance(settings.parameterization, Pixels):
        return f"{type(settings.parameterization).__name__} spreads over the whole image"
    if settings.transforms:
        return f"{type(settings.transforms[0]).__name__} views the whole image"
    blocking = [r for r in settings.regularizers if not _is_pointwise(r)]
    return f"{_name(blocking[0])} looks beyond single pixels" if blocking else ""


def _is_pointwise(regularizer: Regularizer) -> bool:
    if isinstance(regularizer, Every | Until):
        return _is_pointwise(regularizer.regularizer)
    return regularizer.pointwise


def _name(regularizer: Regularizer) -> str:
    if isinstance(regularizer, Every | Until):
        return _name(regularizer.regularizer)
    return type(regularizer).__name__
