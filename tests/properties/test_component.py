"""Components and arrays: whatever their content, they survive JSON; whatever the config, one error."""

import contextlib
import json

import numpy as np
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as hnp

import featureprobe as fp
from featureprobe import plugins

INDEX = st.integers(0, 10_000)
LAYERS = st.text(min_size=1, max_size=20)
OBJECTIVES = st.one_of(
    st.builds(fp.MapMean, LAYERS, channel=INDEX, pre=st.booleans()),
    st.builds(fp.Node, LAYERS, index=INDEX),
    st.builds(fp.Node, LAYERS, row=INDEX, col=INDEX, channel=INDEX),
    st.builds(fp.Logit, INDEX),
    st.builds(fp.TotalVariation),
)
WEIGHTS = st.floats(-1e6, 1e6)
SUMS = st.lists(st.tuples(WEIGHTS, OBJECTIVES), min_size=1, max_size=4).map(
    lambda terms: fp.WeightedSum(tuple(terms))
)
BLURS = st.builds(fp.GaussianBlur, st.floats(0, 50), size=st.sampled_from([None, 1, 3, 9]))
IMAGES = hnp.arrays(
    st.sampled_from([np.uint8, np.float32, np.float64]),
    hnp.array_shapes(min_dims=3, max_dims=3, max_side=3),
    elements=st.integers(0, 255),
)
COMPONENTS = st.one_of(
    OBJECTIVES,
    SUMS,
    st.builds(fp.Every, st.integers(1, 99), BLURS),
    st.builds(fp.FromImage, IMAGES, noise=st.floats(0, 5)),
)
NUMERIC = hnp.arrays(
    hnp.boolean_dtypes() | hnp.integer_dtypes() | hnp.floating_dtypes(sizes=(16, 32, 64)),
    hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["kind", "array", "terms", "a"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(deadline=None, max_examples=100)
@given(COMPONENTS)
def test_json_and_back(component: fp.Component) -> None:
    """Every component comes back equal, with equal hash and digest."""
    arrays: dict = {}
    config = json.loads(json.dumps(component.to_config(arrays), allow_nan=False))
    again = fp.revive(config, arrays)
    assert again == component
    assert hash(again) == hash(component)
    assert again.digest() == component.digest()


@settings(deadline=None, max_examples=80)
@given(NUMERIC, NUMERIC)
def test_arrays_are_equal_by_content(one: np.ndarray, other: np.ndarray) -> None:
    """Two values are equal when dtype, shape and bytes are, and only then."""
    same = (
        one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
    )
    assert (fp.ArrayValue(one) == fp.ArrayValue(other)) == same
    assert fp.ArrayValue(one) == fp.ArrayValue(one.copy(order="F"))


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_any_config_gives_a_component_or_one_of_our_errors(data: st.DataObject) -> None:
    """Whatever JSON a file holds under a known kind, nothing but our own errors comes out."""
    kinds = [name for group in plugins.GROUPS for name in plugins.names(group)]
    cls = plugins.find(data.draw(st.sampled_from(sorted(kinds))))
    names = [f for f in getattr(cls, "__dataclass_fields__", {}) if f != "kind"] or ["x"]
    config = data.draw(st.dictionaries(st.sampled_from(names), JSON, max_size=4))
    made = None
    with contextlib.suppress(fp.FeatureProbeError):
        made = fp.revive({"kind": cls.kind, **config})
    assert made is None or isinstance(made, cls)
