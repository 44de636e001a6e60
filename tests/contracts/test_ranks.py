"""The contracts hold on series and on volumes, as they do on pictures."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from featureprobe import testing
from featureprobe._component import ArrayValue
from featureprobe.testing import Example
from featureprobe.testing.models import shared_probe

sys.path.insert(0, str(Path(__file__).parent))

from test_builtins import CONTRACTS, KINDS, _tests_of

ROOMS = ("initializers", "regularizers", "transforms", "parameterizations", "rules")
CLIMBING = ("test_runs_in_an_ascent", "test_a_run_is_the_same_resumed_and_in_any_chunks")


def _on(rank: int, example: Example) -> Example:
    """Return an example whose images, if it holds any, have so many spatial axes."""
    shape, name = shared_probe(rank).image_shape, getattr(example.component, "kind", "")
    if name not in ("from_image", "from_images"):
        return example
    many = (3, *shape) if name == "from_images" else shape
    given = ArrayValue((np.arange(np.prod(many)) % 251).astype(np.uint8).reshape(many))
    held = "images" if name == "from_images" else "image"
    made = type(example.component)(**{held: given, "noise": example.component.noise})  # type: ignore[attr-defined, arg-type]
    return Example(made, {**example.declared, "shapes": (shape,)})


def _cases() -> Iterator[Any]:
    for rank in (1, 3):
        for room, kind in KINDS:
            if room not in ROOMS:
                continue
            for number, example in enumerate(testing.EXAMPLES[kind]):
                for method in _tests_of(CONTRACTS[room]):
                    # What compiles a run each takes seconds; one kind of each room does for every build.
                    often = method not in CLIMBING or kind == "moved"
                    yield pytest.param(
                        rank, room, example, method,
                        id=f"{rank}-{kind}{number}-{method[5:]}",
                        marks=[] if often else [pytest.mark.long],
                    )  # fmt: skip


@pytest.mark.parametrize(("rank", "room", "example", "method"), list(_cases()))
def test_built_in_kind_keeps_its_contract(
    rank: int, room: str, example: Example, method: str
) -> None:
    """A built-in component does on series and volumes what its contract says."""
    own = _on(rank, example)
    body = {"make": lambda self: own.component, "rank": rank, **own.declared}
    getattr(type("Contract", (CONTRACTS[room],), body)(), method)()
