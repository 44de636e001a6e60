"""What a run may be given."""

import inspect

from featureprobe.errors import ConfigError
from featureprobe.evidence.evidence import Evidence
from featureprobe.parameterizations.base import Parameterization
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.regularizers.base import Regularizer

_LIFTS = (
    "Plain functions are lifted with fp.initializer_from, fp.regularizer_from, fp.transform_from."
)


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


def check_parameterization(given: Parameterization, regularizers: tuple[Regularizer, ...]) -> None:
    """Raise ConfigError when a parameterization is of an old kind, or contradicts itself or others."""
    for name, takes in (("fit", "images, shape, space, keys"), ("render", "params, step")):
        method, wanted = getattr(given, name), takes.split(", ")
        try:
            inspect.signature(method).bind(*wanted)
        except TypeError:
            raise ConfigError(
                f"{type(given).__name__}.{name} takes ({takes}). Received a method that takes "
                f"{inspect.signature(method)}. Write: def {name}(self, {takes})."
            ) from None
    for name in ("constants", "shared"):
        listed = getattr(given, name)
        if not isinstance(listed, tuple | list) or not all(isinstance(n, str) for n in listed):
            raise ConfigError(
                f"{type(given).__name__}.{name} is a tuple of names of parameters. "
                f"Received: {listed!r}. Write {name} = ('name',)."
            )
    if set(given.constants) & set(given.shared):
        raise ConfigError(
            f"A constant of {type(given).__name__} cannot be shared: sharing is about gradients. "
            f"Received {given.constants!r} and {given.shared!r}. Name each parameter once."
        )
    if given.exact and given.shared:
        raise ConfigError(
            f"{given!r} shares {', '.join(given.shared)} between the starts of a target, so it cannot be "
            "fitted to just any images. Say exact: ClassVar[bool] = False."
        )
    if regularizers and not given.exact:
        raise ConfigError(
            f"{given!r} cannot be fitted to a regularized image exactly, so "
            "regularizers would be lost. Pass regularizers=(), or use a transform or a penalty."
        )
