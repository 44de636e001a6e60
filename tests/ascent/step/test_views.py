"""Views of another size, and several of them a step: transforms as a plug-in author writes them."""

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

import keras
import numpy as np
import pytest
import tensorflow as tf

import featureprobe as fp

QUICK = {"steps": 4, "starts": 2, "search": None, "remedies": (), "regularizers": ()}


@dataclass(frozen=True)
class ResizedCrop(fp.Transform):
    """A random part of each image, brought to a size: part and size are each view's own."""

    kind: ClassVar[str] = "views.resized_crop"
    size: tuple[int, int]
    _: KW_ONLY
    least: float = 0.5

    def view(self, images: fp.Tensor, step: fp.Step) -> fp.Tensor:
        """Return parts (N, *size, C)."""
        draw = tf.cast(step.uniform((3,)), tf.float32)
        length = self.least + (1 - self.least) * draw[:, :1]
        first = draw[:, 1:] * (1 - length)
        boxes = tf.concat([first, first + length], axis=1)
        made = tf.image.crop_and_resize(
            tf.cast(images, tf.float32), boxes, tf.range(tf.shape(images)[0]), self.size
        )
        return tf.cast(made, images.dtype)


@dataclass(frozen=True)
class Pad(fp.Transform):
    """Grey around the image."""

    kind: ClassVar[str] = "views.pad"
    pixels: int

    def view(self, images: fp.Tensor, step: fp.Step) -> fp.Tensor:
        """Return larger images."""
        around = [[0, 0], [self.pixels] * 2, [self.pixels] * 2, [0, 0]]
        return tf.pad(images, around, constant_values=step.space.center)


@dataclass(frozen=True)
class Resize(fp.Transform):
    """Bring images to a size, in whatever dtype TensorFlow likes."""

    kind: ClassVar[str] = "views.resize"
    size: tuple[int, int]

    def view(self, images: fp.Tensor, step: fp.Step) -> fp.Tensor:
        """Return images of the size; TensorFlow makes float32 of all dtypes."""
        return tf.image.resize(images, self.size)


def pooled_net(dtype: str = "float32", rows: int | None = None) -> keras.Model:
    """A net with a global pooling, built for one size."""
    keras.utils.set_random_seed(5)
    policy = {"dtype": dtype}
    image = keras.Input((12, 10, 2), name="image", batch_size=rows)
    x = keras.layers.Conv2D(6, 3, activation="softplus", name="conv", **policy)(image)
    x = keras.layers.AveragePooling2D(2, name="pool", **policy)(x)
    x = keras.layers.Conv2D(9, 2, padding="same", activation="softplus", name="deep", **policy)(x)
    x = keras.layers.GlobalAveragePooling2D(name="mean", **policy)(x)
    return keras.Model(image, keras.layers.Dense(5, name="out", **policy)(x))


@pytest.fixture(scope="module")
def pooled() -> fp.ModelProbe:
    """A probe of the pooled net."""
    return fp.ModelProbe(pooled_net(), input_space=fp.InputSpace(0.2, std=1.5))


def climb(probe, target, *transforms, rng=3, **settings) -> fp.AscentResult:
    """Return the result of a short ascent."""
    return fp.Ascent(transforms=transforms, **QUICK | settings).run(
        probe, target, rng=rng, progress=False
    )


@pytest.mark.parametrize(
    "transforms",
    [
        (ResizedCrop((7, 9)),),
        (Pad(3), fp.Jitter(2)),
        (Pad(2), ResizedCrop((20, 17)), fp.Noise(0.1)),
        (Resize((5, 5)),),
    ],
    ids=["crop", "pad", "zoom", "small"],
)
def test_views_of_another_size(pooled, transforms):
    """They run, for maps and for nodes behind the pooling; results have the size of the images."""
    target = fp.Node("out", index=1) + fp.MapMean("conv", channel=0) - 0.1 * fp.TotalVariation()
    result = climb(pooled, target, *transforms, views=2)
    assert result.images.shape == (1, 2, 12, 10, 2)
    assert (result.gradient_trace > 0).all()
    # Scores are of the image itself, not of its views.
    own = pooled.activations(result.images[0], ["out", "conv"])
    score = own["out"][:, 1] + own["conv"][..., 0].mean(axis=(1, 2))
    np.testing.assert_allclose(score, result.scores[0], rtol=1e-4)


@pytest.mark.parametrize("views", [1, 2, 5])
def test_results_do_not_depend_on_chunks(pooled, views):
    """A budget for one image at a time, and one for all, give the same images."""
    targets = fp.MapMean.each(pooled, "deep")
    settings = {"views": views, "starts": 3}
    whole = climb(pooled, targets, fp.Jitter(2), ResizedCrop((9, 9)), **settings)
    parts = climb(pooled, targets, fp.Jitter(2), ResizedCrop((9, 9)), memory=1, **settings)
    np.testing.assert_allclose(whole.images, parts.images, atol=1e-5)
    alone = climb(pooled, targets[4], fp.Jitter(2), ResizedCrop((9, 9)), **settings)
    np.testing.assert_allclose(whole.images[4:5], alone.images, atol=1e-5)


@pytest.mark.parametrize("views", [1, 2, 5])
def test_a_run_goes_on_bit_for_bit(pooled, views):
    """4 steps, and 4 more from the state, are the same as 8."""
    target, transforms = fp.MapMean("deep", channel=1), (ResizedCrop((9, 9)),)
    short = fp.Ascent(transforms=transforms, views=views, **QUICK)
    long = fp.Ascent(transforms=transforms, views=views, **QUICK | {"steps": 8})
    state = short.run(pooled, target, rng=1, progress=False).state
    for later, _ in long.iterate(pooled, target, state):
        state = later
    straight = long.run(pooled, target, rng=1, progress=False)
    np.testing.assert_array_equal(long.result(pooled, target, state).images, straight.images)


def test_views_are_averaged(pooled):
    """Each view draws its own numbers, the same whatever their count, and their mean is climbed."""
    keras.utils.set_random_seed(5)
    image = keras.Input((6, 5, 1))
    linear = fp.ModelProbe(
        keras.Model(image, keras.layers.Conv2D(2, 3, name="conv")(image)),
        input_space=fp.InputSpace.identity(),
    )
    shade = fp.transform_from(lambda images, step: images * step.uniform((1, 1, 1)))
    target = fp.MapMean("conv", channel=1)
    whole = climb(linear, target).gradient_trace[0, 0]  # (starts,)
    sums = [np.zeros(2)]
    for views in range(1, 4):
        norm = climb(linear, target, shade, views=views).gradient_trace[0, 0]
        sums.append(views * norm / whole)
    factors = np.diff(sums, axis=0)  # of a linear score: what each view multiplied the image by
    assert ((factors > 0) & (factors < 1)).all()
    assert len(np.unique(factors.round(3))) == factors.size


def test_the_first_view_is_the_only_one_of_a_single_view(pooled):
    """Another count of views changes no draw of those that were there before."""
    shown = {}
    for views in (1, 3):
        seen = shown.setdefault(views, [])
        note = fp.transform_from(
            lambda x, step, seen=seen: _noted(x + step.normal((1, 1, 1)), seen)
        )
        climb(pooled, fp.MapMean("conv", channel=1), note, views=views, steps=1)
    one = next(images for images in shown[1] if len(images) == 2)
    three = next(images for images in shown[3] if len(images) == 6)
    np.testing.assert_allclose(three[:2], one, atol=1e-6)


def test_views_without_transforms_are_one(pooled):
    """All views would be the same image, so nothing changes."""
    target = fp.MapMean("deep", channel=1)
    one, five = climb(pooled, target), climb(pooled, target, views=5)
    np.testing.assert_array_equal(one.images, five.images)


def test_groups_stay_whole(pooled):
    """A group term sees the starts of a target side by side in each view."""
    seen = []

    @dataclass(frozen=True)
    class Apart(fp.GroupObjective):
        """Start images should differ; it remembers what it was shown."""

        kind: ClassVar[str] = "views.apart"

        def reads(self) -> tuple[fp.Read, ...]:
            """Nothing of the net."""
            return ()

        def value(self, shown: fp.Seen) -> fp.Tensor:
            """Return the variance over the starts, (N,)."""
            _noted(shown.images[:, :, 0, 0, 0], seen)
            return tf.reduce_mean(tf.math.reduce_variance(shown.images, axis=1), axis=(1, 2, 3))

    marked = fp.transform_from(lambda images, step: 0 * images + tf.cast(step.index, images.dtype))
    targets = [own + 0.1 * Apart() for own in fp.MapMean.each(pooled, "conv")[:3]]
    result = climb(pooled, targets, marked, views=4, starts=2, steps=1)
    assert {np.shape(s) for s in seen if np.size(s) == 24} == {(12, 2)}
    memory = climb(pooled, targets, fp.Jitter(1), views=4, starts=2, memory=1)
    whole = climb(pooled, targets, fp.Jitter(1), views=4, starts=2)
    np.testing.assert_allclose(memory.images, whole.images, atol=1e-5)
    assert np.isfinite(result.scores).all()


def _noted(values, seen):
    """Return values as they are, once they have been put into a list when they are computed."""
    tf.py_function(lambda v: seen.append(v.numpy()), [values], [])
    return values


@pytest.mark.parametrize(
    ("view", "says"),
    [
        (lambda x, step: tf.concat([x, x, x], axis=0), "9 views of 3 images.*views="),
        (lambda x, step: tf.repeat(x, 3, axis=0), "9 views of 3 images.*views="),
        (lambda x, step: x[:1], "1 views of 3 images"),
        (lambda x, step: x[..., 0], r"\(N, 12, 10\) of images"),
        (lambda x, step: x[..., :1], r"\(N, 12, 10, 1\) of images"),
        (lambda x, step: tf.concat([x, x], axis=-1), r"\(N, 12, 10, 4\) of images"),
        (lambda x, step: x[:, : step.index + 3], r"\(N, \?, 10, 2\)"),
        (lambda x, step: x[:, 12:], r"\(N, 0, 10, 2\)"),
        (lambda x, step: tf.reduce_mean(x), r"makes \(\) of images"),
        (lambda x, step: tf.cast(x, tf.int32), "int32 of float32 images"),
        (lambda x, step: None, "NoneType"),
        (lambda x, step: [x, x[:, :3]], "list"),
        (lambda x, step: tf.ensure_shape(x, (None, 3, 3, 2)), "cannot view images of"),
        (lambda x, step: tf.py_function(lambda v: v, [x], tf.float32), "an unknown shape"),
    ],
)
def test_what_is_no_view_of_each_image_is_refused(pooled, view, says):
    """In words, before anything runs."""
    with pytest.raises(fp.ShapeError, match=says):
        climb(pooled, fp.MapMean("conv", channel=0), fp.transform_from(view), views=2)


def test_a_flattening_net_needs_its_own_size():
    """Its maps can be seen at any size, its dense layers behind a resize."""
    probe = fp.testing.tiny_probe()
    crop, dense = ResizedCrop((9, 9)), fp.Node("dense", index=1)
    assert np.isfinite(climb(probe, fp.MapMean("conv2", channel=1), crop, views=2).scores).all()
    with pytest.raises(fp.ShapeError, match=r"9 x 9 pixels.*Bring views back to 12 x 10 pixels"):
        climb(probe, dense, crop)
    assert np.isfinite(climb(probe, dense, crop, Resize((12, 10)), views=2).scores).all()


def test_places_and_arrays_of_a_layer_are_refused(pooled):
    """What names a place of the image means another one in a view of another size."""
    node = fp.Node("deep", row=1, col=2, channel=3)
    with pytest.raises(fp.ShapeError, match=r"position of 'deep'.*last transform"):
        climb(pooled, [fp.MapMean("deep", channel=0), node], Pad(1))
    with pytest.raises(fp.ShapeError, match=r"position of 'deep'"):
        climb(pooled, fp.MapMean("deep", channel=0) + 0.5 * node, Pad(1))
    pattern = fp.PatternMatch("deep", pattern=np.ones(pooled.shape_of("deep")))
    with pytest.raises(fp.ShapeError, match=r"array \(5, 4, 9\), the shape of 'deep'"):
        climb(pooled, 1.0 * pattern, Pad(1))
    # Behind the global pooling nothing has a place; a resize brings places back.
    answer = fp.PatternMatch("out", pattern=np.arange(5.0))
    assert np.isfinite(climb(pooled, answer, Pad(1), views=2).scores).all()
    assert np.isfinite(climb(pooled, [node, pattern], Pad(1), Resize((12, 10))).scores).all()


def test_an_objective_that_fails_on_another_size_is_told_why(pooled):
    """An array that the library cannot see, such as one in a plain function."""
    mask = np.ones((5, 4), np.float32)
    lifted = fp.objective_from(
        lambda seen: tf.reduce_mean(seen[0] * mask, axis=(1, 2)),
        reads=(fp.Read("deep", channel=1),),
    )
    with pytest.raises(fp.ShapeError, match=r"14 x 12 pixels.*12 x 10 pixels"):
        climb(pooled, lifted, Pad(1))


@pytest.mark.parametrize(
    "dtype",
    ["mixed_float16", "float64", pytest.param("mixed_bfloat16", marks=pytest.mark.long)],
)
def test_other_dtypes(dtype):
    """Views are what images are outside of the net, whatever a transform returns."""
    if dtype == "float64":
        model = keras.models.clone_model(
            pooled_net("float64"), input_tensors=keras.Input((12, 10, 2), dtype="float64")
        )
    else:
        model = pooled_net(dtype)
    probe = fp.ModelProbe(model, input_space=fp.InputSpace(0.2, std=1.5))
    target = fp.MapMean("deep", channel=2) + fp.Node("out", index=1)
    result = climb(probe, target, Resize((14, 9)), ResizedCrop((9, 9)), fp.Noise(0.1), views=3)
    assert np.isfinite(result.scores).all()
    assert (result.gradient_trace > 0).all()


def test_a_net_of_a_fixed_batch():
    """Images go through it a batch at a time, views too."""
    probe = fp.ModelProbe(pooled_net(rows=2), input_space=fp.InputSpace(0.2, std=1.5))
    fixed = climb(probe, fp.Node("out", index=1), ResizedCrop((9, 8)), views=3)
    free = fp.ModelProbe(pooled_net(), input_space=fp.InputSpace(0.2, std=1.5))
    other = climb(free, fp.Node("out", index=1), ResizedCrop((9, 8)), views=3)
    np.testing.assert_allclose(fixed.scores, other.scores, rtol=1e-4)


def test_memory_counts_views(pooled):
    """Five views of a step leave a fifth of the images in a chunk, or fewer."""
    from featureprobe.ascent.drive.building import build_plan  # noqa: PLC0415
    from featureprobe.ascent.problem.resolved import resolved  # noqa: PLC0415

    targets = fp.MapMean.each(pooled, "deep")
    own, most = resolved(pooled, targets), []
    for views in (1, 5):
        ascent = fp.Ascent(transforms=ResizedCrop((30, 30)), views=views, memory=2**24)
        most.append(build_plan(ascent.chosen(pooled, targets), own, 0)[0].most)
    assert 0.15 < most[1] / most[0] < 0.25


@pytest.mark.parametrize("views", [0, -1, 1.5, True, "2"])
def test_views_are_a_whole_number(views):
    """At least one."""
    with pytest.raises(fp.FeatureProbeError, match="views"):
        fp.Ascent(views=views)


def test_a_recipe_repeats_views(pooled, tmp_path):
    """They are recorded with the Ascent."""
    first = climb(pooled, fp.MapMean("deep", channel=1), fp.Jitter(2), views=3)
    first.save(tmp_path / "r.npz")
    again = fp.AscentResult.load(tmp_path / "r.npz").recipe.run(pooled)
    np.testing.assert_array_equal(again.images, first.images)


@pytest.mark.long
def test_views_of_squeezenet(data_folder):
    """A trained net that ends in a global pooling, at another size than it was built for."""
    file = data_folder / "models" / "squeezenet_v1_1_imagenet.keras"
    probe = fp.ModelProbe.load(file, input_space=fp.InputSpace.torch())
    targets = [fp.MapMean("conv10", channel=3), fp.Node(fp.OUTPUT, index=5)]
    result = climb(probe, targets, ResizedCrop((160, 144)), views=2)
    assert (result.score_trace[-1] > result.score_trace[0]).all()
