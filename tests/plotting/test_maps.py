"""Pictures of a layer's maps: one image, one scale, every map numbered, dead ones marked."""

from collections.abc import Iterator

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure

from featureprobe.errors import ConfigError, DataError, RangeError, ShapeError
from featureprobe.plotting import (
    show_grids_side_by_side,
    show_maps,
    standardize_maps,
    tile,
    untile,
)

mpl.use("Agg")


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    yield
    plt.close("all")


def random_maps(height: int = 3, width: int = 3, count: int = 12) -> np.ndarray:
    """Return maps in 0..1 without a constant one."""
    return np.random.default_rng(0).random((height, width, count)).astype(np.float32)


def strikes(ax: Axes) -> list[np.ndarray]:
    """Return the ends of the diagonals through constant maps, as (col, row)."""
    lines = [c for c in ax.collections if isinstance(c, LineCollection)]
    return [np.asarray(segment) for line in lines for segment in line.get_segments()]


@pytest.mark.parametrize("count", [100, 10, 1, 8, 9])
def test_every_node_of_a_dense_layer_is_shown_and_numbered(count: int) -> None:
    """All n nodes are in the picture, each under its own number."""
    nodes = np.arange(1.0, count + 1.0)
    ax = show_maps(nodes)
    shown = ax.images[0].get_array().filled(np.nan)
    np.testing.assert_array_equal(untile(shown, (1, 1), count)[0, 0], nodes)
    assert [text.get_text() for text in ax.texts] == [str(k) for k in range(count)]


def test_the_picture_is_the_tiled_layer() -> None:
    """There is one image, and it holds the activations themselves, rectangular maps included."""
    maps = random_maps(4, 7, 11)
    ax = show_maps(maps, columns=3)
    assert len(ax.images) == 1
    np.testing.assert_array_equal(ax.images[0].get_array().filled(np.nan), tile(maps, 3))


def test_the_whole_picture_is_in_view() -> None:
    """No half row is cut off at an edge."""
    ax = show_maps(random_maps(3, 3, 20))
    assert ax.get_xlim() == (-0.5, 23.5)
    assert ax.get_ylim() == (8.5, -0.5)


def test_one_scale_for_the_layer_starts_at_zero() -> None:
    """By default all maps share 0..maximum, and the colour bar says activation."""
    maps = random_maps() + 1.0
    ax = show_maps(maps)
    assert ax.images[0].get_clim() == (0.0, maps.max())
    assert ax.child_axes[0].get_ylabel() == "activation"


def test_negative_activations_widen_the_scale() -> None:
    """The lower end follows the smallest value when it is negative."""
    ax = show_maps(random_maps() - 0.5)
    assert ax.images[0].get_clim()[0] < -0.4


def test_given_limits_are_used() -> None:
    """The limits vmin and vmax go before those of the data."""
    assert show_maps(random_maps(), vmin=-1.0, vmax=9.0).images[0].get_clim() == (-1.0, 9.0)


def test_per_map_scale_shows_standardized_copies() -> None:
    """With scale="map" the display values are drawn, and the activations stay as they were."""
    maps = random_maps()
    before = maps.copy()
    ax = show_maps(maps, scale="map")
    np.testing.assert_array_equal(ax.images[0].get_array(), tile(standardize_maps(maps)))
    assert ax.images[0].get_clim() == (0.0, 255.0)
    assert "per-map scale" in ax.child_axes[0].get_ylabel()
    np.testing.assert_array_equal(maps, before)


@pytest.mark.parametrize("scale", ["layer", "map"])
def test_constant_maps_are_struck_through_and_counted(scale: str) -> None:
    """A diagonal crosses exactly the constant maps, and the note gives their number."""
    maps = random_maps()
    maps[..., 10] = 0.0
    ax = show_maps(maps, scale=scale)
    assert len(strikes(ax)) == 1
    # Map 10 is in the second row of cells, third column: rows 3..5, columns 6..8.
    np.testing.assert_array_equal(strikes(ax)[0], [(5.5, 5.5), (8.5, 2.5)])
    titles = ax.get_title(loc="left") + ax.get_title(loc="right")
    assert "constant map (1 of 12)" in titles


def test_a_constant_map_has_no_colour_on_its_own_scale() -> None:
    """A dead map must not look like the middle of the scale: it is empty and grey."""
    maps = random_maps()
    maps[..., 4] = 3.0
    ax = show_maps(maps, scale="map")
    shown = ax.images[0].get_array()
    assert shown[0:3, 12:15].mask.all()
    fills = [c.get_facecolor() for c in ax.collections if isinstance(c, PolyCollection)]
    assert any(len(fill) and fill[0][3] == 1.0 for fill in fills)


def test_layers_without_constant_maps_have_no_marks() -> None:
    """Where nothing is constant, nothing is struck through and no note stands."""
    ax = show_maps(random_maps())
    assert strikes(ax) == []
    assert ax.get_title(loc="left") == ax.get_title(loc="right") == ""


def test_a_silent_layer_is_drawn() -> None:
    """A layer that is zero everywhere gets a scale and a mark on each map."""
    ax = show_maps(np.zeros((3, 3, 5)))
    assert ax.images[0].get_clim() == (0.0, 1.0)
    assert len(strikes(ax)) == 5


def test_padded_cells_are_transparent() -> None:
    """Cells after the last map show the background, not a colour of the scale."""
    image = show_maps(random_maps(3, 3, 9)).images[0]
    assert image.get_array().mask[3:, 3:].all()
    assert image.cmap.get_bad()[3] == 0.0


def test_small_cells_are_numbered_by_row() -> None:
    """Where numbers would overlap, only the first map of a row is named, at the left."""
    ax = Figure(figsize=(2, 2)).add_subplot()
    show_maps(random_maps(3, 3, 128), ax=ax, columns=16)
    assert len(ax.texts) == 0
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert labels[0] == "0"
    assert set(labels) <= {str(16 * k) for k in range(8)}
    assert labels[1:]


def test_numbers_can_be_given_or_left_out() -> None:
    """A choice of maps keeps its own numbers; False draws none."""
    ax = show_maps(random_maps(count=3), numbers=[7, 40, 99])
    assert [text.get_text() for text in ax.texts] == ["7", "40", "99"]
    assert len(show_maps(random_maps(), numbers=False).texts) == 0


def test_numbers_are_read_on_any_colour_and_hide_little() -> None:
    """Dark on light nodes, light on dark ones, and small beside a node of a 3 x 3 map."""
    maps = np.zeros((3, 3, 2), np.float32)
    maps[..., 1] = 1.0
    maps[2, 2] = 0.5
    figure = Figure(figsize=(2.0, 1.0))
    ax = show_maps(maps, ax=figure.add_subplot(), cmap="gray", colorbar=False)
    assert [text.get_color() for text in ax.texts] == ["white", "0.1"]
    assert max(text.get_fontsize() for text in ax.texts) <= 8


def test_titles_of_narrow_mosaics_do_not_meet_their_notes() -> None:
    """Many nodes in few columns make a tower in wide Axes: title and note go one below the other."""
    nodes = np.arange(400.0)
    figure = Figure(figsize=(9.0, 4.0))
    ax = show_maps(nodes, ax=figure.add_subplot(), columns=8, title="dense: mean share in a margin")
    assert not ax.get_title(loc="right")
    assert "(1 of 400)" in ax.get_title(loc="left")


def test_side_by_side_grids_are_numbered_alike() -> None:
    """The first mosaic is drawn like the others, not as if the figure were its own."""
    figure = show_grids_side_by_side(np.random.default_rng(0).random((4, 3, 3, 128)), columns=16)
    assert len({len(ax.texts) for ax in figure.axes if ax.images}) == 1


def test_drawing_needs_only_the_axes_given() -> None:
    """The Axes given are returned, and neither a figure nor other Axes appear."""
    figure = Figure()
    ax = figure.add_subplot()
    before = plt.get_fignums()
    assert show_maps(random_maps(), ax=ax, title="conv") is ax
    assert plt.get_fignums() == before
    assert figure.axes == [ax]
    assert ax.get_title(loc="left") == "conv"


def test_without_axes_one_figure_is_made() -> None:
    """Called alone, the function makes one pyplot figure, at most 16 x 9 inches."""
    ax = show_maps(random_maps(3, 3, 512), columns=32)
    assert plt.get_fignums() == [ax.figure.number]
    assert tuple(ax.figure.get_size_inches() <= (16.01, 9.01)) == (True, True)


def test_the_colour_map_is_chosen_without_being_changed() -> None:
    """The articles' jet works, and a colour map that is given keeps its own settings."""
    ax = show_maps(random_maps(), cmap="jet")
    assert ax.images[0].cmap.name == "jet"
    mine = mpl.colormaps["gray"].with_extremes(bad="red")
    assert show_maps(random_maps(), cmap=mine).images[0].cmap.name == "gray"
    assert mine.get_bad().tolist() == [1.0, 0.0, 0.0, 1.0]


def test_strips_are_wider_than_high() -> None:
    """The maps of a 1-D layer are drawn as strips, four times as wide as high."""
    ax = show_maps(np.random.default_rng(0).random((40, 6)), columns=2)
    assert ax.images[0].get_array().shape == (3, 80)
    assert ax.get_aspect() == 10.0


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"scale": "image"}, ConfigError, "'layer' or 'map'"),
        ({"cmap": "virdis"}, ConfigError, "virdis"),
        ({"scale": "map", "vmax": 3.0}, ConfigError, "belong to scale='layer'"),
        ({"vmin": 2.0, "vmax": 1.0}, RangeError, "low < high"),
        ({"columns": 0}, RangeError, "columns"),
        ({"numbers": [1, 2]}, ShapeError, "numbers needs one entry"),
    ],
)
def test_options_out_of_range_are_refused(options: dict, error: type, words: str) -> None:
    """Each wrong option has an error that names it, before a figure is made."""
    with pytest.raises(error, match=words):
        show_maps(random_maps(), **options)
    assert plt.get_fignums() == []


def test_activations_must_be_finite() -> None:
    """A layer with NaN is refused rather than drawn with holes."""
    with pytest.raises(DataError, match="maps must be finite"):
        show_maps(np.array([1.0, np.nan]))


def test_side_by_side_grids_share_one_scale_and_one_colour_bar() -> None:
    """The scale spans all images, so equal colours mean equal activations."""
    layers = [random_maps(), 5.0 * random_maps()]
    figure = show_grids_side_by_side(layers, titles=["a", "b"])
    mosaics = figure.axes[:2]
    assert {ax.images[0].get_clim() for ax in mosaics} == {(0.0, float(layers[1].max()))}
    assert [ax.get_title(loc="left") for ax in mosaics] == ["a", "b"]
    assert len(figure.axes) == 3
    assert figure.axes[2].get_ylabel() == "activation"


def test_side_by_side_shows_inputs_and_predictions_in_order() -> None:
    """Each column holds its own image, prediction and maps."""
    images = [np.full((5, 5, 1), value) for value in (10.0, 200.0)]
    vectors = [[0.9, 0.1], [0.2, 0.8]]
    figure = show_grids_side_by_side(
        [random_maps(), random_maps()], images, vectors, ["a", "b"], labels=["cat", "dog"]
    )
    first, first_bars, _, second, second_bars, _, _ = figure.axes
    assert [first.images[0].get_array()[0, 0, 0], second.images[0].get_array()[0, 0, 0]] == [
        10,
        200,
    ]
    assert [bar.get_width() for bar in first_bars.patches] == pytest.approx([0.9, 0.1])
    assert [bar.get_width() for bar in second_bars.patches] == pytest.approx([0.2, 0.8])
    assert [ax.get_title(loc="left") for ax in (first, second)] == ["a", "b"]


def test_side_by_side_draws_on_the_figure_given() -> None:
    """A SubFigure is drawn on and returned, and no pyplot figure is made."""
    parts = Figure(layout="constrained").subfigures(1, 2)
    assert show_grids_side_by_side([random_maps()], figure=parts[1], scale="map") is parts[1]
    assert parts[0].axes == []
    assert plt.get_fignums() == []


@pytest.mark.parametrize(
    ("layers", "options", "words"),
    [
        ([], {}, "all of one shape"),
        ([np.ones((2, 2, 3)), np.ones((2, 2, 4))], {}, "all of one shape"),
        ([np.ones((2, 2, 3))], {"titles": ["a", "b"]}, "titles needs one entry"),
        ([np.ones((2, 2, 3))], {"inputs": []}, "inputs needs one entry"),
    ],
)
def test_side_by_side_refuses_lists_that_do_not_match(
    layers: list, options: dict, words: str
) -> None:
    """Different layers, or lists of different lengths, cannot be compared."""
    with pytest.raises(ShapeError, match=words):
        show_grids_side_by_side(layers, **options)
