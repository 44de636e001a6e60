"""Several inputs optimized together: images and results are dicts by input name."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

import featureprobe as fp

SPACES = {"left": fp.InputSpace.torch(), "right": fp.InputSpace.identity(low=0, high=1)}
SHAPES = {"left": (10, 9, 3), "right": (7, 7, 1)}
IDS = np.array([3, 1, 8])
QUICK = {"steps": 4, "starts": 2, "search": None, "remedies": (), "regularizers": ()}


def net() -> keras.Model:
    """Return a net of two images of different sizes and of token ids."""
    keras.utils.set_random_seed(5)
    pair = {name: keras.Input(shape, name=name) for name, shape in SHAPES.items()}
    ids = keras.Input((3,), dtype="int32", name="ids")
    parts = [layers.Flatten()(layers.Embedding(9, 2)(ids))]
    for name, image in pair.items():
        conv = layers.Conv2D(3, 3, activation="softplus", name=f"see_{name}")(image)
        parts.append(layers.GlobalAveragePooling2D()(conv))
    out = layers.Dense(3, name="out")(layers.Concatenate()(parts))
    return keras.Model({**pair, "ids": ids}, out)


@pytest.fixture(scope="module")
def model() -> keras.Model:
    """Return the net."""
    return net()


@pytest.fixture(scope="module")
def probe(model: keras.Model) -> fp.ModelProbe:
    """Return the net with both images open."""
    return fp.ModelProbe(model, input_space=SPACES, other_inputs={"ids": IDS})


def images(count: int = 2) -> dict[str, np.ndarray]:
    """Return images of both inputs."""
    rng = np.random.default_rng(0)
    return {
        name: rng.uniform(0, SPACES[name].high, (count, *shape)).astype(np.float32)
        for name, shape in SHAPES.items()
    }


def test_answers_are_the_models(model: keras.Model, probe: fp.ModelProbe) -> None:
    """Each input gets its own image in its own units, and the constant as it is."""
    feed = {name: SPACES[name].to_model(values) for name, values in images().items()}
    expected = model({**feed, "ids": np.tile(IDS, (2, 1))})
    np.testing.assert_allclose(probe.predict(images()), expected, atol=1e-5)
    one = {name: values[0] for name, values in images().items()}
    np.testing.assert_allclose(probe.predict(one), expected[:1], atol=1e-5)
    assert probe.image_shapes == SHAPES
    fields = {row.path: row.receptive_field for row in probe.summary()}
    assert fields["see_left"] == fields["see_right"] == (3, 3)
    assert fields["out"] is None


@pytest.mark.parametrize("constraint", [fp.Box(), fp.Sphere()])
def test_both_are_climbed(probe: fp.ModelProbe, constraint: Any, tmp_path: Path) -> None:
    """Scores are those of the images; each is in its own set; saved, resumed and repeated alike."""
    ascent = fp.Ascent(**QUICK, constraint=constraint, record_every=2)
    targets = [fp.Node("out", index=1), fp.Node("see_left", row=2, col=3, channel=1)]
    result = ascent.run(probe, targets, rng=1, progress=False)
    for name, shape in SHAPES.items():
        assert result.images[name].shape == (2, 2, *shape)
        assert result.best()[name].shape == (2, *shape)
        assert result.snapshots[name].shape == (2, 2, 2, *shape)
        own = SPACES[name].to_model(result.images[name][0])
        if isinstance(constraint, fp.Sphere):
            means = own.mean(axis=(1, 2, 3)) - SPACES[name].center
            np.testing.assert_allclose(means, 0, atol=1e-3)
            np.testing.assert_allclose(own.std(axis=(1, 2, 3)), SPACES[name].spread, rtol=1e-3)
        else:
            low, high = SPACES[name].low, SPACES[name].high
            assert (
                low - 1e-3 <= result.images[name].min() <= result.images[name].max() <= high * 1.001
            )
    answers = probe.predict({n: v[0] for n, v in result.images.items()})[:, 1]
    np.testing.assert_allclose(result.scores[0], answers, rtol=1e-4)
    assert (result.score_trace[-1] > result.score_trace[0]).all()
    grey = result.images["right"][1]  # which the second target does not see
    assert np.ptp(grey) < 1e-5
    result.save(tmp_path / "r.npz", state=True)
    again = fp.AscentResult.load(tmp_path / "r.npz")
    longer = fp.Ascent(**{**QUICK, "steps": 6}, constraint=constraint, record_every=2)
    *_, (state, info) = longer.iterate(probe, targets, again.state)
    resumed = longer.result(probe, targets, state)
    straight = longer.run(probe, targets, rng=1, progress=False)
    repeated = again.recipe.run(probe, progress=False)
    for name in SHAPES:
        np.testing.assert_array_equal(again[1:].images[name], result.images[name][1:])
        np.testing.assert_array_equal(resumed.images[name], straight.images[name])
        np.testing.assert_array_equal(repeated.images[name], result.images[name])
        assert info.images[name].shape == result.images[name].shape
    assert IDS.tolist() == [3, 1, 8]


def test_operators_see_each_input_by_itself(probe: fp.ModelProbe) -> None:
    """What acts on an input is what acts on it alone: shapes, units, spaces, draws."""
    seen: list[tuple[Any, ...]] = []

    def note(values: Any, step: Any) -> Any:
        seen.append((tuple(values.shape[1:]), step.space, tuple(step.live.layer.shape[1:])))
        return values

    ascent = fp.Ascent(
        **{**QUICK, "regularizers": (fp.regularizer_from(note),)},
        transforms=(fp.transform_from(note), fp.transforms.Jitter(1)),
        parameterization=fp.parameterizations.Fourier(),
    )
    target = fp.Node("out", index=0) - 0.01 * fp.TotalVariation()
    result = ascent.run(probe, target, rng=1, progress=False)
    wanted = {(SHAPES[n], SPACES[n], (*SHAPES[n][:-1], 1)) for n in SHAPES}
    assert set(seen) == wanted
    best = {name: values[0] for name, values in result.images.items()}
    model = {n: SPACES[n].to_model(v) for n, v in best.items()}
    varied = result.scores[0] - result.totals[0]
    assert np.isfinite(varied).all()
    assert (varied > 0).all()
    assert model["left"].shape[1:] == SHAPES["left"]


def test_outside_a_field_each_input_has_its_own_constant() -> None:
    """In the Box it is the mean of that input's start, not one of all inputs."""
    keras.utils.set_random_seed(8)
    pair = {name: keras.Input((10, 9, 1), name=name) for name in SHAPES}
    seen = [layers.Conv2D(2, 3, activation="softplus")(image) for image in pair.values()]
    model = keras.Model(pair, layers.Add(name="sum")(seen))
    spaces = {
        "left": fp.InputSpace.identity(low=0, high=1),
        "right": fp.InputSpace(127.5, std=127.5, low=0, high=255),
    }
    both = fp.ModelProbe(model, input_space=spaces)
    values = {"left": 0.75, "right": 40.0}
    given = {name: np.full((1, 10, 9, 1), value) for name, value in values.items()}
    ascent = fp.Ascent(**{**QUICK, "starts": "auto"}, constraint=fp.Box())
    target = fp.Node("sum", row=2, col=3, channel=1)
    result = ascent.run(both, target, progress=False, start_images=given)
    for name, value in values.items():
        own = result.images[name][0, 0]
        assert np.ptp(own[2:5, 3:6]) > 0
        np.testing.assert_allclose(own[6:], value, rtol=1e-4)


def test_an_image_and_a_series() -> None:
    """Inputs of another number of axes, beside numbers that are held constant."""
    keras.utils.set_random_seed(6)
    image, series = keras.Input((9, 8, 3), name="image"), keras.Input((20, 2), name="series")
    facts = keras.Input((4,), name="facts")
    parts = [
        layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, activation="elu", name="c2")(image)),
        layers.GlobalAveragePooling1D()(layers.Conv1D(4, 5, activation="elu", name="c1")(series)),
        layers.Dense(3, activation="tanh")(facts),
    ]
    out = layers.Dense(2, name="out")(layers.Concatenate()(parts))
    model = keras.Model([image, series, facts], out)
    spaces = {"image": fp.InputSpace.tf(), "series": fp.InputSpace.identity(low=-3, high=3)}
    held = np.array([0.5, -1.0, 2.0, 0.0], np.float32)
    both = fp.ModelProbe(model, input_space=spaces, other_inputs={"facts": held})
    result = fp.Ascent(**QUICK).run(both, fp.Node("out", index=1), rng=0, progress=False)
    shapes = {name: values.shape for name, values in result.images.items()}
    assert shapes == {"image": (1, 2, 9, 8, 3), "series": (1, 2, 20, 2)}
    feed = {name: spaces[name].to_model(values[0]) for name, values in result.images.items()}
    expected = model([feed["image"], feed["series"], np.tile(held, (2, 1))])[:, 1]
    np.testing.assert_allclose(result.scores[0], expected, rtol=1e-4)
    assert (result.score_trace[-1] > result.score_trace[0]).all()
    for name, others in (
        ("image", {"series": np.zeros((20, 2))}),
        ("series", {"image": np.zeros((9, 8, 3))}),
    ):
        one = fp.ModelProbe(
            model, input_space={name: spaces[name]}, other_inputs={"facts": held, **others}
        )
        alone = fp.Ascent(**QUICK).run(one, fp.Node("out", index=1), rng=0, progress=False)
        assert alone.images.shape == shapes[name]
        assert (alone.score_trace[-1] > alone.score_trace[0]).all()
    np.testing.assert_array_equal(held, np.array([0.5, -1.0, 2.0, 0.0], np.float32))


def test_start_images_by_name(probe: fp.ModelProbe) -> None:
    """They are dicts too, kept in the recipe, and checked."""
    ascent, target = fp.Ascent(**QUICK), fp.Node("out", index=2)
    result = ascent.run(probe, target, progress=False, start_images=images())
    again = result.recipe.run(probe, progress=False)
    for name in SHAPES:
        np.testing.assert_array_equal(again.images[name], result.images[name])
    with pytest.raises(fp.ShapeError, match="lack 'right'"):
        ascent.run(probe, target, progress=False, start_images={"left": images()["left"]})
    far = images() | {"right": 3 * images()["right"] + 1}
    with pytest.raises(fp.RangeError, match=r"keeps images in 0\.\.1"):
        ascent.run(probe, target, progress=False, start_images=far)


def test_what_is_wrong_with_images_is_said(model: keras.Model, probe: fp.ModelProbe) -> None:
    """Arrays in place of dicts, missing, unknown and unequal ones; dicts where one image is meant."""
    both = images()
    for given, says in (
        (both["left"], "dict by input name"),
        ({"left": both["left"]}, "lack 'right'"),
        (both | {"rihgt": both["right"]}, "'rihgt'. Nearest: 'right'"),
        (both | {"right": both["right"][:1]}, "as many images as the others"),
        (both | {"right": both["left"]}, "images of 'right'"),
    ):
        with pytest.raises(fp.ShapeError, match=says):
            probe.predict(given)
    held = {"ids": IDS, "right": np.zeros(SHAPES["right"])}
    single = fp.ModelProbe(model, input_space={"left": SPACES["left"]}, other_inputs=held)
    assert single.image_shape == SHAPES["left"]
    with pytest.raises(fp.ShapeError, match="a dict by input name is for"):
        single.predict(both)
    for space, says in (
        ({}, "empty dict"),
        ({"left": SPACES["left"], "right": 3}, r"input_space\['right'\]"),
    ):
        with pytest.raises(fp.ConfigError, match=says):
            fp.ModelProbe(model, input_space=space, other_inputs={"ids": IDS})
    with pytest.raises(fp.ModelError, match="'rihgt'"):
        fp.ModelProbe(model, input_space={"left": None, "rihgt": None}, other_inputs={"ids": IDS})


def test_pictures_have_a_row_for_each_input(probe: fp.ModelProbe, tmp_path: Path) -> None:
    """Plots, files and notebooks show both; a part is a result of one image."""
    result = fp.Ascent(**QUICK, record_every=2).run(
        probe, fp.Node("out", index=1), rng=1, progress=False
    )
    rows = result.plot().child_axes
    titles = [child.get_title(loc="left").splitlines()[0] for child in rows]
    assert titles == list(SHAPES)
    assert len(result.save_images(tmp_path)) == 2
    assert "base64" in result._repr_html_()
    part = result.of_input("right")
    np.testing.assert_array_equal(part.images, result.images["right"])
    part.animate(tmp_path / "right.gif")
    with pytest.raises(fp.ConfigError, match="Take one"):
        result.animate(tmp_path / "both.gif")
    with pytest.raises(fp.ConfigError, match="Nearest: 'right'"):
        result.of_input("rihgt")
    with pytest.raises(fp.ConfigError, match="single image"):
        part.of_input("right")
