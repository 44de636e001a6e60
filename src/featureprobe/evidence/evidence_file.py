"""Evidence as a header and arrays, and on disk."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from featureprobe import _archive
from featureprobe._header import mapping, sequence, text, whole
from featureprobe._members import Members, check_shapes
from featureprobe._spatial import MOST, words_of
from featureprobe.evidence.kept import Kept
from featureprobe.evidence.layer_evidence import Answers, LayerEvidence

SCHEMA = 1
_WHAT = "Evidence"
# The shape of each array, see LayerEvidence and Evidence; of a layer, and of its answers.
_PLAIN = {"images": "M ...", "indices": "M", "sample": "S"}
_ANSWERS = {
    "mean": "U", "std": "U", "least": "U", "active": "U", "top_values": "U k", "top_images": "U k",
    "top_nodes": "U k", "kept": "U kept", "weights": "kept", "sampled": "S U",
}  # fmt: skip
_SPANS = {rank: tuple(f"{word}s" for word in words_of(rank)) for rank in range(1, MOST + 1)}
_WHOLE = ("indices", "sample", *_SPANS[1], *_SPANS[MOST], "top_images", "top_nodes")
_KINDS = {"images": "uif"} | dict.fromkeys(_WHOLE, "i")


def pack_evidence(evidence: Kept) -> _archive.Packed:
    """Return evidence as a header and arrays."""
    arrays: dict[str, Any] = {name: getattr(evidence, name) for name in _PLAIN}
    layers = []
    for number, own in enumerate(evidence.layers.values()):
        single = own.mean is own.peak
        layers.append({"layer": own.layer, "kind": own.kind, "shape": own.shape, "single": single})
        names = _SPANS[len(own.spans)]
        arrays |= {f"{number}/{n}": axis for n, axis in zip(names, own.spans, strict=True)}
        for by in ("peak",) if single else ("peak", "mean"):
            arrays |= {f"{number}/{by}/{n}": getattr(own.measure(by), n) for n in _ANSWERS}
    header = {
        "layers": layers,
        "names": list(evidence.names),
        "count": evidence.count,
        "model": evidence.model,
        "fingerprint": evidence.fingerprint,
        "skipped": dict(evidence.skipped),
    }
    return _archive.pack(_WHAT, SCHEMA, header, arrays)


def unpack_evidence(
    header: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]
) -> dict[str, Any]:
    """Return the fields of packed evidence, checked.

    Raises:
        DataError, ConfigError: When something is missing or garbled, or it is something else.
    """
    return _archive.unpack(header, arrays, _WHAT, SCHEMA, _fields)


def write_evidence(path: str | Path, evidence: Kept) -> None:
    """Write evidence; the file appears whole or not at all."""
    _archive.write(path, _WHAT, *pack_evidence(evidence))


def read_evidence(path: str | Path) -> dict[str, Any]:
    """Return the fields of saved evidence, checked.

    Raises:
        DataError, ConfigError: When the file is missing, damaged, something else, or newer.
    """
    return _archive.read(path, _WHAT, SCHEMA, _fields)


def _fields(header: dict[str, Any], members: Members) -> dict[str, Any]:
    layers = [mapping(own) for own in sequence(header["layers"])]
    shapes, rank = dict(_PLAIN), members["images"].ndim - 2
    if rank not in _SPANS:
        raise ValueError(f"images of 1 to {MOST} spatial axes")
    for number, own in enumerate(layers):
        shapes |= _layer_shapes(own, number, rank)
    sizes = check_shapes(members, shapes, {n: _KINDS.get(n.split("/")[-1], "f") for n in shapes})
    fields: dict[str, Any] = {name: members[name] for name in _PLAIN}
    fields["count"] = whole(header["count"])
    fields["model"], fields["fingerprint"] = text(header["model"]), text(header["fingerprint"])
    fields["skipped"] = {name: text(why) for name, why in mapping(header["skipped"]).items()}
    fields["names"] = tuple(map(text, sequence(header["names"])))
    if len(fields["names"]) != sizes["M"]:
        raise ValueError("names, which are as many as images")
    _check_below("indices", fields["indices"], fields["count"])
    _check_known("sample", fields["sample"], fields["indices"])
    if (np.diff(fields["indices"]) <= 0).any():
        raise ValueError("indices, which increase")
    fields["layers"] = {
        own["layer"]: _read_layer(own, fields, members, number) for number, own in enumerate(layers)
    }
    if len(fields["layers"]) != len(layers):
        raise ValueError("a layer that is there twice")
    return fields


def _layer_shapes(own: dict[str, Any], number: int, rank: int) -> dict[str, str]:
    """Return the shapes of the arrays of a layer in words, see ``check_shapes``."""
    shape = list(map(whole, sequence(own["shape"])))
    places = {rank + 1: shape[:-1], 1: [1] * rank}.get(len(shape), ["_"] * rank)
    found = {f"{number}/{n}": f"{size} 2" for n, size in zip(_SPANS[rank], places, strict=True)}
    for by in _measures(own):
        words = {"U": str(shape[-1]), "kept": f"kept_{by}_{number}", "k": f"k_{by}_{number}"}
        for name, axes in _ANSWERS.items():
            found[f"{number}/{by}/{name}"] = " ".join(words.get(a, a) for a in axes.split())
    return found


def _measures(own: dict[str, Any]) -> tuple[str, ...]:
    if not isinstance(own["single"], bool):
        raise TypeError("single, which is true or false")
    return ("peak",) if own["single"] else ("peak", "mean")


def _read_layer(
    own: dict[str, Any], fields: dict[str, Any], members: Members, number: int
) -> LayerEvidence:
    shape = tuple(own["shape"])
    nodes = int(np.prod(shape[:-1], dtype=object))
    answers = {
        by: _read_answers(members, f"{number}/{by}/", fields, nodes) for by in _measures(own)
    }
    return LayerEvidence(
        layer=text(own["layer"]),
        kind=text(own["kind"]),
        shape=shape,
        count=fields["count"],
        peak=answers["peak"],
        mean=answers.get("mean", answers["peak"]),
        spans=tuple(members[f"{number}/{n}"] for n in _SPANS[fields["images"].ndim - 2]),
    )


def _read_answers(members: Members, prefix: str, fields: dict[str, Any], nodes: int) -> Answers:
    found = {name: members[prefix + name] for name in _ANSWERS}
    _check_known(f"{prefix}top_images", found["top_images"], fields["indices"])
    _check_below(f"{prefix}top_nodes", found["top_nodes"], nodes)
    if (np.diff(found["top_values"], axis=1) > 0).any():
        raise ValueError(f"the array {prefix}top_values, which falls from left to right")
    if not (found["weights"] > 0).all():
        raise ValueError(f"the array {prefix}weights, which is above 0")
    return Answers(**found)


def _check_below(name: str, values: np.ndarray[Any, Any], end: int) -> None:
    if values.size and not 0 <= int(values.min()) <= int(values.max()) < end:
        raise ValueError(f"the array {name}, whose numbers go from 0 to {end - 1}")


def _check_known(name: str, values: np.ndarray[Any, Any], known: np.ndarray[Any, Any]) -> None:
    if not np.isin(values, known).all():
        raise ValueError(f"the array {name}, which names an image that was not kept")
