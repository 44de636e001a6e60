"""Say of targets that never had a gradient where it is cut, when it is."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from featureprobe.ascent.problem.resolved import Resolved
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.probe.network.gradient_cuts import cut_of
from featureprobe.results.state import AscentState
from featureprobe.results.status import Status


def with_cuts(
    verdicts: npt.NDArray[np.object_],
    probe: ModelProbe,
    targets: Sequence[Resolved],
    state: AscentState,
) -> npt.NDArray[np.object_]:
    """Return (targets, starts) verdicts: saturated, with the reason, where a gradient is cut.

    Args:
        verdicts: Of all ascents.
        probe: The probe.
        targets: What was climbed.
        state: The finished state; only targets whose gradient was 0 throughout are looked into.
    """
    gradients = np.nan_to_num(state.traces["gradient"]).reshape(-1, *verdicts.shape)
    still = (gradients == 0).all(axis=(0, 2))
    found = verdicts.copy()
    for number in np.flatnonzero(still).tolist():
        cut = _cut_of(probe, targets[number])
        for start, verdict in enumerate(verdicts[number]):
            if cut is not None and verdict in (Status.SATURATED, Status.DEAD):
                found[number, start] = Status.SATURATED.because(
                    f"No gradient reaches the image: {cut}. Read a layer before that, or put "
                    "something with a gradient in its place."
                )
    return found


def _cut_of(probe: ModelProbe, target: Resolved) -> str | None:
    """Return what cuts all reads of a target off from the image; None when one is connected."""
    layers = dict.fromkeys(layer for leaf in target.leaves for layer, _, _ in leaf.reads)
    cuts = [cut_of(probe.network, probe.input_space, layer) for layer in layers]
    return cuts[0] if cuts and None not in cuts else None
