"""Files of one sort that are opened as another."""

import numpy as np
import pytest

import featureprobe as fp
from featureprobe import analysis


@pytest.fixture
def files(small_probe, small_images, tmp_path):
    """One file of each sort."""
    evidence = fp.Evidence.collect(small_probe, small_images, "conv", top=2)
    evidence.save(tmp_path / "evidence.npz")
    target = fp.MapMean("conv", channel=0)
    result = fp.Ascent(steps=2, starts=1, search=None, remedies=()).run(
        small_probe, [target], rng=0, progress=False
    )
    result.save(tmp_path / "result.npz")
    patterns = analysis.Patterns.of(small_probe, small_images, np.arange(5), "conv")
    patterns.save(tmp_path / "finding.npz")
    return tmp_path


LOADERS = {
    "evidence": ("fp.Evidence.load", fp.Evidence.load),
    "result": ("fp.AscentResult.load", fp.AscentResult.load),
    "finding": ("fp.analysis.load", analysis.load),
}


@pytest.mark.parametrize("held", LOADERS)
@pytest.mark.parametrize("asked", LOADERS)
def test_another_sort_says_what_to_call(files, held, asked):
    """The message names what the file holds, and the call that reads it."""
    if held == asked:
        LOADERS[asked][1](files / f"{held}.npz")
        return
    with pytest.raises(fp.DataError, match="holds") as caught:
        LOADERS[asked][1](files / f"{held}.npz")
    assert LOADERS[held][0] in str(caught.value)


@pytest.mark.parametrize("name", LOADERS)
def test_junk_gives_no_unsafe_advice(tmp_path, name):
    """What numpy says of it, to allow pickles, is kept to itself."""
    (tmp_path / "junk.npz").write_bytes(b"junk, not an archive")
    with pytest.raises(fp.DataError, match="no npz file") as caught:
        LOADERS[name][1](tmp_path / "junk.npz")
    assert "pickle" not in str(caught.value)
