"""Names of classes: checked against the output, shown with predictions."""

import pickle
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

import featureprobe as fp

NAMES = ["ant", "bee", "cat", "do$g"]
RAW = fp.InputSpace.identity(low=0, high=1)


def net(classes: int = 4) -> keras.Model:
    """Return a net of four classes that always sees the last."""
    model = keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            layers.Conv2D(2, 3, name="conv"),
            layers.Flatten(),
            layers.Dense(classes, activation="softmax", name="out"),
        ],
        name="animals",
    )
    kernel, bias = model.get_layer("out").get_weights()
    bias[-1] = 20.0
    model.get_layer("out").set_weights([0 * kernel, bias])
    return model


@pytest.mark.parametrize(
    "labels",
    [NAMES, tuple(NAMES), np.array(NAMES), dict(enumerate(NAMES))],
    ids=["list", "tuple", "array", "dict"],
)
def test_given_as_people_have_them(labels: Any) -> None:
    """A list, a tuple, an array of texts, a dict by number."""
    assert fp.ModelProbe(net(), input_space=RAW, labels=labels).labels == tuple(NAMES)


def test_some_classes_only() -> None:
    """Classes that a dict leaves out are called by their number."""
    probe = fp.ModelProbe(net(), input_space=RAW, labels={2: "cat"})
    assert probe.labels == ("0", "1", "cat", "3")
    assert fp.ModelProbe(net(), input_space=RAW).labels is None


@pytest.mark.parametrize(
    ("labels", "text"),
    [
        (NAMES[:3], "4 classes of the output. Received 3"),
        ([*NAMES, "eel"], "Received 5"),
        ({4: "eel"}, r"0\.\.3"),
        ({"cat": 2}, "Count from 0"),
        ({True: "cat"}, "Count from 0"),
        ({0: 5}, "is a text"),
        ([1, 2, 3, 4], "are texts"),
        ("antb", "are texts"),
        (7, "are texts"),
    ],
    ids=str,
)
def test_names_that_do_not_fit(labels: Any, text: str) -> None:
    """Each says what is wrong."""
    with pytest.raises(fp.ConfigError, match=text):
        fp.ModelProbe(net(), input_space=RAW, labels=labels)


def test_several_outputs_have_no_names() -> None:
    """Whose names they are cannot be known."""
    image = keras.Input((6, 6, 1))
    flat = layers.Flatten()(image)
    model = keras.Model(image, [layers.Dense(4)(flat), layers.Dense(2)(flat)])
    with pytest.raises(fp.ModelError, match="2 outputs"):
        fp.ModelProbe(model, input_space=RAW, labels=NAMES)


def test_kept_with_the_probe() -> None:
    """A copy, a probe out of a pickle, and another model of as many classes."""
    probe = fp.ModelProbe(net(), input_space=RAW, labels=NAMES)
    assert probe.reopened(net()).labels == tuple(NAMES)
    assert probe.reopened(net(3)).labels is None
    assert pickle.loads(pickle.dumps(probe)).labels == tuple(NAMES)


def test_shown_with_predictions() -> None:
    """In the grid's text, and in pictures of several grids; dollars begin no formula."""
    probe = fp.ModelProbe(net(), input_space=RAW, labels=NAMES)
    image = np.random.default_rng(0).random((6, 6, 1))
    grids = [probe.grid(image, "conv"), probe.grid(image / 2, "conv")]
    assert grids[0].predicted == "do$g"
    assert "predicted do$g 1" in repr(grids[0])
    figure = fp.ActivationGrid.compare(grids)
    ticks = [[t.get_text() for t in ax.get_yticklabels()] for ax in figure.axes]
    assert ticks.count(["ant", "bee", "cat", r"do\$g"]) == 2
    own = fp.ActivationGrid.compare(grids, labels=["a", "b", "c", "d"])
    assert ["a", "b", "c", "d"] in [[t.get_text() for t in ax.get_yticklabels()] for ax in own.axes]
    unnamed = fp.ModelProbe(net(), input_space=RAW).grid(image, "conv")
    assert unnamed.predicted == "3"
    assert "predicted" not in repr(unnamed)


def test_grid_checks_its_labels() -> None:
    """A grid that is made by hand, too."""
    maps = np.ones((2, 2, 1))
    with pytest.raises(fp.ShapeError, match="2 names for 3"):
        fp.ActivationGrid(maps, "conv", prediction=np.ones(3), labels=("a", "b"))
    with pytest.raises(fp.ConfigError, match="no prediction"):
        fp.ActivationGrid(maps, "conv", labels=("a", "b"))
