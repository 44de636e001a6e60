"""Room of the engine: climb objectives for many targets and starts at once.

What lives here: Ascent (runner), the plan (group and chunk), the compiled step, update rules,
constraint sets, verdicts. May import: the vocabulary rooms, probe, results and below.
Must not import: samples, testing.
To add an update rule: a frozen dataclass in `rules.py` or a package of your own, one entry-point
line, one example in `testing.examples`. The constraint sets are closed: projections and
certificates are proved for them.
"""

from featureprobe.ascent.backtracking import Backtracking
from featureprobe.ascent.constraints import Box, Sphere
from featureprobe.ascent.momentum import Momentum
from featureprobe.ascent.precursor import Precursor
from featureprobe.ascent.remedies import PreActivation, RedirectedGradients, Remedy
from featureprobe.ascent.rules import Adam, NormalizedGradient, UpdateRule
from featureprobe.ascent.runner import Ascent
from featureprobe.ascent.stopping import Converged

__all__ = [
    "Adam",
    "Ascent",
    "Backtracking",
    "Box",
    "Converged",
    "Momentum",
    "NormalizedGradient",
    "PreActivation",
    "Precursor",
    "RedirectedGradients",
    "Remedy",
    "Sphere",
    "UpdateRule",
]
