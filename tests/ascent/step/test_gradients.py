"""Gradients of every objective against central differences in float64."""

import numpy as np
import pytest
from evaluating import value_and_gradient

import featureprobe as fp

OBJECTIVES = {
    "map mean": fp.MapMean("conv", channel=2),
    "deep map mean": fp.MapMean("deep", channel=1),
    "map mean before the activation": fp.MapMean("deep", channel=1, pre=True),
    "node in a map": fp.Node("deep", row=1, col=1, channel=0),
    "node of a dense layer": fp.Node("dense", index=4),
    "class probability": fp.Node("out", index=1),
    "logit": fp.Logit(1),
    "less total variation": fp.MapMean("conv", channel=0) - 0.3 * fp.TotalVariation(),
    "less squared norm": fp.Logit(2) - 0.2 * fp.InputNorm(),
    "less sixth norm": fp.Logit(2) - 0.2 * fp.InputNorm(6.0),
    "plus diversity": fp.MapMean("deep", channel=0) + 2.0 * fp.Diversity("conv"),
    "contrast of two": 1.5 * fp.MapMean("conv", channel=0) - fp.Node("dense", index=0),
    "lifted": fp.objective_from(
        lambda seen: seen[0][:, 0, 0] * seen[1], reads=(fp.Read("conv", channel=1), fp.Read("dense", index=2))
    ),
}  # fmt: skip
BOUND = 1e-5


def relative_error(probe, objective, images, direction, starts, size):
    """Directional derivative by the tape against a central difference, summed over a group."""
    value, gradient = value_and_gradient(probe, [objective], images, starts=starts)
    ahead, _ = value_and_gradient(probe, [objective], images + size * direction, starts=starts)
    behind, _ = value_and_gradient(probe, [objective], images - size * direction, starts=starts)
    measured = (ahead.sum() - behind.sum()) / (2 * size)
    exact = (gradient * direction).sum()
    assert abs(exact) > 1e-9, "a test without a gradient cannot fail"
    return abs(measured - exact) / abs(exact), value


@pytest.mark.parametrize("name", OBJECTIVES)
def test_gradient_on_a_smooth_net(name, smooth, rng):
    """The gradient equals central differences to 1e-5 in five directions."""
    starts = 3 if "diversity" in name else 1
    for _ in range(5):
        images = rng.normal(size=(starts, 11, 9, 2))
        direction = rng.normal(size=images.shape)
        error, _ = relative_error(smooth, OBJECTIVES[name], images, direction, starts, 1e-5)
        assert error <= BOUND


@pytest.mark.parametrize("name", OBJECTIVES)
def test_gradient_on_a_relu_net_away_from_kinks(name, kinked, rng):
    """On a ReLU net too, where no unit switches between the two sides."""
    starts, size, checked = 3 if "diversity" in name else 1, 1e-6, 0
    wanted = [(path, True) for path in ("conv", "deep", "dense")]
    kinked.network.graph.prepare(wanted)
    for _ in range(60):
        images = rng.normal(size=(starts, 11, 9, 2))
        direction = rng.normal(size=images.shape)
        sides = [kinked.network.forward(images + s * size * direction, wanted) for s in (-1, 1)]
        if any(((a.numpy() > 0) != (b.numpy() > 0)).any() for a, b in zip(*sides, strict=True)):
            continue
        _, gradient = value_and_gradient(kinked, [OBJECTIVES[name]], images, starts=starts)
        if np.abs(gradient).max() == 0:
            continue  # all units are off here
        error, _ = relative_error(kinked, OBJECTIVES[name], images, direction, starts, size)
        assert error <= BOUND
        checked += 1
        if checked == 3:
            break
    assert checked == 3
