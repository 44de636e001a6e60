"""Recipes that differ from one in a single thing."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from featureprobe.ascent.ascent import Ascent
from featureprobe.ascent.settings.chosen import choose
from featureprobe.constraints.base import Constraint
from featureprobe.constraints.box import Box
from featureprobe.constraints.sphere import Sphere
from featureprobe.errors import ConfigError
from featureprobe.initializers.base import InputInitializer
from featureprobe.initializers.multi_scale_noise import MultiScaleNoise
from featureprobe.initializers.pixel_noise import PixelNoise
from featureprobe.initializers.spectral_noise import SpectralNoise
from featureprobe.objectives.base import Objective
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.regularizers.base import Regularizer
from featureprobe.regularizers.every import Every
from featureprobe.regularizers.gaussian_blur import GaussianBlur

Factors = Mapping[str, Mapping[str, Ascent]]


class Variant(NamedTuple):
    """One recipe beside the base.

    Attributes:
        factor: What is varied, such as ``"blur"``.
        name: To what, such as ``"none"``.
        ascent: The recipe.
    """

    factor: str
    name: str
    ascent: Ascent


def variants_of(
    base: Ascent, probe: ModelProbe, targets: Sequence[Objective], factors: Factors | None
) -> tuple[Variant, ...]:
    """Return the recipes to compare with the base; those that run as it does are left out.

    Args:
        base: The recipe, with nothing left open.
        probe: The opened model; its input space says which constraint sets there are.
        targets: What will be climbed.
        factors: Recipes by factor and name, each with the base's number of starts; None: the usual.

    Raises:
        ConfigError: When factors are no such mapping, or nothing is left to compare.
    """
    given = _usual(base, probe, targets) if factors is None else factors
    try:
        listed = [Variant(str(f), str(n), a) for f, own in given.items() for n, a in own.items()]
    except AttributeError as cause:
        raise _wrong(factors) from cause
    if not all(isinstance(v.ascent, Ascent) for v in listed):
        raise _wrong(factors)
    listed = [
        v._replace(ascent=replace(v.ascent, starts=base.starts).chosen(probe, targets))
        for v in listed
    ]
    kept = tuple(v for v in listed if v.ascent != base)
    if not kept:
        raise _wrong(factors)
    return kept


def _wrong(factors: object) -> ConfigError:
    return ConfigError(
        "factors name Ascents, of which one at least differs from the base. Received: "
        f'{factors!r}. Pass {{"blur": {{"none": fp.Ascent(regularizers=())}}}}, or leave it out.'
    )


def _usual(
    base: Ascent, probe: ModelProbe, targets: Sequence[Objective]
) -> dict[str, dict[str, Ascent]]:
    """Return kinds of starts, constraint sets, blurs, and numbers of steps."""
    kinds: dict[str, InputInitializer] = {
        "pixel noise": PixelNoise(),
        "multi-scale noise": MultiScaleNoise(),
        "spectral noise": SpectralNoise(),
    }
    bounded = probe.input_space.bounds is not None
    sets: dict[str, Constraint] = {"sphere": Sphere()} | ({"box": Box()} if bounded else {})
    own, usual = (choose(a, probe, targets).settings for a in (base, Ascent()))
    others = tuple(r for r in own.regularizers if not _blurs(r))
    blurs: dict[str, tuple[Regularizer, ...]] = {
        "none": (),
        "default": tuple(r for r in usual.regularizers if _blurs(r)),
        "strong": (Every(8, GaussianBlur(1.2)),),
    }
    return {
        "start": {n: replace(base, initializer=kind) for n, kind in kinds.items()},
        "constraint": {
            n: replace(base, constraint=s) for n, s in sets.items() if s != own.constraint
        },
        "blur": {n: replace(base, regularizers=(*blur, *others)) for n, blur in blurs.items()},
        "steps": {
            "half": replace(base, steps=max(1, own.steps // 2)),
            "double": replace(base, steps=2 * own.steps),
        },
    }


def _blurs(regularizer: object) -> bool:
    """Return whether a regularizer, or what it wraps, is a Gaussian blur."""
    inner = getattr(regularizer, "regularizer", None)
    return isinstance(regularizer, GaussianBlur) or (inner is not None and _blurs(inner))
