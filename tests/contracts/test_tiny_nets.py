"""The tiny nets that the contracts run on, and contracts on nets of an author's own."""

import numpy as np
import pytest

import featureprobe as fp
from featureprobe.testing import make_images, make_step, nested_cnn, tiny_cnn, two_input_cnn


def other_probes() -> dict[str, tuple[fp.ModelProbe, fp.Objective]]:
    """Return a probe and an objective for each net that is not the default one."""
    two = fp.testing.tiny_probe(two_input_cnn(), other_inputs={"context": [1.0, 2.0, 3.0]})
    return {
        "nested": (
            fp.testing.tiny_probe(nested_cnn()),
            fp.MapMean("backbone/conv2", channel=1),
        ),
        "two inputs": (two, fp.Logit(2)),
        "relu": (
            fp.testing.tiny_probe(tiny_cnn("relu")),
            fp.MapMean("conv1", channel=1),
        ),
    }


OTHERS = other_probes()
PROMISES = [name for name in dir(fp.testing.ObjectiveContract) if name.startswith("test_")]


@pytest.mark.parametrize("method", PROMISES)
@pytest.mark.parametrize("net", OTHERS)
def test_contract_runs_on_another_net(net: str, method: str) -> None:
    """An author who overrides ``probe`` tests on a net of their own."""
    probe, objective = OTHERS[net]
    body = {"make": lambda self: objective, "probe": lambda self: probe}
    getattr(type("Contract", (fp.testing.ObjectiveContract,), body)(), method)()


@pytest.mark.parametrize("make", [tiny_cnn, nested_cnn, two_input_cnn])
def test_weights_are_fixed(make) -> None:
    """A net has the same weights every time, and others for another seed."""
    first, again, other = make(), make(), make(seed=1)
    for a, b in zip(first.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(first.get_weights()[0], other.get_weights()[0])


def test_image_k_of_a_step_is_the_same_in_any_batch() -> None:
    """Images, keys, gradients and fields of image k follow from the seed and k alone."""
    probe = fp.testing.tiny_probe()
    few, many = make_step(probe, 2, seed=3), make_step(probe, 5, seed=3)
    np.testing.assert_array_equal(few.keys, many.keys[:2])
    np.testing.assert_array_equal(few.gradient, many.gradient[:2])
    np.testing.assert_array_equal(few.live.field, many.live.field[:2])
    np.testing.assert_array_equal(few.uniform((3,)), many.uniform((3,))[:2])
    images = make_images(probe, 5, seed=3)
    np.testing.assert_array_equal(make_images(probe, 2, seed=3), images[:2])
    assert len(np.unique(np.asarray(many.keys), axis=0)) == 5
