"""Results on disk: one npz file with plain arrays and a JSON header, no pickle."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from featureprobe import _archive
from featureprobe.errors import DataError
from featureprobe.results.recipe import Recipe
from featureprobe.results.status import Status

if TYPE_CHECKING:
    from featureprobe.results.result import AscentResult

SCHEMA = 2
_WHAT = "AscentResult"
_ARRAY = "array_"  # prefix of arrays that belong to the recipe

# Shape of each array in words: T targets, S starts, N steps + 1, M terms, K snapshots, image axes.
_SHAPES = {
    "images": "TSHWC",
    "scores": "TS",
    "totals": "TS",
    "certificates": "TS",
    "gradient_norms": "TS",
    "dead_thresholds": "T",
    "score_trace": "NTS",
    "total_trace": "NTS",
    "term_trace": "NTSM",
    "gradient_trace": "NTS",
    "certificate_trace": "NTS",
    "snapshots": "KTSHWC",
    "snapshot_steps": "K",
    "steps_done": "TS",
}
_WHOLE = ("snapshot_steps", "steps_done")


def write_result(path: str | Path, result: "AscentResult") -> None:
    """Write a result; the file appears whole or not at all.

    Raises:
        DataError: When the name does not end in ``.npz``, or its folder is missing.
        SaveError: When the file cannot be written.
    """
    header = {
        "status": [[str(s) for s in row] for row in result.status],
        "origins": [[str(o) for o in row] for row in result.origins],
        "labels": list(result.labels),
        "crops": list(result.crops),
        "steps": result.steps,
        "recipe": result.recipe.to_json(),
    }
    arrays: dict[str, Any] = {name: getattr(result, name) for name in _SHAPES}
    arrays |= {_ARRAY + digest: values for digest, values in result.recipe.arrays.items()}
    _archive.write(path, _WHAT, SCHEMA, header, arrays)


def read_result(path: str | Path) -> dict[str, Any]:
    """Return the fields of a saved result, checked.

    Raises:
        DataError: When the file is missing, truncated, or not a result.
        ConfigError: When it has another schema.
    """
    path = Path(path)
    header, stored = _archive.read(path, _WHAT, SCHEMA)
    arrays = {n.removeprefix(_ARRAY): v for n, v in stored.items() if n.startswith(_ARRAY)}
    fields: dict[str, Any] = {name: stored.get(name) for name in _SHAPES}
    sizes = _check_shapes(path, fields)
    status, origins, words = _words(path, header)
    fields |= words
    fields["recipe"] = Recipe.from_json(header["recipe"], arrays)
    by_target = (status, origins, *(fields[name] for name in ("labels", "crops")))
    by_target = (*by_target, fields["recipe"].objectives)
    by_start: list[list[Any]] = [*status, *origins]
    if {len(v) for v in by_target} != {sizes["T"]} or {len(r) for r in by_start} - {sizes["S"]}:
        raise _broken(path, "its statuses, labels or objectives do not fit its images")
    fields["status"] = np.array(status, dtype=object).reshape(sizes["T"], sizes["S"])
    fields["origins"] = np.array(origins, dtype=object).reshape(sizes["T"], sizes["S"])
    return fields


def _words(
    path: Path, header: dict[str, Any]
) -> tuple[list[list[Status]], list[list[str]], dict[str, Any]]:
    """Return statuses, origins and the other words of a header, checked."""
    try:
        status = [[Status(word) for word in row] for row in header["status"]]
        origins = [[str(text) for text in row] for row in header["origins"]]
        words: dict[str, Any] = {
            name: tuple(str(text) for text in header[name]) for name in ("labels", "crops")
        }
        words["steps"] = int(header["steps"])
        recipe = header["recipe"]
    except (KeyError, TypeError, ValueError) as cause:
        raise _broken(path, f"its header lacks or garbles {cause}") from cause
    if not isinstance(recipe, dict):
        raise _broken(path, "its recipe is not a mapping")
    return status, origins, words


def _check_shapes(path: Path, fields: dict[str, Any]) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for name, letters in _SHAPES.items():
        array = fields[name]
        wanted = "i" if name in _WHOLE else "f"
        if not isinstance(array, np.ndarray) or array.dtype.kind != wanted:
            raise _broken(path, f"the array {name!r} is missing or no array of numbers")
        if array.ndim != len(letters):
            raise _broken(path, f"the array {name!r} has the shape {array.shape}")
        for letter, size in zip(letters, array.shape):
            if sizes.setdefault(letter, size) != size:
                raise _broken(path, f"the array {name!r} does not fit the others")
    return sizes


def _broken(path: Path, why: str) -> DataError:
    return _archive.broken(path, _WHAT, why)
