"""What the digest of a component takes in: its meaning, so that new fields change no old digest."""

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

AS_BEFORE = "as_before"
"""The key in a field's metadata under which stands the value that changes nothing."""

# The components of 0.1 with the optional fields that they had: their digests hold these, whatever
# their values. Nothing is added here: later fields are left out at the value that says "as before".
_FIRST: Mapping[str, str] = {
    "adam": "rate beta1 beta2 epsilon",
    "ascent": (
        "steps starts initializer search remedies regularizers transforms parameterization rule "
        "constraint polish stop keep crop memory record_every"
    ),
    "backtracking": "rate beta grow shrink",
    "clip": "deviations",
    "converged": "gain over certificate",
    "fourier": "decay",
    "from_image": "noise",
    "from_images": "noise",
    "gaussian_blur": "size",
    "input_norm": "power",
    "input_space": "mean std low high order center spread assumed",
    "logit": "layer",
    "map_mean": "pre",
    "momentum": "rate beta decay",
    "moved": "shift zoom",
    "multi_scale_noise": "scales weights amount",
    "node": "row col channel index pre",
    "normalized_gradient": "rate decay",
    "pattern_match": "power",
    "pixel_noise": "amount",
    "pre_activation": "steps",
    "precursor": "of candidates rounds climbs climb_steps",
    "redirected_gradients": "steps",
    "spectral_noise": "alpha amount",
}


def as_before(cls: type) -> dict[str, Any]:
    """Return, by field of a component's class, the value at which its digest leaves the field out.

    That is what the field's metadata says, or else its default. Fields without either are not there.
    """
    earlier = first_names(cls)
    first = _FIRST.get(cls.kind, "").split()  # type: ignore[attr-defined]
    found = {}
    for field in dataclasses.fields(cls):
        value = _value_as_before(field)
        named_first = earlier.get(field.name, field.name)
        if field.init and named_first not in first and value is not dataclasses.MISSING:
            found[field.name] = value
    return found


def _value_as_before(field: dataclasses.Field[Any]) -> Any:
    if AS_BEFORE in field.metadata:
        return field.metadata[AS_BEFORE]
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


def first_names(cls: type) -> dict[str, str]:
    """Return, by field of a component's class, the name that it had first, where that was another one."""
    names = {field.name for field in dataclasses.fields(cls)}
    found: dict[str, str] = {}
    for earlier, present in cls.renamed.items():  # type: ignore[attr-defined]
        if present in names and earlier not in names:  # else the name is another field's by now
            found.setdefault(present, earlier)
    return found


def declared(cls: type) -> dict[str, Any]:
    """Return, by field, the values that a class itself declares as those that change nothing."""
    values = {
        f.name: f.metadata.get(AS_BEFORE, dataclasses.MISSING) for f in dataclasses.fields(cls)
    }
    return {name: value for name, value in values.items() if value is not dataclasses.MISSING}


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same; 1 is 1.0, but not true."""
    if type(one) in (int, float) and type(other) in (int, float):
        return bool(one == other)
    return text_of(one) == text_of(other)


def text_of(config: Any) -> str:
    """Return JSON values as the one text that digests are taken of."""
    return json.dumps(config, sort_keys=True, separators=(",", ":"))
