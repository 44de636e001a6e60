"""Every public call with values that people really pass: our error, or a result, and no nonsense taken.

Values that do not fit go in for one or two arguments at a time; the others fit. A call may end in a
:class:`FeatureProbeError`, in Python's own ``TypeError`` about the number or names of arguments, or with a
result; never deep inside of numpy or TensorFlow.
"""

import contextlib
import random
import struct
import traceback
import types
import typing
import warnings
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pytest
from public_calls import SLOW, Call, Stage, public_calls

import featureprobe as fp

HUGE = 10**400
NUMBERS = [
    0,
    1,
    -1,
    2,
    7,
    0.5,
    -0.5,
    1.0,
    1e-300,
    1e300,
    float("nan"),
    float("inf"),
    -float("inf"),
    HUGE,
    -HUGE,
    2**63,
    1 + 2j,
    np.float32(0.25),
    np.float64("nan"),
    np.int64(-3),
    np.uint8(2),
]
FLAGS = [True, False, np.True_, np.False_]
TEXTS = [
    "",
    "conv2",
    "conv",
    "nowhere",
    "False",
    "a\nb",
    "$x_1$",
    "\x1b[31m",
    "n" * 300,
    b"bytes",
    "\0",
]
THINGS = [
    None,
    [],
    (),
    {},
    [[]],
    ["conv2", 3],
    [1, "a"],
    {"a": 1},
    object(),
    int,
    len,
    iter([1]),
    range(0),
]


def arrays() -> list[Any]:
    """Arrays of other shapes and dtypes than anybody wants."""
    whole = np.arange(24.0).reshape(2, 3, 4)
    return [
        np.array(3.0), np.zeros(0), np.zeros((0, 12, 10, 2)), np.zeros((12, 10)), np.zeros((3, 5, 7, 9, 2)),
        np.full((12, 10, 2), np.nan), np.full((12, 10, 2), np.inf), whole.astype(complex), np.array(["a", "b"]),
        np.array([None, 1]), np.zeros((2, 12, 10, 2), bool), np.ma.masked_less(np.zeros((12, 10, 2)), 1),
        np.ma.masked_equal([1, 2, 3], 2), np.array([1, 2], np.uint64), np.zeros(3, "datetime64[s]"), whole,
        np.zeros((2, 12, 10, 2), np.float16), [[1, 2], [3]], [np.zeros(2), np.zeros(3)], np.array([-1, 99]),
    ]  # fmt: skip


def wrong_things(stage: Stage) -> list[Any]:
    """Things of the library in places where another one is meant."""
    return [
        stage.probe, stage.probe.model, stage.result, stage.evidence, stage.patterns, stage.grid, stage.state,
        stage.target, [stage.target, "conv2"], fp.TotalVariation(), fp.GaussianBlur(0.6), fp.PixelNoise(),
        fp.Jitter(1), fp.Ascent, fp.Sphere(), fp.Pixels(), fp.ArrayValue([1.0]), fp.Diversity("conv2"),
        fp.MapMean("nowhere", channel=1), fp.MapMean("conv2", channel=99), fp.Read("conv2"),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """What fits, made once; files are written into a folder of their own."""
    with contextlib.chdir(tmp_path_factory.mktemp("calls")):
        yield Stage()


def outcome(call: Call, given: dict[str, Any]) -> str:
    """Call, and say how it ended: ``"taken"``, ``"refused"``, or what went wrong."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made = call.function(**given)
            if call.name.endswith(("iterate", "read")):
                list(made)
    except fp.FeatureProbeError:
        return "refused"
    except TypeError as cause:
        frames = traceback.extract_tb(cause.__traceback__)
        ours = [f.name for f in frames if "featureprobe" in f.filename]
        if len(frames) <= 2 or set(ours) <= {"call", "__call__"}:
            return "refused"
        return f"TypeError: {cause} in {ours[-1:]}"
    except Exception as cause:  # noqa: BLE001  (this is what is looked for)
        frames = traceback.extract_tb(cause.__traceback__)
        return (
            f"{type(cause).__name__}: {str(cause)[:90]!r} at {frames[-1].name}:{frames[-1].lineno}"
        )
    return "taken"


def base_of(annotation: Any) -> Any:
    """Return an annotation without marks, and without its None."""
    if typing.get_origin(annotation) is typing.Annotated:
        annotation = typing.get_args(annotation)[0]
    members = [m for m in typing.get_args(annotation) if m is not type(None)]
    either = typing.get_origin(annotation) in (typing.Union, types.UnionType)
    return base_of(members[0]) if len(members) == 1 and either else annotation


def nonsense(call: Call, name: str, value: Any) -> str | None:
    """Say why a value means nothing for a parameter; None where it may mean something."""
    function = call.function.__init__ if isinstance(call.function, type) else call.function
    base = base_of(typing.get_type_hints(function).get(name))
    if isinstance(value, np.ma.MaskedArray):
        return "a mask"
    if value is None:
        return None
    if base in KINDS and not isinstance(value, KINDS[base]):
        return f"what is no {base.__name__}"
    if base in (int, float):
        return _odd_number(name, value, base)
    empty = name == "layers" and isinstance(value, list | tuple) and not value
    return "an empty list of layers" if empty else None


def _odd_number(name: str, value: Any, base: type) -> str | None:
    if isinstance(value, bool | np.bool_) or not -1.8e308 < value < 1.8e308:
        return f"{value} for a number"
    if base is int and name in COUNTS:
        return f"{value} for a count" if value < 1 else None
    if name == "confidence":
        return None if 0 < value < 1 else f"{value} for a confidence"
    return f"{value} for a share" if name in SHARES and not 0 <= value <= 1 else None


KINDS: dict[type, Any] = {
    bool: bool | np.bool_,
    float: int | float | np.integer | np.floating,
    int: int | np.integer,
    str: str,
    fp.ModelProbe: fp.ModelProbe,
}
SHARES = {"share", "most", "level"}
LONG = {
    "rounds",
    "starts",
    "steps",
    "top",
    "sample",
    "random",
    "folds",
    "upscale",
}  # take their time
COUNTS = {"rounds", "starts", "top", "columns", "folds", "steps", "upscale", "sample"}


def any_value(rng: random.Random) -> Any:
    """Return a number or a text of any kind and size."""
    return rng.choice([
        lambda: struct.unpack("<d", rng.randbytes(8))[0],
        lambda: rng.uniform(-10, 10),
        lambda: rng.randrange(-(2 ** rng.randrange(70)), 2 ** rng.randrange(70)),
        lambda: "".join(chr(rng.randrange(1, 0x2FF)) for _ in range(rng.randrange(9))),
    ])()  # fmt: skip


def run(stage: Stage, calls: list[Call], rng: random.Random) -> tuple[str, str] | None:
    """Draw one call and make it; return what is wrong with how it ended."""
    call = rng.choice(calls)
    given = stage.arguments(call)
    pool = [*NUMBERS, *FLAGS, *TEXTS, *THINGS, *arrays(), *wrong_things(stage)]
    changed = rng.sample(call.parameters, min(rng.randint(1, 2), len(call.parameters)))
    for parameter in changed:
        value = any_value(rng) if rng.random() < 0.4 else rng.choice(pool)
        long = parameter.name in LONG and isinstance(value, int) and 100 < value < 2**63
        given[parameter.name] = value % 7 if long else value
    ended = outcome(call, given)
    shown = ", ".join(
        f"{p.name}={str(given[p.name])[:60]!r} ({type(given[p.name]).__name__})" for p in changed
    )
    if ended == "taken":
        reasons = [nonsense(call, p.name, given[p.name]) for p in changed]
        ended = f"took {', '.join(r for r in reasons if r)}" if any(reasons) else ended
    return None if ended in ("taken", "refused") else (f"{call.name}({shown})", ended)


def sweep(stage: Stage, seeds: Iterable[int]) -> list[tuple[str, str]]:
    """Make a call for each seed, slow ones less often; return what went wrong."""
    calls = [c for c in public_calls(stage) if c.parameters]
    quick = [c for c in calls if c.name not in SLOW]
    drawn = (random.Random(seed) for seed in seeds)
    made = (run(stage, quick if rng.random() < 0.93 else calls, rng) for rng in drawn)
    return [found for found in made if found]


def test_some_calls(stage: Stage) -> None:
    """A share of the calls below: the same ones in each run."""
    wrong = sweep(stage, range(1500))
    assert not wrong, "\n".join(f"{call}\n    {ended}" for call, ended in wrong[:20])


@pytest.mark.long
def test_many_calls(stage: Stage) -> None:
    """20,000 calls: none ends in a foreign exception, none takes nonsense."""
    wrong = sweep(stage, range(1500, 21500))
    assert not wrong, "\n".join(f"{call}\n    {ended}" for call, ended in wrong[:50])
