"""What an Ascent may be made of."""

from typing import TYPE_CHECKING

from featureprobe import _checks
from featureprobe._kinds import is_flag, received
from featureprobe.ascent.constraints import Constraint
from featureprobe.ascent.remedies import Remedy
from featureprobe.ascent.rules import UpdateRule
from featureprobe.ascent.search import Precursor
from featureprobe.ascent.stopping import Converged
from featureprobe.errors import ConfigError
from featureprobe.evidence.evidence import Evidence
from featureprobe.initializers.base import InputInitializer
from featureprobe.parameterizations.base import Parameterization
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.regularizers.base import Regularizer
from featureprobe.transforms.base import Transform

if TYPE_CHECKING:
    from featureprobe.ascent.runner import Ascent

_LIFTS = (
    "Plain functions are lifted with fp.initializer_from, fp.regularizer_from, fp.transform_from."
)


def check_ascent(ascent: "Ascent") -> None:
    """Raise unless every part of ``ascent`` is of its room and in range.

    Raises:
        RangeError: When a number is out of range.
        ConfigError: When a part is of another kind, or parts do not fit each other.
    """
    for name in ("steps", "starts", "memory"):
        _checks.whole(name, getattr(ascent, name), least=1)
    _checks.whole("polish", ascent.polish, least=0)
    if ascent.record_every is not None:
        _checks.whole("record_every", ascent.record_every, least=1)
    if not isinstance(ascent.keep, str) or ascent.keep not in ("best", "last"):
        raise ConfigError(f"keep is 'best' or 'last'. Received: {received(ascent.keep)}.")
    if is_flag(ascent.crop):
        object.__setattr__(ascent, "crop", bool(ascent.crop))
    elif not isinstance(ascent.crop, str) or ascent.crop != "auto":
        raise ConfigError(f"crop is 'auto', True or False. Received: {received(ascent.crop)}.")
    _check_parts(ascent)
    if ascent.search is not None and ascent.search.of and ascent.initializer is not None:
        raise ConfigError(
            "initializer= and search=fp.Precursor(of=...) both say what starts are drawn from. "
            f"Received {ascent.initializer!r} and {ascent.search.of!r}. Give one of them."
        )
    if ascent.regularizers and not ascent.parameterization.exact:
        raise ConfigError(
            f"{ascent.parameterization!r} cannot be fitted to a regularized image exactly, so "
            "regularizers would be lost. Pass regularizers=(), or use a transform or a penalty."
        )


def _check_parts(ascent: "Ascent") -> None:
    """Raise unless every part is of its room."""
    optional = {
        "initializer": InputInitializer,
        "search": Precursor,
        "constraint": Constraint,
        "stop": Converged,
    }
    for name, base in optional.items():
        if getattr(ascent, name) is not None:
            check_kinds(name, (getattr(ascent, name),), base)
    check_kinds("remedies", ascent.remedies, Remedy)
    check_kinds("regularizers", ascent.regularizers, Regularizer)
    check_kinds("transforms", ascent.transforms, Transform)
    check_kinds("parameterization", (ascent.parameterization,), Parameterization)
    check_kinds("rule", (ascent.rule,), UpdateRule)


def check_probe(probe: object) -> None:
    """Raise ConfigError unless ``probe`` is a ModelProbe."""
    if not isinstance(probe, ModelProbe):
        raise ConfigError(
            f"probe is a ModelProbe. Received: {type(probe).__name__}. "
            "Open the model first: fp.ModelProbe(model, input_space=...)."
        )


def check_evidence(evidence: object, probe: ModelProbe) -> None:
    """Raise ConfigError unless ``evidence`` is None or was collected from this model."""
    if evidence is None:
        return
    if not isinstance(evidence, Evidence):
        raise ConfigError(
            f"evidence is what fp.Evidence.collect(probe, images) returns. Received: "
            f"{type(evidence).__name__}."
        )
    if evidence.fingerprint and evidence.fingerprint != probe.fingerprint:
        raise ConfigError(
            f"The evidence is of another model ({evidence.model!r}) than the probe's "
            f"({probe.name!r}), or of other weights. Collect it again: fp.Evidence.collect(probe, ...)."
        )


def check_kinds(name: str, given: tuple[object, ...], base: type) -> None:
    """Raise ConfigError unless all parts ``given`` are of ``base``."""
    for part in given:
        if not isinstance(part, base):
            raise ConfigError(f"{name}: expected a {base.__name__}. Received: {part!r}. {_LIFTS}")
