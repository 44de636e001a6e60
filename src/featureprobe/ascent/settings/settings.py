"""The settings that a run goes by: every choice made, and nothing that runs."""

from dataclasses import KW_ONLY, dataclass, field
from typing import ClassVar

from featureprobe._component import Component
from featureprobe.ascent.settings.converged import Converged
from featureprobe.ascent.settings.precursor import Precursor
from featureprobe.ascent.settings.remedies import Remedy
from featureprobe.constraints.base import Constraint
from featureprobe.initializers.base import InputInitializer
from featureprobe.parameterizations.base import Parameterization
from featureprobe.regularizers.base import Regularizer
from featureprobe.rules.base import UpdateRule
from featureprobe.transforms.base import Transform


@dataclass(frozen=True)
class Settings(Component):
    """The fields of :class:`Ascent` with nothing left open; this is what the engine takes.

    ``choose`` makes them of an Ascent, which has checked them; their config is that of an Ascent to
    which all of them are given.
    """

    kind: ClassVar[str] = "ascent"
    _: KW_ONLY
    steps: int
    starts: int
    initializer: InputInitializer | None
    search: Precursor | None
    remedies: tuple[Remedy, ...]
    regularizers: tuple[Regularizer, ...]
    transforms: tuple[Transform, ...]
    views: int = field(metadata={"as_before": 1})
    parameterization: Parameterization
    rule: UpdateRule
    constraint: Constraint
    polish: int
    stop: Converged | None
    keep: str
    crop: bool | str
    memory: int
    record_every: int | None
