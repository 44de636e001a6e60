"""What a run may be given."""

from featureprobe.errors import ConfigError
from featureprobe.evidence.evidence import Evidence
from featureprobe.probe.model_probe import ModelProbe

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
