"""Nested models called with dicts, lists and structures of them: each input gets what Keras gives it."""

from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings, strategies as st
from keras import layers, ops, tree

import featureprobe as fp

RAW = fp.InputSpace.identity(low=0, high=1)
SHAPE = (4, 5, 2)
NAMES = ("b", "zz", "a", "m", "c")


@st.composite
def structures(draw: st.DrawFn) -> tuple[Any, Any]:
    """Draw the structure of a model's inputs (of names), and that of a call of the model."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True))
    kind = draw(st.sampled_from(["list", "tuple", "dict", "nested", "by name"]))
    shuffled = draw(st.permutations(names))
    if kind == "list":
        return list(names), list(names)
    if kind == "tuple":
        return tuple(names), tuple(names)
    if kind == "dict":
        return {n: n for n in names}, {n: n for n in shuffled}
    if kind == "by name":
        return list(names), {n: n for n in shuffled}
    first, rest = names[0], names[1:]
    made = {"q": [first], "deep": {n: n for n in rest}} if rest else {"q": [first]}
    called = {k: made[k] for k in draw(st.permutations(list(made)))}
    if rest:
        called["deep"] = {n: n for n in draw(st.permutations(rest))}
    return made, called


def model_of(made: Any, called: Any, inner_outputs: str) -> Any:
    """Return a model that hands different functions of the image to the inputs of a nested one."""
    names = sorted(tree.flatten(made))
    inputs = {n: keras.Input(SHAPE, name=n) for n in names}
    weighted = [(2.0 + i) * inputs[n] for i, n in enumerate(names)]
    total = weighted[0] if len(weighted) == 1 else layers.Add(name="sum")(weighted)
    last = layers.Rescaling(0.5, name="last")(inputs[names[-1]])
    outputs: Any = {"one": total, "dict": {"z": total, "a": last}, "list": [last, total]}
    nested = keras.Model(
        tree.map_structure(inputs.get, made), outputs[inner_outputs], name="nested"
    )
    image = keras.Input(SHAPE, name="image")
    parts = {n: layers.Rescaling(1.0, offset=float(10**i))(image) for i, n in enumerate(names)}
    found = nested(tree.map_structure(parts.get, called))
    if isinstance(found, dict):
        found = found["z"] - 0.25 * found["a"]
    elif isinstance(found, list | tuple):
        found = found[1] - 0.25 * found[0]
    return keras.Model(image, ops.tanh(1e-6 * found))


@given(structure=structures(), outputs=st.sampled_from(["one", "dict", "list"]))
@example(structure=(["zz", "b", "a"], {"a": "a", "zz": "zz", "b": "b"}), outputs="one")
@example(structure=({"b": "b", "a": "a"}, {"a": "a", "b": "b"}), outputs="dict")
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_each_input_of_a_nested_model_gets_what_keras_gives_it(
    structure: Any, outputs: str
) -> None:
    """The output is that of Keras' own run, whatever the structures and the order in them."""
    model = model_of(*structure, outputs)
    images = np.random.default_rng(1).random((2, *SHAPE), dtype=np.float32)
    probe = fp.ModelProbe(model, input_space=RAW)
    assert any(path.startswith("nested/") for path in probe.layers), "it is looked into"
    np.testing.assert_allclose(
        probe.predict(images), model.predict_on_batch(images), rtol=1e-5, atol=1e-9
    )


@pytest.mark.parametrize("wanted", [(4, 5), (4, 5, 2, 1)])
def test_a_last_axis_of_one_is_added_or_taken_off(wanted: tuple[int, ...]) -> None:
    """As Keras does on entering a model."""
    inner = keras.Input(wanted, name="pixels")
    nested = keras.Model(inner, ops.square(inner) + 1.0, name="nested")
    image = keras.Input((4, 5, 1) if len(wanted) == 2 else (4, 5, 2))
    model = keras.Model(image, nested(layers.Rescaling(3.0)(image)))
    images = np.random.default_rng(1).random((2, *image.shape[1:]), dtype=np.float32)
    probe = fp.ModelProbe(model, input_space=RAW)
    np.testing.assert_allclose(probe.predict(images), model.predict_on_batch(images), rtol=1e-6)
    assert probe.shape_of("nested/pixels") == wanted
