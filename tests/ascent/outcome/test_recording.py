"""What is only recorded costs no result: it is found out before the run, or not at all."""

import importlib.metadata
import json
import pathlib
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

import keras
import numpy as np
import pytest
import tensorflow as tf

import featureprobe as fp
from featureprobe.ascent.drive.chunk_loop import Drive

SHORT = {"steps": 2, "starts": 1, "search": None, "remedies": ()}
TARGET = fp.MapMean("Conv2D_3", channel=5)


@fp.plugins.register
@dataclass(frozen=True)
class Fade(fp.Regularizer):
    """Fade images, with a note of any kind."""

    kind: ClassVar[str] = "tests.fade"
    _: KW_ONLY
    note: Any = None

    def apply(self, images, step):
        """Return darker images."""
        return images * 0.99


@dataclass(frozen=True)
class Named(fp.MapMean):
    """A map with a label of its own."""

    kind: ClassVar[str] = "tests.named"

    @property
    def label(self):
        """Return no text."""
        return 7


def test_another_distribution_of_tensorflow(reference, monkeypatch):
    """The modules tell their versions; what was installed may be called tensorflow-cpu."""

    def missing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", missing)
    monkeypatch.setattr(importlib.metadata, "distribution", missing)
    versions = fp.Ascent(**SHORT).run(reference, TARGET, rng=0, progress=False).recipe.versions
    assert versions["tensorflow"] == tf.__version__
    assert versions["keras"] == keras.__version__
    assert versions["numpy"] == np.__version__
    assert versions["featureprobe"] == fp.__version__


@pytest.mark.parametrize(
    "note", [pathlib.Path("x"), {1, 2}, b"x", 1j, np.zeros(2), object, np.longdouble(1), {"a": 1}]
)
def test_what_cannot_be_recorded_is_refused_before_the_run(reference, monkeypatch, note):
    """No step is done."""
    monkeypatch.setattr(Drive, "advance", lambda *_, **__: pytest.fail("it ran"))
    ascent = fp.Ascent(**SHORT, regularizers=(fp.Every(2, Fade(note=note)),))
    with pytest.raises(fp.ConfigError, match=r"tests\.fade\.note cannot be recorded"):
        ascent.run(reference, TARGET, rng=0, progress=False)
    with pytest.raises(fp.ConfigError, match="cannot be recorded"):
        ascent.start(reference, TARGET, rng=0)


def test_a_label_that_is_no_text_is_refused_before_the_run(reference, monkeypatch):
    """Labels name rows and files."""
    monkeypatch.setattr(Drive, "advance", lambda *_, **__: pytest.fail("it ran"))
    with pytest.raises(fp.ConfigError, match="label"):
        fp.Ascent(**SHORT).run(reference, Named("Conv2D_3", channel=1), rng=0, progress=False)


@pytest.mark.parametrize(
    "note",
    [float("inf"), -np.inf, float("nan"), np.float32(0.1), np.float64("inf"), np.int8(3), np.bool_(1),
     np.str_("x"), 2**80, "\udce4\n\x00", fp.Status.DEAD, (1, (2.5, None, float("inf"))), True],
)  # fmt: skip
def test_odd_values_are_recorded_and_come_back(reference, tmp_path, note):
    """JSON has no infinity, and numpy's numbers are none of its own."""
    regularizers = (Fade(note=note),)
    result = fp.Ascent(**SHORT, regularizers=regularizers).run(
        reference, TARGET, rng=0, progress=False
    )
    result.save(tmp_path / "r.npz")
    loaded = fp.AscentResult.load(tmp_path / "r.npz").recipe
    config = loaded.ascent["regularizers"][0]
    json.dumps(config, allow_nan=False)
    back = fp.revive(config).note
    assert back == note or str(back) == str(note)  # NaN is not equal to itself


def test_an_objective_that_cannot_be_tried_alone_runs(reference):
    """Whether it can be dead is not known then; that is no reason to fail."""

    def graph_only(seen):
        slope = tf.gradients(tf.reduce_sum(seen[0]), seen[0])[0]
        return tf.reduce_mean(seen[0] * slope, axis=(1, 2))

    target = fp.objective_from(graph_only, reads=fp.Read("Conv2D_3", channel=5))
    result = fp.Ascent(**SHORT, crop=False, regularizers=()).run(
        reference, target, rng=0, progress=False
    )
    assert result.dead_thresholds[0] == -np.inf
