"""Noise brought to mean 0 and deviation 1."""

import numpy as np
import numpy.typing as npt


def unit(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return values with mean 0 and standard deviation 1; constant ones become 0."""
    centred = values - values.mean()
    deviation = centred.std()
    if deviation <= 1e-9 * np.abs(values).max(initial=0.0):
        # One cell enlarged to the whole image is constant: 0, not amplified rounding noise.
        return np.zeros_like(centred)
    return np.asarray(centred / deviation)
