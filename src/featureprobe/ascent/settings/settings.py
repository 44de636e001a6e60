"""The settings of an ascent: every choice, checked, and nothing that runs."""

from dataclasses import KW_ONLY, dataclass

from featureprobe import _checks
from featureprobe._component import Component
from featureprobe._kinds import is_flag, received
from featureprobe.ascent.settings.converged import Converged
from featureprobe.ascent.settings.precursor import Precursor
from featureprobe.ascent.settings.remedies import PreActivation, RedirectedGradients, Remedy
from featureprobe.ascent.settings.validation import check_kinds, check_parameterization
from featureprobe.constraints.base import Constraint
from featureprobe.errors import ConfigError
from featureprobe.initializers.base import InputInitializer
from featureprobe.parameterizations.base import Parameterization
from featureprobe.parameterizations.pixels import Pixels
from featureprobe.regularizers.base import Regularizer
from featureprobe.regularizers.every import Every
from featureprobe.regularizers.gaussian_blur import GaussianBlur
from featureprobe.regularizers.until import Until
from featureprobe.rules.base import UpdateRule
from featureprobe.rules.momentum import Momentum
from featureprobe.transforms.base import Transform


@dataclass(frozen=True)
class Settings(Component):
    """The fields of :class:`Ascent`, which says what they mean; this is what the engine takes."""

    _: KW_ONLY
    steps: int = 64
    starts: int = 4
    initializer: InputInitializer | None = None
    search: Precursor | None = Precursor()  # noqa: RUF009  (a frozen value)
    remedies: tuple[Remedy, ...] = (RedirectedGradients(), PreActivation())
    regularizers: tuple[Regularizer, ...] = (Until(24, Every(8, GaussianBlur(0.6))),)
    transforms: tuple[Transform, ...] = ()
    views: int = 1
    parameterization: Parameterization = Pixels()  # noqa: RUF009
    rule: UpdateRule = Momentum()  # noqa: RUF009
    constraint: Constraint | None = None
    polish: int = 0
    stop: Converged | None = None
    keep: str = "best"
    crop: bool | str = "auto"
    memory: int = 2**30
    record_every: int | None = None

    def __post_init__(self) -> None:
        for name in ("remedies", "regularizers", "transforms"):
            given = getattr(self, name)
            listed = isinstance(given, tuple | list)
            object.__setattr__(self, name, tuple(given) if listed else (given,))
        _check(self)


def _check(settings: "Settings") -> None:
    """Raise unless every part of the settings is of its room and in range.

    Raises:
        RangeError: When a number is out of range.
        ConfigError: When a part is of another kind, or parts do not fit each other.
    """
    for name in ("steps", "starts", "views", "memory"):
        _checks.whole(name, getattr(settings, name), least=1)
    _checks.whole("polish", settings.polish, least=0)
    if settings.record_every is not None:
        _checks.whole("record_every", settings.record_every, least=1)
    if not isinstance(settings.keep, str) or settings.keep not in ("best", "last"):
        raise ConfigError(f"keep is 'best' or 'last'. Received: {received(settings.keep)}.")
    if is_flag(settings.crop):
        object.__setattr__(settings, "crop", bool(settings.crop))
    elif not isinstance(settings.crop, str) or settings.crop != "auto":
        raise ConfigError(f"crop is 'auto', True or False. Received: {received(settings.crop)}.")
    _check_parts(settings)
    if (
        settings.search is not None
        and settings.search.initializers
        and settings.initializer is not None
    ):
        raise ConfigError(
            "initializer= and search=fp.Precursor(initializers=...) both say what starts are drawn from. "
            f"Received {settings.initializer!r} and {settings.search.initializers!r}. Give one of them."
        )
    check_parameterization(settings.parameterization, settings.regularizers)


def _check_parts(settings: "Settings") -> None:
    """Raise unless every part is of its room."""
    optional = {
        "initializer": InputInitializer,
        "search": Precursor,
        "constraint": Constraint,
        "stop": Converged,
    }
    for name, base in optional.items():
        if getattr(settings, name) is not None:
            check_kinds(name, (getattr(settings, name),), base)
    check_kinds("remedies", settings.remedies, Remedy)
    check_kinds("regularizers", settings.regularizers, Regularizer)
    check_kinds("transforms", settings.transforms, Transform)
    check_kinds("parameterization", (settings.parameterization,), Parameterization)
    check_kinds("rule", (settings.rule,), UpdateRule)
