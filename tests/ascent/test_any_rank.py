"""The default ascent on series, on volumes and on images of seven channels: the bars of pictures."""

import dataclasses

import keras
import numpy as np
import pytest
from evaluating import value_and_gradient

import featureprobe as fp

SHAPES = {"series": (26, 3), "volume": (9, 11, 8, 1), "seven channels": (13, 11, 7)}
SHORT = {"steps": 6, "starts": 2, "search": None, "remedies": ()}


def net(shape, dtype="float32"):
    """A small net with stride, BatchNorm, a residual, pooling, and a head; smooth where it is float64."""
    keras.utils.set_random_seed(5)
    layers, own, act = keras.layers, f"{len(shape) - 1}D", "elu" if dtype != "float64" else "tanh"
    image = keras.Input(shape, name="image", dtype="float64" if dtype == "float64" else "float32")
    conv = lambda n, name, **kw: getattr(layers, f"Conv{own}")(  # noqa: E731
        n, 3, padding="same", dtype=dtype, name=name, **kw
    )
    first = conv(5, "first", activation=act)(image)
    values = layers.BatchNormalization(dtype=dtype, name="norm")(conv(5, "second")(first))
    values = layers.Add(dtype=dtype, name="sum")([first, values])
    values = conv(6, "deep", strides=2, activation=act)(values)
    if dtype == "float32":  # TensorFlow pools volumes on a CPU in no other
        values = getattr(layers, f"AveragePooling{own}")(2, dtype=dtype, name="pool")(values)
    values = layers.Flatten(dtype=dtype)(values)
    values = layers.Dense(7, activation=act, dtype=dtype, name="dense")(values)
    out = layers.Dense(4, activation="softmax", dtype=dtype, name="out")(values)
    return keras.Model(image, out)


def opened(shape, dtype="float32"):
    """A probe of the net, whose pixels range over -3..3."""
    return fp.ModelProbe(net(shape, dtype), input_space=fp.InputSpace.identity(low=-3, high=3))


@pytest.fixture(
    scope="module",
    params=["series", "volume", pytest.param("seven channels", marks=pytest.mark.long)],
)
def probe(request):
    """Probes of one net each."""
    return opened(SHAPES[request.param])


def targets(probe):
    """A map, a node in the middle and one in a corner, a dense node, a class."""
    rank = len(probe.image_shape) - 1
    middle = tuple(n // 2 for n in probe.shape_of("second")[:-1])
    return [
        fp.MapMean("sum", channel=3),
        fp.Node("second", position=middle, channel=1),
        fp.Node("deep", position=(0,) * rank, channel=2),
        fp.Node("dense", index=4),
        fp.Logit(2),
    ]


def values_of(probe, images):
    """What the targets are at images (T, S, *spatial, C), by the layers' own outputs."""
    at = lambda t, layer, **kw: probe.activations(images[t], layer, **kw)  # noqa: E731
    middle = tuple(n // 2 for n in probe.shape_of("second")[:-1])
    rank = len(middle)
    return np.stack(
        [
            at(0, "sum")[..., 3].mean(axis=tuple(range(1, rank + 1))),
            at(1, "second")[(slice(None), *middle, 1)],
            at(2, "deep")[(slice(None), *(0,) * rank, 2)],
            at(3, "dense")[:, 4],
            at(4, "out", pre=True)[:, 2],
        ]
    )


def test_the_default_ascent_climbs(probe, tmp_path):
    """Scores are those of the images, above those of the start; the file gives the same back."""
    result = fp.Ascent(steps=8, starts=2).run(probe, targets(probe), rng=3, progress=False)
    assert result.images.shape == (5, 2, *probe.image_shape)
    np.testing.assert_allclose(result.scores, values_of(probe, result.images), rtol=1e-4, atol=1e-5)
    assert (result.scores >= result.score_trace[0]).all()
    assert np.abs(result.images).max() <= 3
    result.save(tmp_path / "r.npz", state=True)
    loaded = fp.AscentResult.load(tmp_path / "r.npz")
    np.testing.assert_array_equal(loaded.images, result.images)
    np.testing.assert_array_equal(loaded[[1, 3]].best(), result.best()[[1, 3]])


def test_alone_in_chunks_and_resumed(probe):
    """A target alone and in small chunks ends where it ends in a batch; resumed it does to the bit."""
    ascent, own = fp.Ascent(**SHORT, record_every=3), targets(probe)
    whole = ascent.run(probe, own, rng=3, progress=False)
    few = dataclasses.replace(ascent, memory=1).run(probe, own, rng=3, progress=False)
    np.testing.assert_allclose(few.images, whole.images, atol=1e-4)
    for number in (0, 1):
        alone = ascent.run(probe, own[number], rng=3, progress=False)
        np.testing.assert_allclose(alone.images[0], whole.images[number], atol=1e-4)
    half = dataclasses.replace(ascent, steps=3)
    state = half.run(probe, own, rng=3, progress=False).state
    for later, _ in ascent.iterate(probe, own, state):
        state = later
    np.testing.assert_array_equal(ascent.result(probe, own, state).images, whole.images)


def test_on_a_crop_as_on_the_image(probe):
    """A node's crop gives what the full image gives, where the crop is smaller."""
    node = targets(probe)[1]
    made = [
        fp.Ascent(**SHORT, regularizers=(), crop=crop).run(probe, node, rng=3, progress=False)
        for crop in ("auto", False)
    ]
    assert made[0].crops[0].startswith("crop: ")
    np.testing.assert_allclose(made[0].images, made[1].images, atol=1e-4)


def test_given_starts_and_the_recipe(probe):
    """Start images per target are taken, recorded, and taken again."""
    given = np.random.default_rng(0).uniform(-2, 2, (5, 2, *probe.image_shape)).astype(np.float32)
    ascent = fp.Ascent(**{**SHORT, "steps": 2, "starts": "auto"})
    result = ascent.run(probe, targets(probe), rng=3, start_images=given, progress=False)
    again = result[[1, 2]].recipe.run(probe, progress=False)
    np.testing.assert_allclose(again.images, result.images[[1, 2]], atol=1e-5)
    shared = ascent.run(probe, targets(probe), rng=3, start_images=given[0], progress=False)
    np.testing.assert_allclose(shared.images[0], result.images[0], atol=1e-5)
    assert shared[[1, 2]].recipe.given().shape == given[0].shape


@pytest.mark.parametrize("name", SHAPES)
def test_gradients_are_central_differences(name):
    """Of every kind of target, penalties and groups included, to 1e-5 in float64."""
    probe, rng = opened(SHAPES[name], "float64"), np.random.default_rng(1)
    spread = fp.MapMean("deep", channel=0) - 0.3 * fp.TotalVariation() - 0.1 * fp.InputNorm()
    for target in (*targets(probe), spread, fp.MapMean("sum", channel=0) + fp.Diversity("deep")):
        images, direction = rng.normal(size=(2, 2, *probe.image_shape))
        measured = [
            value_and_gradient(probe, [target], images + s * 1e-5 * direction, starts=2)[0].sum()
            for s in (1, -1)
        ]
        exact = (value_and_gradient(probe, [target], images, starts=2)[1] * direction).sum()
        assert abs(exact) > 1e-9
        assert abs((measured[0] - measured[1]) / 2e-5 - exact) <= 1e-5 * abs(exact)


@pytest.mark.long
@pytest.mark.parametrize("name", ["series", "volume"])
def test_half_precision(name):
    """Nets under mixed_float16 climb, and say of their images what they are."""
    probe = opened(SHAPES[name], "mixed_float16")
    result = fp.Ascent(**SHORT).run(probe, targets(probe), rng=3, progress=False)
    np.testing.assert_allclose(result.scores, values_of(probe, result.images), rtol=2e-2, atol=2e-2)
    assert (result.scores > result.score_trace[0]).all()


@pytest.mark.long
@pytest.mark.parametrize("name", SHAPES)
def test_operators_and_fourier(name):
    """Jitter, noise, a blur and the spectrum's coefficients have as many axes as images have."""
    probe = opened(SHAPES[name])
    ascent = fp.Ascent(**SHORT, transforms=(fp.Jitter(1), fp.Noise(0.1)))
    for made in (ascent, fp.Ascent(**SHORT, parameterization=fp.Fourier())):
        result = made.run(probe, targets(probe)[:1], rng=3, progress=False)
        assert (result.scores > result.score_trace[0]).all()
