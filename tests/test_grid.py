"""ActivationGrid: activations that drawing cannot change."""

import subprocess
import sys
from collections.abc import Iterator

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure

from featureprobe.errors import ConfigError, DataError, ShapeError
from featureprobe.grid import ActivationGrid
from featureprobe.image_source import ImageSource
from featureprobe.plotting import untile

mpl.use("Agg")

SOURCE = ImageSource("MNIST test", 1816, "ab")


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    yield
    plt.close("all")


def make(shape: tuple[int, ...] = (3, 4, 10), layer: str = "conv", **options) -> ActivationGrid:
    """Return a grid of values in 0..1 whose last map is zero."""
    array = np.random.default_rng(0).random(shape)
    array[..., -1] = 0.0
    return ActivationGrid(array, layer, kind="Conv2D", **options)


def test_arrays_are_read_only_float32_copies() -> None:
    """Neither the caller's array nor the grid's can be changed through the other."""
    array = np.ones((2, 2, 3), dtype=np.float32)
    image = np.ones((5, 5, 1), dtype=np.uint8)
    grid = ActivationGrid(array, "conv", image=image, prediction=[0.5, 0.5])
    array[:] = 7.0
    for value in (grid.array, grid.image, grid.prediction):
        assert value.dtype == np.float32
        with pytest.raises(ValueError, match="read-only"):
            value[:] = 3.0
    assert (grid.array == 1.0).all()


@pytest.mark.parametrize("scale", ["layer", "map"])
def test_drawing_never_changes_the_activations(scale: str) -> None:
    """After every picture the activations are what they were."""
    grid = make()
    before = grid.array.copy()
    grid.plot(scale=scale)
    grid.image_grid()[:] = -1.0
    ActivationGrid.compare([grid], scale=scale)
    grid._repr_png_()
    np.testing.assert_array_equal(grid.array, before)


@pytest.mark.parametrize("shape", [(3, 4, 10), (6, 10), (100,), (10,), (3, 3, 128)])
def test_image_grid_holds_every_map(shape: tuple[int, ...]) -> None:
    """Whatever the layer's rank, all of its maps are in the tiled array."""
    grid = make(shape)
    size = (1, 1, *shape)[-3:-1]
    maps = untile(grid.image_grid(), size, grid.n_maps)
    np.testing.assert_array_equal(maps.reshape(shape), grid.array)
    assert grid.image_grid().dtype == np.float32
    assert grid.n_maps == shape[-1]


def test_dead_marks_the_constant_maps() -> None:
    """The zero map is dead, the others are not."""
    assert make().dead.tolist() == [False] * 9 + [True]
    assert ActivationGrid([0.0, 2.0], "dense").dead.tolist() == [True, False]


def test_plot_names_layer_maps_and_source() -> None:
    """The title says what is seen; the Axes given are used and returned."""
    ax = Figure(figsize=(9, 4)).add_subplot()
    grid = make(source=SOURCE)
    assert grid.plot(ax=ax, columns=5, cmap="jet") is ax
    assert ax.get_title(loc="left") == "conv: 10 maps of 3 x 4, MNIST test 1816"
    assert ax.get_title(loc="right") == "diagonal: constant map (1 of 10)"
    assert ax.images[0].get_array().shape == (6, 20)
    assert ax.images[0].cmap.name == "jet"
    assert plt.get_fignums() == []


def test_plot_takes_another_title() -> None:
    """A title that is given goes before the one that is made."""
    grid = ActivationGrid(np.eye(3)[..., None], "conv")
    assert grid.plot(title="mine").get_title(loc="left") == "mine"


def test_repr_says_what_is_held() -> None:
    """Layer, kind, counts, range and source are in the repr."""
    text = repr(make(source=SOURCE))
    assert text.startswith("<ActivationGrid of conv (Conv2D): 10 maps of 3 x 4, 1 constant, values")
    assert text.endswith("for MNIST test 1816>")
    assert "2 nodes, 1 zero" in repr(ActivationGrid([0.0, 1.0], "dense"))
    assert "1 strip of 2" in repr(ActivationGrid([[0.0], [1.0]], "conv1d"))


def test_notebook_pictures_leave_no_figure_open() -> None:
    """The PNG and HTML reprs are whole, escaped, and pyplot holds nothing afterwards."""
    grid = make(source="<b>me & you</b>")
    assert grid._repr_png_()[:4] == b"\x89PNG"
    page = grid._repr_html_()
    assert "data:image/png;base64," in page
    assert "&lt;b&gt;me &amp; you" in page
    assert "<b>" not in page
    assert plt.get_fignums() == []


def test_compare_puts_all_images_on_one_scale() -> None:
    """Two images of one layer share the limits; titles name their sources."""
    image, vector = np.zeros((5, 5, 1)), np.array([0.2, 0.8])
    weak = make(image=image, prediction=vector, source=SOURCE)
    strong = ActivationGrid(9.0 * weak.array, "conv", image=image, prediction=vector)
    figure = ActivationGrid.compare([weak, strong], columns=4)
    assert len(figure.axes) == 7
    maps = [figure.axes[2], figure.axes[5]]
    assert {ax.images[0].get_clim() for ax in maps} == {(0.0, float(strong.array.max()))}
    titles = [figure.axes[0].get_title(loc="left"), figure.axes[3].get_title(loc="left")]
    assert titles == ["MNIST test 1816", "image 1"]


def test_compare_shows_only_what_all_grids_have() -> None:
    """One grid without its image leaves the images out for all."""
    grids = [make(image=np.zeros((5, 5, 1))), make()]
    assert len(ActivationGrid.compare(grids).axes) == 3


def test_compare_refuses_different_layers_and_nothing() -> None:
    """Layers have no common scale, and an empty list has none at all."""
    with pytest.raises(ConfigError, match=r"\['conv', 'dense'\]"):
        ActivationGrid.compare([make(), make(layer="dense")])
    with pytest.raises(ShapeError, match="all of one shape"):
        ActivationGrid.compare([])


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("array", np.ones((1, 2, 2, 3)), ShapeError),
        ("array", np.ones((2, 2, 0)), ShapeError),
        ("array", np.array([1.0, np.nan]), DataError),
        ("image", np.ones(5), ShapeError),
        ("prediction", np.ones((1, 10)), ShapeError),
        ("prediction", np.array([np.inf]), DataError),
    ],
)
def test_arrays_that_do_not_fit_are_refused(field: str, value: np.ndarray, error: type) -> None:
    """A batch, an empty layer, a missing axis and NaN are errors that name the array."""
    arrays = {"array": np.ones((2, 2, 3))} | {field: value}
    with pytest.raises(error, match=f"^{field} of an ActivationGrid"):
        ActivationGrid(arrays.pop("array"), "conv", **arrays)


def test_grid_and_plotting_need_no_tensorflow() -> None:
    """Results can be looked at on a machine without TensorFlow."""
    code = (
        "import sys, featureprobe.grid; print('tensorflow' in sys.modules, 'keras' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
