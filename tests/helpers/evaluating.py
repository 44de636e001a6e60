"""Value and gradient of targets, through the engine's own evaluation."""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

import featureprobe as fp
from featureprobe.ascent.drive.compiled import as_tensors
from featureprobe.ascent.plan.plan import make_plan
from featureprobe.ascent.problem.resolved import resolved


def value_and_gradient(
    probe: fp.ModelProbe, targets: Sequence[fp.Objective], images: np.ndarray, *, starts: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Return totals (N,) and gradients (N, H, W, C) for N = targets x starts images."""
    group, *others = make_plan(resolved(probe, targets), starts=starts, seed=0, memory=2**33)
    assert not others, "targets of one structure make one group"
    totals, gradients = np.zeros(len(images)), np.zeros(np.shape(images))
    for chunk in group.chunks():
        data = as_tensors(chunk, probe.network.dtype)
        batch = tf.constant(np.asarray(images)[chunk.rows], probe.network.dtype)
        with tf.GradientTape() as tape:
            tape.watch(batch)
            values = group.evaluation.choosing(data["numbers"])(batch, data)
        totals[chunk.rows] = values.total
        gradients[chunk.rows] = tape.gradient(values.total, batch)
    return totals, gradients
