"""Everything that can be asked of a net whose layers are those of the tiny nets, by name.

A use is a function of a probe and labelled images; it raises what the library raises.
"""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers

import featureprobe as fp
from featureprobe import analysis
from featureprobe.objectives.base import GroupObjective
from featureprobe.testing.examples import EXAMPLES
from featureprobe.testing.models import IMAGE_SHAPE

Use = Callable[[fp.ModelProbe, np.ndarray, np.ndarray], Any]
SHORT = {"steps": 3, "starts": 2, "search": fp.Precursor(candidates=8, rounds=1, trials=3, trial_steps=1)}  # fmt: skip
MAP, NODE = fp.MapMean("conv2", channel=3), fp.Node("conv2", row=2, col=1, channel=4)


def climb(objective: Any, **settings: Any) -> Use:
    """Return the use that climbs an objective by a short ascent."""

    def use(probe: fp.ModelProbe, images: np.ndarray, labels: np.ndarray) -> Any:
        ascent = fp.Ascent(**{**SHORT, **settings})
        return ascent.run(probe, objective, rng=3, progress=False)

    return use


def _objectives() -> dict[str, Use]:
    """Every registered objective; penalties and groups beside a map."""
    found = {}
    for kind, examples in EXAMPLES.items():
        for number, example in enumerate(examples):
            objective = example.component
            if not isinstance(objective, fp.Objective):
                continue
            alone = objective.reads() and not isinstance(objective, GroupObjective)
            target = objective if alone else MAP + 0.1 * objective
            found[f"objective {kind} {number}"] = climb(target)
    return found


def _parts() -> dict[str, Use]:
    """Every registered ingredient of an ascent, with a map and with a node on a crop."""
    rooms = {
        "parameterization": fp.Parameterization, "rule": fp.UpdateRule, "regularizers": fp.Regularizer,
        "transforms": fp.Transform, "initializer": fp.InputInitializer,
    }  # fmt: skip
    found = {}
    for kind, examples in EXAMPLES.items():
        for number, example in enumerate(examples):
            for name, base in rooms.items():
                if isinstance(example.component, base):
                    found[f"{name} {kind} {number}"] = climb(
                        [MAP, NODE], **{name: example.component}
                    )
    return found


def _remedies() -> dict[str, Use]:
    """The remedies, on maps and a node of which some are dead at their start."""
    targets = [fp.MapMean("conv2", channel=0), fp.Node("conv2", row=1, col=0, channel=0)]
    return {
        f"remedy {remedy.kind}": climb(targets, remedies=remedy)
        for remedy in (fp.RedirectedGradients(steps=2), fp.PreActivation(steps=2))
    }


def _assessed(probe: fp.ModelProbe, images: np.ndarray, labels: np.ndarray) -> Any:
    made = climb([MAP])(probe, images, labels)
    return analysis.assess(probe, made, images, top=4, shift=1, rng=0)


def _ablated(probe: fp.ModelProbe, images: np.ndarray, labels: np.ndarray) -> Any:
    patterns = analysis.Patterns.of(probe, images, labels, "conv2")
    order = {"first": np.arange(36)}
    return analysis.ablate(probe, patterns, 0, 1, order, sizes=(1, 4), random=2, rng=0)


def _inserted(probe: fp.ModelProbe, images: np.ndarray, labels: np.ndarray) -> Any:
    made = climb(fp.MapMean.each(probe, "conv2")[1:])(probe, images, labels)
    return analysis.insert_patterns(probe, made, images, 0, 1, rounds=10, rng=0)


def _of_patterns(question: Callable[[analysis.Patterns], Any]) -> Use:
    return lambda probe, images, labels: question(
        analysis.Patterns.of(probe, images, labels, "conv2")
    )


def odd_net(**kind: Any) -> keras.Model:
    """Return a net with the layers of the tiny nets, rectified, of which map 0 of ``conv2`` is dead.

    Args:
        **kind: Of all layers but the last, such as ``dtype="mixed_float16"``.
    """
    return sturdy(keras.Input(IMAGE_SHAPE, name="image"), **kind)


def sturdy(image: Any, then: Any = None, **kind: Any) -> keras.Model:
    """Return such a net on an input; ``then`` is put between its convolutions."""
    values = layers.Conv2D(4, 3, activation="relu", name="conv1", **kind)(image)
    values = layers.MaxPooling2D(2, name="pool", **kind)(values)
    values = values if then is None else then(values)
    values = layers.Conv2D(6, 3, activation="relu", name="conv2", **kind)(values)
    flat = layers.Flatten(name="flat", **kind)(values)
    out = layers.Dense(5, activation="softmax", name="dense", **kind)(flat)
    model = keras.Model(image, out)
    rng = np.random.default_rng(5)
    for weight in model.weights:
        shape = tuple(weight.shape)
        gain = 0.1 if len(shape) == 1 else 1.5 / np.sqrt(np.prod(shape[:-1]))
        weight.assign(gain * rng.standard_normal(shape))
    bias = model.get_layer("conv2").bias
    bias.assign(bias.numpy() - 4.0 * (np.arange(6) == 0))
    return model


def labelled_images(count: int = 48) -> tuple[np.ndarray, np.ndarray]:
    """Return random images (N, 12, 10, 2) in 0..255 and labels 0, 1, 0, 1, ..."""
    rng = np.random.default_rng(4)
    return rng.integers(0, 256, (count, *IMAGE_SHAPE)).astype(np.uint8), np.arange(count) % 2


USES: dict[str, Use] = {
    "summary": lambda p, x, y: str(p.summary()),
    "activations": lambda p, x, y: p.activations(x, p.layers),
    "before activations": lambda p, x, y: p.activations(x, ["conv1", "conv2", "dense"], pre=True),
    "predict": lambda p, x, y: p.predict(x),
    "grid": lambda p, x, y: p.grid(x[0], "conv2"),
    "fire map": lambda p, x, y: fp.fire_map(p, x[0], "conv2", 1),
    "evidence": lambda p, x, y: fp.Evidence.collect(p, x, ["conv2", "dense"], top=3),
    **_objectives(),
    **_parts(),
    **_remedies(),
    "node": climb(NODE),
    "node of a full image": climb(NODE, crop=False),
    "logit": climb(fp.Logit(2)),
    "sphere": climb(MAP, constraint=fp.Sphere()),
    "polish": climb([MAP, NODE], polish=3),
    "stop": climb(MAP, steps=9, stop=fp.Converged(over=4)),
    "keep last": climb(MAP, keep="last"),
    "definedness": lambda p, x, y: analysis.definedness(
        p, MAP, starts=3, ascent=fp.Ascent(**SHORT), progress=False
    ),
    "decompose": lambda p, x, y: analysis.decompose(p, x[0], NODE, rounds=4),
    "decompose a map": lambda p, x, y: analysis.decompose(p, x[0], MAP, rounds=4),
    "node_vs_map": lambda p, x, y: analysis.node_vs_map(
        p, "conv2", channels=[1], ascent=fp.Ascent(**SHORT), progress=False
    ),
    "sensitivity": lambda p, x, y: analysis.sensitivity(
        p, [MAP], ascent=fp.Ascent(**SHORT), starts=2, progress=False
    ),
    "shift_response": lambda p, x, y: analysis.shift_response(
        p, x[:3], "conv2", channels=[1, 2, 3], max_shift=2
    ),
    "ablate": _ablated,
    "compare_by_eye": _of_patterns(lambda q: analysis.compare_by_eye(q, 0, 1, rounds=4)),
    "compare_classes": _of_patterns(lambda q: analysis.compare_classes(q, 0, 1, rounds=4)),
    "compare_nets": lambda p, x, y: analysis.compare_nets(
        p, p, x, ["conv2"], match="conv2", rounds=2
    ),
    "follow": lambda p, x, y: analysis.follow(p, x[:3], ["conv1", "conv2"]),
    "insert_patterns": _inserted,
    "profile_classes": _of_patterns(lambda q: analysis.profile_classes(q, rounds=4)),
    "linear_probes": lambda p, x, y: analysis.linear_probes(p, x, y, ["conv2"], folds=2),
    "split_margin": lambda p, x, y: analysis.split_margin(p, x[:4], "conv2", 0, 1),
    "unclear_images": lambda p, x, y: analysis.unclear_images(p, x, y, 0, 1, ["conv2"], count=2),
    "assess": _assessed,
    "untrained": lambda p, x, y: analysis.untrained(p, rng=0).predict(x),
}
"""All uses, by name."""
