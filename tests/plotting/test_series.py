"""Series: every sample of every channel and start is drawn, at its place and on one scale."""

from collections.abc import Iterator
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from PIL import Image

from featureprobe.errors import DataError, RangeError, ShapeError
from featureprobe.plotting import show_grids_side_by_side, show_series, show_series_mosaic
from featureprobe.plotting.any_rank import animate_any, save_any, show_any, show_many


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    yield
    plt.close("all")


def drawn(shape: tuple[int, ...]) -> np.ndarray:
    """Return normal numbers."""
    return np.random.default_rng(0).normal(size=shape)


def test_one_channel_is_drawn_in_its_own_numbers() -> None:
    """The curve is the series, over sample numbers, and the axes say so."""
    series = drawn((96, 1))
    ax = show_series(series, title="stem, map 3")
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), series[:, 0])
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), np.arange(96))
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("sample", "value")
    assert ax.get_title(loc="left") == "stem, map 3"


@pytest.mark.parametrize("channels", [3, 7, 12])
def test_channels_stand_in_lanes_on_one_scale(channels: int) -> None:
    """Channel c lies about height c, stays inside its lane, and distances are kept in all lanes."""
    series = drawn((50, channels))
    ax = show_series(series)
    heights = np.stack([line.get_ydata() for line in ax.lines], axis=1)
    assert (np.abs(heights - np.arange(channels)) < 0.5).all()
    lost = (heights - np.arange(channels)) / (0.5 * np.ptp(series) - series + series.min())
    np.testing.assert_allclose(lost, lost[0, 0])
    assert lost[0, 0] > 0  # up is more: the axis is turned round
    assert ax.get_ylim()[0] > ax.get_ylim()[1]
    assert [t.get_text() for t in ax.get_yticklabels()] == [str(c) for c in range(channels)]
    assert ax.get_title(loc="left").startswith(f"each lane: {series.min():.3g}")


def test_each_start_is_a_curve_with_a_colour_and_a_name() -> None:
    """Four starts of two channels are eight curves, four colours, four names."""
    ax = show_series(drawn((4, 30, 2)), names=["a", "b", "c", "d"])
    assert len(ax.lines) == 8
    assert [line.get_color() for line in ax.lines] == [
        "C0",
        "C0",
        "C1",
        "C1",
        "C2",
        "C2",
        "C3",
        "C3",
    ]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b", "c", "d"]


def test_many_starts_are_thin_behind_the_first() -> None:
    """Of 16 starts one has a colour, and the legend says what the others are."""
    ax = show_series(drawn((16, 30, 1)))
    assert len({line.get_color() for line in ax.lines}) == 2
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["first", "15 others"]


def test_many_channels_are_rows_of_colours() -> None:
    """More than twelve channels: row c of the strip is channel c, sample by sample."""
    series = drawn((40, 20))
    ax = show_series(series)
    np.testing.assert_array_equal(ax.images[0].get_array(), series.T)
    low, high = ax.images[0].get_clim()
    assert low == -high  # white is 0
    assert ax.get_ylabel() == "channel"
    several = show_series(np.stack([series, -series]), names=["a", "b"])
    canvas = several.images[0].get_array()
    np.testing.assert_array_equal(canvas[-20:], -series.T)
    assert [t.get_text() for t in several.get_yticklabels()] == ["a", "b"]


def test_gaps_stay_gaps() -> None:
    """What is not finite is left out of the curve and of the scale."""
    series = drawn((30, 1))
    series[4], series[5] = np.nan, np.inf
    ax = show_series(series)
    assert np.isnan(ax.lines[0].get_ydata()[4:6]).all()
    assert max(ax.get_ylim()) < 10


@pytest.mark.parametrize(
    ("series", "options", "error"),
    [
        (np.ones((2, 3, 4, 1)), {}, ShapeError),
        (np.full((5, 1), np.nan), {}, DataError),
        (np.ones((5, 2)), {"channels": ["a"]}, ShapeError),
        (np.ones((3, 5, 2)), {"names": ["a"]}, ShapeError),
        (np.ones((5, 1)), {"low": 2.0, "high": 1.0}, RangeError),
    ],
)
def test_series_that_cannot_be_shown_are_refused(
    series: np.ndarray, options: dict, error: type
) -> None:
    """Other ranks, nothing finite, and names that do not match are errors; no figure is made."""
    with pytest.raises(error):
        show_series(series, **options)
    assert plt.get_fignums() == []


def curves_of(ax: plt.Axes) -> list[np.ndarray]:
    """Return the curves of a mosaic, in order."""
    found = [c for c in ax.collections if isinstance(c, LineCollection)]
    return [segment for c in found for segment in c.get_segments() if len(segment) > 2]


def test_each_panel_of_a_mosaic_holds_its_series() -> None:
    """Series k is drawn inside cell k, its largest sample highest, on the scale of all."""
    series = drawn((6, 40, 1))
    ax = show_series_mosaic(series, columns=3)
    curves = curves_of(ax)
    assert len(curves) == 6
    for k, curve in enumerate(curves):
        row, col = divmod(k, 3)
        assert np.argmin(curve[:, 1]) == np.argmax(series[k])
        assert col * 172 - 0.5 <= curve[:, 0].min() <= curve[:, 0].max() <= col * 172 + 159.5
        top = row * (96 + 12 + 22) + 22 - 0.5
        assert top <= curve[:, 1].min() <= curve[:, 1].max() <= top + 96
    ratio = np.ptp(curves[0][:, 1]) / np.ptp(series[0])
    assert np.ptp(curves[3][:, 1]) / np.ptp(series[3]) == pytest.approx(ratio)
    own = curves_of(show_series_mosaic(series, columns=3, contrast=True))
    assert [np.ptp(c[:, 1]) for c in own] == pytest.approx([0.86 * 96] * 6)


def test_a_mosaic_tells_scores_statuses_and_other_starts() -> None:
    """Numbers, scores and words stand as over images; other starts are drawn behind."""
    series = drawn((2, 40, 3))
    ax = show_series_mosaic(
        series, behind=drawn((2, 5, 40, 3)), scores=[1.0, 2.5], statuses=["rising", "dead"]
    )
    assert len(curves_of(ax)) == 2 * (5 + 1) * 3
    assert [t.get_text() for t in ax.texts][:4] == ["0", "1.00", "1", "2.50"]
    assert "dead, struck through (1)" in [t.get_text() for t in ax.get_legend().get_texts()]
    assert "3 channels from the top" in " ".join(ax.get_title(loc="left").split())


def test_a_broken_series_is_an_empty_struck_panel() -> None:
    """A run that diverged has a panel without a curve."""
    series = drawn((3, 40, 1))
    series[1] = np.nan
    assert len(curves_of(show_series_mosaic(series))) == 2


def test_series_are_chosen_by_their_rank() -> None:
    """The same call draws one and many series; contrast is a scale of their own."""
    assert show_any(drawn((30, 1)), contrast=True, low=0.0, high=255.0).get_ylim()[1] < 10
    assert show_any(drawn((30, 1)), low=-9.0, high=9.0).get_ylim()[1] > 9
    assert len(curves_of(show_many(drawn((4, 30, 2))))) == 8


def test_files_hold_the_curves(tmp_path: Path) -> None:
    """A PNG has axes and a title; an animation keeps one size and one scale."""
    save_any(drawn((30, 7)), tmp_path / "a.png", upscale=4, title="stem")
    with Image.open(tmp_path / "a.png") as file:
        assert file.size[0] == 640
    frames = np.linspace(0, 1, 3)[:, None, None] * drawn((30, 1))
    animate_any(frames, tmp_path / "a.gif", captions=["a", "b", "c"], low=-1.0, high=1.0)
    with Image.open(tmp_path / "a.gif") as file:
        assert file.n_frames == 3
        assert file.size[0] == 640


def test_grids_show_series_above_their_strips() -> None:
    """Inputs that are series stand as curves on one scale, whatever 0..255 means to them."""
    inputs = drawn((2, 96, 7)) / 1000
    figure = show_grids_side_by_side(np.abs(drawn((2, 48, 8))), inputs, figure=Figure((12, 6)))
    heads = [ax for ax in figure.axes if len(ax.lines) == 7]
    assert len(heads) == 2
    assert np.ptp(heads[0].lines[0].get_ydata()) > 0.2
