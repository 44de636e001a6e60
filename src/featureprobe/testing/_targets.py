"""Evaluate objectives as the engine does, and find other targets of the same structure."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from featureprobe._component import ArrayValue, Component
from featureprobe.ascent.step.evaluation import Evaluation, Values
from featureprobe.ascent.step.target_arrays import stacked_arrays
from featureprobe.errors import FeatureProbeError
from featureprobe.objectives.base import Objective, reads_of
from featureprobe.objectives.structure import (
    array_tensor,
    arrays_of,
    leaf_of,
    numbers_of,
    terms_of,
)
from featureprobe.probe.graph.reads import check_read
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.testing._claims import claim
from featureprobe.types import PER_TARGET_MARK, Tensor, marks_of


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
    weights, numbers, arrays = [], [], []
    for target in targets:
        weights.append([weight for weight, _ in terms_of(target)])
        numbers.append([n for _, term in terms_of(target) for n in numbers_of(term)])
        arrays.append([a for _, term in terms_of(target) for a in arrays_of(term)])
    evaluation = Evaluation(probe.network, probe.input_space, leaves)
    probe.network.graph.prepare(evaluation.wanted)
    own = np.repeat(np.arange(len(targets)), starts)
    data = {
        "weights": tf.constant(np.array(weights, np.float32)[own]),
        "numbers": tf.constant(np.array(numbers, np.int32).reshape(len(targets), -1)[own]),
        "starts": tf.constant(starts),
    }
    held = stacked_arrays(arrays, own).items()
    data |= {name: array_tensor(values, probe.network.dtype) for name, values in held}
    values = evaluation.choosing(data["numbers"])(images, data)
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
    """Return another target of the same structure, or None when nothing tells it from others.

    Every whole number whose change moves a read, and nothing else, is moved by one; the values of
    ``PerTarget`` arrays change places, and marked numbers grow by a half.
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
        elif isinstance(old, ArrayValue | float):
            if marks_of(type(value))[field.name] is PER_TARGET_MARK:
                turned = 1.5 * old if isinstance(old, float) else ArrayValue(np.roll(old.array, 1))
                value = _replaced(value, field.name, turned) or value
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
    before, after = reads_of(value), reads_of(moved)
    shapes = [[(r.layer, r.axes, r.pre) for r in reads] for reads in (before, after)]
    if shapes[0] != shapes[1] or before == after:
        return False
    try:
        for read in after:
            check_read(read, probe.shape_of(read.layer))
    except FeatureProbeError:
        return False
    return True
