"""Results as a JSON header and plain arrays, in memory or in one npz file, no pickle."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from featureprobe import _archive
from featureprobe._header import mapping, sequence, text, whole
from featureprobe._members import Members, check_shapes
from featureprobe._spatial import image_axes, is_image
from featureprobe.errors import DataError
from featureprobe.results.by_input import by_input, packed, space_of
from featureprobe.results.reached import Reached
from featureprobe.results.recipe import made_of
from featureprobe.results.state import AscentState
from featureprobe.results.state_file import state_to_json
from featureprobe.results.status import Status

SCHEMA = 2
_WHAT = "AscentResult"
_ARRAY = "array_"  # prefix of arrays that belong to the recipe
_EXTRA = "extra_"  # prefix of extras; their names are in the header

# Shape of each array in words: T targets, S starts, N steps + 1, M terms, K snapshots; of images these
# are the axes before their own.
_SHAPES = {
    "images": "T S",
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
    "snapshots": "K T S",
    "snapshot_steps": "K",
    "steps_done": "T S",
}
_PICTURES = ("images", "snapshots")
_KINDS = dict.fromkeys(_SHAPES, "f") | {"snapshot_steps": "i", "steps_done": "i"}


def pack_result(result: Reached, *, state: bool = False) -> _archive.Packed:
    """Return a result, with its state if wanted, as a header and arrays.

    Raises:
        DataError: When the state is wanted and there is none.
    """
    recipe, own = result.recipe.pack()
    header: dict[str, Any] = {
        "status": [[str(s) for s in row] for row in result.status],
        "origins": [[str(o) for o in row] for row in result.origins],
        "labels": list(result.labels),
        "crops": list(result.crops),
        "steps": result.steps,
        "recipe": recipe,
    }
    reasons = [[s.reason for s in row] for row in result.status]
    if any(map(any, reasons)):
        header["reasons"] = reasons
    arrays: dict[str, Any] = {name: getattr(result, name) for name in _SHAPES}
    space = space_of(result.recipe)
    arrays |= {name: packed(space, arrays[name]) for name in _PICTURES}
    if result.extras:
        header["extras"] = list(result.extras)
        arrays |= {f"{_EXTRA}{i}": values for i, values in enumerate(result.extras.values())}
    arrays |= {_ARRAY + digest: values for digest, values in own.items()}
    if state:
        if result.state is None:
            raise DataError(
                "This result has no state to save: it was loaded without one, or is a part of another. "
                "Save what Ascent.run returned, or leave state=True out."
            )
        header["state"], own = state_to_json(result.state)
        arrays |= own
    return _archive.pack(_WHAT, SCHEMA, header, arrays)


def unpack_result(
    header: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]
) -> dict[str, Any]:
    """Return the fields of a packed result, checked.

    Raises:
        DataError: When something is missing or garbled, or it is no result.
        ConfigError: When it has another schema.
    """
    return _archive.unpack(header, arrays, _WHAT, SCHEMA, _fields)


def write_result(path: str | Path, result: Reached, *, state: bool = False) -> None:
    """Write a result, with its state if wanted; the file appears whole or not at all.

    Raises:
        DataError: When the state is wanted and there is none, when the name does not end in ``.npz``,
            or its folder is missing.
        SaveError: When the file cannot be written.
    """
    _archive.write(path, _WHAT, *pack_result(result, state=state))


def read_result(path: str | Path) -> dict[str, Any]:
    """Return the fields of a saved result, checked.

    Raises:
        DataError: When the file is missing, truncated, or not a result.
        ConfigError: When it has another schema.
    """
    return _archive.read(path, _WHAT, SCHEMA, _fields)


def _fields(header: dict[str, Any], members: Members) -> dict[str, Any]:
    names = [text(name) for name in sequence(header.get("extras", []))]
    beside = [f"{_EXTRA}{i}" for i in range(len(names))]
    shapes, kinds = dict.fromkeys(beside, "T S ..."), dict.fromkeys(beside, "biufc")
    sizes = check_shapes(members, _shapes_of(members) | shapes, _KINDS | kinds)
    status, origins, words = _words(header)
    fields: dict[str, Any] = {name: members[name] for name in _SHAPES}
    fields |= words
    fields["extras"] = {n: members[own] for n, own in zip(names, beside, strict=True)}
    fields["recipe"] = made_of(mapping(header["recipe"]), members, _ARRAY)
    space = space_of(fields["recipe"])
    fields |= {name: by_input(space, fields[name]) for name in _PICTURES}
    by_target = (status, origins, *(fields[name] for name in ("labels", "crops")))
    by_target = (*by_target, fields["recipe"].objectives)
    by_start: list[list[Any]] = [*status, *origins]
    if {len(v) for v in by_target} != {sizes["T"]} or {len(r) for r in by_start} - {sizes["S"]}:
        raise ValueError("statuses, labels or objectives, which do not fit its images")
    if "state" in header:
        fields["state"] = AscentState._made(mapping(header["state"]), members)
    fields["status"] = np.array(status, dtype=object).reshape(sizes["T"], sizes["S"])
    fields["origins"] = np.array(origins, dtype=object).reshape(sizes["T"], sizes["S"])
    return fields


def _shapes_of(members: Members) -> dict[str, str]:
    """Return the shape of each array in words, with as many image axes as the images have."""
    if "images" not in members:
        return _SHAPES
    own = members.head("images")[0][len(_SHAPES["images"].split()) :]
    if not is_image(own):
        raise ValueError("the array 'images', which holds no images")
    axes = " ".join(image_axes(len(own)).strip("()").split(", "))
    return _SHAPES | {name: f"{_SHAPES[name]} {axes}" for name in ("images", "snapshots")}


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
    return status, origins, words
