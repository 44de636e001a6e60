"""Bad input: one clear error of the library's own that says what to do, and nothing half-done."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import keras
import numpy as np
import pytest

import featureprobe as fp

Case = tuple[str, Callable[[fp.ModelProbe], Any], type[Exception], str]

IMAGE = np.zeros((6, 6, 1), np.uint8)
NAN = np.full((2, 6, 6, 1), np.nan)
CONV, MAP = "conv", fp.MapMean("conv", channel=0)


def climb(probe: fp.ModelProbe, target: Any = MAP, rng: Any = 0, **kwargs: Any) -> Any:
    """Run a short ascent."""
    return fp.Ascent(**{"steps": 2, "starts": 1, **kwargs}).run(
        probe, target, rng=rng, progress=False
    )


def open_range(probe: fp.ModelProbe) -> fp.ModelProbe:
    """Open the same model with an open range."""
    return fp.ModelProbe(probe.model, input_space=fp.InputSpace())


def resume(probe: fp.ModelProbe, made_for: Any, given: Any) -> Any:
    """Start with some targets and go on with others."""
    ascent = fp.Ascent(steps=2, starts=1, search=None)
    return list(ascent.iterate(probe, given, ascent.start(probe, made_for, rng=0)))


class NotDecorated(fp.Regularizer):
    """A plug-in whose author forgot the decorator."""

    kind: ClassVar[str] = "tests.not_decorated"
    amount: float = 1.0

    def apply(self, images: Any, step: fp.Step) -> Any:
        """Return the images."""
        return images


@dataclass(frozen=True)
class Nowhere(fp.Objective):
    """Reads a layer that is not there."""

    kind: ClassVar[str] = "tests.nowhere"

    def reads(self) -> tuple[fp.Read, ...]:
        """Read a misspelt layer."""
        return (fp.Read("conw", channel=0),)

    def value(self, seen: fp.Seen) -> Any:
        """Never reached."""
        raise AssertionError("was run")


LAYERS: list[Case] = [
    (
        "activations",
        lambda p: p.activations(IMAGE, "conw"),
        fp.UnknownLayerError,
        "Nearest: 'conv'",
    ),
    (
        "one of many",
        lambda p: p.activations(IMAGE, ["conv", "x"]),
        fp.UnknownLayerError,
        "no layer 'x'",
    ),
    (
        "pre",
        lambda p: p.activations(IMAGE, "conw", pre=True),
        fp.UnknownLayerError,
        "Nearest: 'conv'",
    ),
    ("nested path", lambda p: p.shape_of("a/conv"), fp.UnknownLayerError, "'outer/inner'"),
    ("no text", lambda p: p.activations(IMAGE, 3), fp.UnknownLayerError, "named by its path"),
    ("None", lambda p: p.activations(IMAGE, None), fp.UnknownLayerError, "named by its path"),
    ("list of numbers", lambda p: p.activations(IMAGE, [0]), fp.UnknownLayerError, "named by its"),
    ("grid", lambda p: p.grid(IMAGE, "Conv"), fp.UnknownLayerError, "Nearest: 'conv'"),
    ("each", lambda p: fp.MapMean.each(p, "poool"), fp.UnknownLayerError, "Nearest: 'pool'"),
    ("target", lambda p: climb(p, fp.MapMean("conw", channel=0)), fp.UnknownLayerError, "'conv'"),
    ("own objective", lambda p: climb(p, Nowhere()), fp.UnknownLayerError, "Nearest: 'conv'"),
    (
        "second target",
        lambda p: climb(p, [MAP, Nowhere()]),
        fp.UnknownLayerError,
        "Nearest: 'conv'",
    ),
]
RANGES: list[Case] = [
    ("map", lambda p: climb(p, fp.MapMean("conv", channel=3)), fp.RangeError, "from 0 to 2"),
    ("negative map", lambda p: fp.MapMean("conv", channel=-1), fp.RangeError, "at least 0"),
    ("map 1.0", lambda p: fp.MapMean("conv", channel=1.0), fp.RangeError, "whole number"),
    (
        "row",
        lambda p: climb(p, fp.Node("conv", row=4, col=0, channel=0)),
        fp.RangeError,
        "from 0 to 3",
    ),
    ("node", lambda p: climb(p, fp.Node("dense", index=4)), fp.RangeError, "from 0 to 3"),
    ("logit", lambda p: climb(p, fp.Logit(10)), fp.RangeError, "from 0 to 3"),
    ("row of each", lambda p: fp.Node.each(p, "conv", row=4), fp.RangeError, "from 0 to 3"),
    ("second target", lambda p: climb(p, [MAP, fp.Logit(10)]), fp.RangeError, "from 0 to 3"),
    ("MapMean of nodes", lambda p: fp.MapMean.each(p, "dense"), fp.ShapeError, "fp.Node.each"),
    ("map of nodes", lambda p: climb(p, fp.MapMean("dense", channel=0)), fp.ShapeError, "fp.Node"),
    (
        "index of maps",
        lambda p: climb(p, fp.Node("conv", index=0)),
        fp.ShapeError,
        "row, col, channel",
    ),
    (
        "half a node",
        lambda p: fp.Node("conv", row=1),
        fp.ConfigError,
        "give row=, col= .* and channel=",
    ),
    (
        "place of a vector",
        lambda p: climb(p, fp.Logit(0, position=(1, 2))),
        fp.ShapeError,
        "no row axis",
    ),
    (
        "mask of a vector",
        lambda p: climb(p, fp.Logit(0, mask=np.ones((2, 2)))),
        fp.ShapeError,
        "one weight for each position",
    ),
    ("empty mask", lambda p: fp.Logit(0, mask=np.zeros((2, 2), bool)), fp.DataError, "not all 0"),
]
IMAGES: list[Case] = [
    ("rank 2", lambda p: p.predict(IMAGE[..., 0]), fp.ShapeError, r"images\[\.\.\., None\]"),
    ("no channels", lambda p: p.predict(np.zeros((9, 6, 6))), fp.ShapeError, r"\[\.\.\., None\]"),
    ("size", lambda p: p.predict(np.zeros((7, 6, 1))), fp.ShapeError, r"\(N, 6, 6, 1\).*Resize"),
    ("colour", lambda p: p.predict(np.zeros((2, 6, 6, 3))), fp.ShapeError, "Resize or re-arrange"),
    ("channels first", lambda p: p.predict(np.zeros((2, 1, 6, 6))), fp.ShapeError, "re-arrange"),
    ("rank 5", lambda p: p.predict(IMAGE[None, None]), fp.ShapeError, "Resize or re-arrange"),
    ("none at all", lambda p: p.predict(np.zeros((0, 6, 6, 1))), fp.ShapeError, r"\(0, 6, 6, 1\)"),
    ("scalar", lambda p: p.predict(3.0), fp.ShapeError, r"\(N, 6, 6, 1\)"),
    ("ragged", lambda p: p.predict([[1, 2], [3]]), fp.ShapeError, "same length"),
    ("bool", lambda p: p.predict(IMAGE > 0), fp.ShapeError, r"dtype bool.*astype"),
    ("text", lambda p: p.predict("four.png"), fp.ShapeError, "Convert them first"),
    ("None", lambda p: p.predict(None), fp.ShapeError, "Convert them first"),
    ("complex", lambda p: p.predict(IMAGE * 1j), fp.ShapeError, "Convert them first"),
    ("NaN", lambda p: p.predict(NAN), fp.DataError, "Image 0 holds NaN.*Mend or leave out"),
    ("NaN in second", lambda p: p.predict(np.stack([IMAGE, NAN[0]])), fp.DataError, "Image 1 holds"),
    ("infinite", lambda p: p.activations(IMAGE + np.inf, "conv"), fp.DataError, "must be finite"),
    ("overflow", lambda p: p.activations(IMAGE + 1e300, "conv"), fp.DataError, "must be finite"),
    ("grid of NaN", lambda p: p.grid(NAN[0], "conv"), fp.DataError, "image must be finite"),
    ("grid of many", lambda p: p.grid(np.stack([IMAGE] * 2), "conv"), fp.ShapeError, r"images\[0\]"),
    ("start image", lambda p: climb(p, initializer=fp.FromImage(np.zeros((5, 5, 1)))), fp.ShapeError,
     "Resize it first"),
    ("NaN start", lambda p: fp.FromImage(NAN[0]), fp.DataError, "must be finite"),
    ("drawn NaN", lambda p: climb(p, initializer=fp.initializer_from(lambda *a: NAN[0])), fp.DataError,
     "start images must be finite"),
    ("drawn shape", lambda p: climb(p, initializer=fp.initializer_from(lambda *a: IMAGE[:5])),
     fp.ShapeError, "start images have the shape"),
]  # fmt: skip
SPACES: list[Case] = [
    ("reversed range", lambda p: fp.InputSpace(low=255, high=0), fp.RangeError, "Swap them"),
    ("half a range", lambda p: fp.InputSpace(low=0), fp.ConfigError, "Give both"),
    ("Box", lambda p: climb(open_range(p), constraint=fp.Box()), fp.ConfigError, r"fp\.Sphere\(\)"),
    ("Clip", lambda p: climb(open_range(p), regularizers=(fp.Clip(),)), fp.ConfigError,
     r"Clip\(deviations=3\)"),
    ("Clip now and then", lambda p: climb(open_range(p), regularizers=(fp.Every(2, fp.Clip()),)),
     fp.ConfigError, r"Clip\(deviations=3\)"),
    ("no space", lambda p: fp.ModelProbe(p.model), fp.ConfigError, "Pass input_space="),
    ("space of another shape", lambda p: fp.ModelProbe(p.model, input_space=fp.InputSpace.caffe()),
     fp.ConfigError, "one per channel"),
]  # fmt: skip
RUNS: list[Case] = [
    ("no steps", lambda p: climb(p, steps=0), fp.RangeError, "steps.*at least 1"),
    ("negative steps", lambda p: climb(p, steps=-8), fp.RangeError, "steps.*at least 1"),
    ("steps 1.5", lambda p: climb(p, steps=1.5), fp.RangeError, "steps is a whole number"),
    ("steps as text", lambda p: climb(p, steps="64"), fp.ConfigError, "only text that steps takes"),
    ("steps True", lambda p: climb(p, steps=True), fp.RangeError, "steps is a whole number"),
    ("steps None", lambda p: climb(p, steps=None), fp.RangeError, "steps is a whole number"),
    ("no starts", lambda p: climb(p, starts=0), fp.RangeError, "starts.*at least 1"),
    ("no memory", lambda p: climb(p, memory=0), fp.RangeError, "memory.*at least 1"),
    ("record_every 0", lambda p: climb(p, record_every=0), fp.RangeError, "record_every"),
    ("keep", lambda p: climb(p, keep="first"), fp.ConfigError, "'best' or 'last'"),
    ("every 0", lambda p: fp.Every(0, fp.GaussianBlur(1.0)), fp.RangeError, "n is a whole number"),
    ("sigma", lambda p: fp.GaussianBlur(-1.0), fp.RangeError, "sigma is a number, at least 0"),
    ("rate", lambda p: fp.NormalizedGradient(0.0), fp.RangeError, "rate is a number, greater than 0"),
    ("no targets", lambda p: climb(p, []), fp.ConfigError, "list of targets is empty"),
    ("a layer as target", lambda p: climb(p, ["conv"]), fp.ConfigError, "A target is an Objective"),
    ("a function as target", lambda p: climb(p, [MAP, len]), fp.ConfigError, "fp.objective_from"),
    ("a class as target", lambda p: climb(p, [fp.MapMean]), fp.ConfigError, "A target is an Objective"),
    ("a penalty alone", lambda p: climb(p, fp.TotalVariation()), fp.ShapeError, "Add an objective"),
    ("group alone", lambda p: climb(p, fp.Diversity("conv"), starts=2), fp.ShapeError, "Add an objective"),
    ("regularizer", lambda p: climb(p, regularizers=(len,)), fp.ConfigError, "fp.regularizer_from"),
    ("transform", lambda p: climb(p, transforms=(fp.GaussianBlur(1.0),)), fp.ConfigError, "Transform"),
    ("initializer", lambda p: climb(p, initializer=IMAGE), fp.ConfigError, "an? InputInitializer"),
    ("constraint", lambda p: climb(p, constraint="box"), fp.ConfigError, "only text that constraint takes"),
    ("negative rng", lambda p: climb(p, rng=-1), fp.RangeError, "rng is a seed.*Pass rng=0"),
    ("rng 0.5", lambda p: climb(p, rng=0.5), fp.RangeError, "rng is a seed"),
    ("rng as text", lambda p: climb(p, rng="7"), fp.RangeError, "rng is a seed"),
    ("undecorated plug-in", lambda p: climb(p, regularizers=(NotDecorated(),)), fp.ConfigError,
     "Write `@dataclass"),
    ("state of more targets", lambda p: resume(p, fp.MapMean.each(p, CONV), MAP), fp.ConfigError,
     "Pass the targets and the Ascent that the state was made with"),
]  # fmt: skip
CASES = {
    f"{room}: {name}": (call, error, says)
    for room, cases in (
        ("layer", LAYERS),
        ("range", RANGES),
        ("image", IMAGES),
        ("space", SPACES),
        ("run", RUNS),
    )
    for name, call, error, says in cases
}


@pytest.mark.parametrize("name", CASES)
def test_one_clear_error_and_nothing_half_done(
    name: str, small_probe: fp.ModelProbe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One error of ours with a way out; no file, no trace, no changed weight, and the probe works."""
    call, error, says = CASES[name]
    monkeypatch.chdir(tmp_path)
    weights = [w.numpy() for w in small_probe.model.weights]
    before, answer = small_probe.network.traces, small_probe.activations(IMAGE, "conv")
    with pytest.raises(error, match=says) as caught:
        call(small_probe)
    assert isinstance(caught.value, fp.FeatureProbeError)
    assert type(caught.value).__module__ == "featureprobe.errors"
    text = str(caught.value)
    assert 20 < len(text) < 700, "a message is a few sentences"
    assert "Traceback" not in text
    assert not list(tmp_path.iterdir())
    assert small_probe.network.traces == before
    for weight, value in zip(small_probe.model.weights, weights, strict=True):
        np.testing.assert_array_equal(weight.numpy(), value)
    np.testing.assert_array_equal(small_probe.activations(IMAGE, "conv"), answer)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda p: climb(p, fp.Node("conv", row=1, channel=0)), "col"),
        (lambda p: climb(p, 5), "A target is an Objective"),
        (lambda p: climb(p, None), "A target is an Objective"),
        (lambda p: climb(p, "conv"), "Received: 'conv'"),
        (lambda p: climb(p, regularizers=5), "Regularizer"),
        (lambda p: climb(p.model), "ModelProbe"),
    ],
    ids=[
        "node without col",
        "number as target",
        "None as target",
        "layer path as target",
        "number as regularizers",
        "model as probe",
    ],
)
def test_things_of_another_kind(
    small_probe: fp.ModelProbe, call: Callable[[fp.ModelProbe], Any], says: str
) -> None:
    """A number where a sequence is meant, or a model where a probe is, is told what to pass."""
    with pytest.raises((fp.ConfigError, fp.ShapeError), match=says):
        call(small_probe)


def test_a_state_belongs_to_its_targets(small_probe: fp.ModelProbe) -> None:
    """As many targets, but other ones, cannot go on from a state."""
    other = fp.MapMean("conv", channel=1)
    with pytest.raises(fp.ConfigError, match="Pass the targets"):
        resume(small_probe, MAP, other)


def test_another_backend(small_probe: fp.ModelProbe, monkeypatch: pytest.MonkeyPatch) -> None:
    """On another backend nothing is opened, and the way back is named."""
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(fp.ModelError, match=r"'jax'.*KERAS_BACKEND=tensorflow before keras"):
        fp.ModelProbe(small_probe.model, input_space=fp.InputSpace())


@pytest.mark.parametrize("damage", ["truncated", "random", "object array"])
def test_bad_files(
    small_probe: fp.ModelProbe, tmp_path: Path, damage: str, recwarn: pytest.WarningsRecorder
) -> None:
    """A real result that was damaged is refused, and the folder stays as it was."""
    path = tmp_path / "oips.npz"
    climb(small_probe).save(path)
    whole = path.read_bytes()
    match damage:
        case "truncated":
            path.write_bytes(whole[: len(whole) // 2])
        case "random":
            path.write_bytes(np.random.default_rng(0).bytes(500))
        case "object array":
            np.savez(path, images=np.array([{}], dtype=object))
    with pytest.raises(fp.DataError, match="save it again"):
        fp.AscentResult.load(path)
    assert list(tmp_path.iterdir()) == [path]
    assert not recwarn.list


def test_errors_are_also_builtins() -> None:
    """Each error can be caught as the library's own or as the builtin that fits."""
    doubles = {
        fp.ShapeError: ValueError,
        fp.RangeError: ValueError,
        fp.DataError: ValueError,
        fp.ConfigError: ValueError,
        fp.ModelError: ValueError,
        fp.UnknownLayerError: LookupError,
        fp.PluginError: LookupError,
        fp.DivergedError: ArithmeticError,
    }
    for error, builtin in doubles.items():
        assert issubclass(error, fp.FeatureProbeError)
        assert issubclass(error, builtin)
