"""Which recipes leave targets on crops, and why others need the full image."""

from dataclasses import fields

from featureprobe import _checks
from featureprobe._spatial import size_text, spatial_of
from featureprobe.ascent.problem.resolved import Resolved
from featureprobe.ascent.problem.window import Window
from featureprobe.ascent.settings.settings import Settings
from featureprobe.errors import ConfigError
from featureprobe.parameterizations.pixels import Pixels
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.regularizers.base import Regularizer


def window_of(settings: Settings, resolved: Resolved) -> Window | str:
    """Return the part of the image that a target is climbed on, or why it is the full image.

    Raises:
        ConfigError: When ``crop=True`` asks for a crop that cannot be had.
    """
    found = why_full(settings) or resolved.given_window(margin_of(settings))
    if settings.crop is True and isinstance(found, str):
        raise ConfigError(
            f"{resolved.given.label} cannot be climbed on a crop: {found}. Leave crop at 'auto', or see "
            "Ascent for what crops need."
        )
    return found


def describe_window(window: Window | str, probe: ModelProbe) -> str:
    """Return one text for the result: the size of the crop, or why there is none."""
    if isinstance(window, str):
        return f"full image: {window}"
    own, around = (
        " x ".join(map(str, spatial_of(shape)))
        for shape in (window.crop.geometry.shape, window.shape)
    )
    text = f"crop: {own} of {size_text(spatial_of(probe.image_shape))}"
    return text if window.is_crop else f"{text}, in {around} that regularizers reach"


def why_full(settings: Settings) -> str:
    """Return what in the recipe needs the full image, or nothing."""
    if settings.crop is False:
        return "crop=False"
    if not isinstance(settings.parameterization, Pixels):
        return f"{type(settings.parameterization).__name__} spreads over the whole image"
    if settings.transforms:
        return f"{type(settings.transforms[0]).__name__} views the whole image"
    blocking = [r for r in settings.regularizers if _reach(r) is None]
    return f"{_name(blocking[0])} looks at the whole image" if blocking else ""


def margin_of(settings: Settings) -> int:
    """Return how many pixels around a crop regularizers reach, one after the other, in one step.

    Between two of them nothing sets the pixels outside of the field to their constant.
    """
    return sum(_reach(regularizer) or 0 for regularizer in settings.regularizers)


def _reach(regularizer: Regularizer) -> int | None:
    """Return the reach of a regularizer.

    Raises:
        RangeError: When it is no number of pixels.
    """
    reach = regularizer.reach
    if reach is None:
        return None
    return _checks.whole(f"{type(regularizer).__name__}.reach, in pixels,", reach, least=0)


def _name(regularizer: Regularizer) -> str:
    """Return the class of a regularizer, or of the one inside it that looks at the whole image."""
    inner = (getattr(regularizer, field.name) for field in fields(regularizer))  # type: ignore[arg-type]
    for one in inner:
        if isinstance(one, Regularizer) and one.reach is None:
            return _name(one)
    return type(regularizer).__name__
