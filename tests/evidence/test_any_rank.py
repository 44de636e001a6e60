"""Evidence of series, images and volumes: the exact interval, rectangle or box, and where scores stand."""

from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np
import pytest

import featureprobe as fp

SPATIAL = {1: (24,), 2: (12, 10), 3: (6, 9, 8)}
BLOCK = {
    1: (keras.layers.Conv1D, keras.layers.MaxPooling1D),
    2: (keras.layers.Conv2D, keras.layers.MaxPooling2D),
    3: (keras.layers.Conv3D, keras.layers.MaxPooling3D),
}


@pytest.fixture(scope="module", params=[1, 2, 3])
def probe(request: pytest.FixtureRequest) -> fp.ModelProbe:
    """A net with padding, pooling and a dense layer, on images of one, two or three axes."""
    keras.utils.set_random_seed(request.param)
    conv, pool = BLOCK[request.param]
    inputs = keras.Input((*SPATIAL[request.param], 2))
    maps = conv(4, 3, padding="same", activation="relu", name="conv1")(inputs)
    maps = conv(5, 3, activation="elu", name="conv2")(pool(2, name="pool")(maps))
    out = keras.layers.Dense(3, name="out")(keras.layers.Flatten()(maps))
    return fp.ModelProbe(
        keras.Model(inputs, out), input_space=fp.InputSpace.identity(low=-3, high=3)
    )


def images_for(probe: fp.ModelProbe, count: int = 12) -> np.ndarray:
    """Return normal numbers."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(count, *probe.image_shape)).astype(np.float32)


def outside(shape: tuple[int, ...], box: np.ndarray) -> np.ndarray:
    """Return (*spatial) which places lie outside of a box."""
    rank = len(box) // 2
    free = np.ones(shape[:-1], bool)
    free[tuple(slice(a, b) for a, b in zip(box[:rank], box[rank:], strict=True))] = False
    return free


def test_top_examples_and_their_boxes(probe: fp.ModelProbe) -> None:
    """The score is the strongest node's, and the box is what that node sees: exactly."""
    images = images_for(probe)
    evidence = fp.Evidence.collect(probe, images, ["conv1", "conv2", "out"], top=3)
    rank = len(probe.image_shape) - 1
    for layer, unit in (("conv1", 1), ("conv2", 2)):
        values = probe.activations(images, layer)[..., unit]
        flat = values.reshape(len(images), -1)
        order = np.argsort(-flat.max(axis=1), kind="stable")[:3]
        examples = evidence.top(layer, unit)
        np.testing.assert_array_equal(examples.indices, order)
        np.testing.assert_allclose(examples.scores, flat.max(axis=1)[order], rtol=1e-6)
        assert examples.boxes.shape == (3, 2 * rank)
        for place, (number, box) in enumerate(zip(order, examples.boxes, strict=True)):
            node = np.unravel_index(flat[number].argmax(), values.shape[1:])
            assert tuple(box) == fp.receptive_box(probe, layer, position=node)
            assert examples.crops[place].shape == (*(box[rank:] - box[:rank]), 2)
            free, moved = outside(probe.image_shape, box), images[number].copy()
            moved[free] += 1.0
            again = probe.activations(moved, layer)[0, ..., unit]
            assert again[node] == pytest.approx(flat[number].max(), rel=1e-5)
            near = images[number].copy()
            near[~free] = 0
            assert probe.activations(near, layer)[0, ..., unit][node] != again[node]


def test_crops_are_put_on_one_size(probe: fp.ModelProbe) -> None:
    """At the border the part beyond it is NaN; the rest stands where the node sees it."""
    evidence = fp.Evidence.collect(probe, images_for(probe), "conv1", top=12)
    examples = evidence.top("conv1", 0)
    rank = len(probe.image_shape) - 1
    assert examples.field == (3,) * rank
    for crop, whole in zip(examples.crops, examples.pictures, strict=True):
        assert whole.shape == (*(3,) * rank, 2)
        np.testing.assert_array_equal(whole[np.isfinite(whole)], crop.ravel())


def test_boxes_of_nodes(probe: fp.ModelProbe) -> None:
    """A node in the corner of conv1 sees two pixels along each axis; any node the whole image."""
    rank, spatial = len(probe.image_shape) - 1, probe.image_shape[:-1]
    assert fp.receptive_box(probe, "conv1", position=(0,) * rank) == (*(0,) * rank, *(2,) * rank)
    assert fp.receptive_box(probe, "conv1") == (*(0,) * rank, *spatial)
    with pytest.raises(fp.RangeError, match=f"has {spatial[0]} "):
        fp.receptive_box(probe, "conv1", position=(spatial[0], *(0,) * (rank - 1)))
    with pytest.raises(fp.ShapeError, match=r"Give position="):
        fp.receptive_box(probe, "conv1", position=(0,) * (rank % 3 + 1))
    own = fp.Evidence.collect(probe, images_for(probe), ["conv1", "out"], top=1)
    assert own["out"].box_of(0) == (*(0,) * rank, *spatial)
    with pytest.raises(fp.RangeError, match="nodes a map"):
        own["conv1"].box_of(int(np.prod(spatial)))


def test_row_says_the_position_of_a_series(probe: fp.ModelProbe) -> None:
    """In a series row= is the position; in images and volumes it is the row, of any plane."""
    rank = len(probe.image_shape) - 1
    found = fp.receptive_box(probe, "conv1", row=0)
    axis = {1: 0, 2: 0, 3: 1}[rank]
    assert (found[axis], found[rank + axis]) == (0, 2)
    if rank == 1:
        with pytest.raises(fp.ShapeError, match="position,"):
            fp.receptive_box(probe, "conv1", col=0)


def test_percentiles_of_an_ascent(probe: fp.ModelProbe) -> None:
    """Percentages of images that score at most as much, for means of maps and for dense nodes."""
    images = images_for(probe, 40)
    evidence = fp.Evidence.collect(probe, images, ["conv2", "out"], top=2)
    climb = fp.Ascent(steps=3, starts=2, search=None, remedies=())
    for target, values in (
        (fp.MapMean("conv2", channel=1), probe.activations(images, "conv2")[..., 1]),
        (fp.Node("out", index=0), probe.activations(images, "out")[:, :1]),
    ):
        result = climb.run(probe, target, rng=1, progress=False)
        means = values.reshape(40, -1).mean(axis=1)
        expected = [[100 * (means <= score).mean() for score in result.scores[0]]]
        np.testing.assert_allclose(evidence.percentiles(result), expected)


def test_files_keep_it_all(probe: fp.ModelProbe, tmp_path: Path) -> None:
    """What is loaded gives the same examples, crops and boxes."""
    evidence = fp.Evidence.collect(probe, images_for(probe), top=2)
    assert list(evidence.layers) == ["conv1", "conv2", "out"]
    evidence.save(tmp_path / "evidence.npz")
    loaded = fp.Evidence.load(tmp_path / "evidence.npz")
    for layer in evidence.layers:
        before, after = evidence.top(layer, 0), loaded.top(layer, 0)
        np.testing.assert_array_equal(before.boxes, after.boxes)
        for one, two in zip(before.crops, after.crops, strict=True):
            np.testing.assert_array_equal(one, two)


def test_pictures_of_evidence(probe: fp.ModelProbe) -> None:
    """Examples, their crops, and rows with an OIP are drawn, and shown in notebooks."""
    evidence = fp.Evidence.collect(probe, images_for(probe), "conv2", top=3)
    result = fp.Ascent(steps=2, starts=1, search=None, remedies=()).run(
        probe, fp.MapMean("conv2", channel=1), rng=1, progress=False
    )
    for crop in (True, False):
        evidence.top("conv2", 1).plot(crop=crop)
    assert evidence.top("conv2", 1)._repr_png_()[1:4] == b"PNG"
    figure = evidence.plot("conv2", [1, 2], result=result, count=2)
    assert len(figure.axes) == 6
    figure.draw_without_rendering()
    plt.close("all")


def test_a_fire_map_lies_on_the_image(probe: fp.ModelProbe) -> None:
    """Of a layer as fine as the image it is the map itself; of a coarser one it has its extremes."""
    image, spatial = images_for(probe, 1)[0], probe.image_shape[:-1]
    fine = fp.fire_map(probe, image, "conv1", 2)
    assert fine.shape == spatial
    np.testing.assert_allclose(fine, probe.activations(image, "conv1")[0, ..., 2], atol=1e-6)
    coarse = fp.fire_map(probe, image, "conv2", 2)
    assert coarse.max() <= probe.activations(image, "conv2")[0, ..., 2].max() + 1e-6
    with pytest.raises(fp.ShapeError, match="layer with maps"):
        fp.fire_map(probe, image, "out", 0)


@pytest.mark.parametrize("form", ["list", "batches", "one by one", "pairs", "dict"])
def test_data_sets_of_any_form(probe: fp.ModelProbe, form: str) -> None:
    """However images come, what is found is the same."""
    images = images_for(probe)
    labels = np.zeros((len(images), 3))
    data = {
        "list": list(images),
        "batches": iter([images[:5], images[5:]]),
        "one by one": iter(images),
        "pairs": iter([(images[:5], labels[:5]), (images[5:], labels[5:])]),
        "dict": iter([{"signal": images, "label": labels[:, 0]}]),
    }[form]
    expected = fp.Evidence.collect(probe, images, "conv2", top=2)["conv2"].peak
    found = fp.Evidence.collect(probe, data, "conv2", top=2)["conv2"].peak
    np.testing.assert_array_equal(found.top_images, expected.top_images)
