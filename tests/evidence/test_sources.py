"""Data sets as people have them: dicts, Keras' numbered batches, what never ends, reused buffers."""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

import featureprobe as fp


def reader(images: np.ndarray, batch: int | None = None) -> Iterator[np.ndarray]:
    """Yield images, or batches, in one buffer that is filled again and again."""
    frame = np.empty(images.shape[1:] if batch is None else (batch, *images.shape[1:]), np.uint8)
    for start in range(0, len(images), batch or 1):
        frame[:] = images[start] if batch is None else images[start : start + batch]
        yield frame


@pytest.fixture
def many() -> np.ndarray:
    """Forty images for the small probe."""
    return np.random.default_rng(3).integers(0, 256, (40, 6, 6, 1)).astype(np.uint8)


@pytest.mark.parametrize("batch", [None, 8])
def test_a_buffer_that_is_used_again(
    small_probe: fp.ModelProbe, many: np.ndarray, batch: int | None
) -> None:
    """The evidence is that of the images, not of the last one read."""
    wanted = fp.Evidence.collect(small_probe, many, "conv", top=3)
    found = fp.Evidence.collect(small_probe, reader(many, batch), "conv", top=3)
    for unit in range(3):
        np.testing.assert_array_equal(
            found.top("conv", unit).indices, wanted.top("conv", unit).indices
        )
        np.testing.assert_array_equal(
            found.top("conv", unit).images, wanted.top("conv", unit).images
        )


class Batches(keras.utils.PyDataset):
    """Keras' own kind of data set; iterating over it never ends."""

    def __init__(self, images: np.ndarray, endless: bool = False) -> None:
        super().__init__()
        self.images, self.endless = images, endless

    @property
    def num_batches(self) -> int | None:
        """None for ever."""
        return None if self.endless else len(self.images) // 8

    def __len__(self) -> int:
        return len(self.images) // 8

    def __getitem__(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        start = 8 * (number % (len(self.images) // 8))
        return self.images[start : start + 8], np.zeros(8)


def sets(images: np.ndarray) -> dict[str, Any]:
    """Return the same images as data sets of many kinds."""
    floats, labels = images.astype(np.float32), np.arange(len(images))
    of_dicts = tf.data.Dataset.from_tensor_slices({"image": floats, "label": labels})
    flow = tf.keras.preprocessing.image.ImageDataGenerator().flow
    return {
        "dicts": of_dicts,
        "batches of dicts": of_dicts.batch(7),
        "a dict of arrays": {"label": labels, "image": images},
        "another name": ({"photo": image, "label": 3} for image in images),
        "a dict in a tuple": ((({"image": image}), 3) for image in images),
        "labels behind": tf.data.Dataset.from_tensor_slices((floats, labels)).batch(9),
        "numbered batches": Batches(images),
        "ImageDataGenerator": flow(floats, labels, batch_size=8, shuffle=False),
    }


def test_data_sets_of_many_kinds(small_probe: fp.ModelProbe, many: np.ndarray) -> None:
    """All give the evidence of the array."""
    wanted = fp.Evidence.collect(small_probe, many, "conv", top=2)
    for name, data in sets(many).items():
        found = fp.Evidence.collect(small_probe, data, "conv", top=2)
        assert found.count == 40, name
        for unit in range(3):
            np.testing.assert_array_equal(
                found.top("conv", unit).indices, wanted.top("conv", unit).indices, err_msg=name
            )


def test_dicts_that_are_not_clear(small_probe: fp.ModelProbe, many: np.ndarray) -> None:
    """Two pictures, or none: the error names the entries."""
    for entry in ({"left": many[0], "right": many[1]}, {"label": 3}, {}):
        with pytest.raises(fp.ShapeError, match=r"entry 'image'.*Say which"):
            fp.Evidence.collect(small_probe, iter([entry]), "conv")


def endless(images: np.ndarray) -> dict[str, Any]:
    """Return data sets that say that they never end."""
    return {
        "repeat": tf.data.Dataset.from_tensor_slices(images).repeat(),
        "batched": tf.data.Dataset.from_tensor_slices(images).repeat().batch(4),
        "numbered": Batches(images, endless=True),
    }


def test_what_never_ends(small_probe: fp.ModelProbe, many: np.ndarray) -> None:
    """It is refused before it starts, and read as far as asked."""
    for name, data in endless(many).items():
        with pytest.raises(fp.DataError, match=r"never ends.*limit="):
            fp.Evidence.collect(small_probe, data, "conv")
        assert fp.Evidence.collect(small_probe, data, "conv", limit=50).count == 50, name


@pytest.mark.parametrize("limit", [1, 7, 40, 99])
def test_a_limit(small_probe: fp.ModelProbe, many: np.ndarray, limit: int) -> None:
    """At most so many images are read, whatever the data set."""
    for data in (many, list(many), [many[:20], many[20:]], iter(many), reader(many, 8)):
        found = fp.Evidence.collect(small_probe, data, "conv", limit=limit)
        assert found.count == min(limit, 40)
    for odd in (0, -1, 2.5, True):
        with pytest.raises(fp.RangeError, match="limit must be a whole number"):
            fp.Evidence.collect(small_probe, many, "conv", limit=odd)


def test_images_are_counted_on_a_bar(
    small_probe: fp.ModelProbe, many: np.ndarray, capsys: pytest.CaptureFixture[str]
) -> None:
    """A bar shows when asked, with the number of images where it is known; else nothing is written."""
    fp.Evidence.collect(small_probe, many, "conv", progress=True)
    assert "40/40" in capsys.readouterr().err
    fp.Evidence.collect(small_probe, iter(many), "conv", progress=True)
    assert "40 images" in capsys.readouterr().err
    fp.Evidence.collect(small_probe, iter(many), "conv")
    assert not capsys.readouterr().err


def test_images_of_several_shapes(small_probe: fp.ModelProbe, many: np.ndarray) -> None:
    """A stream of images of several shapes says which."""
    with pytest.raises(fp.ShapeError, match=r"one shape.*\(6, 6, 1\) and then \(3, 6, 1\)"):
        fp.Evidence.collect(small_probe, iter([many[0], many[0][:3]]), "conv")
