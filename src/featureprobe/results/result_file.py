"""Results on disk: one npz file with plain arrays and a JSON header, no pickle."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from featureprobe import _archive
from featureprobe._component import ArrayValue
from featureprobe._header import mapping, sequence, text, whole
from featureprobe._members import Members, check_shapes
from featureprobe.errors import DataError
from featureprobe.results.reached import Reached
from featureprobe.results.recipe import Recipe
from featureprobe.results.state_file import PREFIX, pack_state, unpack_state
from featureprobe.results.status import Status

SCHEMA = 2
_WHAT = "AscentResult"
_ARRAY = "array_"  # prefix of arrays that belong to the recipe

# Shape of each array in words: T targets, S starts, N steps + 1, M terms, K snapshots, image axes.
_SHAPES = {
    "images": "T S H W C",
    "scores": "T S",
    "totals": "T S",
    "certificates": "T S",
    "gradient_norms": "T S",
    "dead_thresholds": "T",
    "score_trace": "N T S",
    "total_trace": "N T S",
    "term_trace": "N T S M",
    "gradient_trace": "N T S",
    "certificate_trace": "N T S",
    "snapshots": "K T S H W C",
    "snapshot_steps": "K",
    "steps_done": "T S",
}
_KINDS = dict.fromkeys(_SHAPES, "f") | {"snapshot_steps": "i", "steps_done": "i"}


def write_result(path: str | Path, result: Reached, *, state: bool = False) -> None:
    """Write a result, with its state if wanted; the file appears whole or not at all.

    Raises:
        DataError: When the state is wanted and there is none, when the name does not end in ``.npz``,
            or its folder is missing.
        SaveError: When the file cannot be written.
    """
    header: dict[str, Any] = {
        "status": [[str(s) for s in row] for row in result.status],
        "origins": [[str(o) for o in row] for row in result.origins],
        "labels": list(result.labels),
        "crops": list(result.crops),
        "steps": result.steps,
        "recipe": result.recipe.to_json(),
    }
    reasons = [[s.reason for s in row] for row in result.status]
    if any(map(any, reasons)):
        header["reasons"] = reasons
    arrays: dict[str, Any] = {name: getattr(result, name) for name in _SHAPES}
    arrays |= {_ARRAY + digest: values for digest, values in result.recipe.arrays.items()}
    if state:
        if result.state is None:
            raise DataError(
                "This result has no state to save: it was loaded without one, or is a part of another. "
                "Save what Ascent.run returned, or leave state=True out."
            )
        header["state"], own = pack_state(result.state)
        arrays |= own
    _archive.write(path, _WHAT, SCHEMA, header, arrays)


def read_result(path: str | Path) -> dict[str, Any]:
    """Return the fields of a saved result, checked.

    Raises:
        DataError: When the file is missing, truncated, or not a result.
        ConfigError: When it has another schema.
    """
    return _archive.read(path, _WHAT, SCHEMA, _fields)


def _fields(header: dict[str, Any], members: Members) -> dict[str, Any]:
    own = [name for name in members if name.startswith(_ARRAY)]
    check_shapes(members, dict.fromkeys(own, "..."), dict.fromkeys(own, "biuf"))
    states = [name for name in members if name.startswith(PREFIX)]
    check_shapes(members, dict.fromkeys(states, "..."), dict.fromkeys(states, "biufc"))
    sizes = check_shapes(members, _SHAPES, _KINDS)
    status, origins, words = _words(header)
    fields: dict[str, Any] = {name: members[name] for name in _SHAPES}
    fields |= words
    arrays = {name.removeprefix(_ARRAY): members[name] for name in own}
    fields["recipe"] = Recipe.from_json(header["recipe"], arrays)
    by_target = (status, origins, *(fields[name] for name in ("labels", "crops")))
    by_target = (*by_target, fields["recipe"].objectives)
    by_start: list[list[Any]] = [*status, *origins]
    if {len(v) for v in by_target} != {sizes["T"]} or {len(r) for r in by_start} - {sizes["S"]}:
        raise ValueError("statuses, labels or objectives, which do not fit its images")
    for name in set(arrays) - set(_named_arrays(header["recipe"])):
        if ArrayValue(arrays[name]).sha256 != name:  # its name was damaged: one is missed
            raise ValueError(f"the array {name!r}, which is another one")
    if "state" in header:
        fields["state"] = unpack_state(mapping(header["state"]), members)
    fields["status"] = np.array(status, dtype=object).reshape(sizes["T"], sizes["S"])
    fields["origins"] = np.array(origins, dtype=object).reshape(sizes["T"], sizes["S"])
    return fields


def _words(header: dict[str, Any]) -> tuple[list[list[Status]], list[list[str]], dict[str, Any]]:
    """Return statuses, origins and the other words of a header, checked."""
    status = [[Status(word) for word in row] for row in map(sequence, sequence(header["status"]))]
    if "reasons" in header:
        reasons = [[text(v) for v in row] for row in map(sequence, sequence(header["reasons"]))]
        status = [
            [s.because(why) if why else s for s, why in zip(*rows, strict=True)]
            for rows in zip(status, reasons, strict=True)
        ]
    origins = [[text(value) for value in row] for row in map(sequence, sequence(header["origins"]))]
    words: dict[str, Any] = {
        name: tuple(map(text, sequence(header[name]))) for name in ("labels", "crops")
    }
    words["steps"] = whole(header["steps"])
    mapping(header["recipe"])
    return status, origins, words


def _named_arrays(value: Any) -> Iterator[str]:
    """Yield the digests of the arrays that a config names."""
    if isinstance(value, dict) and set(value) == {"array"}:
        yield str(value["array"])
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _named_arrays(part)
