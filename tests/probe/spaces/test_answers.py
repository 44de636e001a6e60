"""Right answers: labels as people have them, and the figures of each image."""

from typing import Any

import numpy as np
import pytest

import featureprobe as fp
from featureprobe.probe.spaces import answers

NAMES = ("ant", "bee", "cat", "bee")
SHARES = np.array([[0.7, 0.1, 0.1, 0.1], [0.1, 0.2, 0.6, 0.1], [0.2, 0.2, 0.1, 0.5]], np.float32)


def figures(labels: Any, outputs: np.ndarray = SHARES, names: Any = NAMES) -> dict[str, np.ndarray]:
    """Return the figures that labels give."""
    ending = answers.ending_of(outputs)
    right = answers.right_answers(labels, outputs.shape[1:], names, len(outputs), ending)
    return right.figures(outputs, ending)


@pytest.mark.parametrize(
    "labels",
    [
        [0, 1, 3],
        np.array([0, 1, 3], np.uint8),
        np.array([[0], [1], [3]]),
        np.array([0.0, 1.0, 3.0]),
        np.eye(4)[[0, 1, 3]],
        np.eye(4)[[0, 1, 3]].astype(bool),
        np.eye(4)[[0, 1, 3]].tolist(),
        [{0}, {1}, {3}],
        [(0,), 1, 3],
    ],
    ids=str,
)
def test_labels_of_classes(labels: Any) -> None:
    """Numbers, columns, one-hot rows and sets say the same."""
    found = figures(labels)
    np.testing.assert_array_equal(found["accuracy"], [1, 0, 1])
    np.testing.assert_allclose(found["loss"], -np.log([0.7, 0.2, 0.5]), rtol=1e-6)


def test_names_and_sets() -> None:
    """Of several names, and of classes of one name, any is right."""
    found = figures(["ant", {"ant", "cat"}, ("bee", "ant")])
    np.testing.assert_array_equal(found["accuracy"], [1, 1, 1])
    np.testing.assert_allclose(found["loss"], -np.log([0.7, 0.7, 0.9]), rtol=1e-5)


def test_logits_are_classes_too() -> None:
    """Values that are no shares are read as logits."""
    found = figures([0, 2, 3], 3 * np.log(SHARES))
    np.testing.assert_array_equal(found["accuracy"], [1, 1, 1])


def test_dense_classes() -> None:
    """A map of classes is right in a share of its positions."""
    outputs = np.zeros((2, 2, 2, 3), np.float32)
    outputs[..., 1] = 1
    truth = np.array([[[1, 1], [1, 0]], [[1, 1], [1, 1]]])
    np.testing.assert_array_equal(figures(truth, outputs)["accuracy"], [0.75, 1])


def test_gates() -> None:
    """A sigmoid output, one number or several each by itself."""
    one = np.array([[0.9], [0.2]], np.float32)
    np.testing.assert_array_equal(figures([1, 1], one)["accuracy"], [1, 0])
    np.testing.assert_array_equal(figures(np.array([True, False]), one)["accuracy"], [1, 1])
    several = np.array([[0.9, 0.8, 0.2], [0.2, 0.9, 0.9]], np.float32)
    found = figures(np.array([[1, 1, 0], [1, 1, 0]]), several)
    np.testing.assert_allclose(found["accuracy"], [1, 1 / 3])


def test_values() -> None:
    """Values of a regression have a loss only."""
    outputs = np.array([[38.0], [41.0]], np.float32)
    found = figures([40.0, 40.0], outputs)
    assert set(found) == {"loss"}
    np.testing.assert_allclose(found["loss"], [4, 1])


def test_five_highest() -> None:
    """With many classes, the five highest are looked at, too."""
    outputs = np.linspace(0, 3, 30, dtype=np.float32)[None]
    assert figures([25], outputs)["top5"] == [1]
    assert figures([24], outputs)["top5"] == [0]


@pytest.mark.parametrize(
    ("labels", "error", "text"),
    [
        ([0, 1], fp.ShapeError, "2 labels and 3 images"),
        ([1, 2, 4], fp.ConfigError, "labels - 1"),
        ([-1, 0, 0], fp.ConfigError, r"0\.\.3"),
        ([0.5, 1, 2], fp.ConfigError, "class numbers"),
        ([{0}, {9}, {1}], fp.ConfigError, "class numbers"),
        (["ant", "bee", "dog"], fp.ConfigError, "'dog'"),
        (np.zeros((3, 5)), fp.ShapeError, "do not fit"),
        ([0, 1, np.nan], fp.ConfigError, "finite"),
        ("ant", fp.ShapeError, "one entry"),
    ],
    ids=str,
)
def test_wrong_labels(labels: Any, error: type[Exception], text: str) -> None:
    """Each says what is wrong."""
    with pytest.raises(error, match=text):
        figures(labels)


def test_names_that_nobody_gave() -> None:
    """Names need labels of the probe."""
    with pytest.raises(fp.ConfigError, match="does not know any"):
        figures(["ant", "bee", "cat"], names=None)
