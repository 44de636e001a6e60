"""Tiling and per-map scales: nothing dropped, nothing amplified, nothing changed."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from featureprobe.errors import DataError, RangeError, ShapeError
from featureprobe.plotting import constant_maps, standardize_maps, tile, untile

SIZES = st.integers(1, 6)


def numbered(height: int, width: int, count: int) -> np.ndarray:
    """Return maps whose values are all different."""
    return np.arange(height * width * count, dtype=np.float32).reshape(height, width, count)


@given(height=SIZES, width=SIZES, count=st.integers(1, 40), columns=st.integers(1, 12))
def test_tiling_keeps_every_value_once(height: int, width: int, count: int, columns: int) -> None:
    """Each value of each map is in the grid exactly once, and all else is NaN."""
    maps = numbered(height, width, count)
    grid = tile(maps, columns)
    used = min(columns, count)
    assert grid.shape == (-(-count // used) * height, used * width)
    assert sorted(grid[np.isfinite(grid)].tolist()) == sorted(maps.ravel().tolist())


@given(height=SIZES, width=SIZES, count=st.integers(1, 40), columns=st.integers(1, 12))
def test_map_k_stands_in_cell_k(height: int, width: int, count: int, columns: int) -> None:
    """Map k is found, upright, at row k // columns and column k % columns."""
    maps = numbered(height, width, count)
    grid = tile(maps, columns)
    for k in range(count):
        row, col = divmod(k, min(columns, count))
        cell = grid[row * height : (row + 1) * height, col * width : (col + 1) * width]
        np.testing.assert_array_equal(cell, maps[..., k])


@given(height=SIZES, width=SIZES, count=st.integers(1, 40), columns=st.integers(1, 12))
def test_untile_undoes_tile(height: int, width: int, count: int, columns: int) -> None:
    """Taking the grid apart gives the maps back."""
    maps = numbered(height, width, count)
    np.testing.assert_array_equal(untile(tile(maps, columns), (height, width), count), maps)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((100,), (13, 8)), ((10,), (2, 8)), ((60, 12), (2, 480)), ((1, 3, 5), (1, 15))],
)
def test_layers_of_every_rank_are_tiled(shape: tuple[int, ...], expected: tuple[int, int]) -> None:
    """Dense nodes become 1 x 1 cells, strips 1 x L cells; 100 and 10 nodes are all there."""
    grid = tile(np.ones(shape))
    assert grid.shape == expected
    assert int(np.nansum(grid)) == int(np.prod(shape))


def test_tile_returns_a_new_array() -> None:
    """Writing into the grid leaves the maps alone, even when nothing is padded."""
    maps = numbered(2, 2, 8)
    tile(maps)[:] = -1.0
    np.testing.assert_array_equal(maps, numbered(2, 2, 8))


@pytest.mark.parametrize("columns", [0, -1, 2.5, True, "8"])
def test_columns_must_be_a_whole_number(columns: object) -> None:
    """A count of columns that makes no sense is refused, with its value."""
    with pytest.raises(RangeError, match=r"columns must be a whole number.*Received"):
        tile(np.ones((2, 2, 3)), columns)


@pytest.mark.parametrize("shape", [(), (2, 2, 3, 1), (0, 2, 3), (2, 2, 0)])
def test_wrong_ranks_and_empty_layers_are_refused(shape: tuple[int, ...]) -> None:
    """Neither a batch nor an empty array passes as the maps of one image."""
    with pytest.raises(ShapeError, match="maps must"):
        tile(np.ones(shape))


def test_text_and_complex_numbers_are_refused() -> None:
    """Values that are no real numbers get an error that names their dtype."""
    with pytest.raises(ShapeError, match="complex128"):
        tile(np.ones(3, dtype=complex))


@pytest.mark.parametrize(("size", "count"), [((2, 3), 5), ((3, 2), 2), ((0, 2), 1), ((2, 2), 0)])
def test_untile_refuses_cells_that_do_not_fit(size: tuple[int, int], count: int) -> None:
    """A size or count that the grid cannot have is refused."""
    with pytest.raises(RangeError, match="must hold"):
        untile(np.ones((4, 4)), size, count)


def test_standardized_maps_have_the_articles_mean_and_spread() -> None:
    """Without clipping, each map has mean 128 and standard deviation 64, whatever its strength."""
    pattern = np.array([[-1.0, 1.0], [1.0, -1.0]])[..., None]
    shown = standardize_maps(pattern * np.array([0.01, 1.0, 10.0]) + np.array([5.0, 0.0, -3.0]))
    np.testing.assert_allclose(shown.mean(axis=(0, 1)), 128.0, atol=1e-3)
    np.testing.assert_allclose(shown.std(axis=(0, 1)), 64.0, atol=1e-3)


def test_standardized_values_are_clipped_to_bytes() -> None:
    """One active node of nine is 2.83 standard deviations up: it ends at 255, not beyond."""
    maps = np.zeros((3, 3, 1))
    maps[1, 1] = 7.0
    shown = standardize_maps(maps)
    assert shown.max() == 255.0
    assert shown[0, 0, 0] == pytest.approx(128.0 - 64.0 / np.sqrt(8.0), abs=1e-3)


def test_standardizing_leaves_the_activations_alone() -> None:
    """The input of a display function is never written to, not even when it could be."""
    maps = numbered(3, 3, 4)
    standardize_maps(maps)
    np.testing.assert_array_equal(maps, numbered(3, 3, 4))


@pytest.mark.parametrize("value", [0.0, 0.1, 1e6, -7.3])
def test_rounding_noise_is_not_amplified(value: float) -> None:
    """A constant map with float32 rounding noise is constant and gets no display values."""
    rng = np.random.default_rng(0)
    noise = 1.0 + 1e-7 * rng.standard_normal((5, 5))
    maps = np.stack([value * noise, (abs(value) + 1.0) * rng.random((5, 5))], axis=-1)
    maps = maps.astype(np.float32)
    assert constant_maps(maps).tolist() == [True, False]
    shown = standardize_maps(maps)
    assert np.isnan(shown[..., 0]).all()
    assert np.isfinite(shown[..., 1]).all()


def test_a_map_far_below_its_layer_is_constant() -> None:
    """Noise around zero in one map is measured against the layer, not against itself."""
    maps = np.random.default_rng(0).random((4, 4, 2)) * np.array([1e-9, 1.0])
    assert constant_maps(maps).tolist() == [True, False]


def test_weak_maps_are_not_called_constant() -> None:
    """A map a thousand times weaker than the strongest one is still a map."""
    maps = np.random.default_rng(0).random((4, 4, 2)) * np.array([1e-3, 1.0])
    assert constant_maps(maps).tolist() == [False, False]


def test_a_silent_layer_is_constant_throughout() -> None:
    """When everything is zero, every map is marked."""
    assert constant_maps(np.zeros((3, 3, 4))).all()


def test_nodes_are_constant_only_at_zero() -> None:
    """A small probability is an answer; an exact zero is none."""
    assert constant_maps([0.0, 1e-12, 1.0]).tolist() == [True, False, False]


def test_nodes_share_the_scale_of_their_layer() -> None:
    """The per-map scale shows dense layers too, instead of a blank picture."""
    shown = standardize_maps(np.array([1.0, 2.0, 3.0]))
    assert shown.shape == (1, 1, 3)
    assert shown[0, 0, 0] < 128.0 < shown[0, 0, 2]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused(bad: float) -> None:
    """NaN and infinity have no scale; the error counts them."""
    maps = np.ones((2, 2, 2))
    maps[0, 0, 0] = bad
    with pytest.raises(DataError, match="1 of 8"):
        standardize_maps(maps)
