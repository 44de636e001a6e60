"""InputSpace: its inverse is exact, whatever its numbers."""

import numpy as np
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as hnp

import featureprobe as fp

NUMBERS = st.floats(-300, 300, width=32)
DEVIATIONS = st.floats(0.125, 300, width=32)
SHAPE = (3, 2, 4)


def values(numbers: st.SearchStrategy[float]) -> st.SearchStrategy[object]:
    """One number, one per channel, or one per pixel."""
    return st.one_of(
        numbers,
        st.tuples(*[numbers] * SHAPE[-1]),
        hnp.arrays(np.float64, SHAPE, elements=numbers).map(fp.ArrayValue),
    )


SPACES = st.builds(
    fp.InputSpace,
    values(NUMBERS),
    std=values(DEVIATIONS),
    order=st.none() | st.permutations(range(SHAPE[-1])).map(tuple),
)


@settings(deadline=None, max_examples=60)
@given(SPACES, hnp.arrays(np.uint8, (2, *SHAPE)))
def test_there_and_back(space: fp.InputSpace, pixels: np.ndarray) -> None:
    """Model units lose nothing: pixels come back to 1e-3, uint8 exactly."""
    model = space.to_model(pixels)
    assert model.dtype == np.float32
    back = space.to_pixels(model)
    assert np.abs(back - pixels.astype(np.float64)).max() <= 1e-3
    np.testing.assert_array_equal(np.rint(back).astype(np.uint8), pixels)


@settings(deadline=None, max_examples=60)
@given(SPACES, NUMBERS, st.floats(0.5, 500, width=32), st.integers(0, 2**32 - 1))
def test_bounds_hold_exactly_what_the_range_holds(
    space: fp.InputSpace, low: float, width: float, seed: int
) -> None:
    """Pixels in low..high are inside the bounds in model units; pixels outside are not."""
    ranged = fp.InputSpace(space.mean, std=space.std, order=space.order, low=low, high=low + width)
    inside = np.random.default_rng(seed).uniform(low, low + width, SHAPE)
    down, up = (np.broadcast_to(end, SHAPE) for end in ranged.bounds)
    slack = 1e-5 * (np.abs(down) + np.abs(up) + 1)
    model = ranged.to_model(inside)
    assert np.all((model >= down - slack) & (model <= up + slack))
    assert np.all(ranged.to_model(inside + 1.1 * width) > up - slack)
    assert np.all(ranged.to_model(inside - 1.1 * width) < down + slack)


@settings(deadline=None, max_examples=40)
@given(SPACES)
def test_config_round_trip(space: fp.InputSpace) -> None:
    """A space that went through its config is the same value."""
    arrays: dict = {}
    again = fp.revive(space.to_config(arrays), arrays)
    assert again == space
    assert again.digest() == space.digest()
