"""The state of a run as a header and arrays, and back again, checked."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

PREFIX = "state_"
"""Of the names of a state's arrays, also where they stand beside those of a result."""

Arrays = dict[str, npt.NDArray[Any]]
Tree = Any

_PLAIN = ("start_images", "start_index", "course", "ended")
_TREES = ("params", "slots", "best", "traces")
_BEST = {"images", "total", "score", "gradient", "certificate"}
_BESIDE = {"params", "extras"}  # what only some parameterizations have
_TRACES = {"terms", "score", "total", "gradient", "certificate"}
_DEPTH = 16  # of nesting; rules nest two or three deep


def state_to_json(state: Any) -> tuple[dict[str, Any], Arrays]:
    """Return what describes an AscentState as JSON values, and its arrays by name."""
    arrays: Arrays = {PREFIX + name: np.asarray(getattr(state, name)) for name in _PLAIN}
    header: dict[str, Any] = {
        "index": state.index,
        "seed": state.seed,
        "targets": state.targets,
        "start_origins": [[str(text) for text in row] for row in state.start_origins],
    }
    for name in _TREES:
        header[name] = _pack(getattr(state, name), arrays)
    return header, arrays


def state_fields(
    header: Mapping[str, Any], stored: Mapping[str, npt.NDArray[Any]]
) -> dict[str, Any]:
    """Return the fields of the state that :func:`state_to_json` described.

    Raises:
        ValueError: When something is missing, or does not fit the rest; it says what.
    """
    try:
        fields: dict[str, Any] = {name: stored[PREFIX + name] for name in _PLAIN}
        fields |= {name: _unpack(header[name], stored) for name in _TREES}
        fields |= {name: _count(header[name]) for name in ("index", "seed")}
        fields["targets"] = str(header["targets"])
        origins = [[str(text) for text in row] for row in header["start_origins"]]
        fields["start_origins"] = np.array(origins, dtype=object)
        _check(fields)
    except (KeyError, TypeError, AttributeError) as cause:
        raise ValueError(f"its state, which lacks {cause}") from cause
    return fields


def _count(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"its state has the count {value!r}")
    return value


def _pack(tree: Tree, arrays: Arrays) -> Any:
    """Return how a tree is nested, with the names of its arrays, which are added to ``arrays``."""
    if isinstance(tree, dict):
        return {"dict": {name: _pack(value, arrays) for name, value in tree.items()}}
    if isinstance(tree, tuple | list):
        return {"tuple": [_pack(value, arrays) for value in tree]}
    name = f"{PREFIX}{len(arrays)}"
    arrays[name] = np.asarray(tree)
    return {"array": name}


def _unpack(node: Any, stored: Mapping[str, npt.NDArray[Any]], depth: int = 0) -> Tree:
    if not isinstance(node, dict) or len(node) != 1 or depth > _DEPTH:
        raise ValueError("its state is nested in a way that is not known")
    ((kind, inner),) = node.items()
    if kind == "dict":
        return {str(name): _unpack(value, stored, depth + 1) for name, value in inner.items()}
    if kind == "tuple":
        return tuple(_unpack(value, stored, depth + 1) for value in inner)
    if kind != "array" or not str(inner).startswith(PREFIX):
        raise ValueError("its state is nested in a way that is not known")
    return stored[inner]


def _check(fields: Mapping[str, Any]) -> None:
    """Raise ValueError unless all arrays of a state fit each other."""
    index, images, best = fields["start_index"], fields["start_images"], fields["best"]
    course, ended = fields["course"], fields["ended"]
    traces = _leaves(fields["traces"])
    if index.ndim != 2 or images.ndim < 2 or index.dtype.kind != "i":
        raise ValueError("the starts of its state are no starts")
    if index.size and not (index.min() >= 0 and index.max() < len(images)):
        raise ValueError("its state asks for starts that it does not have")
    if fields["start_origins"].shape != index.shape or ended.dtype.kind != "i":
        raise ValueError("the starts of its state do not fit each other")
    own: list[npt.NDArray[Any]] = [course, ended, *_leaves(best)]
    own += [*_leaves(fields["params"]), *_leaves(fields["slots"])]
    if {a.shape[:1] for a in own} != {(index.size,)}:
        raise ValueError("the arrays of its state differ in length")
    if set(best) - _BESIDE != _BEST or (fields["traces"] and set(fields["traces"]) != _TRACES):
        raise ValueError("its state does not have the values that are kept")
    shape = images.shape[1:]
    if best["images"].shape[1:] != shape or course.shape[1:] != shape:
        raise ValueError("the images of its state differ in shape")
    if {t.shape[1:2] for t in traces} - {(index.size,)}:
        raise ValueError("the traces of its state do not fit its images")
    if any(a.dtype.kind not in "bfciu" for a in [*own, images, *traces]):
        raise ValueError("its state holds something else than numbers")


def _leaves(tree: Tree) -> list[npt.NDArray[Any]]:
    if isinstance(tree, dict):
        return [leaf for value in tree.values() for leaf in _leaves(value)]
    if isinstance(tree, tuple):
        return [leaf for value in tree for leaf in _leaves(value)]
    return [tree]
