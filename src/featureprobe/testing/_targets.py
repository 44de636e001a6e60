"""Evaluate objectives as the engine does, and find other targets of the same structure."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from featureprobe._component import Component
from featureprobe.ascent.step.evaluation import Evaluation, Values
from featureprobe.errors import FeatureProbeError
from featureprobe.objectives.base import Objective
from featureprobe.objectives.structure import leaf_of, numbers_of, terms_of
from featureprobe.probe.graph.reads import check_read
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.testing._claims import claim
from featureprobe.types import Tensor


def evaluate(
    probe: ModelProbe, targets: Sequence[Objective], images: Tensor, starts: int
) -> Values:
    """Return the values of targets of one structure.

    Args:
        probe: The probe.
        targets: T targets.
        images: (T * starts, H, W, C) model units; all starts of a target follow each other.
        starts: Images a target.
    """
    leaves = tuple(leaf_of(term) for _, term in terms_of(targets[0]))
    weights, numbers = [], []
    for target in targets:
        weights.append([weight for weight, _ in terms_of(target)])
        numbers.append([n for _, term in terms_of(target) for n in numbers_of(term)])
    evaluation = Evaluation(probe.network, probe.input_space, leaves)
    probe.network.graph.prepare(evaluation.wanted)
    values = evaluation(
        images,
        tf.constant(np.repeat(np.array(weights, np.float32), starts, axis=0)),
        tf.constant(np.repeat(np.array(numbers, np.int32).reshape(len(targets), -1), starts, 0)),
        tf.constant(starts),
    )
    claim(
        values.terms.shape[0] == images.shape[0],
        f"value() of {targets[0]!r} gives {values.terms.shape[0]} scores for {images.shape[0]} "
        "images. Return shape (N,): reduce over all axes but the first.",
    )
    return values


def total_and_gradient(
    probe: ModelProbe, targets: Sequence[Objective], images: Tensor, starts: int
) -> tuple[Tensor, Tensor]:
    """Return totals (N,) and their gradient (N, H, W, C); 0 where nothing connects them."""
    with tf.GradientTape() as tape:
        tape.watch(images)
        total = evaluate(probe, targets, images, starts).total
    zero = tf.UnconnectedGradients.ZERO
    return total, tape.gradient(total, images, unconnected_gradients=zero)


def shift_numbers(objective: Objective, probe: ModelProbe) -> Objective | None:
    """Return another target of the same structure, or None when no number shows in its reads.

    Every whole number whose change moves a read, and nothing else, is moved by one.
    """
    moved = _shifted(objective, probe)
    return None if moved == objective else moved


def _shifted(value: Any, probe: ModelProbe) -> Any:
    if isinstance(value, tuple):
        return tuple(_shifted(inner, probe) for inner in value)
    if not isinstance(value, Component):
        return value
    for field in dataclasses.fields(value):  # type: ignore[arg-type]
        old = getattr(value, field.name)
        if isinstance(old, int) and not isinstance(old, bool):
            for new in (old + 1, old - 1):
                moved = _replaced(value, field.name, new)
                if _moves_reads(value, moved, probe):
                    value = moved
                    break
        elif isinstance(old, Component | tuple):
            inner = _shifted(old, probe)
            value = value if inner == old else _replaced(value, field.name, inner) or value
    return value


def _replaced(value: Any, name: str, new: Any) -> Any:
    try:
        return dataclasses.replace(value, **{name: new})
    except FeatureProbeError:  # its own checks refuse that number
        return None


def _moves_reads(value: Any, moved: Any, probe: ModelProbe) -> bool:
    if not isinstance(value, Objective) or moved is None:
        return False
    before, after = value.reads(), moved.reads()
    shapes = [[(r.layer, r.axes, r.pre) for r in reads] for reads in (before, after)]
    if shapes[0] != shapes[1] or before == after:
        return False
    try:
        for read in after:
            check_read(read, probe.shape_of(read.layer))
    except FeatureProbeError:
        return False
    return True
