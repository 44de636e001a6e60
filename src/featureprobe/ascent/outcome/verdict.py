"""The verdict on each ascent: converged, rising, saturated, dead, diverged."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from featureprobe.ascent.problem.resolved import Resolved
from featureprobe.ascent.settings.converged import Converged
from featureprobe.results.state import AscentState
from featureprobe.results.status import Status
from featureprobe.types import FloatArray


def judge(
    state: AscentState,
    thresholds: FloatArray,
    targets: Sequence[Resolved],
    stop: Converged | None,
    *,
    interrupted: bool,
) -> npt.NDArray[np.object_]:
    """Return (targets, starts) of :class:`Status`.

    Args:
        state: The finished state, its last trace taken at the last image.
        thresholds: (targets,) dead thresholds.
        targets: What was climbed; each knows the score that no image exceeds, if anybody does.
        stop: What counts as converged; None for the usual.
        interrupted: Whether the user stopped the run.
    """
    best, totals = state.best, state.traces["total"]
    arrival, ceilings = stop or Converged(), np.array([target.ceiling for target in targets])
    limits, ends = np.repeat(thresholds, state.starts), np.repeat(ceilings, state.starts)
    lost = ~np.isfinite(totals[-1]) & (state.ended < 0)
    diverged = lost | ~np.isfinite(best["total"])
    saturated = best["gradient"] == 0
    dead = saturated & (best["score"] <= limits)
    converged = arrival.arrived(totals, best["certificate"], best["gradient"])
    greatest = saturated & (best["score"] >= ends)
    verdicts = []
    for row in range(len(dead)):
        if diverged[row]:
            verdicts.append(Status.DIVERGED)
        elif dead[row]:
            verdicts.append(Status.DEAD)
        elif greatest[row]:
            verdicts.append(Status.CONVERGED)
        elif saturated[row]:
            verdicts.append(Status.SATURATED)
        elif converged[row]:
            verdicts.append(Status.CONVERGED)
        else:
            verdicts.append(Status.INTERRUPTED if interrupted else Status.RISING)
    return np.array(verdicts, dtype=object).reshape(-1, state.starts)
