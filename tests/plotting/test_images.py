"""Pictures of images: true colours, honest contrast, mosaics in order with every status shown."""

from collections.abc import Iterator

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import arrays
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from featureprobe.errors import DataError, RangeError, ShapeError
from featureprobe.plotting import clip_to_display, show_image, show_mosaic, stretch

mpl.use("Agg")

PIXELS = arrays(np.float64, (4, 5, 1), elements=st.integers(-1000, 1000).map(float))


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    yield
    plt.close("all")


def test_plain_display_is_linear_and_clipped() -> None:
    """Black is low, white is high, and beyond both ends nothing wraps around."""
    shown = clip_to_display([-2.0, -1.0, 0.0, 1.0, 9.0], low=-1.0, high=1.0)
    assert shown.tolist() == [0.0, 0.0, 127.5, 255.0, 255.0]


@given(image=PIXELS)
def test_stretch_stays_in_range_and_keeps_order(image: np.ndarray) -> None:
    """A stretched image lies in 0..255 and no pixel overtakes another."""
    before = image.copy()
    shown = stretch(image).ravel()
    assert shown.min() >= 0.0
    assert shown.max() <= 255.0
    assert (np.diff(shown[np.argsort(image.ravel(), kind="stable")]) >= 0.0).all()
    np.testing.assert_array_equal(image, before)


@given(image=PIXELS, gain=st.integers(1, 50), offset=st.integers(-500, 500))
def test_stretch_ignores_gain_and_offset(image: np.ndarray, gain: int, offset: int) -> None:
    """The stretched picture is the same for gain * image + offset."""
    np.testing.assert_allclose(stretch(gain * image + offset), stretch(image), atol=1e-2)


def test_stretch_follows_its_formula() -> None:
    """The median is mid-grey, and the quantile of the distances is black or white."""
    image = np.arange(101.0).reshape(101, 1, 1) ** 2
    reach = np.quantile(np.abs(image - 2500.0), 0.95)
    expected = 127.5 + 127.5 * np.clip((image - 2500.0) / reach, -1.0, 1.0)
    np.testing.assert_allclose(stretch(image, quantile=0.05), expected, atol=1e-3)


@pytest.mark.parametrize("value", [0.0, 33.3, -1e6])
def test_a_constant_image_stays_grey(value: float) -> None:
    """Rounding noise on a constant image is not stretched into a picture."""
    noise = 1.0 + 1e-7 * np.random.default_rng(0).standard_normal((6, 6, 1))
    assert (stretch(value * noise) == 127.5).all()


def test_a_few_pixels_on_a_constant_ground_are_seen() -> None:
    """Where fewer values than the quantile differ, the largest distance is the scale."""
    image = np.zeros((28, 28, 1))
    image[3, 4] = 5.0
    shown = stretch(image)
    assert shown[3, 4, 0] == 255.0
    assert shown[0, 0, 0] == 127.5


@pytest.mark.parametrize("quantile", [-0.1, 1.0, np.nan])
def test_quantiles_outside_their_range_are_refused(quantile: float) -> None:
    """The share of clipped values is at least 0 and below 1."""
    with pytest.raises(RangeError, match="quantile must lie in"):
        stretch(np.ones((2, 2, 1)), quantile=quantile)


@pytest.mark.parametrize("channels", [1, 3])
def test_grey_and_rgb_images_keep_their_values(channels: int) -> None:
    """Whole pixel values come out unchanged: one channel as grey, three as RGB."""
    image = np.random.default_rng(0).integers(0, 256, (4, 6, channels))
    shown = show_image(image).images[0].get_array()
    np.testing.assert_array_equal(shown, np.broadcast_to(image, (4, 6, 3)))


def test_other_channel_counts_become_grey_pictures_side_by_side() -> None:
    """Five channels stand in a grid of two rows by three, one white pixel apart."""
    image = np.stack([np.full((4, 6), 40.0 * k) for k in range(5)], axis=-1)
    shown = show_image(image).images[0].get_array()
    assert shown.shape == (9, 20, 3)
    assert [shown[0, 0, 0], shown[0, 7, 0], shown[5, 7, 0]] == [0, 40, 160]
    assert shown[4, 0, 0] == shown[8, 19, 0] == 255


def test_contrast_is_stated() -> None:
    """A stretched picture says so beside its title; a plain one does not."""
    image = np.arange(16.0).reshape(4, 4, 1)
    ax = show_image(image, contrast=True, title="map 5")
    assert ax.get_title(loc="left") + ax.get_title(loc="right") == "map 5contrast stretched"
    assert ax.images[0].get_array().max() == 255
    assert show_image(image).images[0].get_array().max() == 15


def test_image_is_drawn_on_the_axes_given() -> None:
    """The Axes given are returned and no pyplot figure is made."""
    ax = Figure().add_subplot()
    assert show_image(np.zeros((3, 3, 1)), ax=ax) is ax
    assert plt.get_fignums() == []


@pytest.mark.parametrize(
    ("image", "options", "error"),
    [
        (np.ones((3, 3)), {}, ShapeError),
        (np.full((3, 3, 1), np.nan), {}, DataError),
        (np.ones((3, 3, 1)), {"low": 1.0, "high": 1.0}, RangeError),
    ],
)
def test_images_that_cannot_be_shown_are_refused(
    image: np.ndarray, options: dict, error: type
) -> None:
    """Missing channels, NaN and an empty range are errors, and no figure is made."""
    with pytest.raises(error):
        show_image(image, **options)
    assert plt.get_fignums() == []


def pictures(count: int) -> np.ndarray:
    """Return (count, 10, 10, 1) images of one grey value each: 2 * index."""
    return np.broadcast_to(2.0 * np.arange(count)[:, None, None, None], (count, 10, 10, 1))


@pytest.mark.parametrize(("count", "columns"), [(128, 16), (7, 3), (1, 16), (12, 1)])
def test_mosaic_keeps_the_order(count: int, columns: int) -> None:
    """Image k is found in cell k of one single picture."""
    ax = show_mosaic(pictures(count), columns=columns)
    assert len(ax.images) == 1
    canvas = ax.images[0].get_array()
    used = min(columns, count)
    # Cells of 10 x 10 pixels have a gap of 1 and a header of 2.
    found = [canvas[13 * (k // used) + 7, 11 * (k % used) + 5, 0] for k in range(count)]
    assert found == [2 * k for k in range(count)]


def test_mosaic_writes_number_and_score() -> None:
    """Above each image stand its number and its score, to three digits."""
    ax = show_mosaic(pictures(3), titles=[5, 6, 9], scores=[1.0, 0.12345, 1234.0])
    texts = [text.get_text() for text in ax.texts]
    assert texts == ["5", "1.00", "6", "0.123", "9", "1.23e+03"]
    assert "number | score above each image" in ax.get_title(loc="left").replace("\n", " ")


def test_mosaic_frames_show_the_status() -> None:
    """Each status has one colour, the same in frames and legend, and a count."""
    ax = show_mosaic(pictures(4), statuses=["rising", "converged", "odd", "rising"])
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["converged (1)", "rising (2)", "odd (1)"]
    frames = [c for c in ax.collections if isinstance(c, PolyCollection)]
    assert [len(frame.get_paths()) for frame in frames] == [1, 2, 1]
    edges = [to_hex(patch.get_edgecolor()) for patch in ax.get_legend().get_patches()]
    assert [to_hex(frame.get_edgecolor()[0]) for frame in frames] == edges
    assert len(set(edges)) == 3


def test_dead_and_diverged_images_are_struck_through() -> None:
    """No grey square without explanation: a diagonal, a frame and a word in the legend."""
    images = pictures(3).copy()
    images[2] = np.nan
    ax = show_mosaic(images, statuses=["converged", "dead", "diverged"], contrast=True)
    (lines,) = [c for c in ax.collections if isinstance(c, LineCollection)]
    middles = [np.mean(segment, axis=0)[0] for segment in lines.get_segments()]
    assert middles == [15.5, 26.5]
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels[1:] == ["dead, struck through (1)", "diverged, struck through (1)"]


def test_mosaic_stretches_each_image_on_its_own() -> None:
    """A weak image gets the contrast of a strong one, and the note says so."""
    pattern = np.random.default_rng(0).random((10, 10, 1))
    ax = show_mosaic(np.stack([pattern, 50.0 * pattern + 3.0]), contrast=True)
    canvas = ax.images[0].get_array().astype(int)
    assert abs(canvas[2:, :10] - canvas[2:, 11:21]).max() <= 1
    assert "contrast stretched on its own" in ax.get_title(loc="left").replace("\n", " ")


def test_crowded_mosaics_drop_text_rather_than_overlap() -> None:
    """In a small figure scores go first, then all numbers but those of the first images."""
    wide = Figure(figsize=(4.5, 3)).add_subplot()
    show_mosaic(pictures(32), ax=wide, columns=8, scores=np.full(32, -1.234e-7))
    assert [text.get_text() for text in wide.texts] == [str(k) for k in range(32)]
    tiny = Figure(figsize=(1.5, 1.5)).add_subplot()
    show_mosaic(pictures(32), ax=tiny, columns=8)
    assert len(tiny.texts) == 0
    assert tiny.get_yticklabels()[0].get_text() == "0"


def test_long_titles_and_notes_are_wrapped_not_cut() -> None:
    """In a narrow figure the words of title and note stay inside the figure, all of them."""
    ax = show_mosaic(
        pictures(2), scores=[1.0, 2.0], contrast=True, title="OIPs of the two maps of the layer"
    )
    text = ax.get_title(loc="left")
    assert " ".join(text.split()) == (
        "OIPs of the two maps of the layer number | score above each image; "
        "each image contrast stretched on its own"
    )
    ax.figure.draw_without_rendering()
    titles = [child for child in ax.get_children() if getattr(child, "get_text", str)() == text]
    assert len(titles) == 1
    assert titles[0].get_window_extent().x1 <= ax.figure.bbox.x1


def test_mosaic_leaves_images_alone_and_uses_the_axes_given() -> None:
    """Nothing is written to the images; the Axes come back; pyplot holds no figure."""
    images = np.random.default_rng(0).random((3, 4, 4, 3))
    before = images.copy()
    ax = Figure().add_subplot()
    assert show_mosaic(images, ax=ax, contrast=True, title="OIPs") is ax
    np.testing.assert_array_equal(images, before)
    assert plt.get_fignums() == []


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"titles": [1]}, ShapeError, "titles needs one entry"),
        ({"scores": [1.0]}, ShapeError, "scores needs one entry"),
        ({"statuses": ["dead"]}, ShapeError, "statuses needs one entry"),
        ({"columns": 0}, RangeError, "columns"),
        ({"low": 2.0, "high": 1.0}, RangeError, "low < high"),
    ],
)
def test_mosaic_refuses_lists_that_do_not_match(options: dict, error: type, words: str) -> None:
    """Each list has one entry per image, and ranges are ranges."""
    with pytest.raises(error, match=words):
        show_mosaic(pictures(2), **options)
    assert plt.get_fignums() == []
