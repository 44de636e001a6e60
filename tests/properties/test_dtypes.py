"""Nets of every dtype policy: each use works or refuses with an error of ours, numbers are the model's."""

from typing import Any

import keras
import ml_dtypes
import numpy as np
import pytest
from every_use import IMAGE_SHAPE, USES, labelled_images, odd_net, sturdy
from keras import layers

import featureprobe as fp
from featureprobe.testing.models import tiny_space

POLICIES = ("mixed_float16", "mixed_bfloat16", "float16", "bfloat16", "float64")
EPS = {
    "float16": float(np.finfo(np.float16).eps),
    "bfloat16": float(ml_dtypes.finfo(ml_dtypes.bfloat16).eps),
    "float64": 1e-12,
}
RAW = fp.InputSpace.identity(low=0, high=1)


def eps_of(policy: str) -> float:
    """Return what a policy's numbers are exact to."""
    return EPS[policy.removeprefix("mixed_")]


def nets() -> dict[str, keras.Model]:
    """Return nets whose dtype changes on the way, or which declare an input of another one."""
    nested = sturdy(keras.Input(IMAGE_SHAPE, dtype="float16"), dtype="mixed_float16")
    image = keras.Input(IMAGE_SHAPE)
    return {
        "float64 input": sturdy(keras.Input(IMAGE_SHAPE, dtype="float64")),
        "float16 input": sturdy(keras.Input(IMAGE_SHAPE, dtype="float16")),
        "float64 in between": sturdy(keras.Input(IMAGE_SHAPE), layers.Identity(dtype="float64")),
        "bfloat16 in between": sturdy(keras.Input(IMAGE_SHAPE), layers.Identity(dtype="bfloat16")),
        "a nested model of float16": keras.Model(image, nested(image)),
    }


def by_keras(model: keras.Model, images: np.ndarray, path: str) -> np.ndarray:
    """Return what Keras gives for a layer."""
    part = keras.Model(model.inputs[0], model.get_layer(path).output)
    return np.asarray(keras.ops.cast(part(images, training=False), "float64"))


def assert_as_keras(model: keras.Model, eps: float, dtype: str) -> None:
    """Demand the model's own numbers at every layer, and that it keeps its dtypes."""
    images = labelled_images(6)[0]
    kept = [(v.path, str(v.dtype)) for v in model.variables]
    probe = fp.ModelProbe(model, input_space=tiny_space())
    given = tiny_space().to_model(images, probe.network.dtype)
    for path in (p for p in probe.layers if "/" not in p):
        expected, found = by_keras(model, given, path), probe.activations(images, path)
        assert found.dtype == dtype
        np.testing.assert_allclose(found, expected, rtol=0, atol=16 * eps * np.abs(expected).max())
    assert [(v.path, str(v.dtype)) for v in model.variables] == kept


@pytest.mark.parametrize("policy", POLICIES)
def test_the_models_own_numbers(policy: str) -> None:
    """Of every layer, to the precision of the policy; float32 outside, float64 where the model is."""
    outside = "float64" if policy == "float64" else "float32"
    assert_as_keras(odd_net(dtype=policy), eps_of(policy), outside)


@pytest.mark.parametrize("name", nets())
def test_the_models_own_numbers_where_dtypes_change(name: str) -> None:
    """Keras casts on the way into a model, into a nested model and into a layer; so does a probe."""
    outside = "float64" if name == "float64 in between" else "float32"
    eps = EPS["bfloat16" if "bfloat16" in name else "float16"] if "16" in name else 1e-6
    assert_as_keras(nets()[name], eps, outside)


def try_use(policy: str, use: str) -> str:
    """Return ``"works"`` or the refusal; everything else is raised."""
    images, labels = labelled_images()
    probe = fp.ModelProbe(odd_net(dtype=policy), input_space=tiny_space())
    try:
        made = USES[use](probe, images, labels)
    except fp.FeatureProbeError as error:
        return str(error)
    if isinstance(made, fp.AscentResult):
        assert np.isfinite(made.scores).all()
        assert made.images.dtype == made.scores.dtype == np.float32
    return "works"


@pytest.mark.parametrize("policy", ["mixed_float16", "float64"])
def test_some_uses(policy: str) -> None:
    """One of the matrix for two policies; the others take minutes."""
    chosen = np.random.default_rng(POLICIES.index(policy)).choice(sorted(USES))
    assert try_use(policy, str(chosen)) == "works"


@pytest.mark.long
@pytest.mark.exhaustive
@pytest.mark.parametrize("policy", POLICIES)
def test_all_uses(policy: str) -> None:
    """Objectives, parameterizations, remedies, rules, polish, evidence, analyses, crops."""
    found = {use: try_use(policy, use) for use in USES}
    assert {use: words for use, words in found.items() if words != "works"} == {}


def deep_net(**kind: Any) -> keras.Model:
    """Return a net whose gradient by the image is below what float16 can hold."""
    image = keras.Input((32, 32, 1))
    values = image
    for number in range(3):
        conv = layers.Conv2D(2, 3, activation="softplus", name=f"conv{number}", **kind)
        values = conv(values)
        conv.kernel.assign(np.full(conv.kernel.shape, 0.004))
    return keras.Model(image, layers.Flatten(**kind)(values))


def test_small_gradients_do_not_vanish_in_float16() -> None:
    """A climb in float16 has the gradient of one in float32, though most of it is below 6e-8."""
    norms = []
    for policy in ("float32", "mixed_float16"):
        probe = fp.ModelProbe(deep_net(dtype=policy), input_space=RAW)
        ascent = fp.Ascent(steps=1, starts=1, search=None, remedies=())
        target = fp.MapMean("conv2", channel=1)
        norms.append(ascent.run(probe, target, rng=1, progress=False).gradient_norms[0, 0])
    assert 0 < norms[0] < 1e-5
    assert norms[1] == pytest.approx(norms[0], rel=0.05)


def test_what_overflows_has_diverged() -> None:
    """Scores beyond float16 end as diverged, not in a crash."""
    model = odd_net(dtype="float16")
    model.get_layer("conv2").kernel.assign(np.full((3, 3, 4, 6), 6e4))
    probe = fp.ModelProbe(model, input_space=tiny_space())
    result = USES["objective map_mean 0"](probe, *labelled_images())
    assert set(result.status.ravel()) == {fp.Status.DIVERGED}
    assert "lower the rate" in result.status[0, 0].advice


def test_other_inputs_keep_their_dtype() -> None:
    """Whole numbers stay whole for an input of whole numbers; what it cannot hold is refused."""
    image, words = (
        keras.Input((6, 6, 1), name="image"),
        keras.Input((3,), dtype="int32", name="ids"),
    )
    table = layers.Embedding(9, 2)(words)
    joined = layers.Concatenate()([layers.Flatten()(image), layers.Flatten()(table)])
    model = keras.Model([image, words], layers.Dense(2, name="out")(joined))
    open_with = lambda ids: fp.ModelProbe(  # noqa: E731
        model, input_space=RAW, image_input="image", other_inputs={"ids": ids}
    )
    images = np.zeros((2, 6, 6, 1), np.float32)
    expected = model([images, np.tile([[1, 8, 3]], (2, 1))])
    np.testing.assert_allclose(open_with([1, 8, 3]).predict(images), expected, atol=1e-6)
    for bad in ([0.5, 1, 2], [np.nan, 1, 2], [2**40, 1, 2]):
        with pytest.raises(fp.DataError, match=r"'ids'.*int32"):
            open_with(bad)


@pytest.mark.parametrize("mode", ["int8", "float8"])
def test_quantized_heads(mode: str) -> None:
    """The logits of a quantized head are those that its softmax takes, and have a gradient."""
    model, (images, _) = odd_net(), labelled_images(4)
    model.get_layer("dense").quantize(mode)
    before = [np.asarray(v.numpy()).tobytes() for v in model.variables]
    probe = fp.ModelProbe(model, input_space=tiny_space())
    expected = np.asarray(model(tiny_space().to_model(images)))
    np.testing.assert_allclose(probe.predict(images), expected, atol=1e-6)
    logits = probe.activations(images, "dense", pre=True).astype(np.float64)
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    np.testing.assert_allclose(powers / powers.sum(axis=1, keepdims=True), expected, atol=1e-5)
    ascent = fp.Ascent(steps=2, starts=1, search=None, remedies=())
    result = ascent.run(probe, fp.Logit(2), rng=1, progress=False)
    assert result.gradient_norms[0, 0] > 0
    assert [np.asarray(v.numpy()).tobytes() for v in model.variables] == before
