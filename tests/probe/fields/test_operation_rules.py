"""Every operation of keras.ops that something is known of: nothing is seen that is not claimed."""

from typing import Any

import keras
import numpy as np
import pytest
from cropping import assert_same
from keras import layers
from operation_cases import FORMS, SHAPE, OperationCase, classes, pointwise
from perturbing import answered, claimed, opened, randomized

import featureprobe as fp
from featureprobe.probe.fields.operation_rules import OPERATIONS
from featureprobe.probe.fields.passages import pointwise as pointwise_rule
from featureprobe.probe.network.crop_plan import Crop, plan_crop

ALONE = tuple(
    pointwise(name, kind)
    for name, kind in sorted(classes().items())
    if OPERATIONS.get(name) is pointwise_rule
)
CASES = (*FORMS, *ALONE)
SHARE = {str(CASES[i]) for i in np.random.default_rng(0).choice(len(CASES), 24, replace=False)}


def swept() -> list[Any]:
    """Mark what is left out of a quick run."""
    return [
        pytest.param(c, id=str(c), marks=() if str(c) in SHARE else pytest.mark.long) for c in CASES
    ]


@pytest.mark.parametrize("case", swept())
def test_all_that_is_seen_is_claimed(case: OperationCase) -> None:
    """And nothing else where the operation's reach is known exactly."""
    image = keras.Input(SHAPE)
    model = randomized(keras.Model(image, case.make(image)))
    seen, said = answered(model, alone=case.alone), claimed(model)
    assert not (seen & ~said).any()
    if case.tight:
        np.testing.assert_array_equal(seen, said)


@pytest.mark.parametrize("case", [p for p in swept() if p.values[0].crops])
def test_a_crop_is_the_full_image(case: OperationCase) -> None:
    """Values and gradients of a node behind the operation."""
    image = keras.Input((26, 24, 2))
    inside = layers.Conv2D(4, 3, name="before", activation="tanh")(image)[:, 6:15, 5:13]
    value = case.make(inside)
    if len(value.shape) != 4 or "float" not in str(value.dtype):
        return
    model = randomized(keras.Model(image, layers.Conv2D(2, 1, name="out")(value)))
    probe = opened(model)
    rows, cols, _ = probe.shape_of("out")
    row, col = rows // 2, cols // 3
    plan = plan_crop(probe.network, [fp.Read("out", row=row, col=col)])
    assert isinstance(plan, Crop), plan
    height, width, _ = plan.geometry.shape
    assert height * width < 7 * 8  # not of all nodes
    assert_same(probe, "out", row, col, moves=False)


def test_no_operation_is_forgotten() -> None:
    """Each that has a rule is tried."""
    tried: set[str] = set()
    for case in CASES:
        image = keras.Input(SHAPE)
        tried |= {type(op).__name__ for op in keras.Model(image, case.make(image)).operations}
    assert set(OPERATIONS) & set(classes()) - tried == set()
    assert set(OPERATIONS) - set(classes()) == set()
