"""Traces and prediction bars."""

from collections.abc import Iterator

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from featureprobe.errors import DataError, RangeError, ShapeError
from featureprobe.plotting import png_bytes, show_prediction, show_trace

mpl.use("Agg")


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    yield
    plt.close("all")


def test_few_traces_have_a_colour_each() -> None:
    """Up to ten lines are drawn as given, in ten colours, with a legend."""
    traces = np.random.default_rng(0).random((5, 10))
    ax = show_trace(traces, labels=[f"map {k}" for k in range(10)], ylabel="mean activation")
    assert len({to_hex(line.get_color()) for line in ax.lines}) == 10
    for k, line in enumerate(ax.lines):
        np.testing.assert_array_equal(line.get_xdata(), np.arange(5))
        np.testing.assert_array_equal(line.get_ydata(), traces[:, k])
    assert [text.get_text() for text in ax.get_legend().get_texts()][9] == "map 9"
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("step", "mean activation")


def test_many_traces_get_a_median() -> None:
    """More than ten lines are translucent, and their median is drawn on top."""
    traces = np.random.default_rng(0).random((6, 31))
    ax = show_trace(traces)
    *thin, median = ax.lines
    assert len(thin) == 31
    assert all(line.get_alpha() < 1.0 for line in thin)
    np.testing.assert_allclose(median.get_ydata(), np.median(traces, axis=1))
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["quartiles", "median of 31"]


def test_ended_runs_keep_their_last_value_in_the_median() -> None:
    """The median does not jump when runs end, nor does a value that never came count."""
    traces = np.tile(np.arange(4.0)[:, None], (1, 12))
    traces[2:, :8] = np.nan
    traces[:, 11] = np.inf
    median = show_trace(traces).lines[-1]
    np.testing.assert_array_equal(median.get_ydata(), [0.0, 1.0, 1.0, 1.0])


def test_gaps_stay_gaps() -> None:
    """A line ends where its run ended."""
    line = show_trace([1.0, 2.0, np.nan], steps=[8, 16, 24]).lines[0]
    assert np.isnan(line.get_ydata()[2])
    assert line.get_xdata().tolist() == [8, 16, 24]


def test_one_step_is_seen() -> None:
    """A single value is a point, for a line of one point is invisible."""
    assert show_trace([3.0]).lines[0].get_marker() == "o"


@pytest.mark.parametrize(
    ("traces", "options"),
    [
        (np.ones((2, 2, 2)), {}),
        (np.ones((0, 3)), {}),
        (np.ones((4, 2)), {"labels": ["a"]}),
        (np.ones((4, 2)), {"steps": [1, 2]}),
    ],
)
def test_traces_that_do_not_match_are_refused(traces: np.ndarray, options: dict) -> None:
    """Ranks and lengths are checked before a figure is made."""
    with pytest.raises(ShapeError):
        show_trace(traces, **options)
    assert plt.get_fignums() == []


def test_prediction_shows_every_class_in_order() -> None:
    """Bars stand from the top in the order of the classes, each with its number."""
    values = [0.9356, 0.06206, 0.00229, 6e-5]
    ax = show_prediction(values, labels=["4", "9", "7", "2"], title="image 1302")
    assert [bar.get_width() for bar in ax.patches] == pytest.approx(values)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["4", "9", "7", "2"]
    assert [text.get_text() for text in ax.texts] == ["0.936", "0.062", "0.002", "6e-05"]
    assert ax.get_ylim()[0] > ax.get_ylim()[1]
    assert ax.get_xlabel() == "probability"


def test_the_largest_class_stands_out() -> None:
    """Only the bar of the largest value has the strong colour."""
    colors = [to_hex(bar.get_facecolor()) for bar in show_prediction([0.1, 0.7, 0.2]).patches]
    assert colors[0] == colors[2] != colors[1]


def test_of_many_classes_the_largest_are_shown() -> None:
    """With more classes than bars, the largest come first and a note says how many there are."""
    values = np.random.default_rng(0).permutation(1000) / 1000.0
    ax = show_prediction(values, top=5)
    assert [bar.get_width() for bar in ax.patches] == pytest.approx(
        [0.999, 0.998, 0.997, 0.996, 0.995]
    )
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == [str(int(np.argmax(values == v))) for v in np.sort(values)[:-6:-1]]
    assert ax.get_title(loc="left") == "largest 5 of 1000"


def test_logits_are_not_called_probabilities() -> None:
    """Values outside 0..1 are shown on their own range."""
    ax = show_prediction([-3.0, 8.0])
    assert ax.get_xlabel() == "output"
    low, high = ax.get_xlim()
    assert low < -3.0
    assert high > 8.0


@pytest.mark.parametrize(
    ("values", "options", "error"),
    [
        ([[0.5, 0.5]], {}, ShapeError),
        ([0.5, np.nan], {}, DataError),
        ([0.5, 0.5], {"labels": ["a"]}, ShapeError),
        ([0.5, 0.5], {"top": 0}, RangeError),
    ],
)
def test_predictions_that_cannot_be_shown_are_refused(
    values: list, options: dict, error: type
) -> None:
    """Ranks, lengths and values are checked before a figure is made."""
    with pytest.raises(error):
        show_prediction(values, **options)
    assert plt.get_fignums() == []


@pytest.mark.parametrize("draw", [show_trace, show_prediction])
def test_charts_draw_on_the_axes_given(draw: object) -> None:
    """The Axes given are returned and no pyplot figure is made."""
    ax = Figure().add_subplot()
    assert draw([0.2, 0.8], ax=ax) is ax
    assert plt.get_fignums() == []


def test_png_bytes_closes_the_figure() -> None:
    """The bytes are a PNG of the figure's size, and pyplot forgets the figure."""
    figure = plt.figure(figsize=(2, 1))
    data = png_bytes(figure, dpi=50)
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert [int.from_bytes(data[k : k + 4], "big") for k in (16, 20)] == [100, 50]
    assert plt.get_fignums() == []
