"""What the library chooses where an Ascent leaves a setting open, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias, TypeVar

from featureprobe.ascent.settings.open_settings import Auto, OpenSettings
from featureprobe.ascent.settings.precursor import Precursor
from featureprobe.ascent.settings.remedies import PreActivation, RedirectedGradients, Remedy
from featureprobe.ascent.settings.settings import Settings
from featureprobe.constraints.base import Constraint
from featureprobe.constraints.box import Box
from featureprobe.constraints.default import default_set
from featureprobe.objectives.base import Objective
from featureprobe.objectives.reach import Reach
from featureprobe.objectives.structure import terms_of
from featureprobe.parameterizations.base import Parameterization
from featureprobe.parameterizations.pixels import Pixels
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.regularizers.base import Regularizer
from featureprobe.regularizers.every import Every
from featureprobe.regularizers.gaussian_blur import GaussianBlur
from featureprobe.regularizers.until import Until
from featureprobe.rules.backtracking import Backtracking
from featureprobe.rules.base import UpdateRule
from featureprobe.rules.momentum import Momentum

T = TypeVar("T")

Choice: TypeAlias = tuple[T, str]
"""A value, and one sentence that says why."""

_STEPS: Choice[int] = (64, "Most maps gain little in further steps.")
_STARTS: Choice[int] = (4, "Different starts reach different maxima.")
_SEARCH: Choice[Precursor | None] = (
    Precursor(),
    "Deep maps are silent on most noise: each target gets the best of many candidates.",
)
_REMEDIES: Choice[tuple[Remedy, ...]] = (
    (RedirectedGradients(), PreActivation()),
    "Targets that no candidate excites have no gradient of their own.",
)
_BLUR: Choice[tuple[Regularizer, ...]] = (
    (Until(24, Every(8, GaussianBlur(0.6))),),
    "Blurs in the first steps remove fine noise; later steps are the score's alone.",
)
_PIXELS: Choice[Parameterization] = (Pixels(), "Pixels can show every image.")
_RULE: Choice[UpdateRule] = (
    Momentum(),
    "Of the rules that we measured it gains most in few steps.",
)
_LANDING: Choice[UpdateRule] = (
    Backtracking(),
    "A value is to be reached: steps that go past it are taken back and become shorter.",
)


@dataclass(frozen=True)
class Chosen:
    """Settings with nothing left open.

    Attributes:
        settings: What the engine takes.
        why: By field that was left open, one sentence.
    """

    settings: Settings
    why: Mapping[str, str]

    def with_starts(self, count: int) -> "Chosen":
        """Return the same for as many starts as a run was given."""
        why = {name: text for name, text in self.why.items() if name != "starts"}
        return Chosen(replace(self.settings, starts=count), why)


def choose(given: OpenSettings, probe: ModelProbe, targets: Sequence[Objective]) -> Chosen:
    """Return the settings of a run: what is given, and what the library chooses for the rest.

    The same is chosen for the same Ascent, model and targets, whatever the seed.

    Args:
        given: The Ascent.
        probe: The opened model: its input space, the size and the channels of its images.
        targets: What will be climbed.
    """
    why: dict[str, str] = {}

    def take(name: str, value: T | Auto, choice: Choice[T]) -> T:
        if not isinstance(value, str):
            return value
        why[name] = choice[1]
        return choice[0]

    search = take("search", given.search, _SEARCH)
    parameterization = take("parameterization", given.parameterization, _PIXELS)
    settings = Settings(
        steps=take("steps", given.steps, _STEPS),
        starts=take("starts", given.starts, _STARTS),
        initializer=take("initializer", given.initializer, (None, _drawn_by(search))),
        search=search,
        remedies=take("remedies", given.remedies, _REMEDIES),
        regularizers=take("regularizers", given.regularizers, _operators(parameterization)),
        transforms=take("transforms", given.transforms, ((), "The image is optimized as it is.")),
        views=take("views", given.views, (1, "Each step evaluates an image once.")),
        parameterization=parameterization,
        rule=take("rule", given.rule, _rule_for(targets)),
        constraint=take("constraint", given.constraint or "auto", _set_of(probe)),
        polish=given.polish,
        stop=given.stop,
        keep=given.keep,
        crop=given.crop,
        memory=given.memory,
        record_every=given.record_every,
    )
    return Chosen(settings, why)


def _drawn_by(search: Precursor | None) -> str:
    if search is None:
        return "Without a search, MultiScaleNoise() draws: several scales excite more than pixel noise."
    if search.initializers:
        return "The initializers of the search draw."
    return "The search draws from a mix of several kinds of noise."


def _operators(parameterization: Parameterization) -> Choice[tuple[Regularizer, ...]]:
    if parameterization.exact:
        return _BLUR
    name = type(parameterization).__name__
    return (), f"{name} cannot be fitted to a regularized image exactly."


def _rule_for(targets: Sequence[Objective]) -> Choice[UpdateRule]:
    terms = (term for target in targets for _, term in terms_of(target))
    return _LANDING if any(isinstance(term, Reach) for term in terms) else _RULE


def _set_of(probe: ModelProbe) -> Choice[Constraint]:
    chosen = default_set(probe.input_space)
    if isinstance(chosen, Box):
        return chosen, "The input space has a range."
    return chosen, "The input space has no range, so mean and spread are held."
