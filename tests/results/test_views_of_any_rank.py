"""Results on series and volumes are drawn, animated, written and shown, whatever their channels."""

from pathlib import Path

import keras
import matplotlib.pyplot as plt
import pytest

import featureprobe as fp


@pytest.mark.parametrize("channels", [1, 3, 7])
@pytest.mark.parametrize("spatial", [(24,), (6, 9, 8)])
def test_a_result_is_drawn(spatial: tuple[int, ...], channels: int, tmp_path: Path) -> None:
    """Of many targets a mosaic with each status; of a single series every start with its score."""
    conv = {1: keras.layers.Conv1D, 3: keras.layers.Conv3D}[len(spatial)]
    inputs = keras.Input((*spatial, channels))
    out = keras.layers.Dense(2)(keras.layers.Flatten()(conv(3, 3, name="conv")(inputs)))
    space = fp.InputSpace.identity(low=-3, high=3)
    probe = fp.ModelProbe(keras.Model(inputs, out), input_space=space)
    climb = fp.Ascent(steps=2, starts=2, search=None, remedies=(), record_every=1)
    result = climb.run(probe, fp.MapMean.each(probe, "conv"), rng=1, progress=False)
    for contrast in (False, True):
        legend = result.plot(contrast=contrast, columns=2).get_legend()
        assert sum(int(t.get_text().split("(")[1][:-1]) for t in legend.get_texts()) == 3
    result.plot_trace()
    result.animate(tmp_path / "a.gif")
    assert len(result.save_images(tmp_path)) == 3
    assert "image/png" in result._repr_html_()
    ax = result[:1].plot()
    if len(spatial) == 1:
        assert len(ax.lines) == 2 * channels
        assert len(ax.get_legend().get_texts()) == 2
    plt.close("all")
