"""Every public function, method and constructor, with arguments that fit and values that do not."""

import dataclasses
import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

import featureprobe as fp

ROOMS = ("analysis", "plotting", "plugins", "samples")
# What runs inside of a compiled step, or is handed over by the engine: the contract tests call these.
ENGINE = {
    "reads", "value", "apply", "view", "fit", "render", "init", "update", "draw", "project", "tangent",
    "feasible", "certificate", "beyond", "check", "arrived", "settled", "to_config", "matrix",
}  # fmt: skip
# Their results are made by the library alone; nobody calls these with numbers of their own.
RECORDS = {
    "AscentResult",
    "Evidence",
    "Examples",
    "LayerEvidence",
    "AscentState",
    "Recipe",
    "StepInfo",
    "LayerRow",
    "LayerTable",
    "Seen",
}
SLOW = {"definedness", "sensitivity", "node_vs_map", "assess", "untrained", "compare_nets", "decompose",
        "shift_response", "mnist_probe", "mnist_cnn", "Ascent.run", "Ascent.start", "Ascent.iterate",
        "Ascent.result", "Recipe.run", "insert_patterns", "linear_probes", "ModelProbe.__init__",
        "ModelProbe.reopened", "Finding.plot"}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Call:
    """One public callable: its name, the function, its signature without self and cls."""

    name: str
    function: Callable[..., Any]
    signature: inspect.Signature

    @property
    def parameters(self) -> list[inspect.Parameter]:
        """Parameters by name."""
        several = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
        return [p for p in self.signature.parameters.values() if p.kind not in several]


class Stage:
    """Values that fit, made once: a tiny net, and what was found with it."""

    def __init__(self) -> None:
        self.probe = fp.testing.tiny_probe()
        rng = np.random.default_rng(0)
        self.images = rng.integers(0, 256, (50, 12, 10, 2)).astype(np.uint8)
        self.labels = np.arange(50) % 5
        self.target = fp.MapMean("conv2", channel=1)
        self.targets = [fp.MapMean("conv2", channel=c) for c in range(3)]
        self.ascent = fp.Ascent(steps=2, starts=2, search=None, remedies=(), regularizers=())
        with_snapshots = dataclasses.replace(self.ascent, record_every=1)
        self.result = with_snapshots.run(self.probe, self.targets, rng=1, progress=False)
        self.state = self.ascent.start(self.probe, [self.target], rng=1)
        self.evidence = fp.Evidence.collect(self.probe, self.images, ["conv2", "dense"], top=3)
        self.patterns = fp.analysis.Patterns.of(self.probe, self.images, self.labels, "conv2")
        self.grid = self.probe.grid(self.images[0], "conv2")
        Path("photos").mkdir(exist_ok=True)
        Image.new("RGB", (10, 12)).save("photos/one.png")

    @functools.cached_property
    def selves(self) -> Mapping[str, Any]:
        """By class, an instance whose methods are called."""
        a, p = fp.analysis, self.probe
        return {
            "ActivationGrid": self.grid, "Ascent": self.ascent, "AscentResult": self.result,
            "ModelProbe": p, "Evidence": self.evidence, "Recipe": self.result.recipe,
            "LayerEvidence": self.evidence["conv2"], "Examples": self.evidence.top("conv2", 0),
            "InputSpace": p.input_space, "Patterns": self.patterns, "Finding": self.patterns,
            "ClassComparison": a.compare_classes(self.patterns, 0, 1, rounds=2),
            "ClassProfile": a.profile_classes(self.patterns, rounds=2),
            "Contributions": a.split_margin(p, self.images, "conv2", 0, 1),
            "FollowedImages": a.follow(p, self.images[:2], ["conv2"]),
            "Component": self.target, "LayerTable": p.summary(),
            "Ablation": a.ablate(p, self.patterns, 0, 1, {"mine": np.arange(36)}, random=1),
        }  # fmt: skip

    def arguments(self, call: Call) -> dict[str, Any]:
        """Return arguments that fit: what has no default, and what keeps a call short."""
        unlike = ("Ascent.__init__", "definedness")
        short = {"rounds": 2, "starts": 2, "ascent": self.ascent, "folds": 2, "progress": False}
        return {
            p.name: self.fitting(call, p) if p.default is p.empty else short[p.name]
            for p in call.parameters
            if p.default is p.empty or (p.name in short and call.name not in unlike)
        }

    def fitting(self, call: Call, parameter: inspect.Parameter) -> Any:
        """Return a value for a parameter that has no default."""
        own = self.own.get(f"{call.name}.{parameter.name}", self.own.get(parameter.name))
        return own() if parameter.name in ("ax", "figure") else own

    @functools.cached_property
    def own(self) -> Mapping[str, Any]:
        """Values that fit, by parameter, or by call and parameter."""
        image = self.images[0].astype(np.float32)
        maps = np.random.default_rng(1).random((4, 3, 6)).astype(np.float32)
        return {
            "probe": self.probe, "model": self.probe.model, "images": self.images, "image": image,
            "labels": self.labels, "layer": "conv2", "layers": ["conv2"], "channel": 1, "index": 1,
            "objective": [self.target], "targets": [self.target], "target": self.target,
            "patterns": self.patterns, "first": 0, "second": 1, "label": 0,
            "against": 1, "result": self.result, "pictures": self.result, "natural": self.images,
            "state": self.state, "rankings": {"mine": np.arange(36)}, "match": "conv2", "unit": 0,
            "units": [0, 1], "data": self.images, "node": 0, "nodes": [0], "shape": (4, 3, 6),
            "grids": [self.grid], "array": maps, "maps": maps, "maps_list": [maps, maps],
            "frames": self.images[:3], "heat": image[..., 0], "probabilities": [0.2, 0.8],
            "traces": [1.0, 2.0], "grid": np.zeros((8, 6)), "size": (4, 3), "count": 1,
            "figure": Figure, "by": "peak", "pattern": np.ones(6), "name": "mine", "indices": range(50),
            "ranking": "mine", "config": self.target.to_config(), "function": lambda seen: seen[0],
            "reads": fp.Read("conv2", channel=1), "n": 2, "regularizer": fp.GaussianBlur(0.6),
            "initializer": fp.PixelNoise(), "sigma": 0.6, "pixels": 1, "place": 0, "path": "x.npz",
            "folder": "out", "save_png.path": "x.png", "save_animation.path": "x.gif",
            "ModelProbe.load.path": "x.keras", "AscentResult.animate.path": "x.gif",
            "compare_nets.first": self.probe, "compare_nets.second": self.probe, "sha256": "ab",
            "terms": ((1.0, self.target),), "kind": "map_mean", "ax": lambda: Figure().add_subplot(),
            "ClassProfile.common.label": 0, "values": np.zeros((2, 3), np.float32), "room": "objectives",
            "find.room": "objectives", "find.kind": "map_mean", "names.room": "objectives",
            "MapMean.channel": 1, "Node.row": 1, "Read.layer": "conv2", "text": "{}",
            "Patterns.labels": np.array([0, 1]), "images.follow": self.images[:2],
            "register_images.name": "mine", "samples.name": "a", "insert_patterns.images": self.images[:4],
            "ModelProbe.__init__.input_space": self.probe.input_space, "names.group": "objectives", "Noise.__init__.amount": 0.1, "Contributions.waterfall.image": 0,
            "ImageFolder.__init__.path": "photos", "InputSpace.check_shape.shape": (12, 10, 2),
             "Recipe.from_json.values": self.result.recipe.to_json(),
            "Patterns.__init__.labels": np.array([0, 1]), "shift_response.images": self.images[:1],
            "register.cls": fp.MapMean, "arrays": {}, "source": "mine",
            "FromImages.__init__.images": self.images[:2], "Recipe.from_json.arrays": {},
            "Evidence.spread.count": 2, "sizes": [1], "position": 0, "FromImages.images": self.images[:2], "show_mosaic.images": self.images[:4],
            "receptive_box.node": (0, 0), "find.group": "objectives",
        }  # fmt: skip


def public_calls(stage: Stage) -> Iterator[Call]:
    """Yield everything public that can be called with arguments."""
    for module in (fp, *(getattr(fp, room) for room in ROOMS)):
        for name in getattr(module, "__all__", None) or _defined(module):
            found = getattr(module, name)
            if inspect.isclass(found):
                yield from _of_class(found, stage)
            elif inspect.isfunction(found):
                yield _call(name, found)


def _defined(module: Any) -> list[str]:
    own = inspect.getmembers(module, inspect.isfunction)
    return [n for n, f in own if f.__module__ == module.__name__ and not n.startswith("_")]


def _of_class(found: type, stage: Stage) -> Iterator[Call]:
    if issubclass(found, Exception) or getattr(found, "_is_protocol", False):
        return
    makes = dataclasses.is_dataclass(found) or "__init__" in vars(found)
    if makes and not inspect.isabstract(found) and _is_made_by_users(found):
        yield Call(f"{found.__name__}.__init__", found, inspect.signature(found))
    for name, member in vars(found).items():
        if name.startswith("_") or (name in ENGINE and issubclass(found, fp.Component)):
            continue
        if isinstance(member, classmethod | staticmethod):
            yield _call(f"{found.__name__}.{name}", getattr(found, name))
        elif inspect.isfunction(member) and found.__name__ in stage.selves:
            bound = getattr(stage.selves[found.__name__], name)
            yield _call(f"{found.__name__}.{name}", bound)


def _is_made_by_users(found: type) -> bool:
    finding = issubclass(found, fp.analysis.Finding) and found is not fp.analysis.Patterns
    return not finding and found.__name__ not in RECORDS


def _call(name: str, function: Callable[..., Any]) -> Call:
    return Call(name, function, inspect.signature(function))
