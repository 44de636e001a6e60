"""Reads: gathering is indexing, for any rank and any choice of axes."""

import numpy as np
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as hnp

from featureprobe.probe.graph.reads import gather

AXES = {1: ("index",), 2: ("row", "channel"), 3: ("row", "col", "channel")}


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_gather_is_indexing(data: st.DataObject) -> None:
    """gather(values, axes, indices)[k] is values[k] indexed at the given axes, in any order."""
    shape = data.draw(hnp.array_shapes(min_dims=2, max_dims=4, max_side=4))
    values = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    names = AXES[len(shape) - 1]
    axes = data.draw(st.lists(st.sampled_from(names), unique=True))
    at = {
        axis: data.draw(
            hnp.arrays(
                np.int32, shape[0], elements=st.integers(0, shape[1 + names.index(axis)] - 1)
            )
        )
        for axis in axes
    }
    found = np.asarray(gather(values, axes, [at[axis] for axis in axes]))
    for k in range(shape[0]):
        place = tuple(int(at[n][k]) if n in at else slice(None) for n in names)
        np.testing.assert_array_equal(found[k], values[k][place])
