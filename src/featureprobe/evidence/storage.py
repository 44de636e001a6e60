"""Evidence on disk."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from featureprobe import _archive
from featureprobe.evidence.layer_evidence import Answers, LayerEvidence

if TYPE_CHECKING:
    from featureprobe.evidence.evidence import Evidence

SCHEMA = 1
_WHAT = "Evidence"
_PLAIN = ("images", "indices", "sample")
# The rank of each array, of a layer and of its answers.
_LAYER = {"rows": 2, "cols": 2}
_ANSWERS = {
    "mean": 1, "std": 1, "least": 1, "active": 1, "top_values": 2, "top_images": 2, "top_nodes": 2,
    "kept": 2, "weights": 1, "sampled": 2,
}  # fmt: skip


def write_evidence(path: str | Path, evidence: "Evidence") -> None:
    """Write evidence; the file appears whole or not at all."""
    arrays: dict[str, Any] = {name: getattr(evidence, name) for name in _PLAIN}
    layers = []
    for number, own in enumerate(evidence.layers.values()):
        single = own.mean is own.peak
        layers.append({"layer": own.layer, "kind": own.kind, "shape": own.shape, "single": single})
        arrays |= {f"{number}/{name}": getattr(own, name) for name in _LAYER}
        for by in ("peak",) if single else ("peak", "mean"):
            arrays |= {f"{number}/{by}/{n}": getattr(own.of(by), n) for n in _ANSWERS}
    header = {
        "layers": layers,
        "names": list(evidence.names),
        "count": evidence.count,
        "model": evidence.model,
        "fingerprint": evidence.fingerprint,
        "skipped": dict(evidence.skipped),
    }
    _archive.write(path, _WHAT, SCHEMA, header, arrays)


def read_evidence(path: str | Path) -> dict[str, Any]:
    """Return the fields of saved evidence.

    Raises:
        DataError, ConfigError: When the file is missing, damaged, something else, or newer.
    """
    header, arrays = _archive.read(path, _WHAT, SCHEMA)
    try:
        fields: dict[str, Any] = {name: arrays[name] for name in _PLAIN}
        fields |= {name: header[name] for name in ("count", "model", "fingerprint", "skipped")}
        fields["names"] = tuple(str(name) for name in header["names"])
        fields["layers"] = {
            own["layer"]: _read_layer(own, int(header["count"]), arrays, number)
            for number, own in enumerate(header["layers"])
        }
        if not len(fields["images"]) == len(fields["indices"]) == len(fields["names"]):
            raise ValueError("images, indices and names differ in length")
    except (KeyError, TypeError, ValueError, AttributeError) as cause:
        raise _archive.broken(path, _WHAT, f"it lacks or garbles {cause}") from cause
    return fields


def _read_layer(
    own: dict[str, Any], count: int, arrays: _archive.Arrays, number: int
) -> LayerEvidence:
    def take(name: str, rank: int) -> np.ndarray[Any, Any]:
        array = arrays[f"{number}/{name}"]
        if array.ndim != rank or array.dtype.kind not in "fi":
            raise ValueError(f"the array {number}/{name}")
        return array

    measures = {
        by: Answers(**{name: take(f"{by}/{name}", rank) for name, rank in _ANSWERS.items()})
        for by in (("peak",) if own["single"] else ("peak", "mean"))
    }
    return LayerEvidence(
        layer=own["layer"],
        kind=own["kind"],
        shape=tuple(int(n) for n in own["shape"]),
        count=count,
        peak=measures["peak"],
        mean=measures.get("mean", measures["peak"]),
        **{name: take(name, rank) for name, rank in _LAYER.items()},
    )
