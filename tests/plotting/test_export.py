"""Image files: what is read back is what was written."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from featureprobe.errors import ConfigError, DataError, RangeError, ShapeError
from featureprobe.plotting import save_animation, save_png, stretch


def frames(channels: int = 1) -> np.ndarray:
    """Return (5, 6, 9, channels) whole pixel values, all frames different."""
    return np.random.default_rng(0).integers(0, 256, (5, 6, 9, channels)).astype(np.float32)


@pytest.mark.parametrize("channels", [1, 3])
def test_png_holds_the_pixels(tmp_path: Path, channels: int) -> None:
    """A PNG of whole values is read back unchanged, enlarged without smoothing."""
    image = frames(channels)[0]
    save_png(image, tmp_path / "a.png", upscale=2)
    with Image.open(tmp_path / "a.png") as file:
        assert file.mode == {1: "L", 3: "RGB"}[channels]
        read = np.asarray(file).reshape(12, 18, channels)
    np.testing.assert_array_equal(read, image.repeat(2, 0).repeat(2, 1))


def test_png_is_rounded_and_clipped(tmp_path: Path) -> None:
    """Values are rounded to the nearest byte, not cut off, and never wrap around."""
    save_png(np.array([[[-9.0], [1.6], [254.6], [300.0]]]), tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as file:
        assert np.asarray(file).tolist() == [[0, 2, 255, 255]]


def test_png_can_be_stretched(tmp_path: Path) -> None:
    """With contrast the file holds the stretched image."""
    image = frames()[0] / 50.0
    save_png(image, tmp_path / "a.png", contrast=True)
    with Image.open(tmp_path / "a.png") as file:
        np.testing.assert_array_equal(np.asarray(file), np.rint(stretch(image))[..., 0])


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".GIF"])
@pytest.mark.parametrize("channels", [1, 3])
def test_animation_has_all_frames_at_full_size(tmp_path: Path, suffix: str, channels: int) -> None:
    """Every frame is there, enlarged, and the loop is endless."""
    path = tmp_path / f"run{suffix}"
    save_animation(frames(channels), path, upscale=3)
    with Image.open(path) as file:
        assert file.n_frames == 5
        assert file.size == (27, 18)
        assert file.info["loop"] == 0


@pytest.mark.parametrize("suffix", [".gif", ".webp"])
def test_grey_animations_are_exact(tmp_path: Path, suffix: str) -> None:
    """Each frame of a grey run is read back value by value, in order."""
    path = tmp_path / f"run{suffix}"
    save_animation(frames(), path, upscale=1)
    with Image.open(path) as file:
        for k, frame in enumerate(frames()):
            file.seek(k)
            read = np.asarray(file.convert("RGB"))
            np.testing.assert_array_equal(read, frame.repeat(3, axis=2))


def test_fps_is_the_pace(tmp_path: Path) -> None:
    """Ten frames per second stay 100 milliseconds each."""
    save_animation(frames(), tmp_path / "run.gif", fps=10)
    with Image.open(tmp_path / "run.gif") as file:
        assert file.info["duration"] == 100


def test_captions_stand_below_the_picture(tmp_path: Path) -> None:
    """A caption adds a strip of its own and covers no pixel of the image."""
    image = frames()[:1].repeat(2, axis=0)
    save_animation(image, tmp_path / "run.webp", captions=["step 0", "step 32"])
    with Image.open(tmp_path / "run.webp") as file:
        assert file.n_frames == 2
        first = np.asarray(file.convert("L"))
        file.seek(1)
        second = np.asarray(file.convert("L"))
    assert first.shape[0] > 48
    np.testing.assert_array_equal(first[:48], image[0, ..., 0].repeat(8, 0).repeat(8, 1))
    assert (first[48:] != second[48:]).any()


@pytest.mark.parametrize("name", ["run.mp4", "run", "run.png"])
def test_other_formats_are_refused(tmp_path: Path, name: str) -> None:
    """An unknown suffix is an error that names the known ones, and no file is written."""
    with pytest.raises(ConfigError, match=r"\.gif or \.webp"):
        save_animation(frames(), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_png_needs_its_suffix(tmp_path: Path) -> None:
    """A PNG is only written under a name that says so."""
    with pytest.raises(ConfigError, match=r"must end in \.png"):
        save_png(frames()[0], tmp_path / "a.jpg")


@pytest.mark.parametrize(
    ("array", "options", "error"),
    [
        (np.ones((3, 3, 1)), {}, ShapeError),
        (np.full((2, 3, 3, 1), np.nan), {}, DataError),
        (np.ones((2, 3, 3, 1)), {"fps": 0}, RangeError),
        (np.ones((2, 3, 3, 1)), {"fps": 100}, RangeError),
        (np.ones((2, 3, 3, 1)), {"upscale": 0}, RangeError),
        (np.ones((2, 3, 3, 1)), {"captions": ["a"]}, ShapeError),
        (np.ones((2, 3, 3, 1)), {"low": 5.0, "high": 1.0}, RangeError),
    ],
)
def test_animations_that_cannot_be_written_are_refused(
    tmp_path: Path, array: np.ndarray, options: dict, error: type
) -> None:
    """Wrong ranks, values, paces and lengths are errors, and no file is written."""
    with pytest.raises(error):
        save_animation(array, tmp_path / "run.gif", **options)
    assert list(tmp_path.iterdir()) == []
