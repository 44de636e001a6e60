"""Where images come from: recognised by content, whatever happened to the array."""

import numpy as np
import pytest

import featureprobe as fp
from featureprobe import image_source
from featureprobe.image_source import hash_image, source_of

IMAGES = np.random.default_rng(7).integers(0, 256, (3, 4, 5, 1)).astype(np.uint8)


@pytest.fixture(autouse=True)
def _known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Registrations of a test end with it."""
    monkeypatch.setattr(image_source, "_KNOWN", dict(image_source._KNOWN))


def test_registered_images_are_recognised_by_content() -> None:
    """Copies, floats, slices and shuffles of a registered image carry its name and index."""
    fp.register_images("numbers", IMAGES, [10, 20, 30])
    for image in (IMAGES[1], IMAGES[1].copy(), IMAGES[1].astype(np.float64), IMAGES[::-1][1]):
        assert str(source_of(image)) == "numbers 20"
    assert str(source_of(np.asfortranarray(IMAGES[2]))) == "numbers 30"


def test_one_pixel_makes_another_image() -> None:
    """An image that was changed is no longer the registered one."""
    fp.register_images("numbers", IMAGES, [10, 20, 30])
    changed = IMAGES[1].copy()
    changed[0, 0] ^= 1
    source = source_of(changed)
    assert source.index is None
    assert source.name == f"image {hash_image(changed)[:8]}"


def test_a_given_name_goes_first() -> None:
    """The user's name replaces the registered one; the hash stays."""
    fp.register_images("numbers", IMAGES, [10, 20, 30])
    source = source_of(IMAGES[0], "my four")
    assert str(source) == "my four"
    assert source.sha256 == hash_image(IMAGES[0])


def test_the_shape_is_part_of_the_hash() -> None:
    """The same numbers in another shape are another image."""
    assert hash_image(np.zeros((4, 5, 1))) != hash_image(np.zeros((5, 4, 1)))


def test_each_image_needs_one_index() -> None:
    """Lengths that differ are refused, and nothing is registered."""
    before = dict(image_source._KNOWN)
    with pytest.raises(fp.DataError, match="3 images and 2 indices"):
        fp.register_images("numbers", IMAGES, [1, 2])
    assert before == image_source._KNOWN


def test_grids_carry_the_source(small_probe: fp.ModelProbe, small_images: np.ndarray) -> None:
    """A probe's grid knows the image's origin, registered or given."""
    fp.register_images("tiny set", small_images, range(5))
    assert str(small_probe.grid(small_images[3], "conv").source) == "tiny set 3"
    assert str(small_probe.grid(small_images[3], "conv", name="mine").source) == "mine"
