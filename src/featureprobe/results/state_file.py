"""The resumable state beside a saved result: arrays, and a header that says how they are nested."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from featureprobe.results.state import AscentState, Tree

PREFIX = "state_"
"""Of the names of the state's arrays in a file."""

Arrays = dict[str, npt.NDArray[Any]]

_TREES = ("params", "slots", "best", "traces")
_BEST = {"images", "total", "score", "gradient", "certificate"}
_TRACES = {"terms", "score", "total", "gradient", "certificate"}
_DEPTH = 16  # of nesting; rules nest two or three deep


def pack_state(state: AscentState) -> tuple[dict[str, Any], Arrays]:
    """Return what describes a state as JSON values, and its arrays by name."""
    arrays: Arrays = {}
    header: dict[str, Any] = {
        "index": state.index,
        "seed": state.seed,
        "targets": state.targets,
        "start_origins": [[str(text) for text in row] for row in state.start_origins],
    }
    for name in ("start_images", "start_index", "course", "ended"):
        arrays[PREFIX + name] = np.asarray(getattr(state, name))
    for name in _TREES:
        header[name] = _pack(getattr(state, name), arrays)
    return header, arrays


def unpack_state(header: Mapping[str, Any], stored: Mapping[str, npt.NDArray[Any]]) -> AscentState:
    """Return the state that :func:`pack_state` described.

    Raises:
        ValueError: When something is missing, or does not fit the rest; it says what.
    """
    try:
        trees = {name: _unpack(header[name], stored) for name in _TREES}
        state = AscentState(
            index=_count(header["index"]),
            seed=_count(header["seed"]),
            targets=str(header["targets"]),
            start_images=stored[PREFIX + "start_images"],
            start_index=stored[PREFIX + "start_index"],
            start_origins=np.array(
                [[str(text) for text in row] for row in header["start_origins"]], dtype=object
            ),
            course=stored[PREFIX + "course"],
            ended=stored[PREFIX + "ended"],
            **trees,
        )
    except (KeyError, TypeError, AttributeError) as cause:
        raise ValueError(f"its state, which lacks {cause}") from cause
    _check(state)
    return state


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


def _check(state: AscentState) -> None:
    """Raise ValueError unless all arrays of a state fit each other."""
    index, images = state.start_index, state.start_images
    if index.ndim != 2 or images.ndim < 2 or index.dtype.kind != "i":
        raise ValueError("the starts of its state are no starts")
    if index.size and not (index.min() >= 0 and index.max() < len(images)):
        raise ValueError("its state asks for starts that it does not have")
    if state.start_origins.shape != index.shape or state.ended.dtype.kind != "i":
        raise ValueError("the starts of its state do not fit each other")
    own: list[npt.NDArray[Any]] = [state.course, state.ended]
    own += [*_leaves(state.params), *_leaves(state.slots)]
    if {a.shape[:1] for a in [*own, *_leaves(state.best)]} != {(index.size,)}:
        raise ValueError("the arrays of its state differ in length")
    if set(state.best) != _BEST or (state.traces and set(state.traces) != _TRACES):
        raise ValueError("its state does not have the values that are kept")
    shape = images.shape[1:]
    if state.best["images"].shape[1:] != shape or state.course.shape[1:] != shape:
        raise ValueError("the images of its state differ in shape")
    if {t.shape[1:2] for t in _leaves(state.traces)} - {(index.size,)}:
        raise ValueError("the traces of its state do not fit its images")
    if any(a.dtype.kind not in "fciu" for a in [*own, images, *_leaves(state.traces)]):
        raise ValueError("its state holds something else than numbers")


def _leaves(tree: Tree) -> list[npt.NDArray[Any]]:
    if isinstance(tree, dict):
        return [leaf for value in tree.values() for leaf in _leaves(value)]
    if isinstance(tree, tuple):
        return [leaf for value in tree for leaf in _leaves(value)]
    return [tree]
