"""Volumes: three slices through one place or one plane, of what is in the volume and nowhere else."""

from collections.abc import Iterator
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from featureprobe.errors import ConfigError, DataError, RangeError, ShapeError
from featureprobe.grid import ActivationGrid
from featureprobe.plotting import (
    constant_maps,
    save_animation,
    save_planes,
    save_png,
    show_maps,
    show_mosaic,
    show_overlay,
    show_volume,
    standardize_maps,
    stretch,
)


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    yield
    plt.close("all")


def volume(channels: int = 1) -> np.ndarray:
    """Return (5, 7, 6, channels) whole pixel values; voxel (3, 2, 4) is the strongest."""
    values = np.random.default_rng(0).integers(90, 160, (5, 7, 6, channels)).astype(np.float32)
    values[3, 2, 4] = 255
    return values


@pytest.mark.parametrize("channels", [1, 3])
def test_three_slices_through_the_strongest_place(channels: int) -> None:
    """Rows x columns, rows x planes, planes x columns; each voxel is where it is, with its value."""
    values = volume(channels)
    ax = show_volume(values, title="conv2, map 3")
    shown = ax.images[0].get_array()
    assert shown.shape == (7 + 1 + 5, 6 + 1 + 5, 3)
    colours = np.broadcast_to(values, (5, 7, 6, 3))
    np.testing.assert_array_equal(shown[:7, :6], colours[3])
    np.testing.assert_array_equal(shown[:7, 7:], colours[:, :, 4].transpose(1, 0, 2))
    np.testing.assert_array_equal(shown[8:, :6], colours[:, 2])
    assert (shown[7] == 255).all()
    assert [text.get_text() for text in ax.texts] == ["plane 3", "col 4", "row 2"]
    assert ax.get_title(loc="left") == "conv2, map 3"


def test_lines_show_where_the_other_slices_lie() -> None:
    """Each slice has a line at the two numbers of the other two."""
    lines = show_volume(volume(), at=(1, 5, 0)).lines
    at = [(set(line.get_xdata()), set(line.get_ydata())) for line in lines]
    assert [next(iter(x)) for x, _ in at[::2]] == [0, 7 + 1, 0]
    assert [next(iter(y)) for _, y in at[1::2]] == [5, 5, 8 + 1]


def test_one_plane_is_shown_alone() -> None:
    """The plane asked for, whole, and the note says which."""
    ax = show_volume(volume(), plane=0)
    np.testing.assert_array_equal(ax.images[0].get_array()[..., 0], volume()[0, ..., 0])
    assert "plane 0 of 5" in ax.get_title(loc="left")
    assert len(ax.lines) == 0


def test_seven_channels_stand_side_by_side() -> None:
    """Each channel has its three slices in grey; the note tells where they are cut."""
    ax = show_volume(volume(7), at=(1, 5, 0))
    shown = ax.images[0].get_array()
    np.testing.assert_array_equal(shown[:7, :6, 0], volume(7)[1, ..., 0])
    np.testing.assert_array_equal(shown[:7, 12 + 3 : 12 + 3 + 6, 0], volume(7)[1, ..., 1])
    assert "plane 1, row 5, col 0" in ax.get_title(loc="left")


def test_contrast_is_stretched_over_the_whole_volume() -> None:
    """The slices of a stretched volume are slices of the whole, so that planes compare."""
    values = volume()
    shown = show_volume(values, plane=1, contrast=True).images[0].get_array()
    np.testing.assert_array_equal(shown[..., 0], np.rint(stretch(values)[1, ..., 0]))


@pytest.mark.parametrize(
    ("values", "options", "error", "words"),
    [
        (np.ones((3, 3, 1)), {}, ShapeError, "volume must"),
        (np.full((2, 3, 3, 1), np.nan), {}, DataError, "finite"),
        (volume(), {"plane": 5}, RangeError, "5 planes.*0 to 4"),
        (volume(), {"plane": -1}, RangeError, "5 planes"),
        (volume(), {"at": (0, 7, 0)}, RangeError, "7 rows"),
        (volume(), {"at": (0, 1)}, ShapeError, "plane, row, col"),
        (volume(), {"at": (0, 1, 1), "plane": 2}, ConfigError, "Leave one out"),
    ],
)
def test_places_that_are_not_there_are_refused(
    values: np.ndarray, options: dict, error: type, words: str
) -> None:
    """The error names the axis and its size; no figure is made."""
    with pytest.raises(error, match=words):
        show_volume(values, **options)
    assert plt.get_fignums() == []


def test_a_mosaic_cuts_each_volume_through_its_own_strongest_place() -> None:
    """Two volumes, two places; with plane= one plane of both; NaN is left empty."""
    values = np.stack([volume(), volume()[::-1]])
    canvas = show_mosaic(values, columns=2).images[0].get_array()
    np.testing.assert_array_equal(canvas[2 : 2 + 7, :6, 0], values[0, 3, ..., 0])
    np.testing.assert_array_equal(canvas[2 : 2 + 7, 13 : 13 + 6, 0], values[1, 1, ..., 0])
    values[0, 2, 0, 0] = np.nan
    ax = show_mosaic(values, columns=2, plane=2)
    canvas = ax.images[0].get_array()
    assert canvas[1, 0, 3] == 0
    assert canvas[1, 1, 3] == 255
    assert "plane 2 of 5" in " ".join(ax.get_title(loc="left").split())
    with pytest.raises(ConfigError, match="for volumes"):
        show_mosaic(values[0], plane=2)


def test_files_of_volumes(tmp_path: Path) -> None:
    """A PNG holds the three slices or a plane; an animation goes through all planes in order."""
    values = volume()
    save_png(values, tmp_path / "a.png")
    save_png(values, tmp_path / "b.png", plane=2)
    with Image.open(tmp_path / "a.png") as file:
        assert file.size == (12, 13)
    with Image.open(tmp_path / "b.png") as file:
        np.testing.assert_array_equal(np.asarray(file), values[2, ..., 0])
    save_planes(values, tmp_path / "a.gif", upscale=1, contrast=True)
    with Image.open(tmp_path / "a.gif") as file:
        assert file.n_frames == 5
        file.seek(3)
        read = np.asarray(file.convert("L"))[:7, :6]
    np.testing.assert_array_equal(read, np.rint(stretch(values)[3, ..., 0]))


def test_a_run_of_volumes_is_cut_at_one_place(tmp_path: Path) -> None:
    """All frames show the strongest place of the last one."""
    frames = np.stack([volume()[::-1], volume()])
    save_animation(frames, tmp_path / "a.webp", upscale=1)
    with Image.open(tmp_path / "a.webp") as file:
        first = np.asarray(file.convert("L"))
    np.testing.assert_array_equal(first[:7, :6], frames[0, 3, ..., 0])


def maps() -> np.ndarray:
    """Return (4, 3, 2, 6) maps that are strongest together in plane 2; map 5 is constant."""
    values = np.random.default_rng(0).uniform(0, 1, (4, 3, 2, 6))
    values[2] += 5 * np.arange(1, 7)
    values[..., 5] = 0
    return values


def test_maps_of_volumes_are_shown_plane_by_plane() -> None:
    """The strongest plane by itself, another one when asked, on the scale of all planes."""
    ax = show_maps(maps(), columns=6)
    np.testing.assert_array_equal(ax.images[0].get_array()[:, :2], maps()[2, ..., 0])
    assert "plane 2 of 4" in " ".join(ax.get_title(loc="left").split())
    other = show_maps(maps(), columns=6, plane=0)
    np.testing.assert_array_equal(other.images[0].get_array()[:, :2], maps()[0, ..., 0])
    assert other.images[0].get_clim() == ax.images[0].get_clim() == (0.0, maps().max())
    with pytest.raises(RangeError, match="4 planes"):
        show_maps(maps(), plane=4)
    with pytest.raises(ConfigError, match="for maps of volumes"):
        show_maps(maps()[0], plane=0)


def test_a_map_that_varies_in_another_plane_is_not_constant() -> None:
    """What is struck through is constant over its whole volume; own scales are of the whole map."""
    values = np.zeros((4, 3, 2, 2))
    values[0, ..., 0] = np.arange(6).reshape(3, 2)
    assert constant_maps(values).tolist() == [False, True]
    own = standardize_maps(values)
    assert own.shape == values.shape
    steps = (values[0, ..., 0] - values[..., 0].mean()) / values[..., 0].std()
    np.testing.assert_allclose(own[0, ..., 0], np.clip(128 + 64 * steps, 0, 255), rtol=1e-6)
    shown = show_maps(values, plane=1, scale="map", columns=2).images[0].get_array()
    np.testing.assert_array_equal(shown[:, :2], own[1, ..., 0])


def test_a_grid_of_a_volume() -> None:
    """It tells its size, gives any plane as one array, and stands beside its volume."""
    grids = [ActivationGrid(maps() * k, "conv2", image=volume()) for k in (1, 2)]
    assert "6 maps of 4 x 3 x 2, 1 constant" in repr(grids[0])
    assert grids[0].image_grid(6).shape == (3, 12)
    np.testing.assert_array_equal(
        grids[0].image_grid(6, plane=1)[:, :2], np.float32(maps()[1, ..., 0])
    )
    figure = ActivationGrid.compare(grids, plane=1)
    heads = [ax for ax in figure.axes if [t.get_text() for t in ax.texts][:1] == ["plane 3"]]
    assert len(heads) == 2
    assert grids[0]._repr_png_()[1:4] == b"PNG"


def test_overlays_of_volumes_and_series() -> None:
    """The plane of the largest value, boxes that it lies in; under a series colours, and intervals."""
    heat = np.zeros((5, 7, 6))
    heat[1, 2, 3] = 2.0
    boxes = [(0, 1, 1, 3, 5, 5), (2, 0, 0, 4, 7, 6)]
    ax = show_overlay(volume(), heat, boxes=boxes)
    np.testing.assert_array_equal(ax.images[1].get_array(), heat[1])
    assert [(p.get_xy(), p.get_width(), p.get_height()) for p in ax.patches] == [((0.5, 0.5), 4, 4)]
    assert "plane 1 of 5" in " ".join(ax.get_title(loc="left").split())
    line = show_overlay(np.sin(np.arange(40.0))[:, None], np.arange(40.0), boxes=[(10, 20)])
    np.testing.assert_array_equal(line.images[0].get_array(), np.arange(40.0)[None])
    assert (line.patches[0].get_x(), line.patches[0].get_width()) == (9.5, 10)
    assert len(line.lines) == 1
    with pytest.raises(ShapeError, match=r"A box is \(start, stop\)"):
        show_overlay(np.zeros((40, 1)), np.zeros(40), boxes=[(0, 0, 4, 4)])
