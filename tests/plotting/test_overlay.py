"""Overlays: what is silent has a scale as well."""

import numpy as np
import pytest

from featureprobe.plotting import show_overlay


@pytest.mark.parametrize(("heat", "end"), [(np.zeros((8, 8)), 1.0), (3 * np.eye(8), 3.0)])
def test_the_scale_of_an_overlay(heat: np.ndarray, end: float) -> None:
    """0 to the largest value, or to 1 where nothing fires; then nothing is drawn over the image."""
    ax = show_overlay(np.zeros((8, 8, 1)), heat)
    assert ax.images[1].get_clim() == (0.0, end)
    assert (np.asarray(ax.images[1].get_alpha()).max() > 0) == (heat.max() > 0)
